/*
 * Errors as the client sees them: RFC 9457 application/problem+json, with a
 * stable code. The table of all codes is here and nowhere else: what each code
 * means is served under /problems/{code} and listed in the OpenAPI document.
 */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

struct problem_kind {
	const char *code; /* "message-not-found" */
	unsigned status;
	const char *title;
	const char *meaning; /* a sentence or two: why, and what to do about it */
};

/* NULL for an unknown code. */
const struct problem_kind *problem_kind_find(struct bytes code);
const struct problem_kind *problem_kinds(size_t *ret_count);

#define PROBLEM_ERRORS_MAX 16

/* One faulty place of a request. Its codes: unknown-parameter, unknown-member
 * (detail suggests the nearest known name), duplicate-parameter,
 * missing-parameter, missing-member, invalid-value; endpoints may add others
 * (invalid-address). */
struct problem_error {
	bool is_pointer; /* JSON pointer into the body, else a parameter's name */
	char where[96];
	char code[40];
	char detail[160];
};

struct problem {
	const struct problem_kind *kind;
	char detail[256];       /* "" : the kind's meaning */
	unsigned retry_after_s; /* 0: no Retry-After */
	struct fault upstream;  /* shown when upstream.protocol is set */
	struct problem_error errors[PROBLEM_ERRORS_MAX];
	size_t error_count;
};

/* The code must be in the table. */
struct problem problem_of(const char *code);
__attribute__((format(printf, 2, 3))) struct problem problem_with(const char *code, const char *fmt,
								  ...);
/* Adds one faulty place; beyond the maximum they are dropped. */
__attribute__((format(printf, 4, 5))) void problem_add_parameter(struct problem *p,
								 const char *parameter,
								 const char *code, const char *fmt,
								 ...);
__attribute__((format(printf, 4, 5))) void problem_add_pointer(struct problem *p,
							       const char *pointer,
							       const char *code, const char *fmt,
							       ...);
/* What a fault of the mail side means to the client. A fault whose protocol is
 * empty and whose `code` is a known problem code is that problem. Otherwise the
 * mail server's response code decides (RFC 5530, 3206), then `err`. */
struct problem problem_of_fault(const struct fault *f);

/* The body; `base` is the origin for `type`, `request_id` may be null. */
void problem_write(struct buf *to, const struct problem *p, struct bytes base,
		   struct bytes request_id);

/* The nearest of the candidates to a mistyped word, or NULL when none is near. */
const char *problem_suggest(struct bytes word, const char *const *candidates, size_t count);

#endif
