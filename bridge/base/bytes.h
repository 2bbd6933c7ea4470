/*
 * Borrowed byte strings. A struct bytes never owns what it points at; who does
 * is said where it is declared. `at == NULL` means "absent", which is not the
 * same as empty: bytes_is_null() tells them apart.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *at;
	size_t len;
};

#define BYTES_NULL   ((struct bytes){ NULL, 0 })
#define BYTES_LIT(s) ((struct bytes){ (const uint8_t *)("" s), sizeof(s) - 1 })

/* For printf: printf("%.*s", BYTES_FMT(b)). Cuts at INT_MAX. */
#define BYTES_FMT(b) ((int)((b).len > 0x7fffffff ? 0x7fffffff : (b).len)), (const char *)(b).at

static inline struct bytes bytes_of(const void *at, size_t len)
{
	return (struct bytes){ at, len };
}

/* NULL gives BYTES_NULL. */
static inline struct bytes bytes_of_str(const char *s)
{
	return s ? bytes_of(s, strlen(s)) : BYTES_NULL;
}

static inline bool bytes_is_null(struct bytes b)
{
	return b.at == NULL;
}

/* The rest of b after its first n bytes; n is capped at b.len. */
static inline struct bytes bytes_skip(struct bytes b, size_t n)
{
	if (n > b.len)
		n = b.len;
	return (struct bytes){ b.at ? b.at + n : NULL, b.len - n };
}

static inline struct bytes bytes_first(struct bytes b, size_t n)
{
	return (struct bytes){ b.at, n < b.len ? n : b.len };
}

bool bytes_equal(struct bytes a, struct bytes b);
/* ASCII letters only, as every mail protocol compares its keywords. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);
bool bytes_equal_str(struct bytes a, const char *b);
bool bytes_equal_str_nocase(struct bytes a, const char *b);
bool bytes_starts_with(struct bytes b, struct bytes prefix);
bool bytes_starts_with_nocase(struct bytes b, struct bytes prefix);
bool bytes_ends_with(struct bytes b, struct bytes suffix);
/* Bytewise order; a prefix comes first. */
int bytes_compare(struct bytes a, struct bytes b);
/* For secrets: time depends on the lengths only. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* Index of the first occurrence, or b.len when there is none. */
size_t bytes_index(struct bytes b, uint8_t c);
size_t bytes_find(struct bytes b, struct bytes needle);

/* Without SP, HTAB, CR and LF at either end. */
struct bytes bytes_trim(struct bytes b);

/* Cuts the part before the first c off the front of *rest (all of it when c
 * does not occur) and moves *rest behind c. False when *rest is null; after
 * the last part *rest is null. */
bool bytes_split(struct bytes *rest, uint8_t c, struct bytes *ret_part);

/* Decimal digits only, the whole of b, at most max; false otherwise. */
bool bytes_to_u64(struct bytes b, uint64_t max, uint64_t *ret);

/* A NUL-terminated copy on the heap; NULL when memory is short or b holds NUL. */
char *bytes_dup_str(struct bytes b);

/* Is b well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong)? */
bool bytes_is_utf8(struct bytes b);
/* The longest prefix of at most max bytes that does not cut a character. */
struct bytes bytes_first_utf8(struct bytes b, size_t max);

#endif
