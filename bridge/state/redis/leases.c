#include <stdlib.h>

#include "base/clock.h"
#include "state/redis/leases_inside.h"

#define REFRESH_BEATS 600
/* When Redis has come back empty nobody has anything in it; but who went on meanwhile
 * knows what the others do not. */
#define POLITE_MS 3000

/* --- what is due -------------------------------------------------------------- */

void lease_make_due(struct redis_lease *l)
{
	if (!l->is_due)
		TAILQ_INSERT_TAIL(&l->leases->due, l, of_due);
	l->is_due = true;
}

void lease_make_due_now(struct redis_lease *l)
{
	lease_make_due(l);
	loop_task_start(l->leases->process->loop, &l->leases->task);
}

void lease_make_undue(struct redis_lease *l)
{
	if (l->is_due)
		TAILQ_REMOVE(&l->leases->due, l, of_due);
	l->is_due = false;
}

static bool add_to_due(void *ctx, struct keymap_node *n)
{
	(void)ctx;
	lease_make_due_now((struct redis_lease *)n);
	return true;
}

static void make_all_due(struct redis_leases *s)
{
	keymap_each(&s->names, BYTES_LIT(""), add_to_due, NULL);
}

void lease_free(struct redis_lease *l)
{
	lease_make_undue(l);
	lease_set_owner(l, NULL);
	keymap_remove(&l->leases->names, &l->node);
	free(l);
}

/* --- what the process tells --- */

static struct redis_leases *of_user(struct redis_process_user *u)
{
	return (struct redis_leases *)((char *)u - offsetof(struct redis_leases, of_process));
}

static bool lapse(void *ctx, struct keymap_node *n)
{
	struct redis_lease *l = (struct redis_lease *)n;

	(void)ctx;
	if (l->of)
		lease_set_turn(l, STATE_TURN_UNKNOWN);
	return true;
}

static void on_lapse(struct redis_process_user *u)
{
	keymap_each(&of_user(u)->names, BYTES_LIT(""), lapse, NULL);
}

static void on_back(struct redis_process_user *u)
{
	of_user(u)->polite_until_ms = clock_monotonic_ms() + POLITE_MS;
	make_all_due(of_user(u));
	lease_plan_look(of_user(u), 0);
}

static void on_beat(struct redis_process_user *u)
{
	struct redis_leases *s = of_user(u);

	if (++s->beats % REFRESH_BEATS == 0)
		make_all_due(s);
	if (!TAILQ_EMPTY(&s->due))
		loop_task_start(s->process->loop, &s->task);
	if (s->owners.root && !s->look && !loop_timer_is_on(&s->timer))
		lease_plan_look(s, 0);
}

/* "-" and a name: it is free; "!" and a process: all that it had is. */
static void on_message(struct redis_ear *ear, struct bytes message)
{
	struct redis_leases *s =
		(struct redis_leases *)((char *)ear - offsetof(struct redis_leases, ear));
	struct bytes what = bytes_skip(message, 1);

	if (bytes_starts_with(message, BYTES_LIT("-"))) {
		struct redis_lease *l = (struct redis_lease *)keymap_find(&s->names, what);

		if (l && l->of && l->of->turn != STATE_TURN_OURS) {
			l->is_given_up = true;
			lease_make_due_now(l);
		}
	} else if (bytes_starts_with(message, BYTES_LIT("!"))) {
		lease_owner_is_gone(s, what);
	}
}

/* Something may have been given up meanwhile. */
static void on_gap(struct redis_ear *ear)
{
	struct redis_leases *s =
		(struct redis_leases *)((char *)ear - offsetof(struct redis_leases, ear));

	lease_owners_may_be_gone(s);
}

/* --- in line --- */

static struct redis_lease *lease_new(struct redis_leases *s, struct bytes name)
{
	struct redis_lease *l = calloc(1, sizeof *l + name.len);

	if (!l)
		return NULL;
	l->leases = s;
	if (name.len)
		memcpy(l->name, name.at, name.len);
	l->node.key = bytes_of(l->name, name.len);
	keymap_insert(&s->names, &l->node);
	return l;
}

static void tell_turn(struct loop_task *t)
{
	struct state_lease *l =
		(struct state_lease *)(void *)((char *)t - offsetof(struct state_lease, task));

	l->on_turn(l);
}

enum err redis_lease_want(struct redis_leases *s, struct bytes name, struct state_lease *of)
{
	struct redis_lease *l = (struct redis_lease *)keymap_find(&s->names, name);

	if (!l)
		l = lease_new(s, name);
	if (!l)
		return ERR_NOMEM;
	l->of = of;
	of->turn = STATE_TURN_UNKNOWN;
	of->task = (struct loop_task){ .run = tell_turn };
	of->of_store = l;
	lease_make_due_now(l);
	return ERR_OK;
}

void redis_lease_leave(struct state_lease *of)
{
	struct redis_lease *l = of->of_store;

	loop_task_stop(&of->task);
	of->turn = STATE_TURN_UNKNOWN;
	of->of_store = NULL;
	l->of = NULL;
	lease_set_owner(l, NULL);
	lease_make_due_now(l);
}

enum state_turn redis_lease_turn(const struct state_lease *of)
{
	const struct redis_lease *l = of->of_store;

	if (of->turn == STATE_TURN_OURS && !redis_process_lives(l->leases->process))
		return STATE_TURN_UNKNOWN;
	return of->turn;
}

static bool count_ours(void *ctx, struct keymap_node *n)
{
	const struct redis_lease *l = (const struct redis_lease *)n;

	*(unsigned *)ctx += l->of && l->of->turn == STATE_TURN_OURS;
	return true;
}

unsigned redis_leases_held(const struct redis_leases *s)
{
	unsigned count = 0;

	keymap_each(&s->names, BYTES_LIT(""), count_ours, &count);
	return count;
}

/* --- life --- */

enum err redis_leases_init(struct redis_leases *s, struct redis_process *p)
{
	*s = (struct redis_leases){
		.process = p,
		.of_process = { .on_lapse = on_lapse, .on_back = on_back, .on_beat = on_beat },
		.ear = { .on_message = on_message, .on_gap = on_gap },
		.task.run = lease_on_task,
		.timer.fire = lease_on_look_timer,
	};
	TAILQ_INIT(&s->due);
	if (!keymap_init(&s->names) || !keymap_init(&s->owners))
		return ERR_INTERNAL;
	if (redis_process_listen(p, "lease", BYTES_LIT(""), &s->ear))
		return ERR_NOMEM;
	redis_process_join(p, &s->of_process);
	return ERR_OK;
}

void redis_leases_done(struct redis_leases *s)
{
	redis_ears_unlisten(&s->ear);
	op_cancel(s->look);
	loop_task_stop(&s->task);
	loop_timer_stop(s->process->loop, &s->timer);
	lease_batches_free(s);
	while (s->names.root) {
		struct redis_lease *l = (struct redis_lease *)s->names.root;

		if (l->of) {
			loop_task_stop(&l->of->task);
			l->of->state = NULL;
		}
		lease_free(l);
	}
}
