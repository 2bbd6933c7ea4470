/* The last changes of a folder whose server cannot tell what has changed. */
#include "cache/folder_inside.h"

#include <stdlib.h>

void folder_past_done(struct folder_past *p)
{
	free(p->at);
	*p = (struct folder_past){ 0 };
}

/* Nothing from before the present version is known any more. */
static void forget(struct folder_state *fs)
{
	folder_past_done(&fs->past);
	fs->past.since = fs->version;
}

static bool make_room(struct folder_past *p, size_t n)
{
	size_t cap = p->cap ? p->cap : 16;
	struct folder_step *grown;

	/* Whole versions go, until the new ones fit. */
	while (p->count + n > FOLDER_STEPS_MAX) {
		size_t gone = 0;

		p->since = p->at[0].version;
		while (gone < p->count && p->at[gone].version == p->since)
			gone++;
		p->count -= gone;
		memmove(p->at, p->at + gone, p->count * sizeof *p->at);
	}
	while (cap < p->count + n)
		cap *= 2;
	grown = cap > p->cap ? reallocarray(p->at, cap, sizeof *grown) : p->at;
	if (!grown)
		return false;
	p->at = grown;
	p->cap = cap > p->cap ? cap : p->cap;
	return true;
}

static void note(struct folder_state *fs, enum folder_step_kind kind, const uint32_t *uids,
		 size_t count)
{
	for (size_t i = 0; i < count; i++)
		fs->past.at[fs->past.count++] =
			(struct folder_step){ fs->version, uids[i], (uint8_t)kind };
}

void folder_past_note(struct folder_state *fs, const struct folder_diff *diff)
{
	size_t n = diff ? diff->created_count + diff->updated_count + diff->gone_count : 0;

	if (!diff || fs->highestmodseq || n > FOLDER_STEPS_MAX || !make_room(&fs->past, n)) {
		forget(fs);
		return;
	}
	note(fs, FOLDER_CREATED, diff->created, diff->created_count);
	note(fs, FOLDER_UPDATED, diff->updated, diff->updated_count);
	note(fs, FOLDER_GONE, diff->gone, diff->gone_count);
}

static int by_uid_then_version(const void *a, const void *b)
{
	const struct folder_step *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x->version > y->version) - (x->version < y->version);
}

/* What a message's first change makes of it, seen from now. */
static void tell(const struct folder_state *fs, const struct folder_step *first,
		 uint32_t *const uids[3], size_t counts[3])
{
	bool is_there = folder_state_is_visible(fs, first->uid);
	enum folder_step_kind kind;

	if (first->kind == FOLDER_CREATED && !is_there)
		return; /* came and went */
	kind = !is_there                       ? FOLDER_GONE
	       : first->kind == FOLDER_CREATED ? FOLDER_CREATED
					       : FOLDER_UPDATED;
	uids[kind][counts[kind]++] = first->uid;
}

bool folder_state_since(const struct folder_state *fs, uint64_t version, struct arena *mem,
			struct folder_diff *ret)
{
	const struct folder_past *p = &fs->past;
	size_t first = 0, n, counts[3] = { 0 };
	struct folder_step *steps;
	uint32_t *uids[3];

	if (fs->highestmodseq || version < p->since || version > fs->version)
		return false;
	while (first < p->count && p->at[first].version <= version)
		first++;
	n = p->count - first;
	steps = ARENA_ARRAY(mem, n, struct folder_step);
	for (size_t i = 0; i < 3; i++)
		uids[i] = ARENA_ARRAY(mem, n, uint32_t);
	if (arena_failed(mem))
		return false;
	if (n)
		memcpy(steps, p->at + first, n * sizeof *steps);
	qsort(steps, n, sizeof *steps, by_uid_then_version);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || steps[i - 1].uid != steps[i].uid)
			tell(fs, &steps[i], uids, counts);
	*ret = (struct folder_diff){ .created = uids[FOLDER_CREATED],
				     .updated = uids[FOLDER_UPDATED],
				     .gone = uids[FOLDER_GONE],
				     .created_count = counts[FOLDER_CREATED],
				     .updated_count = counts[FOLDER_UPDATED],
				     .gone_count = counts[FOLDER_GONE] };
	return true;
}
