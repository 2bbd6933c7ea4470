/* Who is watched, for whom, and until when. */
#include "account/watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "state/share.h"

static void on_linger(struct loop_timer *t);

/* --- the table -------------------------------------------------------- */

static struct watch **bucket_of(const struct account_hub *h, const struct account_id *id)
{
	uint64_t n;

	memcpy(&n, id->text, sizeof n); /* of a digest */
	n *= 0x9e3779b97f4a7c15u;
	return &h->watches[(n >> 32) & (h->bucket_count - 1)];
}

static bool is_same(const struct account_id *a, const struct account_id *b)
{
	return strcmp(a->text, b->text) == 0;
}

struct watch *watch_find(const struct account_hub *h, const struct account_id *id)
{
	struct watch *w = *bucket_of(h, id);

	while (w && !is_same(&w->id, id))
		w = w->next;
	return w;
}

struct watch *watch_of(const struct account *a)
{
	return a->watch ? a->watch : watch_find(a->hub, &a->id);
}

static struct watch *watch_new(struct account *a)
{
	struct watch **bucket = bucket_of(a->hub, &a->id);
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->hub = a->hub;
	w->id = a->id;
	w->linger.fire = on_linger;
	far_hear(w);
	watch_log_init(w);
	w->next = *bucket;
	*bucket = w;
	return w;
}

static void set_stopped(struct watch *w, bool is_stopped)
{
	if (is_stopped == (w->state == WATCH_STOPPED))
		return;
	watch_is_elsewhere(w, false);
	w->state = is_stopped ? WATCH_STOPPED : WATCH_IDLE;
	if (is_stopped)
		w->hub->stats.watched--;
	else
		w->hub->stats.watched++;
}

static void watch_free(struct watch *w)
{
	struct watch **link = bucket_of(w->hub, &w->id);
	struct fault gone = fault_of(ERR_CANCELLED);

	watch_release(w);
	watch_second_done(w);
	set_stopped(w, true);
	watch_await_review(w);
	watch_finish_cursors(w, &gone);
	loop_task_stop(&w->go);
	loop_timer_stop(w->hub->loop, &w->timer);
	loop_timer_stop(w->hub->loop, &w->linger);
	watch_log_done(w);
	far_unhear(w);
	watch_turn_done(w);
	watch_folders_clear(w);
	free(w->folders);
	free(w->moves);
	for (size_t i = 0; i < w->rename_count; i++) {
		free(w->renames[i].from);
		free(w->renames[i].to);
	}
	while (*link != w)
		link = &(*link)->next;
	*link = w->next;
	free(w);
}

/* --- holders ---------------------------------------------------------- */

/* The next one whose credentials may do; who holds it goes before who did. */
static struct account *choose(const struct watch *w)
{
	struct account *best = NULL;

	for (struct account *a = w->holders; a; a = a->next_holder)
		if (!a->is_refused && (!best || (!best->holds && a->holds)))
			best = a;
	return best;
}

static void use(struct watch *w, struct account *a)
{
	set_stopped(w, false);
	watch_adopt(w, a);
}

void watch_stop(struct watch *w, const struct fault *fault)
{
	struct account *other;

	watch_release(w);
	if (fault->err == ERR_AUTH) {
		w->account->is_refused = true;
		other = choose(w);
		if (other) {
			use(w, other);
			return;
		}
		watch_put_connection(w, NULL, "credentials-refused", 0);
	}
	w->fault = *fault;
	w->is_known = w->is_complete = false;
	set_stopped(w, true);
	watch_await_review(w);
	watch_finish_cursors(w, fault);
	watch_step_down(w);
}

static struct watch *attach(struct account *a)
{
	struct watch *w = watch_of(a);

	if (!a->hub->codec.put_event)
		return NULL;
	if (!w)
		w = watch_new(a);
	if (!w)
		return NULL;
	a->watch = w;
	a->next_holder = w->holders;
	w->holders = account_ref(a);
	return w;
}

/* It holds the watch no longer; the watch may be gone after it. */
static void detach(struct account *a)
{
	struct watch *w = a->watch;
	struct account **link = &w->holders, *other;

	while (*link != a)
		link = &(*link)->next_holder;
	*link = a->next_holder;
	a->watch = NULL;
	if (!w->holders) {
		watch_free(w);
	} else if (w->account == a) {
		watch_release(w);
		other = choose(w);
		if (other && w->state != WATCH_STOPPED)
			use(w, other);
		else
			w->account = w->holders;
	}
	account_unref(a);
}

static void plan_linger(struct watch *w)
{
	uint64_t due_ms = UINT64_MAX;

	for (const struct account *a = w->holders; a; a = a->next_holder)
		if (!a->holds && a->held_until_ms < due_ms)
			due_ms = a->held_until_ms;
	if (due_ms == UINT64_MAX)
		loop_timer_stop(w->hub->loop, &w->linger);
	else /* without memory it is watched until the next one lets go */
		(void)!loop_timer_start_at(w->hub->loop, &w->linger, due_ms);
}

static void on_linger(struct loop_timer *t)
{
	struct watch *w = (struct watch *)(void *)((char *)t - offsetof(struct watch, linger));
	uint64_t now = clock_monotonic_ms();
	struct account *a = w->holders, *next;
	bool is_last;

	for (; a; a = next) {
		next = a->next_holder;
		if (a->holds || a->held_until_ms > now)
			continue;
		is_last = w->holders == a && !next;
		detach(a);
		if (is_last)
			return;
	}
	plan_linger(w);
}

void account_hold(struct account *a)
{
	struct watch *w = a->watch;

	a->holds++;
	a->is_held_lightly = false;
	if (!w)
		w = attach(a);
	if (!w || w->state != WATCH_STOPPED)
		return;
	a->is_refused = false;
	use(w, a);
}

void account_release(struct account *a)
{
	struct watch *w = a->watch;

	if (--a->holds || !w)
		return;
	a->held_until_ms = clock_monotonic_ms() + a->hub->limits.watch_linger_ms;
	plan_linger(w);
}

/* Is it worth watching? Before the first login nobody knows; but what a shared state has
 * of it makes the first list faster. */
static bool is_worth_it(const struct account *a)
{
	if (a->has_caps)
		return a->caps.push != MAILSTORE_PUSH_POLL;
	return a->hub->state && state_is_shared(a->hub->state);
}

void account_used(struct account *a)
{
	bool is_light = !a->watch || a->is_held_lightly;

	if (!is_worth_it(a))
		return;
	account_hold(a);
	account_release(a);
	a->is_held_lightly = is_light;
}

/* It has turned out not to be. */
static void let_go_if_light(struct watch *w, struct account *a)
{
	if (a->holds || !a->is_held_lightly || is_worth_it(a))
		return;
	a->held_until_ms = 0;
	plan_linger(w);
}

/* --- for hub.c -------------------------------------------------------- */

void live_logged_in(struct account *a)
{
	struct watch *w = a->watch;
	bool was_refused = a->is_refused;

	a->is_refused = false;
	if (w)
		let_go_if_light(w, a);
	if (w && was_refused && w->state == WATCH_STOPPED && w->fault.err == ERR_AUTH)
		use(w, a);
}

bool live_make_room(struct account *a)
{
	struct watch *w = a->watch;

	if (!w || w->account != a || !lease_is_held(&w->step.lease))
		return false;
	w->must_make_room = true;
	pool_ask_to_yield(&a->pool);
	return true;
}

bool live_let_go(struct account *a)
{
	if (!a->watch || a->holds || a->refs != 1)
		return false;
	detach(a);
	return a->refs == 0;
}

void live_done(struct account_hub *h)
{
	for (size_t i = 0; i < h->bucket_count; i++)
		while (h->watches[i])
			detach(h->watches[i]->holders);
}
