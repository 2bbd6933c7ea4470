/* What the server says goes to the command that it answers. */
#include "pop3/session_inside.h"

/* Read on after nobody wants it: cheaper than a new login. */
#define UNWANTED_MAX_BYTES (1u << 20)

static void finish_head(struct pop3_session *s, const struct pop3_status *status)
{
	struct pop3_command *c = s->head;

	s->head = c->next;
	if (!s->head)
		s->tail = &s->head;
	s->in_flight--;
	if (c->on)
		c->on->on_done(c->owner, c->n, status, NULL);
	pop3_command_free(c);
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

bool pop3_session_take(struct pop3_session *s, struct bytes *in)
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
