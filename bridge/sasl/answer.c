#include <stdlib.h>

#include "net/loop.h"
#include "sasl/exchange.h"

/* With room for the CRLF of whoever sends it. */
#define RESPONSE_MAX_BYTES (128 * 1024)

struct answer {
	struct op op;
	struct sasl *sasl;
	struct loop *loop;
	char *text;
	struct bytes challenge; /* in text */
	struct scram_salting *salting;
	struct loop_work *work; /* on the salting, NULL: none */
	struct loop_task task;
	enum err err;
	bool is_cancelled; /* while work was under way, which then frees it */
	sasl_answer_cb *cb;
	void *ctx;
};

static void answer_free(struct answer *a)
{
	scram_salting_free(a->salting);
	free(a->text);
	free(a);
}

static void finish(struct answer *a)
{
	struct buf response;

	buf_init(&response, RESPONSE_MAX_BYTES);
	if (a->err == ERR_OK)
		a->err = sasl_respond(a->sasl, a->challenge, a->salting, &response);
	a->cb(a->ctx, a->err, &response);
	exchange_wipe(&response);
	answer_free(a);
}

static void on_task(struct loop_task *t)
{
	finish((struct answer *)(void *)((char *)t - offsetof(struct answer, task)));
}

static void on_pool_thread(void *ctx)
{
	scram_salt(((struct answer *)ctx)->salting);
}

static void on_salted(void *ctx)
{
	struct answer *a = ctx;

	if (a->is_cancelled)
		answer_free(a);
	else
		finish(a);
}

static void cancel(struct op *op)
{
	struct answer *a = (struct answer *)op;

	if (a->work) {
		a->is_cancelled = true;
		loop_work_abandon(a->work);
		return;
	}
	loop_task_stop(&a->task);
	answer_free(a);
}

static const struct op_class op_class = { .cancel = cancel };

static bool begin(struct answer *a)
{
	a->err = sasl_prepare(a->sasl, a->challenge, &a->salting);
	if (a->err == ERR_OK && a->salting) {
		a->work = loop_work_start(a->loop, on_pool_thread, on_salted, a);
		return a->work != NULL;
	}
	a->task.run = on_task;
	loop_task_start(a->loop, &a->task);
	return true;
}

struct op *sasl_answer(struct sasl *s, struct loop *l, struct bytes challenge, sasl_answer_cb *cb,
		       void *ctx)
{
	struct answer *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	*a = (struct answer){ .op = { &op_class }, .sasl = s, .loop = l, .cb = cb, .ctx = ctx };
	/* A challenge with NUL in it is refused by every mechanism. */
	a->text = malloc(challenge.len + 1);
	if (a->text && challenge.len)
		memcpy(a->text, challenge.at, challenge.len);
	a->challenge = bytes_of(a->text, challenge.len);
	if (a->text && begin(a))
		return &a->op;
	answer_free(a);
	return NULL;
}
