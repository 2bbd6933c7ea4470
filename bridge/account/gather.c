#include "account/gather.h"

static struct gather *gather_of(struct branch *b)
{
	return b->all->owner;
}

static struct gather_group *group_of(struct branch *b)
{
	return &gather_of(b)->groups[b->index];
}

/* Puts the finished summaries of a group where they were asked for. */
static void place(struct gather *g, struct gather_group *group)
{
	for (size_t i = 0; i < group->previews.count; i++) {
		size_t index = group->index[group->places[i]];

		g->summaries[index] = group->summaries[i];
		g->found[index] = true;
	}
}

static void on_previews(struct previews *p)
{
	struct branch *b = p->owner;

	place(gather_of(b), group_of(b));
	branch_end(b);
}

static size_t place_of(const struct gather_group *group, const struct message_key *key)
{
	size_t i = 0;

	while (i < group->count && !message_key_equal(&group->keys[i], key))
		i++;
	return i;
}

static bool take(struct branch *b, const struct mail_item *items, size_t count)
{
	struct gather_group *group = group_of(b);
	struct arena *mem = b->step.call.mem;
	size_t n = 0;

	for (size_t i = 0; i < count && n < group->count; i++) {
		size_t at = place_of(group, &items[i].key);

		if (at == group->count)
			continue; /* nobody asked for it */
		if (!summary_of(mem, &group->folder->id, &items[i], &group->summaries[n],
				&group->views[n]))
			return false;
		group->places[n++] = at;
	}
	group->previews = (struct previews){ .owner = b,
					     .done = on_previews,
					     .step = &b->step,
					     .path = group->folder->path,
					     .summaries = group->summaries,
					     .views = group->views,
					     .count = n };
	return true;
}

static void on_items(void *ctx, const struct fault *fault, const struct mail_item *items,
		     size_t count)
{
	struct branch *b = ctx;

	if (!step_took(&b->step, fault))
		return;
	if (!take(b, items, count)) {
		gather_of(b)->fault = fault_of(ERR_NOMEM);
		branch_end(b);
	} else if (gather_of(b)->preview) {
		previews_run(&group_of(b)->previews);
	} else {
		on_previews(&group_of(b)->previews);
	}
}

static struct op *ask(struct step *s, struct mailstore *ms)
{
	struct branch *b = s->owner;
	struct gather_group *group = group_of(b);
	unsigned want = MAIL_SUMMARY | (gather_of(b)->preview ? (unsigned)MAIL_PREVIEW : 0);

	return mailstore_fetch(ms, s->call, group->folder->path, group->keys, group->count, want,
			       on_items, b);
}

static void begin(struct branch *b)
{
	b->step.lease.path = group_of(b)->folder->path;
	step_run(&b->step, ask);
}

static void failed(struct branch *b, const struct fault *fault)
{
	/* A folder that has gone took its messages along. */
	if (fault->err == ERR_NOT_FOUND)
		b->step.account->folders.is_stale = true;
	else
		gather_of(b)->fault = *fault;
	branch_end(b);
}

static void on_done(struct branches *all)
{
	struct gather *g = all->owner;

	g->done(g);
}

static bool prepare(struct gather *g, struct gather_group *group)
{
	struct arena *mem = g->work->call.mem;

	group->keys = ARENA_ARRAY(mem, group->count, struct message_key);
	group->summaries = ARENA_ARRAY(mem, group->count, struct summary);
	group->views = ARENA_ARRAY(mem, group->count, struct part_view);
	group->places = ARENA_ARRAY(mem, group->count, size_t);
	if (arena_failed(mem))
		return false;
	for (size_t i = 0; i < group->count; i++)
		group->keys[i] = g->ids[group->index[i]].key;
	return true;
}

bool gather_run(struct gather *g)
{
	struct arena *mem = g->work->call.mem;

	g->summaries = ARENA_ARRAY(mem, g->count, struct summary);
	g->found = ARENA_ARRAY(mem, g->count, bool);
	for (size_t i = 0; i < g->group_count; i++)
		if (!prepare(g, &g->groups[i]))
			return false;
	g->branches =
		(struct branches){ .owner = g, .begin = begin, .failed = failed, .done = on_done };
	return !arena_failed(mem) && branches_run(&g->branches, g->work, g->group_count);
}

void gather_stop(struct gather *g)
{
	for (size_t i = 0; i < g->group_count; i++)
		previews_stop(&g->groups[i].previews);
	branches_stop(&g->branches);
}
