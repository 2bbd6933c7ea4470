/*
 * Inside of account_act() and account_act_selected(): the messages of one action,
 * grouped by the folder they are in, what is done to each group in turn, and what
 * has come of each message.
 *
 * Nothing is lost when a session dies: what was not begun is done on a new one;
 * what may have been done is repeated where that is harmless (flags, expunging by
 * UID) and else reported as unknown.
 */
#ifndef ACCOUNT_ACT_H
#define ACCOUNT_ACT_H

#include "account/step.h"

/* The keywords of so few messages are looked up before they move, for the result
 * to tell them. */
#define ACT_LOOKED_AT_MAX 100

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

enum act_phase {
	ACT_LOOK, /* at their keywords */
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
};

/* Copies the action's own data as far as it has to live; sets up failure. */
void act_init(struct acting *o, const struct action *action);
/* Finds the folders of the plan and the target (made where the action needs a
 * trash), then calls o->ready(), or ends the work. */
void act_find_folders(struct acting *o);
/* Runs all groups of the plan and calls o->finished(), with no result open. */
void act_run(struct acting *o);

/* --- results ---------------------------------------------------------- */

void act_result_fail(struct message_result *r, const struct fault *fault);
void act_result_gone(struct message_result *r);
/* What the mail store says of one message; the action's own part is act_run()'s. */
void act_result_take(struct message_result *r, const struct change_result *c);
/* "not-supported" where the mail store cannot do it. */
struct fault act_fault(const struct fault *fault);

#endif
