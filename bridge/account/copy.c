#include "account/copy.h"

#include "account/watch.h"
#include "base/clock.h"

/* A store that takes longer is slower than the mail server. */
#define PATIENCE_MS 250

/* Does another process watch, as far as we know? */
static struct watch *relay_of(const struct account *a)
{
	struct watch *w = watch_of(a);

	return w && w->state == WATCH_ELSEWHERE && w->is_in_line &&
			       state_lease_turn(&w->lease) == STATE_TURN_THEIRS
		       ? w
		       : NULL;
}

static struct bytes taken_mark(const struct watch_folder *f)
{
	return f && watch_has_state(f) && f->taken_len ? bytes_of(f->taken, f->taken_len)
						       : BYTES_NULL;
}

/* Its bytes are others' than those of the copy that is here. */
static void take(struct watch *w, const struct folder_id *id, const struct state_log_sight *sight)
{
	struct watch_folder *f = watch_folder_find(w, id);

	if (f)
		watch_folder_remove(w, f);
	if (!watch_load(w, bytes_of_str(id->text), sight->value))
		return;
	f = watch_folder_find(w, id);
	/* Nothing is told from here: it may be packed, or forgotten, at any time. */
	f->has_told = false;
	uid_set_done(&f->untold);
	uid_set_init(&f->untold, WATCH_RUNS_MAX);
	if (sight->mark.len > sizeof f->taken)
		return;
	memcpy(f->taken, sight->mark.at, sight->mark.len);
	f->taken_len = sight->mark.len;
}

static void on_look(void *ctx, enum err err, const struct state_log_sight *sight)
{
	struct copy *c = ctx;
	struct account *a = c->account;
	struct watch *w = relay_of(a);

	c->look = NULL;
	if (w && !err && c->has_sum && sight->is_led &&
	    watch_mark_is_good(sight->mark, sight->top.epoch, c->sum)) {
		if (!bytes_is_null(sight->value))
			take(w, &c->folder, sight);
		c->is_good = bytes_equal(taken_mark(watch_folder_find(w, &c->folder)), sight->mark);
	}
	a->hub->stats.lists_from_copy += copy_state(c) != NULL;
	op_cancel(c->tally); /* it comes first, unless the store is away */
	c->tally = NULL;
	c->done(c);
}

static void on_tally(void *ctx, enum err err, uint64_t sum)
{
	struct copy *c = ctx;

	c->tally = NULL;
	c->has_sum = !err;
	c->sum = sum;
}

bool copy_start(struct copy *c, struct account *a, const struct folder_id *folder,
		struct arena *mem, void (*done)(struct copy *c), void *owner)
{
	struct call call = { .mem = mem, .deadline_ms = clock_monotonic_ms() + PATIENCE_MS };
	char mark[WATCH_MARK_NAME_BYTES];
	struct watch *w = relay_of(a);

	*c = (struct copy){ .owner = owner, .done = done, .account = a, .folder = *folder };
	if (!w)
		return false;
	watch_mark_name(folder, mark);
	c->tally = far_ask_tally(&a->hub->far, call, folder, 0, on_tally, c);
	c->look = state_log_look(
		a->hub->state, call, bytes_of_str(a->id.text), bytes_of(mark, sizeof mark),
		taken_mark(watch_folder_find(w, folder)), bytes_of_str(folder->text), on_look, c);
	if (c->look)
		return true;
	copy_stop(c);
	return false;
}

void copy_stop(struct copy *c)
{
	op_cancel(c->tally);
	op_cancel(c->look);
	c->tally = c->look = NULL;
}

const struct folder_state *copy_state(const struct copy *c)
{
	struct watch *w = c->is_good ? relay_of(c->account) : NULL;
	struct watch_folder *f = w ? watch_folder_find(w, &c->folder) : NULL;

	return f && f->has_baseline ? watch_state(w, f) : NULL;
}
