/*
 * Lists of folders that are known exactly (live.h), without asking the server. Only
 * what is there is answered: that something is not is for the server to say, which
 * may have told somebody else of it a moment before it tells us.
 */
#ifndef ACCOUNT_LIVE_LIST_H
#define ACCOUNT_LIVE_LIST_H

#include "account/hub.h"
#include "cache/folder_state.h"

#define LIVE_PAGE_MAX 500

struct live_page {
	const struct folder_state *state; /* borrowed until control returns to the loop */
	uint32_t total, position;
	bool has_more;
	uint32_t uids[LIVE_PAGE_MAX];
	size_t count;
};

/* False when this query has to go to the server; so it has when `state` is NULL. */
MUST_CHECK bool live_page_find(const struct folder_state *state, const struct mail_query *query,
			       const struct list_options *options, struct live_page *ret);
/* Can folder states answer such a query at all? */
MUST_CHECK bool live_page_is_possible(const struct mail_query *query,
				      const struct list_options *options);
/* The list of the page, which borrows from the cache until something is put there.
 * False: not all of it is there, or memory is short (arena_failed()). */
MUST_CHECK bool live_page_list(struct account *a, const struct folder_id *folder,
			       const struct live_page *page, const struct list_options *options,
			       struct arena *mem, struct summary_list *ret);
/* The `state` of lists, in mem. */
struct bytes live_state_text(struct arena *mem, const struct folder_state *fs);
/* The keys of those that live_page_list() lacks, in mem; 0 when memory is short. */
size_t live_page_missing(struct account *a, const struct folder_id *folder,
			 const struct live_page *page, const struct list_options *options,
			 struct arena *mem, struct message_key **ret);
/* Makes a list its own in mem. */
void live_list_keep(struct arena *mem, struct summary_list *l);

/* As the codec writes it, in mem. False: it does not, or memory is short. */
MUST_CHECK bool live_summary_ready(const struct account *a, struct arena *mem,
				   const struct summary *s, struct ready_summary *ret);
/* One that is in the cache, copied into mem; without its keywords. */
MUST_CHECK bool live_summary_find(struct account *a, const struct message_id *id, struct arena *mem,
				  struct ready_summary *ret);
/* Puts it into the cache, whoever needed it. Summaries of unreadable messages must not
 * be. */
void live_summary_keep(struct account *a, const struct summary *s);

#endif
