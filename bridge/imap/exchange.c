#include <stdio.h>
#include <stdlib.h>

#include "imap/session.h"

static void end_with(struct imap_session *s, enum err e, const char *text)
{
	struct fault f = fault_with_text(e, text);

	imap_session_end(s, &f);
}

struct imap_exchange *imap_exchange_new(struct imap_session *s, void *owner, const char *words)
{
	struct imap_exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->session = s;
	x->owner = owner;
	(void)snprintf(x->tag, sizeof(x->tag), "a%u", ++s->next_tag);
	imap_command_init(&x->command, &s->encoding);
	imap_command_begin(&x->command, bytes_of_str(x->tag), words);
	return x;
}

void imap_exchange_free(struct imap_exchange *x)
{
	if (!x)
		return;
	imap_command_done(&x->command);
	free((void *)x->select_path.at);
	free(x);
}

void imap_exchange_selects(struct imap_exchange *x, struct bytes path)
{
	uint8_t *copy = malloc(path.len + 1);

	if (!copy) {
		x->command.err = ERR_NOMEM;
		return;
	}
	if (path.len)
		memcpy(copy, path.at, path.len);
	x->select_path = bytes_of(copy, path.len);
}

struct bytes imap_session_target(const struct imap_session *s)
{
	struct bytes target = s->mailbox.path;

	for (const struct imap_exchange *x = s->first; x; x = x->next) {
		if (x->select_path.at)
			target = x->select_path;
	}
	return target;
}

/* The oldest one in flight learns that its turn has come. */
static void tell_turn(struct imap_session *s)
{
	struct imap_exchange *x = s->first;

	if (s->is_ended || !x || !x->is_begun || x->had_turn)
		return;
	x->had_turn = true;
	if (x->select_path.at && !imap_mailbox_open(&s->mailbox, x->select_path))
		end_with(s, ERR_NOMEM, "memory is short");
	if (x->on_turn && !s->is_ended)
		x->on_turn(x);
}

enum err imap_exchange_send(struct imap_exchange *x)
{
	struct imap_session *s;
	struct imap_exchange **at;
	enum err e;

	if (!x)
		return ERR_NOMEM;
	s = x->session;
	e = s->is_ended ? ERR_NET : imap_command_end(&x->command);
	if (e != ERR_OK) {
		imap_exchange_free(x);
		return e;
	}
	for (at = &s->first; *at;)
		at = &(*at)->next;
	*at = x;
	if (!s->unsent)
		s->unsent = x;
	imap_exchange_pump(s);
	return ERR_OK;
}

static bool has_room(const struct imap_session *s)
{
	return stream_queued_bytes(s->stream) < s->limits.out_bytes;
}

static bool put(struct imap_session *s, struct bytes data)
{
	if (stream_write(s->stream, data) == ERR_OK)
		return true;
	end_with(s, ERR_NET, "the connection takes no more data");
	return false;
}

/* Sends of a streamed literal what there is room for; true when it is whole. */
static bool put_source(struct imap_session *s, struct imap_exchange *x, uint64_t size_bytes)
{
	uint8_t piece[16 * 1024];

	while (x->streamed < size_bytes && has_room(s)) {
		uint64_t left = size_bytes - x->streamed;
		size_t max = left < sizeof(piece) ? (size_t)left : sizeof(piece);
		size_t n = x->source.read(x->source.ctx, x->streamed, piece, max);

		if (n == 0 || n > max) {
			end_with(s, ERR_INTERNAL, "what was to be sent cannot be read");
			return false;
		}
		if (!put(s, bytes_of(piece, n)))
			return false;
		x->streamed += n;
	}
	return x->streamed == size_bytes;
}

/* Is one before it in flight whose answer could be taken for this one's, or that
 * nothing may follow? */
static bool must_wait(const struct imap_session *s, const struct imap_exchange *x)
{
	if (x->is_begun)
		return false;
	for (const struct imap_exchange *y = s->first; y != x; y = y->next) {
		if (y->is_idle || (y->is_lonely && x->is_lonely))
			return true;
	}
	return false;
}

/* One step of writing; false when nothing can be written for now. */
static bool pump_segment(struct imap_session *s, struct imap_exchange *x,
			 const struct imap_segment *seg)
{
	switch (seg->kind) {
	case IMAP_SEGMENT_SEND:
		if (!has_room(s) || must_wait(s, x))
			return false;
		x->is_begun = true;
		return put(s, seg->data);
	case IMAP_SEGMENT_WAIT: return x->may_go_on;
	case IMAP_SEGMENT_STREAM: return put_source(s, x, seg->stream_bytes);
	}
	return false;
}

void imap_exchange_pump(struct imap_session *s)
{
	struct imap_segment seg;

	while (!s->is_ended && s->unsent) {
		struct imap_exchange *x = s->unsent;

		if (!imap_command_segment(&x->command, x->segment, &seg)) {
			s->unsent = x->next;
			continue;
		}
		if (!pump_segment(s, x, &seg))
			break;
		x->segment++;
		x->streamed = 0;
		x->may_go_on = false;
	}
	tell_turn(s);
}

static void say_done(struct imap_exchange *x)
{
	if (x->is_idling && x->is_leaving)
		(void)put(x->session, BYTES_LIT("DONE\r\n"));
}

void imap_exchange_leave_idle(struct imap_exchange *x)
{
	if (x->is_leaving || x->session->is_ended)
		return;
	x->is_leaving = true;
	say_done(x);
}

/* The IDLE whose "+" this is; NULL: it is none. */
static struct imap_exchange *find_idle(const struct imap_session *s)
{
	struct imap_exchange *x = s->first;

	while (x && x->is_begun && !(x->is_idle && !x->is_idling))
		x = x->next;
	return x && x->is_begun ? x : NULL;
}

static void begin_idling(struct imap_exchange *x)
{
	x->is_idling = true;
	say_done(x);
	if (!x->is_leaving && x->on_continue)
		x->on_continue(x, BYTES_NULL);
}

static bool is_waiting(const struct imap_session *s)
{
	struct imap_segment seg;

	return s->unsent && imap_command_segment(&s->unsent->command, s->unsent->segment, &seg) &&
	       seg.kind == IMAP_SEGMENT_WAIT;
}

void imap_exchange_on_continue(struct imap_session *s, struct bytes text)
{
	if (is_waiting(s)) {
		s->unsent->may_go_on = true;
		imap_exchange_pump(s);
	} else if (find_idle(s)) {
		begin_idling(find_idle(s));
	} else if (s->first && s->first->on_continue) {
		s->first->on_continue(s->first, text);
	} else if (!s->first || s->first->owner) {
		end_with(s, ERR_PROTO, "the server asked for more of a command that was complete");
	}
}

static struct imap_exchange *take_out(struct imap_session *s, struct bytes tag)
{
	for (struct imap_exchange **at = &s->first; *at; at = &(*at)->next) {
		struct imap_exchange *x = *at;

		if (!x->is_begun || !bytes_equal_str(tag, x->tag))
			continue;
		*at = x->next;
		if (s->sink == x)
			s->sink = NULL;
		return x;
	}
	return NULL;
}

void imap_exchange_on_tagged(struct imap_session *s, const struct imap_response *r)
{
	struct imap_exchange *x = take_out(s, r->tag);
	struct imap_reply reply = { r->status, &r->text };
	bool is_cut = false;

	if (!x) {
		end_with(s, ERR_PROTO, "the server answered a command that was not sent");
		return;
	}
	if (s->unsent == x) {
		/* Refused at a WAIT: the rest is not sent. In the midst of octets that
		 * were announced there is no way back. */
		is_cut = !is_waiting(s);
		s->unsent = x->next;
	}
	if (x->select_path.at && r->status == IMAP_OK)
		s->mailbox.is_selecting = false;
	else if (x->select_path.at)
		imap_mailbox_close(&s->mailbox);
	if (x->done)
		x->done(x, &reply);
	imap_exchange_free(x);
	if (is_cut)
		end_with(s, ERR_NET, "the server refused a literal half-way");
	imap_exchange_pump(s);
}

void imap_exchange_drop_all(struct imap_session *s)
{
	while (s->first) {
		struct imap_exchange *x = s->first;

		s->first = x->next;
		imap_exchange_free(x);
	}
	s->unsent = NULL;
}
