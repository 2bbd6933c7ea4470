/*
 * MAIL_QUERY with filters or another order than that of arrival: looked for here,
 * newest first, batch by batch, first in the headers, then in the bodies of those
 * that are left. search.c drives, search_match.c says what matches.
 */
#ifndef POP3_SEARCH_H
#define POP3_SEARCH_H

#include "match/sort.h"
#include "pop3/store.h"

struct pop3_searching {
	struct pop3_op op;
	unsigned needs;                   /* MATCH_... */
	struct pop3_message **candidates; /* owned; newest first */
	size_t candidate_count;
	size_t batch_first, batch_count; /* those that are looked at now */
	size_t in_batch;                 /* of these the next one */
	struct match_row *rows;          /* owned; what was found */
	size_t row_count;
	struct arena *row_texts;
	struct arena *scratch; /* of one message */
	struct loop_task next; /* each batch is a turn of the loop's */
	size_t bodies;
	uint64_t body_bytes;
	uint64_t stop_ms; /* when time is up */
	bool is_incomplete, is_paging;
	struct pop3_message **page; /* owned */
	size_t page_count;
	uint32_t position;
};

enum pop3_verdict {
	POP3_NO,
	POP3_YES,
	POP3_LOOK_INSIDE, /* the body decides */
};

static inline const struct mail_query *pop3_searching_query(const struct pop3_searching *s)
{
	return &s->op.rq.arg.read.query;
}

/* What can be said without its header, with it, with the whole message in the spool. A
 * match becomes a row; ERR_NOMEM is told by the arenas. */
bool pop3_may_match(struct pop3_searching *s, const struct pop3_message *msg);
enum pop3_verdict pop3_match_header(struct pop3_searching *s, const struct pop3_message *msg);
void pop3_match_body(struct pop3_searching *s, const struct pop3_message *msg);

#endif
