/*
 * What has changed in a maildrop from one conversation to the next, which POP3 does not
 * tell: whatever comes, goes or gets other keywords takes the next number, as MODSEQ in
 * RFC 7162. One record, kept in the memory (settle.c). Pure data.
 */
#ifndef POP3_JOURNAL_H
#define POP3_JOURNAL_H

#include "pop3/maildrop.h"

/* So many are remembered that went. */
#define POP3_GONE_MAX 10000

struct pop3_gone {
	struct message_key key;
	uint64_t modseq;
};

struct pop3_journal {
	uint64_t epoch;         /* whom the numbers belong to; 0: nothing is known */
	uint64_t modseq;        /* the highest that was given */
	uint64_t floor;         /* of what went, all above is known */
	struct pop3_gone *gone; /* by ascending modseq; owned */
	size_t gone_count, gone_cap;
};

void pop3_journal_done(struct pop3_journal *j);

/* Begins one under a new epoch: the messages of m get their numbers. ERR_INTERNAL when
 * the system gives no random bytes; nothing is known then. */
MUST_CHECK enum err pop3_journal_begin(struct pop3_journal *j, struct pop3_maildrop *m);
/* Goes on with what pop3_journal_save() made: the messages of m have their numbers
 * again, and what is different now gets new ones. ERR_PROTO when it is none, ERR_NOMEM;
 * nothing is known then. */
MUST_CHECK enum err pop3_journal_load(struct pop3_journal *j, struct pop3_maildrop *m,
				      struct bytes record, bool *ret_has_changed);
void pop3_journal_save(const struct pop3_journal *j, const struct pop3_maildrop *m, struct buf *to);

/* Is all known that has happened since? */
bool pop3_journal_reaches(const struct pop3_journal *j, uint64_t epoch, uint64_t modseq);

#endif
