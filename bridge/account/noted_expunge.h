/*
 * Removal for good, which is written into the journal first where a lost connection does
 * not tell whether it came to it: maildrops remove at the end of a conversation, all or
 * nothing. Elsewhere, and without a journal, it is mailstore_expunge().
 */
#ifndef ACCOUNT_NOTED_EXPUNGE_H
#define ACCOUNT_NOTED_EXPUNGE_H

#include "account/step.h"

/* As mailstore_expunge(), on a session that is leased until its callback. That the journal
 * cannot be written does not keep it. */
struct op *noted_expunge(const struct step *s, struct call call, struct mailstore *ms,
			 struct bytes path, const struct message_key *keys, size_t count,
			 mailstore_changes_cb *cb, void *ctx);

#endif
