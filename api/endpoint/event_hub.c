#include "endpoint/event_feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "endpoint/event_text.h"

#define STORE_TIMEOUT_MS  10000
#define CALL_MAX_BYTES    (1u << 20)
#define TEXT_MAX_BYTES    (64u << 20) /* one event; its log keeps less */
#define TEXT_KEPT_BYTES   (256u << 10)
#define BEATS_AT_ONCE_MAX 500
/* A note to other processes: the session of this id is no more. */
#define ENDED "ended "

struct arena *event_call_begin(struct call *ret)
{
	struct arena *mem = arena_new(CALL_MAX_BYTES);

	*ret = (struct call){ .mem = mem, .deadline_ms = clock_monotonic_ms() + STORE_TIMEOUT_MS };
	return mem;
}

/* --- telling ------------------------------------------------------------------ */

static bool is_for(const struct event_stream *s, const struct state_entry *e)
{
	return !s->is_poll && s->state == EVENT_STREAM_LIVE &&
	       state_cursor_compare(e->at, s->at) > 0;
}

/* One text for all who want it. */
static void fan_out(struct event_feed *f, const struct state_entry *e)
{
	struct buf *text = &f->hub->text;
	enum account_event_type type;
	struct folder_id folder;
	struct event_stream *s;
	struct bytes members;

	if (!account_entry_parse(e->data, &type, &folder, &members))
		return;
	buf_reset(text);
	event_text_block(text, type, e->at, members);
	TAILQ_FOREACH(s, &f->streams, of_feed)
	{
		if (!is_for(s, e))
			continue;
		if (event_filter_passes(&s->filter, type, &folder))
			event_stream_bring(s, e->at, buf_bytes(text));
		else
			s->at = e->at;
	}
}

/* They lost their place, all at once. */
static void send_all_to_read(struct event_feed *f)
{
	struct event_stream *s;

	TAILQ_FOREACH(s, &f->streams, of_feed)
	{
		if (!s->is_poll && s->state == EVENT_STREAM_LIVE)
			event_stream_read(s);
	}
}

static void free_if_unused(struct event_feed *f)
{
	if (f->count > 0 || f->is_busy)
		return;
	state_log_unlisten(&f->listener);
	state_unhear(&f->ear);
	op_cancel(f->read);
	arena_free(f->mem);
	keymap_remove(&f->hub->feeds, &f->node);
	f->hub->stats.feeds--;
	free(f);
}

static void on_read(void *ctx, enum err err, const struct state_entry *entries, size_t count,
		    struct state_cursor last, bool has_more)
{
	struct event_feed *f = ctx;
	struct arena *mem = f->mem;

	f->read = NULL;
	f->mem = NULL;
	f->is_busy = true;
	if (err == ERR_OK) {
		for (size_t i = 0; i < count; i++)
			fan_out(f, &entries[i]);
		f->at = last;
		f->has_news |= has_more;
	} else if (err == ERR_NOT_FOUND) {
		f->at = last;
		send_all_to_read(f);
	} else {
		f->has_news = true; /* the next beat tries again */
	}
	arena_free(mem);
	f->is_busy = false;
	if (err == ERR_OK)
		event_feed_read(f);
	free_if_unused(f);
}

void event_feed_read(struct event_feed *f)
{
	struct call call;

	if (f->read || !f->has_news || !f->live)
		return;
	f->mem = event_call_begin(&call);
	if (f->mem)
		f->read = state_log_read(f->hub->setup.state, call, bytes_of_str(f->id.text), f->at,
					 EVENT_PAGE_ENTRIES, EVENT_PAGE_BYTES, on_read, f);
	if (f->read) {
		f->has_news = false;
		return;
	}
	arena_free(f->mem);
	f->mem = NULL;
}

static void on_news(struct state_listener *l)
{
	struct event_feed *f =
		(struct event_feed *)((char *)l - offsetof(struct event_feed, listener));
	struct event_stream *s;

	f->has_news = true;
	TAILQ_FOREACH(s, &f->streams, of_feed)
	{
		if (!s->is_poll)
			continue;
		s->has_news = true;
		if (s->state == EVENT_STREAM_LIVE)
			event_stream_read(s);
	}
	event_feed_read(f);
}

static void end_session(struct event_feed *f, struct bytes session)
{
	struct event_stream *s, *next;

	f->is_busy = true;
	for (s = TAILQ_FIRST(&f->streams); s; s = next) {
		next = TAILQ_NEXT(s, of_feed);
		if (!bytes_equal_str(session, s->session))
			continue;
		f->hub->stats.revoked++;
		event_stream_close(s);
	}
	f->is_busy = false;
	free_if_unused(f);
}

/* Other notes on the account's id are others'. */
static void on_note(struct state_ear *e, struct bytes note)
{
	struct event_feed *f = (struct event_feed *)((char *)e - offsetof(struct event_feed, ear));

	if (bytes_starts_with(note, BYTES_LIT(ENDED)))
		end_session(f, bytes_skip(note, sizeof ENDED - 1));
}

/* --- feeds ---------------------------------------------------------------------- */

static struct event_feed *find(const struct event_hub *h, const char *account)
{
	return (struct event_feed *)keymap_find(&h->feeds, bytes_of_str(account));
}

static struct event_feed *feed_new(struct event_hub *h, const struct account_id *id)
{
	struct event_feed *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->hub = h;
	f->id = *id;
	f->node.key = bytes_of_str(f->id.text);
	f->listener.on_news = on_news;
	TAILQ_INIT(&f->streams);
	if (state_log_listen(h->setup.state, f->node.key, &f->listener) != ERR_OK) {
		free(f);
		return NULL;
	}
	f->ear.on_note = on_note;
	/* Else the next heartbeat finds out. */
	(void)!state_hear(h->setup.state, f->node.key, &f->ear);
	keymap_insert(&h->feeds, &f->node);
	h->stats.feeds++;
	return f;
}

struct event_feed *event_feed_join(struct event_hub *h, struct event_stream *s)
{
	const struct account_id *id = account_id(s->account);
	struct event_feed *f = find(h, id->text);

	if (!f)
		f = feed_new(h, id);
	if (!f)
		return NULL;
	TAILQ_INSERT_TAIL(&f->streams, s, of_feed);
	f->count++;
	return f;
}

void event_feed_leave(struct event_stream *s)
{
	struct event_feed *f = s->feed;

	TAILQ_REMOVE(&f->streams, s, of_feed);
	f->count--;
	if (!s->is_poll && s->state == EVENT_STREAM_LIVE)
		f->live--;
	free_if_unused(f);
}

/* --- heartbeats ------------------------------------------------------------------- */

static void expect_beat(struct event_hub *h)
{
	const struct event_stream *first = TAILQ_FIRST(&h->beats);

	/* Started with the first stream and then moved, which needs no memory. */
	if (first && !loop_timer_start_at(h->setup.loop, &h->beat, first->beat_due_ms))
		loop_timer_stop(h->setup.loop, &h->beat);
}

static void on_beat(struct loop_timer *t)
{
	struct event_hub *h = (struct event_hub *)((char *)t - offsetof(struct event_hub, beat));
	uint64_t now = clock_monotonic_ms();
	struct event_stream *s;

	/* The others come in the next turn: requests are not to wait for all of them. */
	for (int n = 0; n < BEATS_AT_ONCE_MAX; n++) {
		s = TAILQ_FIRST(&h->beats);
		if (!s || s->beat_due_ms > now)
			break;
		TAILQ_REMOVE(&h->beats, s, of_beats);
		event_beat_start(s);
		event_stream_beat(s); /* which may be its end */
	}
	expect_beat(h);
}

void event_beat_start(struct event_stream *s)
{
	struct event_hub *h = s->feed->hub;

	s->beat_due_ms = clock_monotonic_ms() + h->setup.heartbeat_ms;
	TAILQ_INSERT_TAIL(&h->beats, s, of_beats);
	if (!loop_timer_is_on(&h->beat))
		expect_beat(h);
}

/* --- the hub ------------------------------------------------------------------------ */

struct event_hub *event_hub_new(const struct event_hub_setup *setup)
{
	struct event_hub *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->setup = *setup;
	h->beat.fire = on_beat;
	TAILQ_INIT(&h->beats);
	buf_init(&h->text, TEXT_MAX_BYTES);
	if (keymap_init(&h->feeds))
		return h;
	free(h);
	return NULL;
}

void event_hub_free(struct event_hub *h)
{
	if (!h)
		return;
	loop_timer_stop(h->setup.loop, &h->beat);
	buf_done(&h->text);
	free(h);
}

bool event_hub_has_room(const struct event_hub *h, const struct account *a)
{
	const struct event_feed *f = find(h, account_id(a)->text);

	return !f || f->count < h->setup.per_account;
}

void event_hub_end_session(struct event_hub *h, const char *account, struct bytes session)
{
	struct event_feed *f = find(h, account);
	char note[sizeof ENDED + AUTH_ID_BYTES];

	snprintf(note, sizeof note, ENDED "%.*s", BYTES_FMT(session));
	state_say(h->setup.state, bytes_of_str(account), bytes_of_str(note));
	if (f)
		end_session(f, session);
}

struct event_hub_stats event_hub_stats(const struct event_hub *h)
{
	return h->stats;
}
