/*
 * One list over several folders. Each folder is asked for its own page, with only
 * what is needed to put the pages in order; then the summaries of those that made
 * it are fetched.
 *
 * The order is (sort value, folder id, uid), all of them in the direction asked
 * for, so that a cursor names one place in it: the folders before and behind the
 * cursor's own are asked from a made-up key with the same sort value.
 */
#include "account/gather.h"
#include "account/merge.h"

#define SEARCH_FOLDERS_MAX 500
#define SEARCH_REACH_MAX   5000 /* position and limit together */

struct leaf {
	const struct folder *folder;
	struct mail_query query;
};

struct searching {
	struct work work;
	const struct bytes *names;
	size_t name_count;
	struct mail_query query;
	struct list_options options;
	uint32_t reach;

	struct leaf *leaves;
	struct branches branches;
	struct merge merge;
	struct message_id *ids; /* of the page */
	struct gather gather;
	struct summary_list list;
	struct fault first_fault;
	size_t failed_count;
	bool is_capped, has_all; /* there is a folder with the role "all" */
	account_list_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct searching *o = (struct searching *)w;

	o->cb(o->ctx, fault, fault ? NULL : &o->list);
}

static void stop(struct work *w)
{
	struct searching *o = (struct searching *)w;

	branches_stop(&o->branches);
	gather_stop(&o->gather);
}

/* --- the page ------------------------------------------------------------- */

static void on_gathered(struct gather *g)
{
	struct searching *o = g->owner;
	struct summary_list *l = &o->list;
	const struct merge_row *rows = o->merge.rows + o->query.window.position;

	if (g->fault.err) {
		work_end(&o->work, &g->fault);
		return;
	}
	l->at = ARENA_ARRAY(o->work.call.mem, g->count, struct summary);
	if (work_is_starved(&o->work))
		return;
	for (size_t i = 0; i < g->count; i++) {
		if (!g->found[i])
			continue;
		l->at[l->count++] = g->summaries[i];
		l->last_id = g->ids[i];
		l->next_sort_value = merge_sort_value(o->work.call.mem, o->query.sort, &rows[i]);
	}
	if (o->options.collapse_threads)
		summary_list_collapse(l);
	work_end(&o->work, NULL);
}

/* The rows of the page, by folder. */
static bool make_groups(struct searching *o, const struct merge_row *rows, size_t count)
{
	struct arena *mem = o->work.call.mem;
	struct gather *g = &o->gather;
	size_t *group_of_leaf = ARENA_ARRAY(mem, o->branches.count, size_t);

	g->groups = ARENA_ARRAY(mem, o->branches.count, struct gather_group);
	for (size_t i = 0; !arena_failed(mem) && i < count; i++) {
		size_t *at = &group_of_leaf[rows[i].leaf];
		struct gather_group *group;

		if (!*at) {
			*at = ++g->group_count;
			group = &g->groups[*at - 1];
			group->folder = o->leaves[rows[i].leaf].folder;
			group->index = ARENA_ARRAY(mem, count, size_t);
		}
		group = &g->groups[*at - 1];
		if (group->index)
			group->index[group->count++] = i;
		o->ids[i] = (struct message_id){ group->folder->id, rows[i].key };
	}
	return !arena_failed(mem);
}

static void gather_page(struct searching *o)
{
	size_t skip = o->query.window.position, count;

	merge_sort(&o->merge, o->query.descending);
	if (skip > o->merge.count)
		skip = o->query.window.position = (uint32_t)o->merge.count;
	count = o->merge.count - skip;
	if (count > o->query.window.limit) {
		count = o->query.window.limit;
		o->list.has_more = true;
	}
	o->ids = ARENA_ARRAY(o->work.call.mem, count, struct message_id);
	o->gather = (struct gather){ .owner = o,
				     .done = on_gathered,
				     .work = &o->work,
				     .preview = o->options.preview,
				     .ids = o->ids,
				     .count = count };
	if (!o->ids || !make_groups(o, o->merge.rows + skip, count) || !gather_run(&o->gather))
		work_fail(&o->work, ERR_NOMEM);
}

/* --- asking each folder ----------------------------------------------------- */

static struct searching *search_of(struct branch *b)
{
	return b->all->owner;
}

static bool add_incomplete(struct searching *o, const struct folder_id *folder, const char *code)
{
	struct summary_list *l = &o->list;

	/* One for each folder, and one for all. */
	if (!l->incomplete)
		l->incomplete =
			ARENA_ARRAY(o->work.call.mem, o->branches.count + 1, struct incomplete);
	if (!l->incomplete)
		return false;
	l->incomplete[l->incomplete_count++] = (struct incomplete){ *folder, code };
	return true;
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct branch *b = ctx;
	struct searching *o = search_of(b);

	if (!step_took(&b->step, fault))
		return;
	o->list.total += page->total;
	o->list.has_more = o->list.has_more || page->has_more;
	if (page->is_incomplete)
		(void)add_incomplete(o, &o->leaves[b->index].folder->id, "limit-reached");
	merge_add(&o->merge, o->work.call.mem, o->query.sort, b->index, o->leaves[b->index].folder,
		  page);
	branch_end(b);
}

static struct op *ask(struct step *s, struct mailstore *ms)
{
	struct branch *b = s->owner;
	struct searching *o = search_of(b);
	const struct leaf *leaf = &o->leaves[b->index];

	return mailstore_query(ms, s->call, leaf->folder->path, &leaf->query,
			       merge_wants(o->query.sort), on_page, b);
}

static void begin(struct branch *b)
{
	b->step.lease.path = search_of(b)->leaves[b->index].folder->path;
	step_run(&b->step, ask);
}

static void failed(struct branch *b, const struct fault *fault)
{
	struct searching *o = search_of(b);

	if (fault->err == ERR_NOT_FOUND) {
		o->work.account->folders.is_stale = true;
	} else {
		if (!o->failed_count++)
			o->first_fault = *fault;
		(void)add_incomplete(o, &o->leaves[b->index].folder->id, incomplete_code(fault));
	}
	branch_end(b);
}

static void on_all_asked(struct branches *all)
{
	struct searching *o = all->owner;
	struct folder_id none = { "" };
	struct fault expired = fault_with_code(ERR_CONFLICT, "cursor-expired");

	if (o->first_fault.err == ERR_CONFLICT) {
		work_end(&o->work, &expired);
		return;
	}
	if (o->failed_count && o->failed_count == all->count) {
		work_end(&o->work, &o->first_fault);
		return;
	}
	if (o->is_capped)
		(void)add_incomplete(o, &none, "limit-reached");
	o->list.has_total = o->list.incomplete_count == 0;
	if (!work_is_starved(&o->work))
		gather_page(o);
}

/* --- which folders -------------------------------------------------------------- */

/* Views of what is in other folders already. */
static bool is_view(const struct folder *f)
{
	return f->role == FOLDER_ROLE_ALL || f->role == FOLDER_ROLE_FLAGGED ||
	       f->role == FOLDER_ROLE_IMPORTANT;
}

static bool is_asked_by_default(const struct searching *o, const struct folder *f)
{
	if (!f->rights.read_items)
		return false;
	/* With Gmail everything but junk and trash is in one folder, once. */
	if (o->work.account->caps.is_gmail && o->has_all)
		return f->role == FOLDER_ROLE_ALL;
	return !is_view(f) && f->role != FOLDER_ROLE_JUNK && f->role != FOLDER_ROLE_TRASH;
}

/* The query as this folder has to be asked it. */
static struct mail_query leaf_query(const struct searching *o, const struct folder *f)
{
	struct mail_query q = o->query;
	struct mail_window *w = &q.window;
	int order = strcmp(f->id.text, o->options.after_folder.text);

	w->position = 0;
	w->limit = o->reach;
	if (w->kind != WINDOW_AFTER || order == 0)
		return q;
	/* Are those with the cursor's own value still to come from here? Then begin
	 * before the first of them, else behind the last. */
	if (q.descending)
		w->key.uid = order < 0 ? UINT32_MAX : 0;
	else
		w->key.uid = order > 0 ? 0 : UINT32_MAX;
	w->key.uidvalidity = 0;
	w->uidvalidity = 0;
	return q;
}

static void add_leaf(struct searching *o, const struct folder *f, size_t *count)
{
	struct arena *mem = o->work.call.mem;
	struct folder *copy;

	if (!f->is_selectable)
		return;
	if (*count == SEARCH_FOLDERS_MAX) {
		o->is_capped = true;
		return;
	}
	for (size_t i = 0; i < *count; i++)
		if (folder_id_equal(&o->leaves[i].folder->id, &f->id))
			return;
	copy = ARENA_NEW(mem, struct folder);
	if (!copy)
		return;
	*copy = *f;
	copy->path = arena_bytes(mem, f->path);
	o->leaves[(*count)++] = (struct leaf){ copy, leaf_query(o, copy) };
}

/* False when a name means nothing; the work has been ended then. */
static bool add_named(struct searching *o, const struct folder_list *all, size_t *count)
{
	for (size_t i = 0; i < o->name_count; i++) {
		struct folder f;

		if (bytes_equal_str(o->names[i], "*")) {
			for (size_t j = 0; j < all->count; j++)
				if (!is_view(&all->at[j]) && all->at[j].rights.read_items)
					add_leaf(o, &all->at[j], count);
		} else if (folders_find(o->work.account, all, o->names[i], &f)) {
			add_leaf(o, &f, count);
		} else {
			folders_fail_missing(&o->work, o->names[i]);
			return false;
		}
	}
	return true;
}

static void on_folders(struct work *w, const struct folder_list *all)
{
	struct searching *o = (struct searching *)w;
	size_t count = 0;

	step_release(&w->step); /* the branches have sessions of their own */
	o->leaves = ARENA_ARRAY(w->call.mem, SEARCH_FOLDERS_MAX, struct leaf);
	if (work_is_starved(w))
		return;
	o->has_all = folder_list_by_role(all, FOLDER_ROLE_ALL) != NULL;
	if (o->name_count && !add_named(o, all, &count))
		return;
	for (size_t i = 0; !o->name_count && i < all->count; i++)
		if (is_asked_by_default(o, &all->at[i]))
			add_leaf(o, &all->at[i], &count);
	o->branches = (struct branches){
		.owner = o, .begin = begin, .failed = failed, .done = on_all_asked
	};
	if (arena_failed(w->call.mem) || !branches_run(&o->branches, w, count))
		work_fail(w, ERR_NOMEM);
}

/* A name that the list does not know may be newer than the list. */
static bool knows_names(const struct searching *o)
{
	const struct folders *known = &o->work.account->folders;
	struct folder f;

	for (size_t i = 0; i < o->name_count; i++)
		if (!bytes_equal_str(o->names[i], "*") &&
		    !folders_find(o->work.account, &known->list, o->names[i], &f))
			return false;
	return known->mem && !known->is_stale;
}

static bool is_possible(const struct mail_query *q)
{
	return q->window.kind != WINDOW_ANCHOR &&
	       q->window.position <= SEARCH_REACH_MAX - q->window.limit;
}

struct op *account_search(struct account *a, struct call call, const struct bytes *folders,
			  size_t folder_count, const struct mail_query *query,
			  const struct list_options *options, account_list_cb *cb, void *ctx)
{
	struct searching *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->cb = cb;
	o->ctx = ctx;
	o->work.stop = stop;
	o->names = folders;
	o->name_count = folder_count;
	o->query = *query;
	o->query.collapse_threads = options->collapse_threads;
	if (o->query.sort == SORT_ADDED)
		o->query.sort = SORT_RECEIVED; /* UIDs of several folders have no order */
	o->options = *options;
	o->reach = query->window.position + query->window.limit;
	if (!is_possible(query))
		work_fail_code(&o->work, ERR_UNSUPPORTED, "not-supported");
	else if (knows_names(o))
		on_folders(&o->work, &a->folders.list);
	else
		folders_refresh(&o->work, on_folders);
	return &o->work.op;
}
