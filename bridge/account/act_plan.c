#include "account/act.h"

#include <stdlib.h>

/* Sorting needs no context: what is compared is in the rows. */
struct row {
	struct bytes text;
	uint32_t index; /* in the request */
};

static int by_text(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int order = bytes_compare(a->text, b->text);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_index(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;

	return (a->index > b->index) - (a->index < b->index);
}

/* The first of each text, in request order; returns how many. */
static size_t drop_doubles(struct row *rows, size_t count)
{
	size_t kept = 0;

	qsort(rows, count, sizeof *rows, by_text);
	for (size_t i = 0; i < count; i++)
		if (!kept || !bytes_equal(rows[kept - 1].text, rows[i].text))
			rows[kept++] = rows[i];
	qsort(rows, kept, sizeof *rows, by_index);
	return kept;
}

/* By folder, and in request order within it. */
static void group(struct act_plan *p, struct row *rows)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->count; i++)
		if (p->open[i])
			rows[n++] = (struct row){ bytes_of_str(p->ids[i].folder.text), i };
	if (n)
		qsort(rows, n, sizeof *rows, by_text);
	for (size_t i = 0; i < n; i++) {
		const struct folder_id *id = &p->ids[rows[i].index].folder;
		struct act_group *g = p->group_count ? &p->groups[p->group_count - 1] : NULL;

		if (!g || !folder_id_equal(&g->id, id)) {
			g = &p->groups[p->group_count++];
			*g = (struct act_group){ .id = *id, .first = i };
		}
		g->count++;
		p->order[i] = rows[i].index;
	}
}

static bool reserve(struct arena *mem, size_t count, size_t groups, struct act_plan *p)
{
	p->count = count;
	p->results = ARENA_ARRAY(mem, count, struct message_result);
	p->ids = ARENA_ARRAY(mem, count, struct message_id);
	p->open = ARENA_ARRAY(mem, count, bool);
	p->order = ARENA_ARRAY(mem, count, uint32_t);
	p->groups = ARENA_ARRAY(mem, groups, struct act_group);
	return !arena_failed(mem);
}

bool act_plan_make(struct arena *mem, const struct bytes *ids, size_t count, struct act_plan *ret)
{
	struct act_plan p = { 0 };
	struct row *rows = ARENA_ARRAY(mem, count, struct row);

	if (!rows)
		return false;
	for (size_t i = 0; i < count; i++)
		rows[i] =
			(struct row){ bytes_is_null(ids[i]) ? BYTES_LIT("") : ids[i], (uint32_t)i };
	count = count ? drop_doubles(rows, count) : 0;
	if (!reserve(mem, count, count, &p))
		return false;
	for (size_t i = 0; i < p.count; i++) {
		p.results[i].previous_id = rows[i].text;
		p.open[i] = message_id_parse(rows[i].text, &p.ids[i]) == ERR_OK;
		if (!p.open[i])
			act_result_gone(&p.results[i]);
	}
	group(&p, rows);
	*ret = p;
	return true;
}

bool act_plan_make_for_keys(struct arena *mem, const struct folder *folder,
			    const struct mail_item *items, size_t count, struct act_plan *ret)
{
	struct act_plan p = { 0 };

	if (!reserve(mem, count, 1, &p))
		return false;
	for (size_t i = 0; i < count; i++) {
		p.ids[i] = (struct message_id){ folder->id, items[i].key };
		p.open[i] = true;
		p.order[i] = (uint32_t)i;
	}
	p.groups[0] = (struct act_group){ folder->id, folder, 0, count };
	p.group_count = 1;
	*ret = p;
	return true;
}

struct fault act_fault(const struct fault *fault)
{
	struct fault told = *fault;

	if (fault->err == ERR_UNSUPPORTED && !fault->protocol[0])
		told = fault_with_code(ERR_UNSUPPORTED, "not-supported");
	return told;
}

void act_result_fail(struct message_result *r, const struct fault *fault)
{
	r->status = CHANGE_FAILED;
	r->fault = act_fault(fault);
}

void act_result_gone(struct message_result *r)
{
	r->status = CHANGE_NOT_FOUND;
	r->fault = fault_with_code(ERR_NOT_FOUND, "message-not-found");
}

void act_result_take(struct message_result *r, const struct change_result *c)
{
	switch (c->status) {
	case CHANGE_DONE: break;
	case CHANGE_NOT_FOUND: act_result_gone(r); return;
	case CHANGE_FAILED: act_result_fail(r, &c->fault); return;
	case CHANGE_UNKNOWN: r->fault = c->fault; break;
	}
	r->status = c->status;
	if (c->has_keywords) {
		r->has_keywords = true;
		r->keywords = c->keywords;
	}
}
