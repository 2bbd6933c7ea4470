/* Summaries of messages that the client names one by one. */
#include "account/act.h"
#include "account/gather.h"
#include "account/live.h"
#include "account/live_list.h"

struct by_id {
	struct work work;
	struct act_plan plan;
	struct gather gather;
	struct summary_list list;
	struct summary_fill fill;
	bool preview;
	account_list_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct by_id *o = (struct by_id *)w;

	o->cb(o->ctx, fault, fault ? NULL : &o->list);
}

static void stop(struct work *w)
{
	struct by_id *o = (struct by_id *)w;

	gather_stop(&o->gather);
	summary_fill_stop(&o->fill);
}

static void on_gathered(struct gather *g)
{
	struct by_id *o = g->owner;
	struct summary_list *l = &o->list;
	struct arena *mem = o->work.call.mem;

	if (g->fault.err) {
		work_end(&o->work, &g->fault);
		return;
	}
	l->at = ARENA_ARRAY(mem, g->count, struct summary);
	l->not_found.at = ARENA_ARRAY(mem, g->count, struct bytes);
	if (work_is_starved(&o->work))
		return;
	for (size_t i = 0; i < g->count; i++) {
		if (g->found[i])
			l->at[l->count++] = g->summaries[i];
		else
			l->not_found.at[l->not_found.count++] = o->plan.results[i].previous_id;
	}
	l->has_total = true;
	l->total = (uint32_t)l->count;
	work_end(&o->work, NULL);
}

/* Groups whose folder is there; `order` of the plan is their index. */
static bool group(struct by_id *o, const struct folder_list *all)
{
	struct arena *mem = o->work.call.mem;
	struct gather *g = &o->gather;

	g->groups = ARENA_ARRAY(mem, o->plan.group_count, struct gather_group);
	for (size_t i = 0; g->groups && i < o->plan.group_count; i++) {
		const struct act_group *from = &o->plan.groups[i];
		struct gather_group *to = &g->groups[g->group_count];
		struct folder *f = ARENA_NEW(mem, struct folder);

		to->index = ARENA_ARRAY(mem, from->count, size_t);
		if (!f || !to->index)
			break;
		if (!folders_find(o->work.account, all, bytes_of_str(from->id.text), f))
			continue;
		f->path = arena_bytes(mem, f->path);
		to->folder = f;
		for (; to->count < from->count; to->count++)
			to->index[to->count] = o->plan.order[from->first + to->count];
		g->group_count++;
	}
	return !arena_failed(mem);
}

static bool knows_all(const struct by_id *o)
{
	const struct folders *known = &o->work.account->folders;
	struct folder f;

	for (size_t i = 0; i < o->plan.group_count; i++)
		if (!folders_find(o->work.account, &known->list,
				  bytes_of_str(o->plan.groups[i].id.text), &f))
			return false;
	return !known->is_stale;
}

static void on_folders(struct work *w, const struct folder_list *all)
{
	struct by_id *o = (struct by_id *)w;

	step_release(&w->step); /* the branches have sessions of their own */
	if (!group(o, all) || !gather_run(&o->gather))
		work_fail(w, ERR_NOMEM);
}

/* One of a folder that is known exactly. */
static bool find_keywords(struct account *a, const struct message_id *id, struct arena *mem,
			  struct keywords *ret)
{
	const struct folder_state *fs = live_state(a, &id->folder);
	struct keywords k;

	return fs && id->key.kind == MESSAGE_KEY_UID &&
	       folder_state_totals(fs).uidvalidity == id->key.uidvalidity &&
	       folder_state_keywords(fs, id->key.uid, &k) && keywords_copy(&k, mem, ret);
}

bool account_keywords_now(struct account *a, struct arena *mem, struct bytes id,
			  struct keywords *ret)
{
	struct message_id parsed;

	return message_id_parse(id, &parsed) == ERR_OK && find_keywords(a, &parsed, mem, ret);
}

/* And whose summary is in memory. */
static bool find_ready(struct by_id *o, const struct message_id *id, struct ready_summary *ret)
{
	struct account *a = o->work.account;
	struct arena *mem = o->work.call.mem;

	return find_keywords(a, id, mem, &ret->keywords) && live_summary_find(a, id, mem, ret) &&
	       !(o->preview && bytes_is_null(ret->preview));
}

/* Are the keywords of all of them known, so that summaries are all that is missing? */
static bool is_all_live(const struct by_id *o)
{
	for (size_t i = 0; i < o->plan.count; i++)
		if (!o->plan.open[i] || !live_state(o->work.account, &o->plan.ids[i].folder))
			return false;
	return true;
}

/* False when the server has to be asked: for all of them, then. */
static bool from_memory(struct by_id *o)
{
	struct summary_list *l = &o->list;

	l->ready = ARENA_ARRAY(o->work.call.mem, o->plan.count, struct ready_summary);
	for (size_t i = 0; l->ready && i < o->plan.count; i++)
		if (!o->plan.open[i] || !find_ready(o, &o->plan.ids[i], &l->ready[i])) {
			l->ready = NULL;
			return false;
		}
	l->count = l->ready ? o->plan.count : 0;
	l->has_total = true;
	l->total = (uint32_t)l->count;
	return l->ready != NULL;
}

static void from_server(struct by_id *o)
{
	const struct account *a = o->work.account;

	o->gather = (struct gather){ .owner = o,
				     .done = on_gathered,
				     .work = &o->work,
				     .preview = o->preview,
				     .ids = o->plan.ids,
				     .count = o->plan.count };
	if (knows_all(o))
		on_folders(&o->work, &a->folders.list);
	else
		folders_refresh(&o->work, on_folders);
}

static void on_filled(struct summary_fill *f)
{
	struct by_id *o = f->owner;

	if (from_memory(o))
		work_end(&o->work, NULL);
	else
		from_server(o);
}

struct op *account_get_summaries(struct account *a, struct call call, const struct bytes *ids,
				 size_t count, const struct list_options *options,
				 account_list_cb *cb, void *ctx)
{
	struct by_id *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->work.stop = stop;
	if (!act_plan_make(call.mem, ids, count, &o->plan)) {
		work_fail(&o->work, ERR_NOMEM);
		return &o->work.op;
	}
	o->preview = options->preview;
	o->fill = (struct summary_fill){ .owner = o, .done = on_filled };
	if (from_memory(o))
		work_end(&o->work, NULL);
	else if (!is_all_live(o) ||
		 !summary_fill_start(&o->fill, &a->hub->store, call, o->plan.ids, o->plan.count))
		from_server(o);
	return &o->work.op;
}
