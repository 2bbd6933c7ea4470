/*
 * A growable byte buffer with a maximum that is set once. An append that would
 * pass it, or for which memory is short, changes nothing and makes the buffer
 * failed; every later append fails too, so that a writer may check once at the
 * end (buf_err).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"

struct buf {
	uint8_t *at; /* owned */
	size_t head; /* consumed bytes before the content */
	size_t len;  /* content, from at + head */
	size_t cap;
	size_t max;   /* of len, in bytes */
	enum err err; /* ERR_OK, ERR_TOO_BIG or ERR_NOMEM; sticky */
};

void buf_init(struct buf *b, size_t max_bytes);
/* Frees the memory; the buffer can be used again after buf_init(). */
void buf_done(struct buf *b);
/* Empties it and forgets an error; keeps the memory unless over 64 KiB. */
void buf_reset(struct buf *b);

void buf_append(struct buf *b, struct bytes more);
void buf_append_str(struct buf *b, const char *s);
void buf_append_byte(struct buf *b, uint8_t c);
void buf_append_u64(struct buf *b, uint64_t n);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *fmt, ...);

/* Room for n more bytes at the end, to be filled and then committed with
 * buf_commit(); NULL (and failed) when that is not possible. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

/* Drops n bytes from the front (n <= len). */
void buf_consume(struct buf *b, size_t n);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){ b->at ? b->at + b->head : NULL, b->len };
}

static inline enum err buf_err(const struct buf *b)
{
	return b->err;
}

#endif
