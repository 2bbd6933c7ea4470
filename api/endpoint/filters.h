/*
 * The filters of lists and of actions' `select`: the same members, read from
 * query parameters or from JSON into one form, and from there made into the
 * mail store's filters.
 */
#ifndef ENDPOINT_FILTERS_H
#define ENDPOINT_FILTERS_H

#include "endpoint/body.h"
#include "mailstore/query.h"

struct filter_form {
	struct bytes folder; /* of `select`: where */
	struct bytes text, from, to, cc, subject, body;
	struct bytes_list header; /* "Name:value" */
	struct bytes after, before;
	struct bytes has_keyword, not_keyword;
	struct bytes thread;
	uint64_t min_size, max_size;
	bool has_min_size, has_max_size;
	bool unseen, flagged, has_attachment;
	bool unseen_given, flagged_given, has_attachment_given;
};

#define FILTER_HEADERS_MAX 8

/* clang-format off */
/* The rows of a route's table of parameters. */
#define FILTER_PARAMS                                             \
	{ "text", PARAM_TEXT },                                   \
	{ "from", PARAM_TEXT },                                   \
	{ "to", PARAM_TEXT },                                     \
	{ "cc", PARAM_TEXT },                                     \
	{ "subject", PARAM_TEXT },                                \
	{ "body", PARAM_TEXT },                                   \
	{ "header", PARAM_TEXT, .is_repeatable = true },          \
	{ "after", PARAM_INSTANT },                               \
	{ "before", PARAM_INSTANT },                              \
	{ "minSize", PARAM_UINT, .max = INT64_MAX },              \
	{ "maxSize", PARAM_UINT, .max = INT64_MAX },              \
	{ "hasKeyword", PARAM_TEXT, .max = KEYWORD_MAX_BYTES },   \
	{ "notKeyword", PARAM_TEXT, .max = KEYWORD_MAX_BYTES },   \
	{ "unseen", PARAM_BOOL },                                 \
	{ "flagged", PARAM_BOOL },                                \
	{ "hasAttachment", PARAM_BOOL },                          \
	{ "thread", PARAM_TEXT, .max = ID_TEXT_MAX + 2 }
/* clang-format on */

/* The members of `select`: folderId and the filters, into a struct filter_form. */
extern const struct json_member filter_members[];

void filters_from_params(struct request *rq, struct filter_form *ret);

/* Who is told that a filter cannot be. */
typedef void filter_fault_fn(void *ctx, const char *name, const char *detail);

/* Makes q->filters in mem. False: a fault was told, or memory is short
 * (arena_failed()). */
bool filters_build(const struct filter_form *f, struct arena *mem, struct mail_query *q,
		   filter_fault_fn *fault, void *ctx);

/* A threadId as a filter. False: it is malformed, or names a thread that cannot
 * be searched for ("h.", "m."). */
bool filters_thread(struct bytes thread_id, struct arena *mem, struct mail_filter *ret);

#endif
