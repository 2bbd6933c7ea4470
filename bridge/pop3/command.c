/* The queue of commands: what is sent when, and what nobody wants any more. */
#include <stdlib.h>

#include "pop3/session_inside.h"

#define IN_FLIGHT_MAX 100
#define TEXT_MAX      8192

void pop3_command_free(struct pop3_command *c)
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
	       !s->unsent->is_barrier && stream_queued_bytes(s->stream) < POP3_OUT_MAX_BYTES / 2;
}

static void restart_silence(struct pop3_session *s)
{
	if (s->is_paused || (s->in_flight == 0 && s->is_open))
		loop_timer_stop(s->loop, &s->silence);
	else if (!loop_timer_start(s->loop, &s->silence, s->server->silence_ms))
		pop3_session_fail(s, &(struct fault){ .err = ERR_NOMEM });
}

void pop3_session_pump(struct pop3_session *s)
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
		pop3_command_free(c);
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

enum err pop3_session_respond(struct pop3_session *s, struct buf *line)
{
	buf_append_str(line, "\r\n");
	return buf_err(line) ? buf_err(line) : stream_write(s->stream, buf_bytes(line));
}

/* Takes back what was not sent yet. */
static void drop_unsent(struct pop3_session *s, const void *owner)
{
	struct pop3_command **at = &s->head, *c;

	s->unsent = NULL;
	while ((c = *at)) {
		if (!c->is_sent && c->owner == owner) {
			*at = c->next;
			pop3_command_free(c);
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
