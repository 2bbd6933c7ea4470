#include "state/redis/greeting.h"

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "state/redis/refusal.h"
#include "state/redis/resp.h"

#define VERSION_MIN 6

struct step {
	bool (*is_wanted)(const struct redis_address *a);
	void (*say)(const struct redis_address *a, struct buf *to);
	void (*hear)(struct greeting *g, const struct redisReply *reply);
};

static bool always(const struct redis_address *a)
{
	(void)a;
	return true;
}

/* --- AUTH [user] password --- */

static bool has_password(const struct redis_address *a)
{
	return a->password != NULL;
}

static void say_auth(const struct redis_address *a, struct buf *to)
{
	struct bytes args[3] = { BYTES_LIT("AUTH") };
	size_t count = 1;

	if (a->user)
		args[count++] = bytes_of_str(a->user);
	args[count++] = bytes_of_str(a->password);
	resp_begin(to, count);
	resp_args(to, args, count);
}

static void hear_auth(struct greeting *g, const struct redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		g->wrong = "Redis refuses the user name or password";
}

/* --- CLIENT SETNAME, for whoever looks at CLIENT LIST --- */

static void say_name(const struct redis_address *a, struct buf *to)
{
	const struct bytes args[] = { BYTES_LIT("CLIENT"), BYTES_LIT("SETNAME"),
				      BYTES_LIT("mailbridge") };

	(void)a;
	resp_begin(to, 3);
	resp_args(to, args, 3);
}

static void hear_name(struct greeting *g, const struct redisReply *reply)
{
	if (redis_error_is(reply, "NOAUTH"))
		g->wrong = "Redis wants a password";
}

/* --- SELECT db --- */

static bool has_db(const struct redis_address *a)
{
	return a->db != 0;
}

static void say_select(const struct redis_address *a, struct buf *to)
{
	const struct bytes name = BYTES_LIT("SELECT");

	resp_begin(to, 2);
	resp_args(to, &name, 1);
	resp_arg_u64(to, a->db);
}

static void hear_select(struct greeting *g, const struct redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		g->wrong = "Redis refuses the database of that number";
}

/* --- INFO --- */

static void say_info(const struct redis_address *a, struct buf *to)
{
	const struct bytes name = BYTES_LIT("INFO");

	(void)a;
	resp_begin(to, 1);
	resp_args(to, &name, 1);
}

/* The value of a line "name:value"; null: there is none. */
static struct bytes line_of(struct bytes info, const char *name)
{
	struct bytes line;

	while (bytes_split(&info, '\n', &line)) {
		size_t colon = bytes_index(line, ':');

		if (bytes_equal_str(bytes_first(line, colon), name))
			return bytes_trim(bytes_skip(line, colon + 1));
	}
	return BYTES_NULL;
}

static bool line_is(struct bytes info, const char *name, const char *value)
{
	return bytes_equal_str(line_of(info, name), value);
}

static bool is_too_old(struct bytes version)
{
	uint64_t major;

	return !bytes_to_u64(bytes_first(version, bytes_index(version, '.')), UINT32_MAX, &major) ||
	       major < VERSION_MIN;
}

static void note_policy(struct greeting *g, struct bytes policy)
{
	if (!bytes_starts_with(policy, BYTES_LIT("allkeys-")))
		return;
	/* Letters and hyphens of a few known words, but it is a peer that says so. */
	snprintf(g->text, sizeof g->text,
		 "Redis may forget sessions when its memory is full (maxmemory-policy %.*s)",
		 BYTES_FMT(bytes_first(policy, 20)));
	for (char *p = g->text; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	g->trouble = g->text;
}

static void hear_info(struct greeting *g, const struct redisReply *reply)
{
	struct bytes info;

	if (reply->type == REDIS_REPLY_ERROR) {
		g->trouble = "Redis does not let us use INFO: neither its version nor its memory "
			     "policy is known";
		return;
	}
	info = bytes_of(reply->str, reply->type == REDIS_REPLY_STRING ? reply->len : 0);
	if (is_too_old(line_of(info, "redis_version")))
		g->wrong = "this is not Redis 6 or later";
	else if (line_is(info, "redis_mode", "cluster"))
		g->wrong = "Redis runs as a cluster, which is not supported";
	else if (line_is(info, "loading", "1"))
		g->wrong = "Redis is still loading its data";
	else if (line_is(info, "role", "slave"))
		g->wrong = "this Redis is a replica, which cannot be written to";
	else
		note_policy(g, line_of(info, "maxmemory_policy"));
}

static const struct step steps[] = {
	{ has_password, say_auth, hear_auth },
	{ always, say_name, hear_name },
	{ has_db, say_select, hear_select },
	{ always, say_info, hear_info },
};

#define STEPS (sizeof steps / sizeof *steps)

/* The n-th of those that are wanted; NULL behind the last one. */
static const struct step *step_of(const struct redis_address *a, unsigned n)
{
	for (size_t i = 0; i < STEPS; i++)
		if (steps[i].is_wanted(a) && n-- == 0)
			return &steps[i];
	return NULL;
}

void greeting_begin(struct greeting *g, const struct redis_address *address, struct buf *to)
{
	*g = (struct greeting){ .address = address };
	for (size_t i = 0; i < STEPS; i++)
		if (steps[i].is_wanted(address))
			steps[i].say(address, to);
}

bool greeting_take(struct greeting *g, const struct redisReply *reply)
{
	const struct step *s = step_of(g->address, g->answered++);

	s->hear(g, reply);
	return g->wrong || !step_of(g->address, g->answered);
}
