/*
 * From what the mail store brings of a message to what lists show of it:
 * decoded, with the ids of the API.
 */
#ifndef ACCOUNT_SUMMARY_H
#define ACCOUNT_SUMMARY_H

#include "account/fan.h"

/* All of summary but the preview of a server that has none, and the view of the
 * structure (empty where there is none). False when memory is short. */
MUST_CHECK bool summary_of(struct arena *mem, const struct folder_id *folder,
			   const struct mail_item *item, struct summary *ret,
			   struct part_view *ret_view);

/* What a cursor carries besides the id, as mailstore's window.sort_value wants it;
 * null for SORT_ADDED. */
struct bytes summary_sort_value(struct arena *mem, enum mail_sort sort, const struct summary *s);

/* Leaves the first of each thread. */
void summary_list_collapse(struct summary_list *l);

/* --- previews --------------------------------------------------------- */

struct previews;
typedef void previews_done_cb(struct previews *p);

/* Those that are missing, made from the first bytes of the first text part of each
 * message of one folder; all go over the wire together. */
struct previews {
	void *owner;
	previews_done_cb *done;
	struct step *step;
	struct bytes path;
	struct summary *summaries;
	const struct part_view *views; /* beside them */
	size_t count;
	struct fan fan;
	size_t *missing; /* indices of those that are fetched */
};

/* Runs on the step's session; done() comes maybe at once. A preview that could not
 * be had stays null. */
void previews_run(struct previews *p);
void previews_stop(struct previews *p);

#endif
