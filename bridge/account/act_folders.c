/* Which folders an action is about, and where it goes. */
#include "account/act.h"
#include "account/role_folder.h"

static bool needs_trash(const struct acting *o)
{
	return o->action.kind == ACTION_DELETE && !o->action.permanent;
}

/* Does it name where to? */
static bool needs_named(const struct acting *o)
{
	return o->action.kind == ACTION_MOVE || o->action.kind == ACTION_COPY;
}

static const struct folder *keep_folder(struct acting *o, const struct folder *f)
{
	struct folder *copy = ARENA_NEW(o->work.call.mem, struct folder);

	if (!copy)
		return NULL;
	*copy = *f;
	copy->path = arena_bytes(o->work.call.mem, f->path);
	copy->name = arena_bytes(o->work.call.mem, f->name);
	return copy;
}

static const struct folder *look_up(struct acting *o, const struct folder_list *all,
				    struct bytes name)
{
	struct folder f;

	return folders_find(o->work.account, all, name, &f) ? keep_folder(o, &f) : NULL;
}

/* Fills in what the list knows; says whether that is everything. */
static bool find_in(struct acting *o, const struct folder_list *all)
{
	struct act_plan *p = &o->plan;
	bool is_all = true;

	for (size_t i = 0; i < p->group_count; i++) {
		if (!p->groups[i].folder)
			p->groups[i].folder = look_up(o, all, bytes_of_str(p->groups[i].id.text));
		is_all = is_all && p->groups[i].folder;
	}
	if (needs_named(o))
		o->target = look_up(o, all, o->action.folder);
	else if (needs_trash(o))
		o->target = look_up(o, all, BYTES_LIT("trash"));
	else
		return is_all;
	return is_all && o->target;
}

static void on_target(struct work *w, const struct folder *target)
{
	struct acting *o = (struct acting *)w;

	o->target = target;
	if (target && !target->is_selectable) {
		work_fail_code(w, ERR_UNSUPPORTED, "not-supported");
		return;
	}
	o->ready(o);
}

static void on_listed(struct work *w, const struct folder_list *all)
{
	struct acting *o = (struct acting *)w;

	(void)find_in(o, all);
	if (work_is_starved(w))
		return;
	if (o->target || !(needs_trash(o) || needs_named(o)))
		on_target(w, o->target);
	else if (folders_is_one(w->account))
		folders_fail_one(w, needs_trash(o) ? "There is no trash here: permanent deletes."
						   : "There is no other folder here.");
	else if (needs_trash(o))
		role_folder_ensure(w, FOLDER_ROLE_TRASH, on_target);
	else
		folders_fail_missing(w, o->action.folder);
}

void act_find_folders(struct acting *o)
{
	const struct folders *known = &o->work.account->folders;

	if (!known->is_stale && find_in(o, &known->list))
		on_target(&o->work, o->target);
	else if (!work_is_starved(&o->work))
		folders_refresh(&o->work, on_listed);
}
