/*
 * Request bodies: JSON read into a plain struct by a table of its members. All
 * faults are reported, each with the JSON pointer (RFC 6901, as a fragment)
 * that a client's form can use: unknown members, wrong types, missing ones,
 * text that is too long.
 */
#ifndef JSON_BODY_H
#define JSON_BODY_H

#include "model/address.h"

enum json_kind {
	JSON_KIND_TEXT,   /* struct bytes; null when absent */
	JSON_KIND_BOOL,   /* bool */
	JSON_KIND_UINT,   /* uint64_t, at most `max` */
	JSON_KIND_TEXTS,  /* struct bytes_list: array of texts, at most `max` */
	JSON_KIND_FLAGS,  /* struct json_flags: object of true, false, null; at most `max` */
	JSON_KIND_OBJECT, /* the struct of `members`, in place */
};

/* Marks that a member was given at all: a bool beside the value. */
#define JSON_NOT_MARKED SIZE_MAX

struct json_member {
	const char *name; /* NULL ends the table */
	enum json_kind kind;
	size_t offset; /* in the target struct */
	bool is_required;
	bool is_nullable;                  /* null is allowed, and leaves the field as it is */
	size_t given_offset;               /* of the mark, or JSON_NOT_MARKED */
	uint64_t max;                      /* bytes of a text, or see above; 0: 1000 */
	const char *choices;               /* of a text, comma-separated; NULL: any */
	const struct json_member *members; /* JSON_KIND_OBJECT */
};

struct json_flag {
	struct bytes name;
	bool is_set; /* true; false and null clear */
};

struct json_flags {
	struct json_flag *at;
	size_t count;
};

/* Who is told of faults. Strings are borrowed until the function returns. */
struct json_sink {
	/* `pointer` "#/to/0/email"; `code` "unknown-member", "missing-member",
	 * "wrong-type", "too-long", "too-many", "invalid-value". */
	void (*fault)(void *ctx, const char *pointer, const char *code, const char *detail);
	/* An unknown member, with what could have been meant. */
	void (*unknown)(void *ctx, const char *pointer, struct bytes name, const char *const *known,
			size_t count);
	/* Not JSON at all, or not an object; says where. Never quotes the body. */
	void (*malformed)(void *ctx, const char *detail);
	void *ctx;
};

enum json_read {
	JSON_READ_OK,
	JSON_READ_FAULTS, /* the sink was told */
	JSON_READ_NOMEM,
};

/* Fills *ret (which the caller has zeroed) with copies in mem. After
 * JSON_READ_FAULTS its content is of no use. */
enum json_read json_read_body(struct bytes body, const struct json_member *members,
			      struct arena *mem, const struct json_sink *sink, void *ret);

#endif
