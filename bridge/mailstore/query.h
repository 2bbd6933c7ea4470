/* What to look for in a folder: a conjunction of filters, an order, a window. */
#ifndef MAILSTORE_QUERY_H
#define MAILSTORE_QUERY_H

#include "model/keywords.h"
#include "model/message_id.h"

enum mail_filter_kind {
	FILTER_TEXT, /* header or body contains `text` */
	FILTER_FROM,
	FILTER_TO,
	FILTER_CC,
	FILTER_BCC,
	FILTER_SUBJECT,
	FILTER_BODY,
	FILTER_HEADER,   /* field `name` contains `text`; empty text: is there */
	FILTER_AFTER,    /* received at or after `number` (unix seconds) */
	FILTER_BEFORE,   /* received before `number` */
	FILTER_MIN_SIZE, /* at least `number` bytes */
	FILTER_MAX_SIZE, /* at most `number` bytes */
	FILTER_KEYWORD,  /* has keyword `text` */
	FILTER_NOT_KEYWORD,
	FILTER_ATTACHMENT, /* hasAttachment is `number` (0 or 1) */
	FILTER_THREAD,     /* Message-ID, References or In-Reply-To names `text`, or it is the
			    * server's own thread id (`name` = "g" or "o"), or `text` is a
			    * digest of a root that is too long (`name` = "h") */
};

struct mail_filter {
	enum mail_filter_kind kind;
	struct bytes name, text;
	int64_t number;
};

enum mail_sort {
	SORT_ADDED, /* UID or maildrop order */
	SORT_RECEIVED,
	SORT_SENT,
	SORT_SIZE,
	SORT_SUBJECT, /* base subject, RFC 5256 */
	SORT_FROM,    /* display name, RFC 5957 */
};

enum mail_window_kind {
	WINDOW_POSITION, /* from the 0-based position */
	WINDOW_AFTER,    /* what follows `key` in this order, whether it still exists or not */
	WINDOW_ANCHOR,   /* from `key` on, which must exist (else ERR_NOT_FOUND) */
};

struct mail_window {
	enum mail_window_kind kind;
	uint32_t position;
	struct message_key key;
	/* The sort value of `key` that the cursor carries; null for SORT_ADDED. */
	struct bytes sort_value;
	uint32_t limit;
	uint32_t uidvalidity; /* 0: any; else ERR_CONFLICT when it differs */
};

#define MAIL_FILTERS_MAX 32

struct mail_query {
	const struct mail_filter *filters;
	size_t filter_count;
	enum mail_sort sort;
	bool descending;
	/* Only the first message of each thread in this order. A wish: what cannot do it
	 * over the whole folder (POP3) gives all. */
	bool collapse_threads;
	struct mail_window window;
};

#endif
