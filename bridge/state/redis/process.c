#include "state/redis/process.h"

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/hash.h"

#define LIFE_MS   UINT64_C(3000) /* of a heartbeat */
#define BEAT_MS   UINT64_C(1000)
#define ANSWER_MS UINT64_C(1500) /* in time to be away and not dead */
#define CALL_MS   UINT64_C(10000)

/* Says whether it was there. */
static struct redis_script beat_script = {
	.text = "local was = redis.call('EXISTS', KEYS[1])\n"
		"redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])\n"
		"return was\n",
};

/* --- names -------------------------------------------------------------------- */

struct call redis_process_call(void)
{
	return (struct call){ .deadline_ms = clock_monotonic_ms() + CALL_MS };
}

void redis_process_add_key(const struct redis_process *p, struct redis_args *a, const char *kind,
			   struct bytes name)
{
	const struct bytes pieces[] = { p->prefix, BYTES_LIT(":"), bytes_of_str(kind),
					BYTES_LIT(":"), name };

	redis_args_add_pieces(a, pieces, 5);
}

void redis_process_add_channel(const struct redis_process *p, struct redis_args *a,
			       const char *kind, struct bytes name)
{
	char db[16];
	const struct bytes pieces[] = {
		p->prefix, bytes_of(db, (size_t)snprintf(db, sizeof db, "@%u:", p->db)),
		bytes_of_str(kind), BYTES_LIT(":"), name
	};

	redis_args_add_pieces(a, pieces, 5);
}

enum err redis_process_listen(const struct redis_process *p, const char *kind, struct bytes name,
			      struct redis_ear *ear)
{
	struct redis_args a;
	const struct bytes *list;
	enum err err;

	redis_args_init(&a);
	redis_process_add_channel(p, &a, kind, name);
	list = redis_args_list(&a);
	err = list ? redis_ears_listen(p->ears, list[0], ear) : ERR_NOMEM;
	redis_args_done(&a);
	return err;
}

/* --- alive -------------------------------------------------------------------- */

bool redis_process_lives(const struct redis_process *p)
{
	uint64_t now = clock_monotonic_ms();

	if (p->is_over)
		return false;
	if (now < p->set_ms + LIFE_MS)
		return true;
	return p->is_away && now < p->awake_ms + LIFE_MS;
}

bool redis_process_is_in_touch(const struct redis_process *p)
{
	return !p->is_away && redis_link_is_up(p->link) && redis_process_lives(p);
}

/* Looks at the clock. */
static void look(struct redis_process *p)
{
	struct redis_process_user *u;

	if (p->is_over || redis_process_lives(p))
		return;
	p->is_over = true;
	p->lapses++;
	for (u = p->users; u; u = u->next)
		u->on_lapse(u);
}

static void set_away(struct redis_process *p)
{
	look(p);
	p->is_away = true;
}

static void on_set(void *ctx, enum err err, const struct redisReply *reply)
{
	struct redis_process *p = ctx;
	struct redis_process_user *u;
	bool is_back;

	p->op = NULL;
	if (err || reply->type != REDIS_REPLY_INTEGER) {
		set_away(p);
		return;
	}
	look(p);
	is_back = p->is_over || p->is_away || reply->integer == 0;
	p->set_ms = p->asked_ms;
	p->is_over = p->is_away = false;
	for (u = p->users; is_back && u; u = u->next)
		u->on_back(u);
}

static void beat(struct redis_process *p)
{
	struct call call = redis_process_call();
	struct redis_args a;
	const struct bytes *list;

	if (p->op || !redis_link_is_up(p->link))
		return;
	redis_args_init(&a);
	redis_process_add_key(p, &a, "process", bytes_of_str(p->id));
	redis_args_add_u64(&a, LIFE_MS);
	list = redis_args_list(&a);
	p->asked_ms = clock_monotonic_ms();
	call.deadline_ms = p->asked_ms + ANSWER_MS;
	if (list)
		p->op = redis_eval(p->link, call, &beat_script, list, 1, list + 1, 1, on_set, p);
	redis_args_done(&a);
}

static void on_beat(struct loop_timer *t)
{
	struct redis_process *p =
		(struct redis_process *)((char *)t - offsetof(struct redis_process, beat));
	struct redis_process_user *u;

	look(p);
	p->awake_ms = clock_monotonic_ms();
	beat(p);
	for (u = p->users; u && redis_process_is_in_touch(p); u = u->next)
		u->on_beat(u);
	/* One that is restarted needs no memory. */
	if (!loop_timer_start(p->loop, &p->beat, BEAT_MS))
		set_away(p);
}

static void on_up(struct redis_link_user *u)
{
	struct redis_process *p =
		(struct redis_process *)((char *)u - offsetof(struct redis_process, of_link));

	look(p);
	p->is_away = true; /* until the heartbeat is set */
	beat(p);
}

static void on_down(struct redis_link_user *u)
{
	set_away((struct redis_process *)((char *)u - offsetof(struct redis_process, of_link)));
}

/* --- life --------------------------------------------------------------------- */

enum err redis_process_init(struct redis_process *p, struct loop *l, struct redis_link *link,
			    struct redis_ears *ears, struct bytes prefix, unsigned db)
{
	uint8_t random[PROCESS_ID_BYTES / 4 * 3];

	*p = (struct redis_process){
		.loop = l,
		.link = link,
		.ears = ears,
		.prefix = prefix,
		.db = db,
		.of_link = { .on_up = on_up, .on_down = on_down },
		.beat.fire = on_beat,
		.is_over = true,
	};
	if (!hash_random(random, sizeof random))
		return ERR_INTERNAL;
	hash_base64url_str(p->id, sizeof p->id, bytes_of(random, sizeof random));
	if (!loop_timer_start(l, &p->beat, BEAT_MS))
		return ERR_NOMEM;
	redis_link_join(link, &p->of_link);
	return ERR_OK;
}

void redis_process_say_goodbye(struct redis_process *p)
{
	struct redis_args a;
	const struct bytes *list;

	if (!redis_link_is_up(p->link))
		return;
	redis_args_init(&a);
	redis_args_add_str(&a, "DEL");
	redis_process_add_key(p, &a, "process", bytes_of_str(p->id));
	redis_args_add_str(&a, "PUBLISH");
	redis_process_add_channel(p, &a, "lease", BYTES_LIT(""));
	redis_args_add_pieces(&a, (const struct bytes[]){ BYTES_LIT("!"), bytes_of_str(p->id) }, 2);
	list = redis_args_list(&a);
	if (list) {
		redis_tell(p->link, list, 2);
		redis_tell(p->link, list + 2, 3);
	}
	redis_args_done(&a);
}

void redis_process_done(struct redis_process *p)
{
	redis_link_leave(&p->of_link);
	op_cancel(p->op);
	p->op = NULL;
	loop_timer_stop(p->loop, &p->beat);
}

void redis_process_join(struct redis_process *p, struct redis_process_user *u)
{
	u->next = p->users;
	p->users = u;
}
