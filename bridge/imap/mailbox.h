/*
 * What is known of the selected folder: fed with every untagged response,
 * whoever asked (RFC 9051 §5.2, §7). Internal to imap/.
 */
#ifndef IMAP_MAILBOX_H
#define IMAP_MAILBOX_H

#include "imap/marks.h"
#include "imap/msgmap.h"
#include "imap/news.h"
#include "imap/threads.h"

struct imap_mailbox {
	bool is_selected;
	bool is_selecting; /* the SELECT is not answered yet */
	struct bytes path; /* owned; null unless selected */
	uint32_t uidvalidity, uidnext;
	/* From SELECT or a tagged OK; 0: not known. */
	uint64_t highestmodseq;
	struct imap_msgmap map;
	struct imap_news news;
	struct imap_marks marks;     /* \Deleted */
	bool has_marks;              /* SEARCH DELETED was answered, and nothing has spoilt it */
	struct imap_threads threads; /* of lists with one message of each */
	bool is_read_only;
	bool has_permanent_flags;
	unsigned permanent_system; /* KEYWORD_... that can be changed for good */
	bool takes_keywords;       /* new ones may be made */
};

void imap_mailbox_init(struct imap_mailbox *m);
void imap_mailbox_done(struct imap_mailbox *m);
/* Nothing is selected any more. */
void imap_mailbox_close(struct imap_mailbox *m);
/* A SELECT is being executed: what comes now is about this folder. False when
 * memory is short. */
bool imap_mailbox_open(struct imap_mailbox *m, struct bytes path);
/* The message that a FETCH response is about; 0: not known. */
uint32_t imap_mailbox_uid_of(const struct imap_mailbox *m, const struct imap_fetch *f);
void imap_mailbox_see(struct imap_mailbox *m, const struct imap_response *r);
/* The answer to SEARCH DELETED (by sequence number). */
void imap_mailbox_see_deleted(struct imap_mailbox *m, const struct imap_response *r);

#endif
