/*
 * What became of a folder since a client last looked: as our memory has it, where the
 * folder is known exactly and nothing has happened or the server has no modseqs; else
 * as the server tells (RFC 7162), or with POP3 as the mail store remembers.
 *
 * Changes come in the order of (modseq, UID); a page ends at one of them, and the
 * state that it gives says at which. What is gone has no modseq: it all comes with the
 * first page, and what of it the next one tells again is no news to a client.
 */
#include <stdlib.h>

#include "account/list_state.h"
#include "account/live.h"
#include "account/live_list.h"
#include "account/summary.h"

#define DESTROYED_MAX 10000

struct changes_op {
	struct work work;
	struct list_state since;
	uint32_t limit;
	const struct folder *folder;
	struct folder_changes found;
	struct message_id *created; /* beside found.created */
	bool *has_created;
	struct message_key *missing; /* summaries that are not in memory */
	struct message_id *asked;    /* beside them */
	struct summary_fill fill;
	bool is_filled; /* the store has been asked */
	size_t missing_count;
	account_changes_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct changes_op *o = (struct changes_op *)w;

	o->cb(o->ctx, fault, fault ? NULL : &o->found);
}

static void stop(struct work *w)
{
	struct changes_op *o = (struct changes_op *)w;

	summary_fill_stop(&o->fill);
}

static void cannot(struct changes_op *o)
{
	work_fail_code(&o->work, ERR_CONFLICT, "cannot-calculate-changes");
}

/* --- collecting ------------------------------------------------------- */

static struct message_key key_of(const struct changes_op *o, uint32_t uid)
{
	return (struct message_key){ .kind = MESSAGE_KEY_UID,
				     .uidvalidity = o->since.uidvalidity,
				     .uid = uid };
}

static struct message_key key_of_flags(const struct changes_op *o, const struct mail_flags *m)
{
	return m->key ? *m->key : key_of(o, m->uid);
}

/* Room for so many of each. */
static bool make_room(struct changes_op *o, size_t created, size_t updated, size_t destroyed)
{
	struct arena *mem = o->work.call.mem;
	struct folder_changes *f = &o->found;

	f->created = ARENA_ARRAY(mem, created, struct ready_summary);
	o->created = ARENA_ARRAY(mem, created, struct message_id);
	o->has_created = ARENA_ARRAY(mem, created, bool);
	f->updated = ARENA_ARRAY(mem, updated, struct message_update);
	f->destroyed = ARENA_ARRAY(mem, destroyed, struct message_id);
	return !work_is_starved(&o->work);
}

static void add_created(struct changes_op *o, struct message_key key, const struct keywords *k)
{
	struct folder_changes *f = &o->found;

	o->created[f->created_count] = (struct message_id){ o->folder->id, key };
	if (keywords_copy(k, o->work.call.mem, &f->created[f->created_count].keywords))
		f->created_count++;
}

static void add_updated(struct changes_op *o, struct message_key key, const struct keywords *k)
{
	struct message_update *u = &o->found.updated[o->found.updated_count];

	u->id = (struct message_id){ o->folder->id, key };
	if (keywords_copy(k, o->work.call.mem, &u->keywords))
		o->found.updated_count++;
}

static void add_destroyed(struct changes_op *o, struct message_key key)
{
	o->found.destroyed[o->found.destroyed_count++] = (struct message_id){ o->folder->id, key };
}

/* --- the summaries of those that are new ------------------------------- */

/* Those that are gone by now are left out. */
static void finish(struct changes_op *o)
{
	struct folder_changes *f = &o->found;
	size_t kept = 0;

	if (work_is_starved(&o->work))
		return;
	for (size_t i = 0; i < f->created_count; i++)
		if (o->has_created[i])
			f->created[kept++] = f->created[i];
	f->created_count = kept;
	work_end(&o->work, NULL);
}

static size_t place_of(const struct changes_op *o, const struct message_key *key)
{
	size_t i = 0;

	while (i < o->found.created_count && !message_key_equal(&o->created[i].key, key))
		i++;
	return i;
}

static void take_item(struct changes_op *o, const struct mail_item *item)
{
	struct account *a = o->work.account;
	struct arena *mem = o->work.call.mem;
	size_t at = place_of(o, &item->key);
	struct ready_summary ready;
	struct part_view view;
	struct summary s;

	if (at == o->found.created_count || !summary_of(mem, &o->folder->id, item, &s, &view) ||
	    !live_summary_ready(a, mem, &s, &ready))
		return;
	o->has_created[at] = true;
	o->found.created[at].lasting = ready.lasting;
	o->found.created[at].preview = ready.preview;
	if (!item->is_unreadable)
		live_summary_keep(a, &s);
}

static void on_items(void *ctx, const struct fault *fault, const struct mail_item *items,
		     size_t count)
{
	struct changes_op *o = ctx;

	if (!step_took(&o->work.step, fault))
		return;
	for (size_t i = 0; i < count; i++)
		take_item(o, &items[i]);
	finish(o);
}

static struct op *ask_items(struct step *s, struct mailstore *ms)
{
	struct changes_op *o = s->owner;

	unsigned want = MAIL_SUMMARY;

	/* With POP3 the structure takes the whole message: lists do without it. */
	if (mailstore_caps(ms)->has_names)
		want &= ~(unsigned)MAIL_STRUCTURE;
	return mailstore_fetch(ms, s->call, o->folder->path, o->missing, o->missing_count, want,
			       on_items, o);
}

static void complete(struct changes_op *o);

static void on_filled(struct summary_fill *f)
{
	complete(f->owner);
}

/* Does another process know them? Then it goes on with complete(). */
static bool ask_store(struct changes_op *o)
{
	if (o->is_filled)
		return false;
	o->is_filled = true;
	o->fill = (struct summary_fill){ .owner = o, .done = on_filled };
	return summary_fill_start(&o->fill, &o->work.account->hub->store, o->work.call, o->asked,
				  o->missing_count);
}

static void complete(struct changes_op *o)
{
	struct arena *mem = o->work.call.mem;
	struct folder_changes *f = &o->found;

	o->missing = ARENA_ARRAY(mem, f->created_count, struct message_key);
	o->asked = ARENA_ARRAY(mem, f->created_count, struct message_id);
	if (work_is_starved(&o->work))
		return;
	o->missing_count = 0;
	for (size_t i = 0; i < f->created_count; i++) {
		o->has_created[i] =
			live_summary_find(o->work.account, &o->created[i], mem, &f->created[i]);
		if (o->has_created[i])
			continue;
		o->asked[o->missing_count] = o->created[i];
		o->missing[o->missing_count++] = o->created[i].key;
	}
	if (!o->missing_count)
		finish(o);
	else if (!ask_store(o))
		step_run(&o->work.step, ask_items);
}

/* --- from the server --------------------------------------------------- */

static int by_modseq_then_uid(const void *a, const void *b)
{
	const struct mail_flags *x = a, *y = b;

	if (x->modseq != y->modseq)
		return x->modseq < y->modseq ? -1 : 1;
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Known to the client already, from a page that ended behind it? */
static bool is_known(const struct list_state *since, const struct mail_flags *f)
{
	return since->has_uid && f->modseq == since->highestmodseq && f->uid <= since->uid;
}

/* What has come behind that is new to the client. */
static uint64_t base_of(const struct list_state *since)
{
	return since->has_base ? since->base : since->highestmodseq;
}

static bool is_new(const struct list_state *since, const struct mail_flags *m)
{
	return since->epoch ? m->added > base_of(since) : m->uid >= since->uidnext;
}

/* The page is full with this one. */
static void end_page(struct changes_op *o, const struct mail_flags *last)
{
	const struct list_state *since = &o->since;
	struct list_state at = { .uidvalidity = since->uidvalidity,
				 .uidnext = since->uidnext,
				 .highestmodseq = last->modseq,
				 .has_uid = !since->epoch,
				 .uid = last->uid,
				 .epoch = since->epoch,
				 .has_base = since->epoch != 0,
				 .base = base_of(since) };

	o->found.has_more = true;
	o->found.new_state = list_state_format(o->work.call.mem, &at);
}

static void take_flags(struct changes_op *o, const struct mail_flags *flags, size_t count)
{
	const struct list_state *since = &o->since;
	struct folder_changes *f = &o->found;

	for (size_t i = 0; i < count; i++) {
		const struct mail_flags *m = &flags[i];

		if (m->keywords.system & KEYWORD_DELETED) {
			if (!is_new(since, m))
				add_destroyed(o, key_of_flags(o, m));
			continue;
		}
		if (f->created_count + f->updated_count == o->limit) {
			end_page(o, &flags[i - 1]);
			return;
		}
		if (is_new(since, m))
			add_created(o, key_of_flags(o, m), &m->keywords);
		else
			add_updated(o, key_of_flags(o, m), &m->keywords);
	}
}

static void take_gone(struct changes_op *o, const struct mail_sync *sync)
{
	const struct uid_set *gone = sync->gone;

	for (size_t i = 0; i < sync->gone_key_count; i++)
		add_destroyed(o, sync->gone_keys[i]);
	for (size_t i = 0; gone && i < gone->count; i++)
		for (uint64_t uid = gone->runs[i].first;
		     uid <= gone->runs[i].last && uid < o->since.uidnext; uid++)
			add_destroyed(o, key_of(o, (uint32_t)uid));
}

static uint64_t gone_count(const struct changes_op *o, const struct mail_sync *sync)
{
	uint64_t below = sync->gone ? uid_set_rank(sync->gone, o->since.uidnext) : 0;

	return below + sync->gone_key_count;
}

static bool is_of_now(const struct list_state *since, const struct mail_sync *sync)
{
	return !sync->is_whole && sync->uidvalidity == since->uidvalidity &&
	       sync->epoch == since->epoch;
}

static void on_sync(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct changes_op *o = ctx;
	struct mail_flags *flags;
	uint64_t gone;
	size_t count = 0;

	if (!step_took(&o->work.step, fault))
		return;
	gone = gone_count(o, sync);
	if (!is_of_now(&o->since, sync) || gone > DESTROYED_MAX) {
		cannot(o);
		return;
	}
	flags = ARENA_ARRAY(o->work.call.mem, sync->count, struct mail_flags);
	if (work_is_starved(&o->work))
		return;
	for (size_t i = 0; i < sync->count; i++)
		if (!is_known(&o->since, &sync->flags[i]))
			flags[count++] = sync->flags[i];
	qsort(flags, count, sizeof *flags, by_modseq_then_uid);
	if (!make_room(o, o->limit, o->limit, (size_t)gone + count))
		return;
	take_gone(o, sync);
	o->found.new_state = list_state_format(
		o->work.call.mem, &(struct list_state){ .uidvalidity = sync->uidvalidity,
							.uidnext = sync->uidnext,
							.highestmodseq = sync->highestmodseq,
							.epoch = sync->epoch });
	take_flags(o, flags, count);
	complete(o);
}

static struct op *ask_sync(struct step *s, struct mailstore *ms)
{
	struct changes_op *o = s->owner;
	const struct list_state *since = &o->since;
	struct mail_baseline known = { .only_changes = true,
				       .uidvalidity = since->uidvalidity,
				       .uidnext = since->uidnext,
				       /* What has that modseq itself is not all known. */
				       .highestmodseq = since->highestmodseq - since->has_uid,
				       .epoch = since->epoch };
	const struct mailstore_caps *caps = mailstore_caps(ms);

	if (!caps->changes || !known.highestmodseq || caps->has_names != (since->epoch != 0)) {
		cannot(o);
		return STEP_SKIPPED;
	}
	return mailstore_sync(ms, s->call, o->folder->path, &known, on_sync, o);
}

/* --- from memory -------------------------------------------------------- */

static void take_diff(struct changes_op *o, const struct folder_state *fs,
		      const struct folder_diff *d)
{
	struct keywords k;

	for (size_t i = 0; i < d->created_count; i++)
		if (folder_state_keywords(fs, d->created[i], &k))
			add_created(o, key_of(o, d->created[i]), &k);
	for (size_t i = 0; i < d->updated_count; i++)
		if (folder_state_keywords(fs, d->updated[i], &k))
			add_updated(o, key_of(o, d->updated[i]), &k);
	for (size_t i = 0; i < d->gone_count; i++)
		add_destroyed(o, key_of(o, d->gone[i]));
}

/* Nothing has happened, by what the server counts? Events may be ahead of that. */
static bool is_the_same(const struct list_state *since, const struct folder_state *fs,
			const struct folder_totals *t)
{
	return t->highestmodseq && !folder_state_is_ahead(fs) && !since->has_uid &&
	       since->uidvalidity == t->uidvalidity && since->highestmodseq == t->highestmodseq &&
	       since->uidnext == t->uidnext;
}

/* False when the server has to be asked. */
static bool from_memory(struct changes_op *o)
{
	const struct folder_state *fs = live_state(o->work.account, &o->folder->id);
	struct arena *mem = o->work.call.mem;
	struct folder_diff d = { 0 };
	struct folder_totals t;

	if (!fs)
		return false;
	t = folder_state_totals(fs);
	if (!is_the_same(&o->since, fs, &t) &&
	    (!o->since.has_version || o->since.uidvalidity != t.uidvalidity ||
	     !folder_state_since(fs, o->since.version, mem, &d) ||
	     d.created_count + d.updated_count > o->limit))
		return false;
	if (!make_room(o, d.created_count, d.updated_count, d.gone_count))
		return true;
	take_diff(o, fs, &d);
	o->found.new_state = live_state_text(mem, fs);
	complete(o);
	return true;
}

/* --- asked --------------------------------------------------------------- */

static void sync_failed(struct step *s, const struct fault *fault)
{
	struct changes_op *o = s->owner;
	struct fault told = folders_fault(o->work.account, fault);

	work_end(&o->work, &told);
}

static void on_folder(struct work *w, const struct folder *folder)
{
	struct changes_op *o = (struct changes_op *)w;

	o->folder = folder;
	o->found.folder = folder->id;
	if (!folder->is_selectable) {
		work_fail_code(w, ERR_UNSUPPORTED, "not-supported");
		return;
	}
	w->step.lease.path = folder->path;
	w->step.failed = sync_failed;
	if (from_memory(o))
		return;
	if (o->since.has_version)
		cannot(o);
	else
		step_run(&w->step, ask_sync);
}

struct op *account_folder_changes(struct account *a, struct call call, struct bytes folder,
				  struct bytes since_state, uint32_t limit, account_changes_cb *cb,
				  void *ctx)
{
	struct changes_op *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->work.stop = stop;
	o->limit = limit;
	o->cb = cb;
	o->ctx = ctx;
	o->found.old_state = arena_bytes(call.mem, since_state);
	if (!list_state_parse(since_state, &o->since))
		cannot(o);
	else
		folders_look_up(&o->work, folder, on_folder);
	return &o->work.op;
}
