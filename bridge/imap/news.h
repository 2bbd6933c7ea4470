/*
 * What has happened in the selected folder since it was synchronised and has not
 * been told yet: collected by the session's view of the folder, whoever's command
 * brought it, and taken by who watches. Internal to imap/.
 */
#ifndef IMAP_NEWS_H
#define IMAP_NEWS_H

#include "imap/response.h"
#include "mailstore/mailstore.h"

/* What may pile up while nobody takes it; beyond, all is lost. */
#define IMAP_NEWS_FLAGS_MAX 65536
#define IMAP_NEWS_BYTES_MAX (4u << 20)

struct imap_news {
	bool is_on;
	/* Something has happened that cannot be told. */
	bool is_lost;
	bool has_grown;           /* messages have come that must be fetched to be told */
	uint32_t uidnext;         /* only messages below it have been told; their flags are news */
	struct mail_flags *flags; /* heap; as they came, the last one of a UID counts */
	size_t flag_count, flag_cap, flag_max;
	uint32_t *gone; /* heap; UIDs, as they came */
	size_t gone_count, gone_cap;
	struct arena *mem; /* where keywords are */
	bool owns_mem;
};

void imap_news_done(struct imap_news *n);
/* Forgets all and begins to collect: flags of every message, and their keywords into
 * `mem`, which must last until imap_news_go_on() or imap_news_done(). */
void imap_news_start(struct imap_news *n, struct arena *mem);
/* The beginning was taken: what comes from now on concerns messages below uidnext. */
void imap_news_go_on(struct imap_news *n, uint32_t uidnext);

void imap_news_see_flags(struct imap_news *n, uint32_t uid, const struct imap_fetch *f);
void imap_news_see_gone(struct imap_news *n, uint32_t uid);

/* What has been collected, in order: each UID once, flags only of what is not gone.
 * It is no longer in the news then. */
struct imap_news_batch {
	struct mail_flags *flags;
	size_t flag_count;
	uint32_t *gone;
	size_t gone_count;
	struct arena *mem; /* NULL: not ours */
};
struct imap_news_batch imap_news_take(struct imap_news *n);
void imap_news_batch_done(struct imap_news_batch *b);

#endif
