/*
 * From what the mail store brings of a message to what lists show of it:
 * decoded, with the ids of the API.
 */
#ifndef ACCOUNT_SUMMARY_H
#define ACCOUNT_SUMMARY_H

#include "account/fan.h"

/* All of summary but the preview of a server that has none. False when memory is
 * short. */
MUST_CHECK bool summary_of(struct arena *mem, const struct mailstore_caps *caps,
			   const struct folder_id *folder, const struct mail_item *item,
			   struct summary *ret);

/* What a cursor carries besides the id, as mailstore's window.sort_value wants it;
 * null for SORT_ADDED. */
struct bytes summary_sort_value(struct arena *mem, enum mail_sort sort, const struct summary *s);

/* --- previews ----------------------------------------------------------------------- */

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
	const struct mail_item *items; /* beside them */
	size_t count;
	uint64_t fetch_bytes;
	struct fan fan;
	const struct part **parts;
};

/* Runs on the step's session; done() comes maybe at once. A preview that could not
 * be had stays null. */
void previews_run(struct previews *p);
void previews_stop(struct previews *p);

#endif
