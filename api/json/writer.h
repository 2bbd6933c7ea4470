/*
 * JSON, written as a stream: for everything hot. Commas are looked after,
 * nesting is not checked beyond an assertion. A failed buffer makes it silent:
 * check buf_err() at the end. (Values are json_put_...: json_string() and
 * json_null() are jansson's.)
 */
#ifndef JSON_WRITER_H
#define JSON_WRITER_H

#include "base/buf.h"

struct json_writer {
	struct buf *to;
	bool need_comma;
};

struct json_writer json_writer_of(struct buf *to);

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

/* A member's name: a literal of ours, plain ASCII. */
void json_key(struct json_writer *w, const char *name);
/* Any member name. */
void json_key_bytes(struct json_writer *w, struct bytes name);

/* Null bytes write null. Malformed UTF-8 becomes U+FFFD. Escapes what RFC 8259
 * asks for, and U+2028/2029 so that it can stand inside scripts. */
void json_put_string(struct json_writer *w, struct bytes s);
void json_put_str(struct json_writer *w, const char *s); /* NULL writes null */
void json_put_u64(struct json_writer *w, uint64_t n);
void json_put_i64(struct json_writer *w, int64_t n);
void json_put_bool(struct json_writer *w, bool b);
void json_put_null(struct json_writer *w);
/* A whole value that is JSON already; or, inside an object, members that are. */
void json_put_raw(struct json_writer *w, struct bytes json);

/* Key and value in one. */
void json_member_string(struct json_writer *w, const char *name, struct bytes s);
void json_member_str(struct json_writer *w, const char *name, const char *s);
void json_member_bool(struct json_writer *w, const char *name, bool b);
void json_member_u64(struct json_writer *w, const char *name, uint64_t n);
/* null unless it is known. */
void json_member_count(struct json_writer *w, const char *name, bool is_known, uint64_t n);

#endif
