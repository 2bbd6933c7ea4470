#include "imap/session.h"

#include <stdlib.h>

#include "base/clock.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

/* The scratch of one response; FETCH items that somebody wants live elsewhere. */
#define RESPONSE_ARENA_BYTES (64u << 20)

const struct imap_session_limits imap_session_limits_default = {
	.literal_kept_bytes = 1u << 20,
	.answer_kept_bytes = 64u << 20,
	.drain_bytes = 256u << 10,
	.drain_ms = 5000,
	.question_ms = 30000,
	.out_bytes = 512u << 10,
};

/* --- the end -------------------------------------------------------------------- */

static void on_end_task(struct loop_task *t)
{
	struct imap_session *s = container_of(t, struct imap_session, end_task);

	s->events.on_end(s->ctx, &s->end);
}

void imap_session_end(struct imap_session *s, const struct fault *fault)
{
	if (s->is_ended)
		return;
	s->is_ended = true;
	s->end = *fault;
	stream_free(s->stream);
	s->stream = NULL;
	loop_timer_stop(s->loop, &s->drain_timer);
	loop_task_stop(&s->resume_task);
	loop_task_start(s->loop, &s->end_task);
}

static void end_with(struct imap_session *s, enum err e, const char *text)
{
	struct fault f = fault_with_text(e, text);

	imap_session_end(s, &f);
}

static void destroy(struct imap_session *s)
{
	imap_exchange_drop_all(s);
	imap_framer_free(s->framer);
	imap_mailbox_done(&s->mailbox);
	buf_done(&s->pending);
	free(s);
}

static void let_go(struct imap_session *s, void (*close_stream)(struct stream *stream))
{
	s->is_ended = true;
	close_stream(s->stream);
	s->stream = NULL;
	loop_timer_stop(s->loop, &s->drain_timer);
	loop_task_stop(&s->resume_task);
	loop_task_stop(&s->end_task);
	s->is_freed = true;
	if (s->depth == 0)
		destroy(s);
}

void imap_session_free(struct imap_session *s)
{
	if (s)
		let_go(s, stream_free);
}

void imap_session_close(struct imap_session *s)
{
	if (s)
		let_go(s, stream_close);
}

/* Around everything that may call out. */
static void enter(struct imap_session *s)
{
	s->depth++;
}

static void leave(struct imap_session *s)
{
	if (--s->depth == 0 && s->is_freed)
		destroy(s);
}

/* --- responses ------------------------------------------------------------------ */

/* The exchange that this untagged data answers: the oldest that wants it. */
static struct imap_exchange *find_taker(struct imap_session *s, const struct imap_response *r)
{
	for (struct imap_exchange *x = s->first; x && x->is_begun; x = x->next) {
		if (x->wants && x->wants(x, r))
			return x;
	}
	return NULL;
}

static void see_bye(struct imap_session *s, const struct imap_response *r)
{
	struct fault f = imap_fault_of_bye(&r->text);

	if (s->is_greeted)
		imap_session_end(s, &f);
}

bool imap_session_is_rev2(const struct imap_session *s)
{
	return s->has_enabled_rev2 || (imap_session_can(s, IMAP_CAP_IMAP4REV2) &&
				       !imap_session_can(s, IMAP_CAP_IMAP4REV1));
}

/* Both may be told again at any time: neither makes the other forgotten. */
static void apply_capabilities(struct imap_session *s)
{
	if (s->has_enabled_rev2)
		imap_capabilities_add_rev2(&s->caps);
	s->encoding.literals = IMAP_LITERALS_SYNC;
	if (imap_session_can(s, IMAP_CAP_LITERAL_PLUS))
		s->encoding.literals = IMAP_LITERALS_PLUS;
	else if (imap_session_can(s, IMAP_CAP_LITERAL_MINUS))
		s->encoding.literals = IMAP_LITERALS_MINUS;
	s->encoding.is_binary = imap_session_can(s, IMAP_CAP_BINARY);
	s->encoding.is_utf8 = s->has_enabled_utf8 || imap_session_is_rev2(s);
}

static void see_capabilities(struct imap_session *s, const struct bytes_list *words)
{
	s->caps = imap_capabilities_of(words);
	apply_capabilities(s);
}

static void see_enabled(struct imap_session *s, const struct bytes_list *words)
{
	for (size_t i = 0; i < words->count; i++) {
		if (bytes_equal_str_nocase(words->at[i], "IMAP4rev2"))
			s->has_enabled_rev2 = true;
		else if (bytes_equal_str_nocase(words->at[i], "UTF8=ACCEPT"))
			s->has_enabled_utf8 = true;
		else if (bytes_equal_str_nocase(words->at[i], "QRESYNC"))
			s->is_qresync = true;
	}
	apply_capabilities(s);
}

static void see(struct imap_session *s, const struct imap_response *r)
{
	imap_mailbox_see(&s->mailbox, r);
	if (r->kind == IMAP_CAPABILITY)
		see_capabilities(s, &r->words);
	else if (r->kind == IMAP_ENABLED)
		see_enabled(s, &r->words);
	else if ((r->kind == IMAP_UNTAGGED || r->kind == IMAP_TAGGED) &&
		 r->text.code == IMAP_CODE_CAPABILITY)
		see_capabilities(s, &r->text.words);
	if (r->kind == IMAP_UNTAGGED && r->status == IMAP_BYE)
		see_bye(s, r);
}

static bool parse(struct imap_session *s, const struct imap_frame *frame, struct arena *mem,
		  struct imap_response *ret)
{
	struct imap_parse_fault why = { 0, "" };
	enum err e = imap_parse(frame, &s->limits.wire, mem, ret, &why);

	if (e == ERR_OK)
		return true;
	end_with(s, e, e == ERR_PROTO ? why.reason : "a response of the server is too large");
	return false;
}

/* What its taker keeps must live where the taker says: the text is copied there
 * and read once more, which costs less than knowing how to copy every kind. */
static void give(struct imap_session *s, struct imap_exchange *x, const struct imap_frame *frame,
		 const struct imap_response *r)
{
	struct imap_frame kept = *frame;
	struct imap_response own;
	size_t before;

	x->has_taken = true;
	if (!x->mem || (x->keeps && !x->keeps(x, r))) {
		x->take(x, r);
		return;
	}
	if (x->kept_bytes > s->limits.answer_kept_bytes) {
		end_with(s, ERR_TOO_BIG, "the answer to a command is too large");
		return;
	}
	before = arena_used_bytes(x->mem);
	kept.text = arena_bytes(x->mem, frame->text);
	if (bytes_is_null(kept.text) ||
	    imap_parse(&kept, &s->limits.wire, x->mem, &own, NULL) != ERR_OK) {
		x->take(x, NULL); /* its arena is full */
		return;
	}
	x->kept_bytes += arena_used_bytes(x->mem) - before;
	x->take(x, &own);
}

static void dispatch(struct imap_session *s, const struct imap_frame *frame,
		     const struct imap_response *r)
{
	struct imap_exchange *x;

	see(s, r);
	if (s->is_ended)
		return;
	if (!s->is_greeted) {
		s->is_greeted = true;
		s->events.on_greeting(s->ctx, r);
	} else if (r->kind == IMAP_CONTINUE) {
		imap_exchange_on_continue(s, r->text.text);
	} else if (r->kind == IMAP_TAGGED) {
		imap_exchange_on_tagged(s, r);
	} else {
		x = find_taker(s, r);
		if (x)
			give(s, x, frame, r);
	}
}

static void on_response(struct imap_session *s, const struct imap_frame *frame)
{
	struct arena *mem = arena_new(RESPONSE_ARENA_BYTES);
	struct imap_response r;

	s->sink = NULL;
	if (!mem) {
		end_with(s, ERR_NOMEM, "memory is short");
		return;
	}
	if (parse(s, frame, mem, &r))
		dispatch(s, frame, &r);
	arena_free(mem);
}

/* --- literals that are not kept --------------------------------------------------- */

static uint64_t kept_bytes(const struct imap_session *s, const struct imap_exchange *x)
{
	return x && x->keep_bytes ? x->keep_bytes : s->limits.literal_kept_bytes;
}

static void on_literal(struct imap_session *s, const struct imap_frame *frame)
{
	struct imap_exchange *x = s->first;

	s->sink = NULL;
	if (x && x->on_literal && x->on_literal(x, frame->text, frame->literal_bytes)) {
		s->sink = x;
		imap_framer_stream(s->framer);
	} else if (frame->literal_bytes > kept_bytes(s, x) || (x && !x->owner)) {
		imap_framer_stream(s->framer);
	}
}

/* Octets that nobody wants: fine up to a bound, then a new connection is cheaper. */
static void drain(struct imap_session *s, const struct imap_frame *frame)
{
	s->drained += frame->data.len;
	if (s->first && s->first->owner)
		return; /* only a part of the answer is skipped */
	if (s->drained + frame->literal_bytes > s->limits.drain_bytes)
		end_with(s, ERR_NET, "a transfer was given up");
}

static void on_literal_data(struct imap_session *s, const struct imap_frame *frame)
{
	if (!s->sink)
		drain(s, frame);
	else if (s->sink->on_data(s->sink, frame->data, frame->literal_bytes) == FLOW_PAUSE)
		s->is_paused = true;
}

/* --- bytes ------------------------------------------------------------------------- */

/* The tagged OK behind which the stream changes its nature. */
static void do_upgrade(struct imap_session *s, struct bytes *in)
{
	enum imap_upgrade upgrade = s->upgrade;
	struct bytes rest = *in;

	s->upgrade = IMAP_UPGRADE_NONE;
	if (upgrade == IMAP_UPGRADE_TLS && rest.len) {
		end_with(s, ERR_TLS, "the server sent data in clear behind its answer to STARTTLS");
	} else if (upgrade == IMAP_UPGRADE_DEFLATE) {
		*in = bytes_first(rest, 0);
		if (stream_start_deflate(s->stream, rest) != ERR_OK)
			end_with(s, ERR_NOMEM, "memory is short");
	}
}

static void on_event(struct imap_session *s, enum imap_framer_event event,
		     const struct imap_frame *frame)
{
	switch (event) {
	case IMAP_FRAMER_RESPONSE: on_response(s, frame); break;
	case IMAP_FRAMER_LITERAL: on_literal(s, frame); break;
	case IMAP_FRAMER_DATA: on_literal_data(s, frame); break;
	case IMAP_FRAMER_BAD: end_with(s, frame->err, frame->reason); break;
	case IMAP_FRAMER_MORE: break;
	}
}

static enum flow feed(struct imap_session *s, struct bytes in)
{
	enum imap_framer_event event = IMAP_FRAMER_RESPONSE;
	struct imap_frame frame;

	while (event != IMAP_FRAMER_MORE && !s->is_paused && !s->is_ended) {
		event = imap_framer_next(s->framer, &in, &frame);
		on_event(s, event, &frame);
		if (s->upgrade && !s->is_ended)
			do_upgrade(s, &in);
	}
	if (!s->is_paused || s->is_ended)
		return FLOW_MORE;
	buf_append(&s->pending, in);
	if (buf_err(&s->pending))
		end_with(s, ERR_NOMEM, "memory is short");
	return FLOW_PAUSE;
}

static enum flow on_data(void *ctx, struct bytes data)
{
	struct imap_session *s = ctx;
	enum flow flow = FLOW_PAUSE;

	enter(s);
	if (s->is_paused)
		buf_append(&s->pending, data);
	else
		flow = feed(s, data);
	leave(s);
	return flow;
}

static void on_resume(struct loop_task *t)
{
	struct imap_session *s = container_of(t, struct imap_session, resume_task);
	struct buf pending = s->pending;
	enum flow flow;

	s->is_paused = false;
	buf_init(&s->pending, pending.max);
	enter(s);
	flow = feed(s, buf_bytes(&pending));
	if (flow == FLOW_MORE && s->stream)
		stream_resume(s->stream);
	leave(s);
	buf_done(&pending);
}

void imap_session_resume(struct imap_session *s)
{
	if (s->is_paused && !s->is_ended)
		loop_task_start(s->loop, &s->resume_task);
}

static void on_closed(void *ctx, const struct fault *fault)
{
	imap_session_end(ctx, fault);
}

static void on_drained(void *ctx)
{
	struct imap_session *s = ctx;

	enter(s);
	imap_exchange_pump(s);
	leave(s);
}

/* --- abandoned commands ------------------------------------------------------------ */

/* Each has its time. */
static void on_drain_timer(struct loop_timer *t)
{
	struct imap_session *s = container_of(t, struct imap_session, drain_timer);
	const struct imap_exchange *x = s->first;
	uint64_t due;

	while (x && x->owner)
		x = x->next;
	if (!x)
		return;
	due = x->give_up_ms;
	if (due <= clock_monotonic_ms())
		end_with(s, ERR_TIMEOUT, "the server did not answer in time");
	else if (!loop_timer_start_at(s->loop, &s->drain_timer, due))
		end_with(s, ERR_NOMEM, "memory is short");
}

/* Takes those out that the server has not seen anything of. */
static void take_back(struct imap_session *s, const void *owner)
{
	struct imap_exchange **at = &s->first;

	while (*at) {
		struct imap_exchange *x = *at;

		if (x->owner != owner || x->is_begun) {
			at = &x->next;
			continue;
		}
		if (s->unsent == x)
			s->unsent = x->next;
		*at = x->next;
		imap_exchange_free(x);
	}
}

static void swallow(struct imap_session *s, struct imap_exchange *x)
{
	x->owner = NULL;
	x->give_up_ms =
		clock_monotonic_ms() + (x->is_idle ? s->limits.question_ms : s->limits.drain_ms);
	x->mem = NULL;
	x->wants = NULL;
	x->done = NULL;
	x->on_turn = NULL;
	x->on_literal = NULL;
	if (s->sink == x) {
		s->sink = NULL;
		s->drained = 0;
	}
	if (x->is_idle)
		imap_exchange_leave_idle(x);
	if (s->unsent == x)
		end_with(s, ERR_NET, "a command was given up half-way");
}

void imap_session_abandon(struct imap_session *s, const void *owner)
{
	bool any = false;

	if (s->is_ended)
		return;
	take_back(s, owner);
	for (struct imap_exchange *x = s->first; x; x = x->next) {
		if (x->owner == owner) {
			swallow(s, x);
			any = true;
		}
	}
	if (!any || s->is_ended)
		return;
	imap_session_resume(s);
	if (!loop_timer_is_on(&s->drain_timer) &&
	    !loop_timer_start(s->loop, &s->drain_timer, s->limits.drain_ms))
		end_with(s, ERR_NOMEM, "memory is short");
}

bool imap_session_is_quiet(const struct imap_session *s)
{
	return s->first == NULL;
}

/* --- the beginning ----------------------------------------------------------------- */

static const struct stream_events stream_events = { on_data, on_closed, on_drained };

struct imap_session *imap_session_new(struct loop *l, int fd, const struct imap_session_limits *lim,
				      const struct imap_session_events *events, void *ctx)
{
	struct imap_session *s = calloc(1, sizeof(*s));
	struct stream *stream =
		stream_new(l, fd, lim->out_bytes + IMAP_COMMAND_MAX, &stream_events, s);

	if (!s || !stream) {
		stream_free(stream);
		free(s);
		return NULL;
	}
	*s = (struct imap_session){ .loop = l, .limits = *lim, .events = *events, .ctx = ctx };
	s->stream = stream;
	s->encoding.max_bytes = IMAP_COMMAND_MAX;
	s->end_task.run = on_end_task;
	s->resume_task.run = on_resume;
	s->drain_timer.fire = on_drain_timer;
	imap_mailbox_init(&s->mailbox);
	buf_init(&s->pending, 1u << 20);
	s->framer = imap_framer_new(&lim->wire);
	if (!s->framer) {
		imap_session_free(s);
		return NULL;
	}
	return s;
}
