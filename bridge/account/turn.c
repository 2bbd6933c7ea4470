#include "account/turn.h"

static void leave(struct turn *t)
{
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->prev = NULL;
	loop_timer_stop(t->loop, &t->timer);
	loop_task_stop(&t->tell);
}

static void on_tell(struct loop_task *task)
{
	struct turn *t = (struct turn *)(void *)((char *)task - offsetof(struct turn, tell));

	t->granted(t, NULL);
}

static void on_deadline(struct loop_timer *timer)
{
	struct turn *t = (struct turn *)(void *)((char *)timer - offsetof(struct turn, timer));
	struct fault late = fault_with_text(ERR_TIMEOUT, "another message was being stored");

	leave(t);
	t->granted(t, &late);
}

static void grant(struct turn *t)
{
	t->is_granted = true;
	loop_timer_stop(t->loop, &t->timer);
	t->tell.run = on_tell;
	loop_task_start(t->loop, &t->tell);
}

static bool is_same(const struct turn *a, const struct turn *b)
{
	return bytes_equal(a->path, b->path);
}

void turn_start(struct turns *all, struct loop *loop, struct turn *t)
{
	struct turn **at = &all->first;
	bool is_free = true;

	for (; *at; at = &(*at)->next)
		is_free = is_free && !is_same(*at, t);
	t->loop = loop;
	t->is_granted = false;
	t->next = NULL;
	t->prev = at;
	*at = t;
	t->timer.fire = on_deadline;
	/* Without memory for the timer the one before it still ends in time. */
	if (is_free)
		grant(t);
	else
		(void)!loop_timer_start_at(loop, &t->timer, t->deadline_ms);
}

void turn_end(struct turn *t)
{
	struct turn *next = t->next;

	if (!t->prev)
		return;
	leave(t);
	if (!t->is_granted)
		return;
	while (next && !is_same(next, t))
		next = next->next;
	if (next)
		grant(next);
}
