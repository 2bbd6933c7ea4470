/*
 * Does a message satisfy a filter? For what no server looks for: POP3 accounts, and
 * on IMAP what a server cannot. Texts are compared folded (match/fold.h), decoded.
 */
#ifndef MATCH_FILTER_H
#define MATCH_FILTER_H

#include "mailstore/query.h"
#include "model/message.h"

/* What is known of a message; borrowed. */
struct match_message {
	const struct headers *headers; /* decoded; NULL: not known */
	struct bytes header;           /* the raw block, for FILTER_HEADER */
	struct bytes text;             /* of its body, UTF-8; null: not known */
	struct keywords keywords;
	int64_t received_at;
	uint64_t size;
	bool has_attachment;
};

/* What must be known to tell. */
enum {
	MATCH_HEADERS = 1 << 0, /* headers and header, received_at */
	MATCH_BODY = 1 << 1,    /* text */
	MATCH_STRUCTURE = 1 << 2,
};

unsigned match_needs(const struct mail_filter *f);
/* False also where what it needs is not known, or memory is short. */
bool match_filter(struct arena *mem, const struct mail_filter *f, const struct match_message *m);

#endif
