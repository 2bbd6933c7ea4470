/*
 * How operations of an account are built.
 *
 * A struct work is the operation as its caller sees it: it holds a reference to
 * the account, and its end is always told later, by a task of its own, when
 * nothing of ours is on the stack any more. A struct step is its way to the mail
 * server: it waits for a session, runs one mail store operation after the other
 * on it, and repeats a read once when the pooled session it was given had died.
 *
 * Both live in call.mem; work_new() and the callback that the last step leads
 * to are all that most operations need.
 */
#ifndef ACCOUNT_STEP_H
#define ACCOUNT_STEP_H

#include "account/hub.h"
#include "account/lease.h"
#include "account/live.h"

struct whole;

struct step {
	struct account *account;
	struct call call;
	struct lease lease;
	/* Starts a mail store operation; NULL: no memory; STEP_SKIPPED: it did without
	 * one and has already gone on to what comes next. */
	struct op *(*start)(struct step *s, struct mailstore *ms);
	void (*failed)(struct step *s, const struct fault *fault);
	void *owner;
	struct whole *whole; /* private to whole.c */
	struct op *running;
	bool is_once;    /* never repeated */
	bool is_partial; /* something of the answer was handed on already: not repeated either */
	bool is_repeated;
	struct live_change changes[2]; /* of ours, while `running` makes them */
	struct {                       /* private: what step_will_change() was given */
		const struct folder_id *folders[2];
		bool is_move;
	} change;
	struct loop_task later;
	struct fault fault;
};

extern struct op step_skipped;
#define STEP_SKIPPED (&step_skipped)

/* lease.path and lease.flags are the owner's to set; `failed` gets faults of the session too. */
void step_init(struct step *s, struct account *a, struct call call, void *owner,
	       void (*failed)(struct step *s, const struct fault *fault));
/* Gets a session unless it has one, and starts; maybe at once. */
void step_run(struct step *s, struct op *(*start)(struct step *s, struct mailstore *ms));
/* The same for what must not be done twice: never repeated from here. */
void step_run_once(struct step *s, struct op *(*start)(struct step *s, struct mailstore *ms));
/* Before a run that changes the messages of a folder, or of two (`other`, else NULL):
 * whatever changes messages says so here, for those who watch. `is_move`: from the one
 * to the other. The ids are borrowed until it has ended. */
void step_will_change(struct step *s, const struct folder_id *folder, const struct folder_id *other,
		      bool is_move);
/* As the first thing in the mail store's callback: false when there was a fault,
 * which is being dealt with. */
MUST_CHECK bool step_took(struct step *s, const struct fault *fault);
/* Gives the session back; from here on only sessions that are opened later will do. */
void step_renew(struct step *s);
/* Gives the session back. The next step_run() gets another one. */
void step_release(struct step *s);
/* Cancels what is under way and gives the session back. */
void step_stop(struct step *s);

struct work {
	struct op op; /* first */
	struct account *account;
	struct call call;
	struct step step;
	struct loop_task end;
	struct fault fault;
	void (*report)(struct work *w, const struct fault *fault); /* calls the caller's callback */
	void (*stop)(struct work *w); /* cancels what is more than `step`; or NULL */
	struct {                      /* private to folders.c */
		struct bytes name;
		folders_found_cb *found;
		folders_listed_cb *listed;
		uint64_t generation;
		bool may_be_missing;
	} folders;
	struct { /* private to role_folder.c */
		enum folder_role role;
		struct bytes path;
		bool is_second_try;
	} role;
};

/* An operation of `size` bytes whose first member is a struct work, zeroed; NULL
 * when memory is short. */
void *work_new(struct account *a, struct call call, size_t size,
	       void (*report)(struct work *w, const struct fault *fault));
/* Ends it with the fault, or well with NULL; report() comes later. The session is
 * given back at once. Must not be called twice. */
void work_end(struct work *w, const struct fault *fault);
void work_fail(struct work *w, enum err err);
/* What op_cancel() does, for works with a class of their own. */
void work_cancel(struct op *op);
/* One of our own problem codes. */
void work_fail_code(struct work *w, enum err err, const char *code);
/* Did memory run out in call.mem? Then the work is ended with that. */
MUST_CHECK bool work_is_starved(struct work *w);

/* The work whose `step` this is. */
static inline void *work_of_step(struct step *s)
{
	return s->owner;
}

#endif
