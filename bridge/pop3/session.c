#include "pop3/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "pop3/session_inside.h"

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
	while (pop3_session_take(s, &in)) {
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
		pop3_session_pump(s);
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
		pop3_command_free(c);
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
	s->stream = stream_new(s->loop, fd, POP3_OUT_MAX_BYTES, &stream_events, s);
	if (!s->stream) {
		pop3_session_fail(s, &(struct fault){ .err = ERR_NOMEM });
		return;
	}
	pop3_session_pump(s);
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
		pop3_command_free(c);
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
	op_cancel(s->answer);
	if (s->says_goodbye)
		stream_close(s->stream);
	else
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
	s->says_goodbye = !s->is_ended && !s->head &&
			  stream_write(s->stream, BYTES_LIT("QUIT\r\n")) == ERR_OK;
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
