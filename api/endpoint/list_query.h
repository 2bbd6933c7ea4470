/*
 * Lists: from the query parameters to a struct mail_query, and what binds a
 * cursor to its list. The tables of parameters are in messages.c.
 */
#ifndef ENDPOINT_LIST_QUERY_H
#define ENDPOINT_LIST_QUERY_H

#include "base/hash.h"
#include "http/problem.h"
#include "http/request.h"
#include "mailstore/query.h"

struct list_query {
	struct mail_query mail; /* filters in the request's arena */
	bool has_cursor, has_anchor;
	struct folder_id cursor_folder; /* that the cursor's message is in */
	struct hash_sha256 list;        /* account, path and all parameters but the window's */
};

/* `account` enters the digest; `sort` is the order where none is asked for.
 * False: it was answered with the problem. */
bool list_query_read(struct request *rq, const char *account, const char *sort,
		     struct list_query *ret);

#endif
