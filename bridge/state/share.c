#include "state/share.h"

#include "state/state_class.h"

bool state_is_shared(const struct state *s)
{
	return s->cls->say != NULL;
}

struct state_health state_health(const struct state *s)
{
	return s->cls->health ? s->cls->health(s) : (struct state_health){ 0 };
}

bool state_traffic(const struct state *s, struct state_traffic *ret)
{
	if (!s->cls->traffic)
		return false;
	*ret = s->cls->traffic(s);
	return true;
}

enum err state_lease_want(struct state *s, struct bytes name, struct state_lease *l)
{
	enum err err = s->cls->lease_want(s, name, l);

	l->state = err ? NULL : s;
	return err;
}

void state_lease_leave(struct state_lease *l)
{
	struct state *s = l->state;

	l->state = NULL;
	if (s)
		s->cls->lease_leave(l);
}

enum state_turn state_lease_turn(const struct state_lease *l)
{
	return l->state ? l->state->cls->lease_turn(l) : STATE_TURN_UNKNOWN;
}

struct op *state_slot_take(struct state *s, struct call call, struct bytes name, unsigned max,
			   state_done_cb *cb, void *ctx)
{
	return s->cls->slot_take(s, call, name, max, cb, ctx);
}

void state_slot_give(struct state *s, struct bytes name)
{
	if (s->cls->slot_give)
		s->cls->slot_give(s, name);
}

enum err state_hear(struct state *s, struct bytes name, struct state_ear *e)
{
	enum err err = s->cls->hear ? s->cls->hear(s, name, e) : ERR_OK;

	e->state = !err && s->cls->hear ? s : NULL;
	return err;
}

void state_unhear(struct state_ear *e)
{
	struct state *s = e->state;

	e->state = NULL;
	if (s)
		s->cls->unhear(e);
}

void state_say(struct state *s, struct bytes name, struct bytes note)
{
	if (s->cls->say)
		s->cls->say(s, name, note);
}
