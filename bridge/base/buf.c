#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KEEP_BYTES (64 * 1024)

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max = max_bytes };
}

void buf_done(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
	if (b->cap > KEEP_BYTES) {
		buf_done(b);
		return;
	}
	b->head = b->len = 0;
	b->err = ERR_OK;
}

static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 256;
	uint8_t *at;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	at = realloc(b->at, cap);
	if (!at) {
		b->err = ERR_NOMEM;
		return false;
	}
	b->at = at;
	b->cap = cap;
	return true;
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
	if (b->err)
		return NULL;
	if (n > b->max || b->len > b->max - n) {
		b->err = ERR_TOO_BIG;
		return NULL;
	}
	if (b->head && b->head + b->len + n > b->cap) {
		memmove(b->at, b->at + b->head, b->len);
		b->head = 0;
	}
	if (b->head + b->len + n > b->cap && !grow(b, b->head + b->len + n))
		return NULL;
	return b->at + b->head + b->len;
}

void buf_commit(struct buf *b, size_t n)
{
	assert(b->head + b->len + n <= b->cap);
	b->len += n;
}

/* The usual case of buf_reserve(). */
static inline bool has_room(const struct buf *b, size_t n)
{
	return !b->err && n <= b->cap - b->head - b->len && n <= b->max - b->len;
}

void buf_append(struct buf *b, struct bytes more)
{
	uint8_t *to;

	if (more.len == 0)
		return;
	to = has_room(b, more.len) ? b->at + b->head + b->len : buf_reserve(b, more.len);
	if (!to)
		return;
	memcpy(to, more.at, more.len);
	b->len += more.len;
}

void buf_append_str(struct buf *b, const char *s)
{
	buf_append(b, bytes_of_str(s));
}

void buf_append_byte(struct buf *b, uint8_t c)
{
	if (has_room(b, 1))
		b->at[b->head + b->len++] = c;
	else
		buf_append(b, bytes_of(&c, 1));
}

void buf_append_u64(struct buf *b, uint64_t n)
{
	uint8_t digits[20];
	size_t i = sizeof digits;

	do {
		digits[--i] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_append(b, bytes_of(digits + i, sizeof digits - i));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	if (b->err)
		return;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		b->err = ERR_NOMEM;
		return;
	}
	buf_append(b, bytes_of(text, (size_t)n));
	free(text);
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	b->head += n;
	b->len -= n;
	if (b->len == 0)
		b->head = 0;
}
