/* The summaries of messages that are known by id, from any number of folders. */
#ifndef ACCOUNT_GATHER_H
#define ACCOUNT_GATHER_H

#include "account/branches.h"
#include "account/summary.h"

/* The wanted ones of one folder. */
struct gather_group {
	const struct folder *folder;
	size_t *index; /* into `ids` */
	size_t count;
	struct message_key *keys; /* private, as all that follows */
	struct summary *summaries;
	struct part_view *views;
	size_t *places;
	struct previews previews;
};

struct gather {
	void *owner;
	void (*done)(struct gather *g);
	struct work *work;
	bool preview;
	const struct message_id *ids;
	size_t count;
	struct gather_group *groups;
	size_t group_count;

	struct summary *summaries; /* beside the ids */
	bool *found;
	struct fault fault; /* of a group that failed, ERR_OK if none did */
	struct branches branches;
};

/* Everything up to group_count is set. False when memory is short. */
MUST_CHECK bool gather_run(struct gather *g);
void gather_stop(struct gather *g);

#endif
