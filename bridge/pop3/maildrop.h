/*
 * What a maildrop holds, as it was at the login: numbers, sizes, identities,
 * and the header blocks that were fetched so far. Plain data, no I/O.
 *
 * A message is known by its UIDL where that is present, unique and at most 70
 * characters; otherwise by a hash: over the UIDL if that is merely too long,
 * else over the header block, with an ordinal that tells equal ones apart.
 */
#ifndef POP3_MAILDROP_H
#define POP3_MAILDROP_H

#include "base/buf.h"
#include "model/keywords.h"
#include "model/message_id.h"

#define POP3_MESSAGES_MAX 200000

struct pop3_message {
	uint32_t number;
	uint64_t size;
	struct bytes uidl;      /* owned; null: none */
	struct message_key key; /* text "" until it is known */
	struct bytes header;    /* owned; null: not fetched, or let go again */
	struct bytes keywords;  /* owned; text, see below; null: none */
	unsigned flags;         /* KEYWORD_... among them */
	uint64_t added, modseq; /* journal.h; 0: not known */
	bool is_header_new;     /* not in the memory yet */
	bool is_asked_whole;    /* for its header: RETR instead of TOP */
	bool is_unreadable;     /* the server refused to show it */
};

struct pop3_maildrop {
	struct pop3_message *at; /* by number, oldest first */
	size_t count, cap;
	uint32_t *by_key; /* indices, sorted by key */
	size_t header_bytes;
};

void pop3_maildrop_init(struct pop3_maildrop *m);
void pop3_maildrop_done(struct pop3_maildrop *m);

/* From LIST: numbers ascend. ERR_PROTO when they do not, ERR_TOO_BIG, ERR_NOMEM. */
MUST_CHECK enum err pop3_maildrop_add(struct pop3_maildrop *m, uint32_t number, uint64_t size);
/* From UIDL; a number that LIST does not have is passed over. */
MUST_CHECK enum err pop3_maildrop_set_uidl(struct pop3_maildrop *m, uint32_t number,
					   struct bytes uidl);
/* NULL when there is none of that number. */
struct pop3_message *pop3_maildrop_by_number(struct pop3_maildrop *m, uint32_t number);
MUST_CHECK enum err pop3_message_set_header(struct pop3_maildrop *m, struct pop3_message *msg,
					    struct bytes header);
/* Lets go of all headers if they are more than that. Those of messages that are
 * known by a hash do not matter any more once the keys are finished. */
void pop3_maildrop_trim(struct pop3_maildrop *m, size_t max_bytes);

/* Gives keys by UIDL and says how many messages want a header to be hashed
 * (their key's text is still ""). After those are there, or are unreadable:
 * pop3_maildrop_finish(). */
MUST_CHECK enum err pop3_maildrop_begin_keys(struct pop3_maildrop *m, size_t *ret_nameless);
MUST_CHECK enum err pop3_maildrop_finish_keys(struct pop3_maildrop *m);

/* --- keywords, as text: names of the API with spaces between ------------------- */

MUST_CHECK enum err pop3_message_set_keywords(struct pop3_message *msg, struct bytes text);
/* The names are made in mem. False when memory is short. */
MUST_CHECK bool pop3_message_keywords(const struct pop3_message *msg, struct arena *mem,
				      struct keywords *ret);
void pop3_keywords_format(const struct keywords *k, struct buf *to);
uint32_t pop3_maildrop_unread(const struct pop3_maildrop *m);

/* NULL when it is not there. Only after pop3_maildrop_finish_keys(). */
struct pop3_message *pop3_maildrop_find(struct pop3_maildrop *m, const struct message_key *key);

#endif
