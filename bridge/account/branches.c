#include "account/branches.h"

static void on_failed(struct step *s, const struct fault *fault)
{
	struct branch *b = s->owner;

	b->all->failed(b, fault);
}

/* One session is left to others where there are several. */
static size_t most_at_a_time(const struct pool *p)
{
	return p->limit > 1 ? p->limit - 1 : 1;
}

static void begin_more(struct branches *all)
{
	while (all->next < all->count &&
	       all->running < most_at_a_time(&all->at[0].step.account->pool)) {
		struct branch *b = &all->at[all->next++];

		b->is_running = true;
		all->running++;
		all->begin(b);
	}
}

bool branches_run(struct branches *all, struct work *w, size_t count)
{
	all->count = count;
	all->next = all->running = 0;
	all->at = ARENA_ARRAY(w->call.mem, count, struct branch);
	if (!all->at)
		return false;
	for (size_t i = 0; i < count; i++) {
		all->at[i].all = all;
		all->at[i].index = i;
		step_init(&all->at[i].step, w->account, w->call, &all->at[i], on_failed);
	}
	if (count)
		begin_more(all);
	else
		all->done(all);
	return true;
}

void branch_end(struct branch *b)
{
	struct branches *all = b->all;

	b->is_running = false;
	all->running--;
	step_stop(&b->step);
	if (all->next < all->count)
		begin_more(all);
	else if (all->running == 0)
		all->done(all);
}

void branches_stop(struct branches *all)
{
	all->next = all->count;
	for (size_t i = 0; all->at && i < all->count; i++)
		if (all->at[i].is_running) {
			all->at[i].is_running = false;
			step_stop(&all->at[i].step);
		}
	all->running = 0;
}
