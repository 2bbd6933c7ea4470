/*
 * The state contract over a private Redis: run it through with_redis.sh, with the argument
 * "clear", "sealed" (values are), "rights" (as a user who has no more of them than README says),
 * or "others": what one process writes to its logs, another one reads.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "state/redis/redis.h"
#include "state/share.h"
#include "state/state_class.h"
#include "state_contract.h"

#define TURNS_MAX 2000

static const char *how;

static struct state *make_one(struct loop *l, const struct state_limits *limits, const char *of)
{
	const char *socket = getenv("MAILBRIDGE_REDIS_SOCKET");
	struct redis_address address;
	struct state_redis_setup setup = { .loop = l, .address = &address, .limits = *limits };
	struct state *s;
	char url[256];

	snprintf(url, sizeof url, "unix://%s%s", strcmp(how, "rights") == 0 ? "bridge:secret@" : "",
		 socket ? socket : "");
	if (redis_address_parse(bytes_of_str(url), &address))
		return NULL;
	if (strcmp(how, "sealed") == 0)
		setup.seal_key = BYTES_LIT("a key of the operator of thirty-two bytes");
	setup.prefix = bytes_of_str(of);
	s = state_redis_new(&setup);
	redis_address_done(&address);
	for (int i = 0; s && i < TURNS_MAX && state_health(s).is_away; i++)
		loop_turn(l, 5);
	return s;
}

static bool make_user(void)
{
	return system("redis-cli -s \"$MAILBRIDGE_REDIS_SOCKET\" ACL SETUSER bridge on '>secret' "
		      "'~test*' '&test*' -@all +@read +@write +@pubsub +@scripting +@connection "
		      "-@dangerous +info +time >/dev/null") == 0;
}

/* --- two processes as one --------------------------------------------------------------- */

struct pair {
	struct state state;
	struct state_class cls;
	struct state *writer, *reader;
};

static struct op *pair_open(struct state *s, struct call call, struct bytes log,
			    state_log_open_cb *cb, void *ctx)
{
	return state_log_open(((struct pair *)s)->writer, call, log, cb, ctx);
}

static struct op *pair_append(struct state *s, struct call call, struct bytes log, uint64_t epoch,
			      const struct bytes *entries, size_t entry_count,
			      const struct state_baseline *baselines, size_t baseline_count,
			      state_log_cb *cb, void *ctx)
{
	return state_log_append(((struct pair *)s)->writer, call, log, epoch, entries, entry_count,
				baselines, baseline_count, cb, ctx);
}

static struct op *pair_read(struct state *s, struct call call, struct bytes log,
			    struct state_cursor after, size_t max_entries, size_t max_bytes,
			    state_log_read_cb *cb, void *ctx)
{
	return state_log_read(((struct pair *)s)->reader, call, log, after, max_entries, max_bytes,
			      cb, ctx);
}

static struct op *pair_top(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			   void *ctx)
{
	return state_log_top(((struct pair *)s)->reader, call, log, cb, ctx);
}

static struct op *pair_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			    struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx)
{
	return state_log_look(((struct pair *)s)->reader, call, log, mark, known, name, cb, ctx);
}

static enum err pair_listen(struct state *s, struct bytes log, struct state_listener *l)
{
	const struct pair *p = (const struct pair *)s;

	return p->reader->cls->log_listen(p->reader, log, l);
}

static void pair_free(struct state *s)
{
	struct pair *p = (struct pair *)s;

	state_free(p->writer);
	state_free(p->reader);
	free(p);
}

/* Of logs only. */
static struct state *pair_new(struct state *writer, struct state *reader)
{
	struct pair *p = calloc(1, sizeof *p);

	if (!p || !writer || !reader)
		return NULL;
	p->writer = writer;
	p->reader = reader;
	p->cls = (struct state_class){
		.log_open = pair_open,
		.log_append = pair_append,
		.log_read = pair_read,
		.log_top = pair_top,
		.log_look = pair_look,
		.log_listen = pair_listen,
		.log_unlisten = reader->cls->log_unlisten,
		.free = pair_free,
	};
	p->state.cls = &p->cls;
	return &p->state;
}

static char prefix[32]; /* of the last one that was made */

/* A prefix of its own makes it empty. */
static struct state *make(struct loop *l, const struct state_limits *limits)
{
	static unsigned count;
	struct state *one;

	snprintf(prefix, sizeof prefix, "test%u", count++);
	one = make_one(l, limits, prefix);
	return strcmp(how, "others") == 0 ? pair_new(one, make_one(l, limits, prefix)) : one;
}

static struct state *make_another(struct loop *l)
{
	return make_one(l, &(struct state_limits){ 0 }, prefix);
}

int main(int argc, char **argv)
{
	const struct state_factory factory = { .make = make, .make_another = make_another };

	how = argc > 1 ? argv[1] : "clear";
	if (strcmp(how, "rights") == 0 && !make_user())
		return 1;
	return strcmp(how, "others") == 0 ? state_contract_run_logs(&factory)
					  : state_contract_run(&factory);
}
