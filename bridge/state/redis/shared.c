/* What share.h and the event logs of state.h are in Redis: each a part with its own file. */
#include <stdlib.h>

#include "state/redis/redis_inside.h"

static struct redis_shared *of(struct state *s)
{
	return ((struct redis_state *)s)->shared;
}

/* --- logs --------------------------------------------------------------------- */

struct op *redis_shared_log_open(struct state *s, struct call call, struct bytes log,
				 state_log_open_cb *cb, void *ctx)
{
	return redis_log_open(&of(s)->logs, call, log, cb, ctx);
}

struct op *redis_shared_log_append(struct state *s, struct call call, struct bytes log,
				   uint64_t epoch, const struct bytes *entries, size_t entry_count,
				   const struct state_baseline *baselines, size_t baseline_count,
				   state_log_cb *cb, void *ctx)
{
	return redis_log_append(&of(s)->logs, call, log, epoch, entries, entry_count, baselines,
				baseline_count, cb, ctx);
}

struct op *redis_shared_log_read(struct state *s, struct call call, struct bytes log,
				 struct state_cursor after, size_t max_entries, size_t max_bytes,
				 state_log_read_cb *cb, void *ctx)
{
	return redis_log_read(&of(s)->logs, call, log, after, max_entries, max_bytes, cb, ctx);
}

struct op *redis_shared_log_top(struct state *s, struct call call, struct bytes log,
				state_log_cb *cb, void *ctx)
{
	return redis_log_top(&of(s)->logs, call, log, cb, ctx);
}

struct op *redis_shared_log_look(struct state *s, struct call call, struct bytes log,
				 struct bytes mark, struct bytes known, struct bytes name,
				 state_log_look_cb *cb, void *ctx)
{
	return redis_log_sight(&of(s)->logs, call, log, mark, known, name, cb, ctx);
}

enum err redis_shared_log_listen(struct state *s, struct bytes log, struct state_listener *l)
{
	return redis_log_listen(&of(s)->logs, log, l);
}

/* --- leases, slots, notes --- */

enum err redis_shared_lease_want(struct state *s, struct bytes name, struct state_lease *l)
{
	return redis_lease_want(&of(s)->leases, name, l);
}

struct op *redis_shared_slot_take(struct state *s, struct call call, struct bytes name,
				  unsigned max, state_done_cb *cb, void *ctx)
{
	return redis_slot_take(&of(s)->slots, call, name, max, cb, ctx);
}

void redis_shared_slot_give(struct state *s, struct bytes name)
{
	redis_slot_give(&of(s)->slots, name);
}

enum err redis_shared_hear(struct state *s, struct bytes name, struct state_ear *e)
{
	return redis_notes_hear(&of(s)->notes, name, e);
}

void redis_shared_say(struct state *s, struct bytes name, struct bytes note)
{
	redis_notes_say(&of(s)->notes, name, note);
}

/* --- life --- */

/* In the order in which they have begun; each step undoes itself when it fails. */
static bool begin(struct redis_shared *s, struct redis_link *link,
		  const struct redis_link_setup *ears, struct bytes prefix,
		  const struct state_redis_setup *setup)
{
	s->ears = redis_ears_new(ears);
	if (!s->ears)
		return false;
	if (redis_process_init(&s->process, setup->loop, link, s->ears, prefix, setup->address->db))
		return false;
	s->begun = 1;
	if (redis_leases_init(&s->leases, &s->process))
		return false;
	s->begun = 2;
	if (redis_slots_init(&s->slots, &s->process))
		return false;
	redis_notes_init(&s->notes, &s->process);
	s->begun = 3;
	if (redis_logs_init(&s->logs, &s->process, &setup->limits, setup->seal_key,
			    ears->timeout_ms))
		return false;
	s->begun = 4;
	return true;
}

struct redis_shared *redis_shared_new(struct redis_link *link, const struct redis_link_setup *ears,
				      struct bytes prefix, const struct state_redis_setup *setup)
{
	struct redis_shared *s = calloc(1, sizeof *s);

	if (s && begin(s, link, ears, prefix, setup))
		return s;
	redis_shared_free(s);
	return NULL;
}

void redis_shared_free(struct redis_shared *s)
{
	if (!s)
		return;
	if (s->begun > 3)
		redis_logs_done(&s->logs);
	if (s->begun > 2) {
		redis_notes_done(&s->notes);
		redis_slots_done(&s->slots);
	}
	if (s->begun > 1)
		redis_leases_done(&s->leases);
	if (s->begun > 0) {
		redis_process_say_goodbye(&s->process);
		redis_process_done(&s->process);
	}
	redis_ears_free(s->ears);
	free(s);
}
