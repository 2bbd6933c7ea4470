#include "state/redis/redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "state/redis/redis_inside.h"

#define PREFIX_DEFAULT     "mb1"
#define PREFIX_MAX_BYTES   40
#define TIMEOUT_DEFAULT_MS 1000
#define COMMANDS_MAX       10000
#define BYTES_MAX          (32 * 1024 * 1024)
/* Of what is held here while Redis is away. */
#define LOCAL_MAX_BYTES   (16 * 1024 * 1024)
#define LOCAL_MAX_ENTRIES 100000
/* Sessions of which we know that they have not changed. */
#define NEAR_MAX 50000

#define LOOK_MS 1000

/* --- health --- */

static struct state_health health(const struct state *s)
{
	const struct redis_state *r = (const struct redis_state *)s;
	const char *trouble = redis_link_trouble(r->link);

	return (struct state_health){
		.is_away = !redis_link_is_up(r->link),
		.is_refusing = redis_link_is_refusing(r->link),
		.trouble = trouble ? trouble : redis_ears_trouble(r->shared->ears),
	};
}

/* Each reason once, as long as it is the same: it may change while Redis is away. */
static void log_trouble(struct redis_state *r)
{
	const char *trouble = health(&r->state).trouble;

	if (trouble && strcmp(trouble, r->told) != 0)
		log_msg(LOG_WARN, "redis", "%s%s",
			redis_link_is_up(r->link) ? "" : "Redis is away: ", trouble);
	snprintf(r->told, sizeof r->told, "%s", trouble ? trouble : "");
}

static void on_up(struct redis_link_user *u)
{
	struct redis_state *r =
		(struct redis_state *)((char *)u - offsetof(struct redis_state, of_link));

	log_msg(LOG_INFO, "redis", "the state is in Redis");
	/* What is heard from it comes back a little later, which is no trouble. A timer that is on
	 * can always be restarted. */
	if (!loop_timer_start(r->loop, &r->look, LOOK_MS))
		log_trouble(r);
}

static void on_down(struct redis_link_user *u)
{
	log_trouble((struct redis_state *)((char *)u - offsetof(struct redis_state, of_link)));
}

static void on_look(struct loop_timer *t)
{
	struct redis_state *r =
		(struct redis_state *)((char *)t - offsetof(struct redis_state, look));

	log_trouble(r);
	if (!loop_timer_start(r->loop, t, LOOK_MS))
		log_msg(LOG_WARN, "memory", "no timer: what is wrong with Redis is not told");
}

static struct state_traffic traffic(const struct state *s)
{
	const struct redis_state *r = (const struct redis_state *)s;
	struct redis_link_stats of_link = redis_link_stats(r->link);

	return (struct state_traffic){
		.commands = of_link.commands,
		.errors = of_link.errors,
		.timeouts = of_link.timeouts,
		.connects = of_link.reconnects,
		.bytes_sent = of_link.bytes_sent,
		.bytes_received = of_link.bytes_received,
		.under_way = of_link.under_way,
		.round_trip_us = of_link.round_trip_us,
		.leases = redis_leases_held(&r->shared->leases),
		.logs_unwritten = redis_logs_unwritten(&r->shared->logs),
		.near_entries = r->near.count,
		.near_hits = r->near_hits,
		.near_misses = r->near_misses,
	};
}

static struct state_stats redis_stats(const struct state *s)
{
	const struct redis_state *r = (const struct redis_state *)s;
	struct state_stats stats = state_stats(r->local);

	redis_logs_stats(&r->shared->logs, &stats);
	return stats;
}

/* --- life --- */

static void redis_free(struct state *s)
{
	struct redis_state *r = (struct redis_state *)s;

	while (!TAILQ_EMPTY(&r->ops))
		redis_op_free(TAILQ_FIRST(&r->ops));
	loop_timer_stop(r->loop, &r->look);
	redis_near_done(&r->near);
	redis_link_leave(&r->of_link);
	redis_shared_free(r->shared);
	redis_link_free(r->link);
	state_free(r->local);
	state_sealer_free(r->sealer);
	free(r->prefix);
	free(r);
}

static bool set_names(struct redis_state *r, const struct state_redis_setup *setup)
{
	struct bytes prefix = bytes_is_null(setup->prefix)
				      ? BYTES_LIT(PREFIX_DEFAULT)
				      : bytes_first(setup->prefix, PREFIX_MAX_BYTES);
	size_t size = prefix.len + sizeof ":" REDIS_FORM;

	r->prefix = malloc(size);
	if (!r->prefix)
		return false;
	snprintf(r->prefix, size, "%.*s:" REDIS_FORM, BYTES_FMT(prefix));
	snprintf(r->generation_key, sizeof r->generation_key, "%s:generation", r->prefix);
	/* Channels know no databases. */
	snprintf(r->changed, sizeof r->changed, "%s@%u:changed", r->prefix, setup->address->db);
	r->has_hash_key = !bytes_is_null(setup->seal_key);
	if (r->has_hash_key)
		r->hash_key = hash_hmac_sha256(setup->seal_key, BYTES_LIT("mailbridge redis keys"));
	return true;
}

static struct redis_link_setup link_setup(const struct state_redis_setup *setup)
{
	return (struct redis_link_setup){
		.loop = setup->loop,
		.address = setup->address,
		.timeout_ms = setup->timeout_ms ? setup->timeout_ms : TIMEOUT_DEFAULT_MS,
		.commands_max = COMMANDS_MAX,
		.bytes_max = BYTES_MAX,
	};
}

static bool open_local(struct redis_state *r, struct state_limits limits)
{
	if (limits.max_bytes == 0 || limits.max_bytes > LOCAL_MAX_BYTES)
		limits.max_bytes = LOCAL_MAX_BYTES;
	if (limits.max_entries == 0 || limits.max_entries > LOCAL_MAX_ENTRIES)
		limits.max_entries = LOCAL_MAX_ENTRIES;
	r->local = state_memory_new(r->loop, &limits);
	return r->local != NULL;
}

static bool open_link(struct redis_state *r, const struct redis_link_setup *setup)
{
	r->link = redis_link_new(setup);
	if (!r->link)
		return false;
	r->of_link = (struct redis_link_user){ .on_up = on_up, .on_down = on_down };
	redis_link_join(r->link, &r->of_link);
	r->look.fire = on_look;
	return loop_timer_start(r->loop, &r->look, 2 * setup->timeout_ms);
}

/* Of what the process hears, only that its own key had gone is of interest: Redis was emptied, or
 * we were away. */
static void on_lapse(struct redis_process_user *u)
{
	(void)u;
}

static void on_beat(struct redis_process_user *u)
{
	(void)u;
}

static void on_back(struct redis_process_user *u)
{
	redis_near_forget_all(
		&((struct redis_state *)((char *)u - offsetof(struct redis_state, of_process)))
			 ->near);
}

static bool open_shared(struct redis_state *r, const struct redis_link_setup *link,
			const struct state_redis_setup *setup)
{
	struct redis_near_setup near = {
		.loop = r->loop,
		.link = r->link,
		.channel = bytes_of_str(r->changed),
		.timeout_ms = link->timeout_ms,
		.grace_ms = NEAR_GRACE_MS,
		.max = NEAR_MAX,
	};

	r->shared = redis_shared_new(r->link, link, bytes_of_str(r->prefix), setup);
	if (!r->shared)
		return false;
	near.ears = r->shared->ears;
	if (redis_near_init(&r->near, &near))
		return false;
	r->of_process = (struct redis_process_user){ .on_lapse = on_lapse,
						     .on_back = on_back,
						     .on_beat = on_beat };
	redis_process_join(&r->shared->process, &r->of_process);
	return true;
}

static bool open_all(struct redis_state *r, const struct state_redis_setup *setup)
{
	struct redis_link_setup link = link_setup(setup);

	r->sealer = state_sealer_new(setup->seal_key, BYTES_LIT("mailbridge redis values 1"));
	return r->sealer && set_names(r, setup) && open_local(r, setup->limits) &&
	       open_link(r, &link) && open_shared(r, &link, setup);
}

struct state *state_redis_new(const struct state_redis_setup *setup)
{
	static const struct state_class cls = {
		.get = redis_get,
		.peek = redis_peek,
		.put = redis_put,
		.delete = redis_delete,
		.get_many = redis_get_many,
		.put_many = redis_put_many,
		.list = redis_list,
		.count = redis_count,
		.log_open = redis_shared_log_open,
		.log_append = redis_shared_log_append,
		.log_read = redis_shared_log_read,
		.log_top = redis_shared_log_top,
		.log_look = redis_shared_log_look,
		.log_listen = redis_shared_log_listen,
		.log_unlisten = redis_log_unlisten,
		.stats = redis_stats,
		.health = health,
		.traffic = traffic,
		.lease_want = redis_shared_lease_want,
		.lease_leave = redis_lease_leave,
		.lease_turn = redis_lease_turn,
		.slot_take = redis_shared_slot_take,
		.slot_give = redis_shared_slot_give,
		.hear = redis_shared_hear,
		.unhear = redis_notes_unhear,
		.say = redis_shared_say,
		.free = redis_free,
	};
	struct redis_state *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->state.cls = &cls;
	r->loop = setup->loop;
	TAILQ_INIT(&r->ops);
	if (open_all(r, setup))
		return &r->state;
	redis_free(&r->state);
	return NULL;
}
