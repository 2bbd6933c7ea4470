/*
 * What the response parsers share: a cursor over one response with a sticky
 * error, and the lexical elements of RFC 9051 §9. A read that failed does
 * nothing more, so that a parser reads top to bottom and looks once. Lenient
 * where servers are known to err and nothing becomes ambiguous: any number of
 * spaces where one is due, atoms where strings are due. Internal to imap/.
 */
#ifndef IMAP_READER_H
#define IMAP_READER_H

#include "imap/response.h"

struct imap_reader {
	const uint8_t *at, *end, *start;
	const struct imap_limits *limits;
	struct arena *mem;
	const struct imap_streamed *streamed;
	size_t streamed_count;
	enum err err;
	const uint8_t *fault;
	const char *reason;
};

/* A name in a table; compared with bytes_equal_nocase(), lengths first. */
#define IMAP_WORD(s)                                                                               \
	{                                                                                          \
		(const uint8_t *)("" s), sizeof(s) - 1                                             \
	}

/* A growing array in the arena. Zeroed; `at` is NULL while it is empty. */
struct imap_vec {
	void *at;
	size_t count, cap;
};

/* The next element; NULL beyond max elements (an error unless `cut` is given,
 * which is then set) or when memory is short. */
void *imap_vec_add(struct imap_reader *r, struct imap_vec *v, size_t size, size_t max, bool *cut);

#define IMAP_VEC_ADD(r, v, type, max) ((type *)imap_vec_add((r), (v), sizeof(type), (max), NULL))

static inline bool imap_reader_ok(const struct imap_reader *r)
{
	return r->err == ERR_OK;
}

/* The next byte; -1 at the end or after an error. */
static inline int imap_peek(const struct imap_reader *r)
{
	return r->err == ERR_OK && r->at < r->end ? *r->at : -1;
}

/* ERR_PROTO at the cursor; the first fault stays. */
void imap_fail(struct imap_reader *r, const char *reason);
void imap_fail_with(struct imap_reader *r, enum err err, const char *reason);

/* Takes c if it is next. */
static inline bool imap_try(struct imap_reader *r, uint8_t c)
{
	if (imap_peek(r) != c)
		return false;
	r->at++;
	return true;
}
void imap_expect(struct imap_reader *r, uint8_t c, const char *reason);
/* Any number of spaces. */
static inline void imap_skip_spaces(struct imap_reader *r)
{
	while (imap_peek(r) == ' ')
		r->at++;
}
/* At least one. */
void imap_expect_space(struct imap_reader *r);
/* Spaces, and then nothing more. */
void imap_expect_end(struct imap_reader *r);

/* Takes "NIL" if it stands there as a word. */
bool imap_try_nil(struct imap_reader *r);
/* A word: all up to SP, a parenthesis, a quote or the end; not empty. */
struct bytes imap_read_word(struct imap_reader *r);
/* Also ends before [ ] and <: names of FETCH items. */
struct bytes imap_read_name(struct imap_reader *r);
uint64_t imap_read_u64(struct imap_reader *r);
/* The same, but mail.ru writes large sizes as "9.3736e+06". */
uint64_t imap_read_size(struct imap_reader *r);
uint32_t imap_read_u32(struct imap_reader *r);

/* A string that may have been streamed. */
struct imap_string {
	struct bytes data; /* null for NIL; points into the response where it can */
	bool is_streamed;
	uint64_t size_bytes;
};

/* quoted / literal / literal8 / NIL; a bare word is taken as well. */
void imap_read_any_string(struct imap_reader *r, struct imap_string *ret);
/* nstring: as above, but a streamed literal is an error here. */
struct bytes imap_read_nstring(struct imap_reader *r);
/* astring: never null; the word NIL is a word. */
struct bytes imap_read_astring(struct imap_reader *r);
/* nstring in parentheses, or bare: objectids, "(" objectid ")". */
struct bytes imap_read_wrapped(struct imap_reader *r);

/* One value of whatever form, up to where it ends: balanced, without recursion. */
void imap_skip_value(struct imap_reader *r);

/* Words up to the end. */
struct bytes_list imap_read_words(struct imap_reader *r);
/* "(" [astring *(SP astring)] ")", or NIL for an empty one. */
struct bytes_list imap_read_astring_list(struct imap_reader *r);
struct bytes_list imap_as_bytes_list(const struct imap_vec *v);
/* A quoted character or NIL (0): hierarchy delimiters. */
char imap_read_delimiter(struct imap_reader *r);

/* Lower case, in the arena unless it is so already. Null stays null. */
struct bytes imap_lower(struct imap_reader *r, struct bytes b);

/* --- parsers of one thing each, by file ------------------------------------ */

/* parse_text.c */
void imap_read_text(struct imap_reader *r, struct imap_text *ret);
void imap_read_flags(struct imap_reader *r, struct imap_flags *ret);
/* parse_set.c */
void imap_read_set(struct imap_reader *r, struct imap_set *ret);
void imap_read_numbers(struct imap_reader *r, struct imap_numbers *ret);
/* parse_search.c */
void imap_read_search(struct imap_reader *r, struct imap_response *out);
void imap_read_esearch(struct imap_reader *r, struct imap_response *out);
void imap_read_thread(struct imap_reader *r, struct imap_response *out);
void imap_read_vanished(struct imap_reader *r, struct imap_response *out);
/* parse_list.c */
void imap_read_list(struct imap_reader *r, struct imap_response *out);
void imap_read_status(struct imap_reader *r, struct imap_response *out);
void imap_read_namespace(struct imap_reader *r, struct imap_response *out);
/* parse_misc.c */
void imap_read_capability(struct imap_reader *r, struct imap_response *out);
void imap_read_flags_response(struct imap_reader *r, struct imap_response *out);
void imap_read_id(struct imap_reader *r, struct imap_response *out);
void imap_read_quota(struct imap_reader *r, struct imap_response *out);
void imap_read_quota_root(struct imap_reader *r, struct imap_response *out);
void imap_read_acl(struct imap_reader *r, struct imap_response *out);
void imap_read_my_rights(struct imap_reader *r, struct imap_response *out);
void imap_read_list_rights(struct imap_reader *r, struct imap_response *out);
/* parse_fetch.c */
void imap_read_fetch(struct imap_reader *r, struct imap_response *out);
/* parse_section.c: from behind the item's name */
void imap_read_section(struct imap_reader *r, enum imap_body_kind kind, struct imap_body *ret);
/* parse_envelope.c */
struct imap_envelope *imap_read_envelope(struct imap_reader *r);
/* parse_body.c; NULL for NIL, after an error, and when over the limits: then
 * *ret_is_cut is set and the value is skipped. */
struct part *imap_read_structure(struct imap_reader *r, bool *ret_is_cut);

#endif
