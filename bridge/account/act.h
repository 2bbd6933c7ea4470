/*
 * Inside of account_act() and account_act_selected(): the messages of one action,
 * grouped by the folder they are in, what is done to each group in turn, and what
 * has come of each message.
 *
 * Nothing is lost when a session dies: what was not begun is done on a new one;
 * what may have been done is repeated where that is harmless (flags, expunging by
 * UID); of copies and moves one looks where they are, and what even that does not
 * tell is reported as unknown.
 */
#ifndef ACCOUNT_ACT_H
#define ACCOUNT_ACT_H

#include "account/again.h"
#include "account/step.h"

/* The messages of one folder that are acted upon. */
struct act_group {
	struct folder_id id;
	const struct folder *folder; /* NULL: gone */
	size_t first, count;         /* in act_plan.order */
};

struct act_plan {
	struct message_result *results; /* distinct ids in request order */
	struct message_id *ids;         /* beside them */
	bool *open;                     /* beside them: nothing final has come of it yet */
	size_t count;
	uint32_t *order; /* indices of results, by folder, then request order */
	struct act_group *groups;
	size_t group_count;
};

/* Parses, drops doubles, groups. Malformed ids are results already. False when
 * memory is short. */
MUST_CHECK bool act_plan_make(struct arena *mem, const struct bytes *ids, size_t count,
			      struct act_plan *ret);
/* All of one folder. */
MUST_CHECK bool act_plan_make_for_keys(struct arena *mem, const struct folder *folder,
				       const struct mail_item *items, size_t count,
				       struct act_plan *ret);

/* A message of which a lost connection did not tell whether it was copied or moved. */
struct act_doubt {
	uint32_t index; /* of its result */
	struct message_key key;
	struct change_result change;
	bool is_there; /* where it was */
	bool is_found; /* in the target */
};

enum act_phase {
	ACT_LOOK, /* at their keywords, for If-Match */
	ACT_FLAG, /* set keywords */
	ACT_DO,   /* copy, move, expunge */
	ACT_PHASES,
};

struct acting {
	struct work work; /* first */
	struct action action;
	struct act_plan plan;
	const struct folder *target; /* of move, copy, delete; NULL: none */
	void (*ready)(struct acting *o);
	void (*finished)(struct acting *o);

	struct arena *mem; /* for the work on this plan; at first call.mem */
	size_t group;
	enum act_phase phase;
	bool is_running;          /* past the preparations */
	bool is_second;           /* this phase was cut off once */
	struct message_key *keys; /* those that are open in this group */
	uint32_t *index;          /* results they belong to */
	size_t key_count;
	uint64_t unchanged_since; /* modseq of the one message that If-Match concerns */

	struct act_doubt *doubts; /* of this group */
	size_t doubt_count;
	bool is_finding_out;
	struct again again;
};

/* Copies the action's own data as far as it has to live; sets up failure. */
void act_init(struct acting *o, const struct action *action);
/* Finds the folders of the plan and the target (made where the action needs a
 * trash), then calls o->ready(), or ends the work. */
void act_find_folders(struct acting *o);
/* Runs all groups of the plan and calls o->finished(), with no result open. */
void act_run(struct acting *o);

/* --- between act_run.c and act_doubt.c -------------------------------- */

/* The call with the plan's memory. */
struct call act_call(const struct acting *o);
/* The folder that is being worked on. */
const struct folder *act_folder(const struct acting *o);
/* What the action has come to for a message with which it is done. */
void act_complete(struct acting *o, uint32_t index, const struct change_result *c);
/* Goes on behind the copies or moves of this folder. */
void act_next_phase(struct acting *o);

/* Notes it. */
void act_doubt(struct acting *o, uint32_t index, const struct message_key *key,
	       const struct change_result *c);
/* Looks where those that were noted are, gives them their results, and goes on. */
void act_find_out(struct acting *o);
/* The session was lost meanwhile. */
void act_find_out_failed(struct acting *o);
/* For work.stop. */
void act_stop(struct work *w);

/* --- results ---------------------------------------------------------- */

void act_result_fail(struct message_result *r, const struct fault *fault);
void act_result_gone(struct message_result *r);
/* What the mail store says of one message; the action's own part is act_run()'s. */
void act_result_take(struct message_result *r, const struct change_result *c);
/* "not-supported" where the mail store cannot do it. */
struct fault act_fault(const struct fault *fault);

#endif
