#include "endpoint/idempotency.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "endpoint/idempotency_inside.h"
#include "endpoint/user.h"

#define KEY_MAX_BYTES   255
#define SLICE_BYTES     ((size_t)256 * 1024) /* hashed in one turn of the loop */
#define RUNNING_MAX_MS  (10 * 60 * 1000)     /* longer than any request lives */
#define CLAIM_TRIES_MAX 3
#define REPLAYED        "Idempotency-Replayed"

/* --- answers of ours: g is gone behind them ------------------------------------------ */

static void answer_code(struct guarded *g, const char *code)
{
	struct problem p = problem_of(code);

	g->of->stats.refusals++;
	reply_problem(g->rq, &p);
}

static void answer_unknown(struct guarded *g)
{
	struct problem p = problem_of("outcome-unknown");

	g->of->stats.replays++;
	reply_header(g->rq, REPLAYED, BYTES_LIT("true"));
	reply_problem(g->rq, &p);
}

static void replay(struct guarded *g, const struct idempotency_record *r)
{
	struct request *rq = g->rq;

	g->of->stats.replays++;
	reply_header(rq, REPLAYED, BYTES_LIT("true"));
	if (!bytes_is_null(r->location))
		reply_header(rq, "Location", r->location);
	if (bytes_is_null(r->type))
		reply_empty(rq, r->status);
	else
		reply_bytes(rq, r->status, arena_str(request_arena(rq), r->type), r->body);
}

/* --- the outcome ----------------------------------------------------------------------- */

/* Of an answer that came after it was begun: does anybody know whether it was done? */
static bool is_unknown(const struct request_answer *a)
{
	static const char *const codes[] = { "outcome-unknown", "deadline-exceeded",
					     "server-stopping", "internal" };

	if (!a)
		return true;
	for (size_t i = 0; a->problem_code && i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(a->problem_code, codes[i]) == 0)
			return true;
	return false;
}

static struct idempotency_record record_of(const struct guarded *g, enum idempotency_state state)
{
	struct idempotency_record r = { .state = state,
					.created_ms = g->created_ms,
					.until_ms = g->created_ms + RUNNING_MAX_MS };

	memcpy(r.process, g->of->process, sizeof r.process);
	memcpy(r.print, g->print.at, sizeof r.print);
	return r;
}

static void write_final(struct guarded *g, const struct request_answer *a)
{
	struct idempotency_record r = record_of(g, IDEMPOTENCY_UNKNOWN);

	if (!is_unknown(a)) {
		r.state = IDEMPOTENCY_DONE;
		r.status = a->status;
		r.location = a->location;
		r.type = bytes_of_str(a->type);
		r.body = a->body;
	}
	buf_init(&g->final, IDEMPOTENCY_RECORD_MAX);
	idempotency_record_write(&g->final, &r);
	if (!buf_err(&g->final))
		return;
	/* Too large to be kept: that it was done is more than nothing. */
	buf_done(&g->final);
	buf_init(&g->final, IDEMPOTENCY_RECORD_MAX);
	r = record_of(g, IDEMPOTENCY_UNKNOWN);
	idempotency_record_write(&g->final, &r);
}

static void log_doubt(const struct guarded *g)
{
	struct log_line l;

	log_begin(&l, LOG_WARN, "in-doubt");
	log_field_str(&l, "kind", journal_kind_name(g->kind));
	log_field_str(&l, "account", g->account);
	log_field(&l, "id", request_id(g->rq));
	log_field_str(&l, "msg", "it may have been done or not, and its client was not told which");
	log_end(&l);
}

static void on_answer(void *ctx, const struct request_answer *a)
{
	struct guarded *g = ctx;
	struct bytes kept = BYTES_NULL;

	if (!g->is_claimed) {
		/* The claim was on its way. */
		if (g->is_claiming)
			idempotency_note_free(g->of, &g->key);
		guarded_free(g);
		return;
	}
	g->of->stats.running--;
	if (g->is_begun && (!a || !a->problem_code || is_unknown(a))) {
		if (g->has_key)
			write_final(g, a);
		if (is_unknown(a))
			g->of->stats.unknown++;
		if (!a)
			log_doubt(g);
		kept = g->has_key ? buf_bytes(&g->final) : BYTES_NULL;
	}
	g->rq = NULL;
	if (g->entry)
		journal_end(g->of->journal, g->entry, kept);
	if (g->has_key)
		idempotency_keep(g);
	else
		guarded_free(g);
}

/* --- the journal, and off --------------------------------------------------------------- */

static void begin(struct guarded *g)
{
	g->is_begun = true;
	g->run(g->ctx);
}

static void complain_once(struct idempotency *i)
{
	if (!i->is_journal_silent)
		log_msg(LOG_ERROR, "journal",
			"cannot be written; what a crash leaves in doubt will not be known");
	i->is_journal_silent = true;
}

static void on_noted(void *ctx, enum err err, struct journal_entry *entry)
{
	struct guarded *g = ctx;
	struct problem p = problem_with("busy", "The journal cannot be written, so an "
						"Idempotency-Key cannot be honoured just now.");

	request_op_done(g->rq);
	if (!err)
		g->of->is_journal_silent = false;
	else
		complain_once(g->of);
	g->entry = entry;
	if (err && g->has_key)
		reply_problem(g->rq, &p);
	else
		begin(g);
}

/* It is ours to do. */
static void claimed(struct guarded *g)
{
	struct idempotency *i = g->of;
	struct journal_intent intent = { .kind = g->kind, .account = bytes_of_str(g->account) };

	g->is_claimed = true;
	TAILQ_INSERT_TAIL(&i->all, g, link);
	i->stats.running++;
	if (g->has_key) {
		(void)idempotency_take_free(i, &g->key); /* not any more */
		i->stats.claims++;
		intent.key = bytes_of(g->key.at, sizeof g->key.at);
		intent.print = bytes_of(g->print.at, sizeof g->print.at);
	}
	if (i->journal)
		request_wait(g->rq, journal_begin(i->journal, &intent, on_noted, g));
	else
		begin(g);
}

/* --- the claim ---------------------------------------------------------------------------- */

static void claim(struct guarded *g, uint64_t expected);

static struct bytes key_of(const struct guarded *g)
{
	return bytes_of(g->key.at, sizeof g->key.at);
}

static void on_given_up(void *ctx, enum err err)
{
	struct guarded *g = ctx;

	(void)err; /* whatever another says of it meanwhile: nobody knows */
	request_op_done(g->rq);
	answer_unknown(g);
}

/* Whoever had it has gone: that is its end. */
static void give_up(struct guarded *g)
{
	struct idempotency_record r = record_of(g, IDEMPOTENCY_UNKNOWN);
	struct buf b;

	buf_init(&b, IDEMPOTENCY_RECORD_MAX);
	idempotency_record_write(&b, &r);
	request_wait(g->rq,
		     state_put(g->of->state, request_call(g->rq), STATE_IDEMPOTENCY, key_of(g),
			       buf_bytes(&b), IDEMPOTENCY_KEEP_MS, g->generation, on_given_up, g));
	buf_done(&b);
}

static void on_alive(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct guarded *g = ctx;

	(void)value, (void)generation;
	request_op_done(g->rq);
	if (!err)
		answer_code(g, "request-in-progress");
	else if (err == ERR_NOT_FOUND)
		give_up(g);
	else
		answer_store_away(g->rq, err);
}

static void decide_running(struct guarded *g, const struct idempotency_record *r)
{
	uint8_t key[1 + IDEMPOTENCY_PROCESS_BYTES];
	bool is_ours = memcmp(r->process, g->of->process, sizeof r->process) == 0;

	if (is_ours && idempotency_take_free(g->of, &g->key))
		claim(g, g->generation);
	else if (r->until_ms < clock_wall_ms())
		give_up(g);
	else if (is_ours)
		answer_code(g, "request-in-progress");
	else
		request_wait(g->rq,
			     state_get(g->of->state, request_call(g->rq), STATE_IDEMPOTENCY,
				       idempotency_alive_key(r->process, key), 0, on_alive, g));
}

static void decide(struct guarded *g, struct bytes value)
{
	struct idempotency_record r;

	if (!idempotency_record_read(value, &r)) {
		answer_unknown(g); /* another version of ours may know more */
		return;
	}
	if (memcmp(r.print, g->print.at, sizeof r.print) != 0) {
		answer_code(g, "idempotency-key-reused");
		return;
	}
	switch (r.state) {
	case IDEMPOTENCY_DONE: replay(g, &r); break;
	case IDEMPOTENCY_UNKNOWN: answer_unknown(g); break;
	case IDEMPOTENCY_RUNNING: decide_running(g, &r); break;
	}
}

static void on_found(void *ctx, enum err err, struct bytes value, uint64_t generation)
{
	struct guarded *g = ctx;

	request_op_done(g->rq);
	g->generation = generation;
	if (!err)
		decide(g, value);
	else if (err == ERR_NOT_FOUND && g->tries < CLAIM_TRIES_MAX)
		claim(g, STATE_ABSENT); /* it has just gone */
	else
		answer_store_away(g->rq, err);
}

static void on_claimed(void *ctx, enum err err)
{
	struct guarded *g = ctx;

	request_op_done(g->rq);
	/* Without an answer it may have come about, or may still. */
	g->is_claiming = err == ERR_NET || err == ERR_TIMEOUT;
	if (!err)
		claimed(g);
	else if (err == ERR_CONFLICT)
		request_wait(g->rq, state_get(g->of->state, request_call(g->rq), STATE_IDEMPOTENCY,
					      key_of(g), 0, on_found, g));
	else
		answer_store_away(g->rq, err);
}

static void claim(struct guarded *g, uint64_t expected)
{
	struct idempotency_record r;
	struct buf b;

	g->tries++;
	g->created_ms = clock_wall_ms();
	r = record_of(g, IDEMPOTENCY_RUNNING);
	buf_init(&b, IDEMPOTENCY_RECORD_MAX);
	idempotency_record_write(&b, &r);
	idempotency_say_alive(g->of);
	g->is_claiming = true;
	request_wait(g->rq,
		     state_put(g->of->state, request_call(g->rq), STATE_IDEMPOTENCY, key_of(g),
			       buf_bytes(&b), IDEMPOTENCY_KEEP_MS, expected, on_claimed, g));
	buf_done(&b);
}

/* Somebody in this process has it, or had until a moment ago. */
static bool answer_from_here(struct guarded *g)
{
	struct idempotency_record r;
	struct guarded *other;

	TAILQ_FOREACH(other, &g->of->all, link)
	if (other->has_key && memcmp(&other->key, &g->key, sizeof g->key) == 0)
		break;
	if (!other)
		return false;
	if (memcmp(&other->print, &g->print, sizeof g->print) != 0)
		answer_code(g, "idempotency-key-reused");
	else if (!idempotency_record_read(buf_bytes(&other->final), &r))
		answer_code(g, "request-in-progress");
	else if (r.state == IDEMPOTENCY_DONE)
		replay(g, &r);
	else
		answer_unknown(g);
	return true;
}

/* --- what is asked -------------------------------------------------------------------------- */

static void print_more(struct guarded *g, struct bytes more)
{
	const struct bytes pieces[] = { bytes_of(g->print.at, sizeof g->print.at), more };

	g->print = hash_sha256_of(pieces, 2);
}

/* Everything but the body; each piece has a step of its own, so that no two mean the same. */
static void print_head(struct guarded *g)
{
	const struct route *route = request_route(g->rq);
	struct bytes value;

	print_more(g, bytes_of_str(route->operation));
	print_more(g, request_header(g->rq, "Content-Type"));
	for (const struct param_spec *p = route->params; p && p->name; p++) {
		for (size_t n = 0;; n++) {
			value = request_param_nth(g->rq, p->name, n);
			if (bytes_is_null(value))
				break;
			print_more(g, bytes_of_str(p->name));
			print_more(g, value);
		}
	}
}

/* A large body takes some turns: others are not kept waiting. */
static void print_body(struct loop_task *t)
{
	struct guarded *g =
		(struct guarded *)(void *)((char *)t - offsetof(struct guarded, hash_task));
	struct bytes rest = bytes_skip(request_body(g->rq), g->hashed);

	print_more(g, bytes_first(rest, SLICE_BYTES));
	g->hashed += bytes_first(rest, SLICE_BYTES).len;
	if (rest.len > SLICE_BYTES) {
		loop_task_start(g->of->loop, t);
		return;
	}
	request_op_done(g->rq);
	if (!answer_from_here(g))
		claim(g, STATE_ABSENT);
}

static void cancel_print(struct op *op)
{
	struct guarded *g =
		(struct guarded *)(void *)((char *)op - offsetof(struct guarded, hash_op));

	loop_task_stop(&g->hash_task);
}

static void start_print(struct guarded *g)
{
	static const struct op_class cls = { .cancel = cancel_print };

	print_head(g);
	g->hash_op.cls = &cls;
	g->hash_task.run = print_body;
	request_wait(g->rq, &g->hash_op);
	loop_task_start(g->of->loop, &g->hash_task);
}

static bool is_key(struct bytes key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.at[i] <= 0x20 || key.at[i] >= 0x7f)
			return false;
	return key.len >= 1 && key.len <= KEY_MAX_BYTES;
}

static void refuse_key(struct request *rq)
{
	struct problem p = problem_of("invalid-request");

	problem_add_parameter(&p, "Idempotency-Key", "invalid-value",
			      "1 to 255 visible ASCII characters, best a random UUID.");
	reply_problem(rq, &p);
}

static void take_key(struct guarded *g, struct bytes key)
{
	const struct bytes pieces[] = { bytes_of_str(g->account), BYTES_LIT("\n"), key };
	struct problem p = problem_with("busy", "What an earlier process did is still being read "
						"from its journal. Try again in a moment.");

	g->has_key = true;
	g->key = hash_sha256_of(pieces, 3);
	if (!is_key(key)) {
		refuse_key(g->rq);
	} else if (!idempotency_is_restored(g->of)) {
		reply_problem(g->rq, &p);
	} else {
		request_outlive_client(g->rq);
		start_print(g);
	}
}

void idempotency_guard(struct request *rq, enum journal_kind kind, void (*run)(void *ctx),
		       void *ctx)
{
	struct idempotency *i = app_of(rq)->idempotency;
	struct bytes key = request_header(rq, "Idempotency-Key");
	struct guarded *g;

	if (bytes_is_null(key) && !i->journal) {
		run(ctx);
		return;
	}
	g = calloc(1, sizeof *g);
	if (!g) {
		request_wait(rq, NULL);
		return;
	}
	g->of = i;
	g->rq = rq;
	g->run = run;
	g->ctx = ctx;
	g->kind = kind;
	snprintf(g->account, sizeof g->account, "%s", account_id(user_account(rq))->text);
	request_on_answer(rq, on_answer, g);
	if (bytes_is_null(key))
		claimed(g);
	else
		take_key(g, key);
}

struct idempotency_stats idempotency_stats(const struct idempotency *i)
{
	return i->stats;
}
