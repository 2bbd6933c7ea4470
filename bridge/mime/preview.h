/*
 * The first words of a message (RFC 8621 §4.1.4 preview): white space collapsed,
 * quoted lines, the line that introduces them, rules and the signature left out
 * where something else remains.
 */
#ifndef MIME_PREVIEW_H
#define MIME_PREVIEW_H

#include "base/arena.h"
#include "base/err.h"

#define MIME_PREVIEW_MAX_BYTES   256         /* whole characters of UTF-8 */
#define MIME_PREVIEW_INPUT_BYTES (64 * 1024) /* what follows is not looked at */

/* `text` is the value of a text part (UTF-8, LF): plain, or HTML, of which the
 * text is taken. Never null: "" when there is nothing to show. ERR_NOMEM only. */
MUST_CHECK enum err mime_preview(struct arena *mem, struct bytes text, bool is_html,
				 struct bytes *ret);

#endif
