#include "pop3/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "pop3/session_inside.h"

#define IN_FLIGHT_MAX 100
#define OUT_MAX_BYTES (256 * 1024)
#define TEXT_MAX      8192
/* Read on after nobody wants it: cheaper than a new login. */
#define UNWANTED_MAX_BYTES (1u << 20)

struct pop3_command {
	struct pop3_command *next;
	struct buf text;
	enum pop3_body body;
	const struct pop3_handler *on; /* NULL: forgotten */
	void *owner;
	uint32_t n;
	uint64_t body_bytes;
	bool is_sent, is_answered, is_barrier;
};

/* --- commands ---------------------------------------------------------------- */

static void command_free(struct pop3_command *c)
{
	if (c->text.at)
		explicit_bzero(c->text.at, c->text.cap);
	buf_done(&c->text);
	free(c);
}

static bool may_send(const struct pop3_session *s)
{
	if (!s->unsent || s->is_ended || !s->is_greeted)
		return false;
	if (s->in_flight == 0)
		return true;
	return s->caps.pipelining && s->is_open && s->in_flight < IN_FLIGHT_MAX &&
	       !s->unsent->is_barrier && stream_queued_bytes(s->stream) < OUT_MAX_BYTES / 2;
}

static void restart_silence(struct pop3_session *s)
{
	if (s->is_paused || (s->in_flight == 0 && s->is_open))
		loop_timer_stop(s->loop, &s->silence);
	else if (!loop_timer_start(s->loop, &s->silence, s->server->silence_ms))
		pop3_session_fail(s, &(struct fault){ .err = ERR_NOMEM });
}

static void pump(struct pop3_session *s)
{
	while (may_send(s)) {
		struct pop3_command *c = s->unsent;
		enum err err = stream_write(s->stream, buf_bytes(&c->text));
		struct fault fault = fault_of(err);

		if (err) {
			pop3_session_fail(s, &fault);
			return;
		}
		explicit_bzero(c->text.at, c->text.cap);
		buf_done(&c->text);
		c->is_sent = true;
		s->unsent = c->next;
		s->in_flight++;
	}
	restart_silence(s);
}

static enum err add_command(struct pop3_session *s, struct bytes text,
			    const struct pop3_command *as)
{
	struct pop3_command *c = calloc(1, sizeof *c);

	if (!c)
		return ERR_NOMEM;
	*c = *as;
	buf_init(&c->text, TEXT_MAX);
	buf_append(&c->text, text);
	buf_append_str(&c->text, "\r\n");
	if (buf_err(&c->text)) {
		command_free(c);
		return ERR_NOMEM;
	}
	*s->tail = c;
	s->tail = &c->next;
	if (!s->unsent)
		s->unsent = c;
	/* Not pumped here: a write that fails would call back inside the start. */
	loop_task_start(s->loop, &s->feed_task);
	return ERR_OK;
}

enum err pop3_session_send(struct pop3_session *s, const char *verb, uint32_t n, uint32_t m,
			   enum pop3_body body, const struct pop3_handler *on, void *owner)
{
	struct buf b;
	enum err err;

	buf_init(&b, 64);
	buf_append_str(&b, verb);
	if (n != POP3_NO_NUMBER)
		buf_printf(&b, " %u", (unsigned)n);
	if (m != POP3_NO_NUMBER)
		buf_printf(&b, " %u", (unsigned)m);
	err = buf_err(&b);
	if (!err)
		err = add_command(
			s, buf_bytes(&b),
			&(struct pop3_command){ .body = body, .on = on, .owner = owner, .n = n });
	buf_done(&b);
	return err;
}

enum err pop3_session_send_text(struct pop3_session *s, struct bytes text, enum pop3_body body,
				const struct pop3_handler *on, void *owner)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '\r' || text.at[i] == '\n' || text.at[i] == 0)
			return ERR_INVALID;
	if (text.len > TEXT_MAX - 2)
		return ERR_INVALID;
	return add_command(s, text,
			   &(struct pop3_command){
				   .body = body, .on = on, .owner = owner, .is_barrier = true });
}

enum err pop3_session_respond(struct pop3_session *s, struct bytes line)
{
	struct buf b;
	enum err err;

	buf_init(&b, 64 * 1024);
	buf_append(&b, line);
	buf_append_str(&b, "\r\n");
	err = buf_err(&b);
	if (!err)
		err = stream_write(s->stream, buf_bytes(&b));
	if (b.at)
		explicit_bzero(b.at, b.cap);
	buf_done(&b);
	return err;
}

/* Takes back what was not sent yet. */
static void drop_unsent(struct pop3_session *s, const void *owner)
{
	struct pop3_command **at = &s->head, *c;

	s->unsent = NULL;
	while ((c = *at)) {
		if (!c->is_sent && c->owner == owner) {
			*at = c->next;
			command_free(c);
			continue;
		}
		if (!c->is_sent && !s->unsent)
			s->unsent = c;
		at = &c->next;
	}
	s->tail = at;
}

void pop3_session_forget(struct pop3_session *s, const void *owner)
{
	bool is_head = s->head && s->head->owner == owner;

	drop_unsent(s, owner);
	for (struct pop3_command *c = s->head; c; c = c->next) {
		if (c->owner != owner)
			continue;
		c->on = NULL;
		c->owner = NULL;
		c->body_bytes = 0;
	}
	if (is_head && s->is_paused)
		pop3_session_resume(s);
}

/* --- answers ------------------------------------------------------------------ */

static void finish_head(struct pop3_session *s, const struct pop3_status *status)
{
	struct pop3_command *c = s->head;

	s->head = c->next;
	if (!s->head)
		s->tail = &s->head;
	s->in_flight--;
	if (c->on)
		c->on->on_done(c->owner, c->n, status, NULL);
	command_free(c);
}

/* A line nobody asked for: many servers say why before they hang up. */
static void take_unasked(struct pop3_session *s, struct bytes line)
{
	struct pop3_status status;
	struct fault fault;

	if (!pop3_status_parse(line, &status) || status.is_ok)
		fault = fault_with_text(ERR_PROTO, "the server spoke without being asked");
	else
		fault = fault_from_server(pop3_status_err(&status, ERR_NET), "pop3", status.code,
					  status.text);
	pop3_session_fail(s, &fault);
}

static void take_greeting(struct pop3_session *s, struct bytes line)
{
	struct pop3_status status;
	struct fault fault;

	if (!pop3_status_parse(line, &status) || status.is_continuation) {
		fault = fault_with_text(ERR_PROTO, "this is not a POP3 server");
		pop3_session_fail(s, &fault);
		return;
	}
	if (!status.is_ok) {
		fault = fault_from_server(pop3_status_err(&status, ERR_BUSY), "pop3", status.code,
					  status.text);
		pop3_session_fail(s, &fault);
		return;
	}
	s->is_greeted = true;
	buf_append(&s->timestamp, pop3_greeting_timestamp(status.text));
	pop3_login_begin(s);
}

static void take_status(struct pop3_session *s, struct bytes line)
{
	struct pop3_command *c = s->head;
	struct pop3_status status;
	struct fault fault;

	if (!s->is_greeted) {
		take_greeting(s, line);
		return;
	}
	if (!c || !c->is_sent) {
		take_unasked(s, line);
		return;
	}
	if (!pop3_status_parse(line, &status)) {
		fault = fault_with_text(ERR_PROTO, "an answer that is neither +OK nor -ERR");
		pop3_session_fail(s, &fault);
		return;
	}
	if (status.is_continuation) {
		if (c->on && c->on->on_challenge)
			c->on->on_challenge(c->owner, status.text);
		else
			finish_head(s, &status);
		return;
	}
	if (status.is_ok && c->body != POP3_BODY_NONE) {
		c->is_answered = true;
		pop3_reader_body(&s->reader, c->body);
		return;
	}
	finish_head(s, &status);
}

static void take_data(struct pop3_session *s, struct bytes piece)
{
	struct pop3_command *c = s->head;

	c->body_bytes += piece.len;
	if (c->body_bytes > (c->on ? s->server->message_max_bytes : UNWANTED_MAX_BYTES)) {
		struct fault fault = fault_with_text(
			ERR_TOO_BIG, c->on ? "the message is over the limit"
					   : "a message that nobody wants any more");

		pop3_session_fail(s, &fault);
		return;
	}
	if (c->on && c->on->on_data && c->on->on_data(c->owner, c->n, piece) == FLOW_PAUSE)
		s->is_paused = true;
}

/* One event; false when nothing more can be done with `in` now. */
static bool take_event(struct pop3_session *s, struct bytes *in)
{
	static const struct pop3_status body_is_through = { .is_ok = true };
	struct fault fault;
	struct bytes piece;

	switch (pop3_reader_next(&s->reader, in, &piece)) {
	case POP3_MORE: return false;
	case POP3_STATUS: take_status(s, piece); break;
	case POP3_LINE:
		if (s->head->on && s->head->on->on_line)
			s->head->on->on_line(s->head->owner, s->head->n, piece);
		break;
	case POP3_DATA: take_data(s, piece); break;
	case POP3_END: finish_head(s, &body_is_through); break;
	case POP3_TOO_LONG:
		fault = fault_with_text(ERR_TOO_BIG, "a line of the server is over the limit");
		pop3_session_fail(s, &fault);
		break;
	}
	return !s->is_dying && !s->is_ended && !s->is_paused;
}

static void leave(struct pop3_session *s)
{
	if (--s->busy == 0 && s->is_dying) {
		s->is_dying = false;
		pop3_session_free(s);
	}
}

/* Works through `in`; what a pause leaves over is held. */
static void feed(struct pop3_session *s, struct bytes in)
{
	s->busy++;
	while (take_event(s, &in)) {
		struct fault fault;

		if (!s->is_securing || in.len == 0)
			continue;
		/* Clear text behind the OK of STLS is an injection (RFC 2595 §4). */
		fault = fault_with_text(ERR_PROTO, "the server spoke in clear after STLS");
		pop3_session_fail(s, &fault);
		break;
	}
	if (s->is_paused && !s->is_ended)
		buf_append(&s->held, in);
	if (!s->is_dying && !s->is_ended)
		pump(s);
	leave(s);
}

static enum flow on_stream_data(void *ctx, struct bytes data)
{
	struct pop3_session *s = ctx;
	enum flow flow;

	s->busy++;
	/* What was held comes first; run_feed_task() sees to it. */
	if (s->is_paused || s->held.len)
		buf_append(&s->held, data);
	else
		feed(s, data);
	flow = s->is_paused ? FLOW_PAUSE : FLOW_MORE;
	leave(s);
	return flow;
}

static void run_feed_task(struct loop_task *t)
{
	struct pop3_session *s =
		(struct pop3_session *)((uint8_t *)t - offsetof(struct pop3_session, feed_task));
	struct buf held = s->held;

	if (s->is_paused || s->is_ended)
		return;
	if (!s->stream) {
		/* There was no memory to dial. */
		pop3_session_fail(s, &(struct fault){ .err = ERR_NOMEM });
		return;
	}
	s->busy++;
	buf_init(&s->held, held.max);
	feed(s, buf_bytes(&held));
	buf_done(&held);
	if (!s->is_dying && !s->is_ended && !s->is_paused)
		stream_resume(s->stream);
	leave(s);
}

void pop3_session_resume(struct pop3_session *s)
{
	s->is_paused = false;
	loop_task_start(s->loop, &s->feed_task);
}

/* --- the beginning and the end ------------------------------------------------- */

void pop3_session_fail(struct pop3_session *s, const struct fault *given)
{
	struct fault fault = *given;
	struct pop3_command *c;
	bool was_open = s->is_open;

	if (s->is_ended)
		return;
	s->is_ended = true;
	s->is_open = false;
	s->busy++;
	loop_timer_stop(s->loop, &s->silence);
	op_cancel(s->dial);
	s->dial = NULL;
	while ((c = s->head) && !s->is_dying) {
		s->head = c->next;
		if (c->on)
			c->on->on_done(c->owner, c->n, NULL, &fault);
		command_free(c);
	}
	if (!s->is_dying && s->opened) {
		pop3_opened_cb *opened = s->opened;

		s->opened = NULL;
		opened(s->opened_ctx, &fault);
	}
	if (!s->is_dying && was_open && s->on_end)
		s->on_end(s->on_end_ctx, &fault);
	leave(s);
}

void pop3_session_opened(struct pop3_session *s)
{
	pop3_opened_cb *opened = s->opened;

	s->is_open = true;
	s->opened = NULL;
	opened(s->opened_ctx, NULL);
}

static void on_stream_closed(void *ctx, const struct fault *fault)
{
	pop3_session_fail(ctx, fault);
}

static const struct stream_events stream_events = {
	.on_data = on_stream_data,
	.on_closed = on_stream_closed,
};

void pop3_session_start_tls(struct pop3_session *s, void (*on_secured)(void *ctx))
{
	s->is_securing = true;
	stream_start_tls(s->stream, s->server->profile, s->server->host, on_secured);
}

/* TLS from the first byte stands: the greeting comes by itself. */
static void on_secured(void *ctx)
{
	(void)ctx;
}

static void on_dialled(void *ctx, const struct fault *fault, int fd)
{
	struct pop3_session *s = ctx;

	s->dial = NULL;
	if (fault) {
		pop3_session_fail(s, fault);
		return;
	}
	s->stream = stream_new(s->loop, fd, OUT_MAX_BYTES, &stream_events, s);
	if (!s->stream) {
		pop3_session_fail(s, &(struct fault){ .err = ERR_NOMEM });
		return;
	}
	restart_silence(s);
	if (s->server->tls == POP3_TLS_IMPLICIT)
		stream_start_tls(s->stream, s->server->profile, s->server->host, on_secured);
}

static void on_silence(struct loop_timer *t)
{
	struct pop3_session *s =
		(struct pop3_session *)((uint8_t *)t - offsetof(struct pop3_session, silence));
	struct fault fault = fault_with_text(ERR_TIMEOUT, "the server does not answer");

	pop3_session_fail(s, &fault);
}

struct pop3_session *pop3_session_new(struct loop *l, struct dialer *d,
				      const struct pop3_server *server)
{
	struct pop3_session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	*s = (struct pop3_session){ .loop = l, .dialer = d, .server = server };
	s->tail = &s->head;
	s->silence.fire = on_silence;
	s->feed_task.run = run_feed_task;
	s->caps = pop3_caps_none();
	buf_init(&s->held, 1 << 20);
	buf_init(&s->timestamp, 600);
	pop3_reader_init(&s->reader, server->line_max_bytes);
	return s;
}

void pop3_session_free(struct pop3_session *s)
{
	struct pop3_command *c;

	if (!s)
		return;
	s->is_ended = true;
	s->opened = NULL;
	s->on_end = NULL;
	while ((c = s->head)) {
		s->head = c->next;
		command_free(c);
	}
	s->unsent = NULL;
	s->tail = &s->head;
	if (s->busy) {
		s->is_dying = true;
		return;
	}
	loop_timer_stop(s->loop, &s->silence);
	loop_task_stop(&s->feed_task);
	op_cancel(s->dial);
	stream_free(s->stream);
	sasl_free(s->sasl);
	pop3_reader_done(&s->reader);
	buf_done(&s->held);
	buf_done(&s->timestamp);
	free(s);
}

void pop3_session_open(struct pop3_session *s, struct bytes username, struct bytes password,
		       struct bytes token, pop3_opened_cb *done, void *ctx)
{
	struct dial_target target = { .host = s->server->host,
				      .port = s->server->port,
				      .proxy = s->server->proxy,
				      .public_only = s->server->public_only };

	s->username = username;
	s->password = password;
	s->token = token;
	s->opened = done;
	s->opened_ctx = ctx;
	s->dial = dialer_connect(s->dialer, &target, clock_monotonic_ms() + s->server->silence_ms,
				 on_dialled, s);
	if (!s->dial)
		loop_task_start(s->loop, &s->feed_task);
}

void pop3_session_say_goodbye(struct pop3_session *s)
{
	/* Not in the midst of an answer that it would have to wait for. */
	if (!s->is_ended && !s->head && stream_write(s->stream, BYTES_LIT("QUIT\r\n")) != ERR_OK)
		s->is_ended = true;
}

bool pop3_session_is_open(const struct pop3_session *s)
{
	return s->is_open;
}

const struct pop3_caps *pop3_session_caps(const struct pop3_session *s)
{
	return &s->caps;
}

void pop3_session_on_end(struct pop3_session *s, pop3_opened_cb *cb, void *ctx)
{
	s->on_end = cb;
	s->on_end_ctx = ctx;
}
