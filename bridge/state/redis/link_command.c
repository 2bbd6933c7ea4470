/* What is sent over the link, and how it ends. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "state/redis/link_inside.h"
#include "state/redis/resp.h"

void command_free(struct command *c)
{
	loop_timer_stop(c->link->host.loop, &c->deadline);
	buf_done(&c->args);
	free(c);
}

void command_remove(struct command *c)
{
	struct redis_link *l = c->link;

	if (c->refused) {
		TAILQ_REMOVE(&l->refused, c, entry);
	} else {
		TAILQ_REMOVE(&l->under_way, c, entry);
		l->stats.under_way--;
	}
}

bool command_end(struct command *c, enum err err, const struct redisReply *reply)
{
	struct redis_link *l = c->link;
	redis_cb *cb = c->cb;
	void *ctx = c->ctx;
	bool dead = false, *before = l->dead;

	command_remove(c);
	command_free(c);
	if (!cb)
		return true;
	l->dead = &dead;
	cb(ctx, err, reply);
	if (!dead)
		l->dead = before;
	else if (before)
		*before = true;
	return !dead;
}

/* Nobody hears of it any more, but its reply will come. */
static void command_silence(struct command *c)
{
	c->cb = NULL;
	loop_timer_stop(c->link->host.loop, &c->deadline);
}

static void on_cancel(struct op *op)
{
	struct command *c = (struct command *)op;

	if (!c->refused) {
		command_silence(c);
		return;
	}
	command_remove(c);
	command_free(c);
}

static void on_deadline(struct loop_timer *t)
{
	struct command *c = (struct command *)((char *)t - offsetof(struct command, deadline));
	redis_cb *cb = c->cb;

	c->link->stats.timeouts++;
	command_silence(c);
	cb(c->ctx, ERR_TIMEOUT, NULL);
}

/* --- sending --- */

/* Does the server know it? From now on it does. */
static bool is_known(struct redis_link *l, const struct redis_script *s)
{
	for (size_t i = 0; i < l->known_count; i++)
		if (l->known[i] == s)
			return true;
	if (l->known_count < SCRIPTS_MAX)
		l->known[l->known_count++] = s;
	return false;
}

static enum err write_script(struct command *c)
{
	struct redis_link *l = c->link;
	struct redis_script *s = c->script;
	size_t known_count = l->known_count;
	struct bytes call[2], pieces[2];
	struct buf head;
	enum err err;

	if (!s->sha[0])
		hash_sha1_hex(bytes_of_str(s->text), s->sha);
	if (is_known(l, s)) {
		call[0] = BYTES_LIT("EVALSHA");
		call[1] = bytes_of_str(s->sha);
	} else {
		call[0] = BYTES_LIT("EVAL");
		call[1] = bytes_of_str(s->text);
	}
	buf_init(&head, l->bytes_max);
	resp_begin(&head, 2 + c->arg_count);
	resp_args(&head, call, 2);
	pieces[0] = buf_bytes(&head);
	pieces[1] = buf_bytes(&c->args);
	err = buf_err(&head) ? buf_err(&head) : redis_conn_write(l->conn, pieces, 2);
	buf_done(&head);
	if (err)
		l->known_count = known_count;
	return err;
}

static enum err try_to_write(struct command *c)
{
	struct redis_link *l = c->link;
	struct bytes args = buf_bytes(&c->args);

	if (!l->is_up)
		return ERR_NET;
	if (buf_err(&c->args))
		return buf_err(&c->args);
	if (l->stats.under_way >= l->commands_max)
		return ERR_BUSY;
	return c->script ? write_script(c) : redis_conn_write(l->conn, &args, 1);
}

void command_write(struct command *c)
{
	struct redis_link *l = c->link;

	c->refused = try_to_write(c);
	if (c->refused) {
		TAILQ_INSERT_TAIL(&l->refused, c, entry);
		loop_task_start(l->host.loop, &l->task);
		return;
	}
	if (!c->script)
		buf_done(&c->args);
	TAILQ_INSERT_TAIL(&l->under_way, c, entry);
	l->stats.under_way++;
	l->stats.commands++;
}

static struct command *command_new(struct redis_link *l, redis_cb *cb, void *ctx)
{
	static const struct op_class cls = { .cancel = on_cancel };
	struct command *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->op.cls = &cls;
	c->link = l;
	c->cb = cb;
	c->ctx = ctx;
	c->deadline.fire = on_deadline;
	c->started_ms = clock_monotonic_ms();
	buf_init(&c->args, l->bytes_max);
	return c;
}

static struct op *command_start(struct command *c, uint64_t deadline_ms)
{
	if (deadline_ms > 0 &&
	    !loop_timer_start_at(c->link->host.loop, &c->deadline, deadline_ms)) {
		command_free(c);
		return NULL;
	}
	command_write(c);
	return &c->op;
}

struct op *redis_call(struct redis_link *l, struct call call, const struct bytes *args,
		      size_t count, redis_cb *cb, void *ctx)
{
	struct command *c = command_new(l, cb, ctx);

	if (!c)
		return NULL;
	resp_begin(&c->args, count);
	resp_args(&c->args, args, count);
	return command_start(c, call.deadline_ms);
}

void redis_tell(struct redis_link *l, const struct bytes *args, size_t count)
{
	(void)redis_call(l, (struct call){ 0 }, args, count, NULL, NULL);
}

struct op *redis_eval(struct redis_link *l, struct call call, struct redis_script *script,
		      const struct bytes *keys, size_t key_count, const struct bytes *args,
		      size_t arg_count, redis_cb *cb, void *ctx)
{
	struct command *c = command_new(l, cb, ctx);

	if (!c)
		return NULL;
	c->script = script;
	c->arg_count = 1 + key_count + arg_count;
	resp_arg_u64(&c->args, key_count);
	resp_args(&c->args, keys, key_count);
	resp_args(&c->args, args, arg_count);
	return command_start(c, call.deadline_ms);
}
