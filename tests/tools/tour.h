/*
 * A short visit to a mail store, always the same: log in, list the folders, look
 * at one and its newest messages, read a little. `mbrecord` does it with a real
 * server, `mbreplay` with what was recorded.
 */
#ifndef TOOLS_TOUR_H
#define TOOLS_TOUR_H

#include <stdio.h>

#include "mailstore/mailstore.h"
#include "net/loop.h"

/* Says on `out` what it finds. Frees the store. False, and a line that says why,
 * when something went wrong. */
bool tour(struct loop *l, struct mailstore *ms, const struct credentials *c, const char *folder,
	  FILE *out);

#endif
