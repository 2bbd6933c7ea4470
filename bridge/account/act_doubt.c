/*
 * What became of copies and moves whose answer never came. They must not be done
 * twice, so one looks on a new session: is the message still where it was, and has
 * the same one (size and summary header) appeared in the target since? Then
 *
 *	copy	found: done
 *	move	found, and gone from where it was: done
 *		found, but still there as well: with MOVE the server is still at it;
 *		without, the second half is missing and is made up for
 *	else	the server may still be at it: one looks again a few times. What then is
 *		still where it was has certainly not happened if the server had said
 *		BYE; in all other cases it stays unknown.
 *
 * Too many to be told apart are counted: as many as are gone must have appeared.
 */
#include "account/act.h"
#include "model/uid_set.h"

#define WANT_SEEN (MAIL_FLAGS | MAIL_DATES | MAIL_HEADER_SUMMARY)
/* What else may have come into the target meanwhile. */
#define OTHERS_MAX 100

static bool is_copy(const struct acting *o)
{
	return o->action.kind == ACTION_COPY;
}

static bool has_whole_moves(const struct acting *o)
{
	return o->work.account->caps.whole_moves;
}

void act_doubt(struct acting *o, uint32_t index, const struct message_key *key,
	       const struct change_result *c)
{
	struct message_result *r = &o->plan.results[index];

	if (!o->doubts)
		o->doubts = ARENA_ARRAY(o->mem, o->key_count, struct act_doubt);
	o->plan.open[index] = false;
	act_result_take(r, c);
	if (c->seen) {
		r->has_keywords = true;
		r->keywords = c->seen->keywords;
	}
	if (o->doubts)
		o->doubts[o->doubt_count++] = (struct act_doubt){
			.index = index, .key = *key, .change = *c, .is_found = c->has_new_key
		};
}

/* --- results ---------------------------------------------------------- */

static void settle_done(struct acting *o, struct act_doubt *d)
{
	struct message_result *r = &o->plan.results[d->index];

	d->change.status = CHANGE_DONE;
	d->change.expunged = d->change.expunged || has_whole_moves(o);
	r->status = CHANGE_DONE;
	r->fault = fault_of(ERR_OK);
	act_complete(o, d->index, &d->change);
	/* Whether the second half ended with a mark or with its removal did not show. */
	r->has_expunged = r->has_expunged && d->change.expunged;
}

/* Nothing more will be known. */
static void settle_rest(struct acting *o)
{
	for (size_t i = 0; i < o->doubt_count; i++) {
		struct act_doubt *d = &o->doubts[i];
		struct message_result *r = &o->plan.results[d->index];

		if (!d->is_there)
			continue;
		r->has_folder = r->has_id = true;
		r->folder = o->plan.ids[d->index].folder;
		r->id = o->plan.ids[d->index];
		if (d->is_found || !d->change.fault.protocol[0])
			continue;
		d->change.fault.err = ERR_NET;
		act_result_fail(r, &d->change.fault);
	}
}

static void end(struct acting *o)
{
	settle_rest(o);
	o->is_finding_out = false;
	o->doubts = NULL;
	o->doubt_count = 0;
	act_next_phase(o);
}

/* Drops those that are settled. */
static void take_out(struct acting *o,
		     bool (*is_settled)(const struct acting *o, const struct act_doubt *d))
{
	size_t kept = 0;

	for (size_t i = 0; i < o->doubt_count; i++) {
		if (is_settled(o, &o->doubts[i]))
			settle_done(o, &o->doubts[i]);
		else
			o->doubts[kept++] = o->doubts[i];
	}
	o->doubt_count = kept;
}

static bool is_done(const struct acting *o, const struct act_doubt *d)
{
	return d->is_found && (is_copy(o) || !d->is_there);
}

static void go_on(struct acting *o)
{
	if (!o->doubt_count || !again_later(&o->again))
		end(o);
}

/* --- the second half of a move ---------------------------------------- */

static bool is_half(const struct acting *o, const struct act_doubt *d)
{
	return d->is_found && d->is_there && !is_copy(o) && !has_whole_moves(o);
}

static void on_removed(void *ctx, const struct fault *fault, const struct change_result *results,
		       size_t count)
{
	struct acting *o = ctx;

	if (!step_took(&o->work.step, fault))
		return;
	for (size_t i = 0, n = 0; i < o->doubt_count && n < count; i++) {
		struct act_doubt *d = &o->doubts[i];

		if (!is_half(o, d))
			continue;
		d->is_there =
			results[n].status != CHANGE_DONE && results[n].status != CHANGE_NOT_FOUND;
		d->change.expunged = results[n].status == CHANGE_NOT_FOUND || results[n].expunged;
		n++;
	}
	take_out(o, is_done);
	go_on(o);
}

static struct call look_call(const struct acting *o)
{
	struct call call = act_call(o);

	call.deadline_ms = o->again.deadline_ms;
	return call;
}

static struct op *remove_halves(struct step *s, struct mailstore *ms)
{
	struct acting *o = s->owner;
	size_t n = 0;

	for (size_t i = 0; i < o->doubt_count; i++)
		if (is_half(o, &o->doubts[i]))
			o->keys[n++] = o->doubts[i].key;
	return mailstore_expunge(ms, look_call(o), act_folder(o)->path, o->keys, n, on_removed, o);
}

static bool has_halves(const struct acting *o)
{
	for (size_t i = 0; i < o->doubt_count; i++)
		if (is_half(o, &o->doubts[i]))
			return true;
	return false;
}

/* --- the target ------------------------------------------------------- */

static bool is_same(const struct mail_item *a, const struct mail_item *b)
{
	return a->header.len && a->size == b->size && bytes_equal(a->header, b->header);
}

/* The new one that is this message and nobody else's copy; a number behind all: none. */
static size_t find_copy(const struct act_doubt *d, const struct mail_page *page, const bool *taken)
{
	size_t i = 0;

	if (!d->change.seen)
		return page->count;
	while (i < page->count && (taken[i] || !is_same(&page->items[i], d->change.seen)))
		i++;
	return i;
}

static void take_known(const struct acting *o, const struct mail_page *page, bool *taken)
{
	for (size_t i = 0; i < page->count; i++)
		for (size_t k = 0; k < o->doubt_count && !taken[i]; k++)
			taken[i] = o->doubts[k].change.has_new_key &&
				   message_key_equal(&o->doubts[k].change.new_key,
						     &page->items[i].key);
}

static void match(struct acting *o, const struct mail_page *page, bool *taken)
{
	size_t spare = 0;

	take_known(o, page, taken);
	for (size_t i = 0; i < o->doubt_count; i++) {
		struct act_doubt *d = &o->doubts[i];
		size_t at = d->is_found ? page->count : find_copy(d, page, taken);

		if (at == page->count)
			continue;
		taken[at] = d->is_found = d->change.has_new_key = true;
		d->change.new_key = page->items[at].key;
	}
	for (size_t i = 0; i < page->count; i++)
		spare += !taken[i];
	for (size_t i = 0; i < o->doubt_count && spare; i++) {
		struct act_doubt *d = &o->doubts[i];

		if (d->is_found || d->is_there || d->change.seen || is_copy(o))
			continue;
		d->is_found = true;
		spare--;
	}
}

static void on_target(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct acting *o = ctx;
	bool is_other = fault && fault->err == ERR_CONFLICT; /* of another UIDVALIDITY now */
	bool *taken;

	if (!step_took(&o->work.step, is_other ? NULL : fault))
		return;
	taken = is_other ? NULL : ARENA_ARRAY(o->mem, page->count + 1, bool);
	if (taken)
		match(o, page, taken);
	take_out(o, is_done);
	if (!has_halves(o)) {
		go_on(o);
		return;
	}
	step_will_change(&o->work.step, &act_folder(o)->id, NULL, false);
	step_run_once(&o->work.step, remove_halves);
}

/* What has come since. */
static struct op *look_at_target(struct step *s, struct mailstore *ms)
{
	struct acting *o = s->owner;
	const struct change_result *c = &o->doubts[0].change;
	struct mail_query query = { .window.limit = (uint32_t)o->doubt_count + OTHERS_MAX };

	query.window.uidvalidity = c->uidvalidity_before;
	if (c->uidnext_before > 1)
		query.window.kind = WINDOW_AFTER;
	query.window.key = (struct message_key){ .kind = MESSAGE_KEY_UID,
						 .uidvalidity = c->uidvalidity_before,
						 .uid = c->uidnext_before - 1 };
	return mailstore_query(ms, look_call(o), o->target->path, &query,
			       c->seen ? WANT_SEEN : MAIL_FLAGS, on_target, o);
}

/* --- where they were -------------------------------------------------- */

static void mark_there(struct acting *o, const struct mail_item *items, size_t count)
{
	struct uid_set uids;
	bool is_known = true;

	uid_set_init(&uids, count);
	for (size_t i = 0; i < count && is_known; i++)
		is_known = uid_set_add(&uids, items[i].key.uid, items[i].key.uid) == ERR_OK;
	for (size_t i = 0; i < o->doubt_count; i++)
		o->doubts[i].is_there = !is_known || uid_set_has(&uids, o->doubts[i].key.uid);
	uid_set_done(&uids);
}

static void on_source(void *ctx, const struct fault *fault, const struct mail_item *items,
		      size_t count)
{
	struct acting *o = ctx;
	bool is_gone = fault && fault->err == ERR_NOT_FOUND; /* the folder as a whole */

	if (!step_took(&o->work.step, is_gone ? NULL : fault))
		return;
	mark_there(o, items, is_gone ? 0 : count);
	step_run(&o->work.step, look_at_target);
}

static struct op *look_at_source(struct step *s, struct mailstore *ms)
{
	struct acting *o = s->owner;

	for (size_t i = 0; i < o->doubt_count; i++)
		o->keys[i] = o->doubts[i].key;
	return mailstore_fetch(ms, look_call(o), act_folder(o)->path, o->keys, o->doubt_count,
			       MAIL_FLAGS, on_source, o);
}

static void look(struct again *a)
{
	struct acting *o = (struct acting *)(void *)((char *)a - offsetof(struct acting, again));

	step_run(&o->work.step, look_at_source);
}

void act_find_out(struct acting *o)
{
	struct step *s = &o->work.step;

	o->is_finding_out = true;
	again_init(&o->again, o->work.account->hub->loop, s->call.deadline_ms, look);
	s->lease.deadline_ms = o->again.deadline_ms;
	step_renew(s);
	if (o->doubts[0].change.uidnext_before)
		look(&o->again);
	else
		end(o); /* the server did not say what comes next in the target */
}

void act_find_out_failed(struct acting *o)
{
	step_renew(&o->work.step);
	go_on(o);
}

void act_stop(struct work *w)
{
	again_stop(&((struct acting *)w)->again);
}
