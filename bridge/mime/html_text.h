/*
 * What HTML says, without its markup: for previews, not for display. Tags are
 * taken off, blocks and <br> break lines, style, script, title and comments are
 * left out, character references decoded; lines inside a <blockquote> begin with
 * ">". One pass over any input.
 */
#ifndef MIME_HTML_TEXT_H
#define MIME_HTML_TEXT_H

#include "base/buf.h"

/* Appends to `to` until it is full (ends with a whole character). `html` is
 * UTF-8. ERR_NOMEM only. */
MUST_CHECK enum err mime_html_text(struct bytes html, struct buf *to);

/* The character reference at the front of b ("&amp;", "&#8364;"): its length,
 * with or without semicolon, and the character; 0 when it is none. */
size_t html_reference(struct bytes b, uint32_t *ret_char);

#endif
