/*
 * A cursor over bytes with sticky status: a scan that failed does nothing more,
 * so a parser reads top to bottom and checks once. Running out of input is
 * SCAN_MORE (the same bytes with more behind them may succeed), anything else
 * that does not fit is SCAN_BAD.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include "base/bytes.h"

enum scan_status {
	SCAN_OK = 0,
	SCAN_MORE,
	SCAN_BAD,
};

struct scan {
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t *start; /* for scan_offset() */
	enum scan_status status;
};

static inline struct scan scan_of(struct bytes b)
{
	return (struct scan){ .at = b.at, .end = b.at + b.len, .start = b.at };
}

static inline bool scan_ok(const struct scan *s)
{
	return s->status == SCAN_OK;
}

static inline bool scan_at_end(const struct scan *s)
{
	return s->at == s->end;
}

static inline size_t scan_offset(const struct scan *s)
{
	return (size_t)(s->at - s->start);
}

static inline struct bytes scan_rest(const struct scan *s)
{
	return bytes_of(s->at, (size_t)(s->end - s->at));
}

/* The next byte without taking it; -1 at the end or after a failure. */
static inline int scan_peek(const struct scan *s)
{
	return s->status == SCAN_OK && s->at < s->end ? *s->at : -1;
}

void scan_fail(struct scan *s, enum scan_status why);

/* Takes c, or fails. */
void scan_byte(struct scan *s, uint8_t c);
/* Takes c if it is next; says whether it was. */
bool scan_try_byte(struct scan *s, uint8_t c);
/* Takes word (ASCII case does not matter), or fails. */
void scan_word(struct scan *s, const char *word);
/* Takes word if it is next and whole; nothing is taken otherwise. */
bool scan_try_word(struct scan *s, const char *word);
/* Takes CRLF, or fails. */
void scan_crlf(struct scan *s);
/* 1*DIGIT not above max; 0 after a failure. SCAN_MORE when the input ends
 * behind a digit, for more digits may follow. */
uint64_t scan_u64(struct scan *s, uint64_t max);
/* As many bytes as accept() takes, at least one. */
struct bytes scan_span(struct scan *s, bool (*accept)(uint8_t c));
/* Exactly n bytes. */
struct bytes scan_take(struct scan *s, size_t n);

#endif
