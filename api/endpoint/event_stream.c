#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "endpoint/event_feed.h"
#include "endpoint/event_text.h"

#define CHECK_SESSION_MS 60000
#define RETRY_MS         2000 /* of a client whose connection was lost */
/* Of those that a stopping server sends away: not all at the same moment. */
#define STOP_RETRY_MIN_MS    500
#define STOP_RETRY_SPREAD_MS 4000

/* --- life ----------------------------------------------------------------------- */

static void end_call(struct op **op, struct arena **mem)
{
	op_cancel(*op);
	*op = NULL;
	arena_free(*mem);
	*mem = NULL;
}

static void stream_free(struct event_stream *s)
{
	struct event_hub *h = s->feed->hub;

	if (s->is_poll)
		h->stats.polls--;
	else
		h->stats.streams--;
	end_call(&s->read, &s->read_mem);
	end_call(&s->check, &s->check_mem);
	loop_timer_stop(h->setup.loop, &s->wait);
	if (!s->is_poll)
		TAILQ_REMOVE(&h->beats, s, of_beats);
	event_feed_leave(s);
	account_release(s->account);
	account_unref(s->account);
	free(s->filter.folders);
	free(s);
}

/* --- a poll's answer --------------------------------------------------------------- */

static void answer(struct event_stream *s, struct event_page *p, bool has_more)
{
	struct problem busy = problem_of("busy");

	event_page_end(p, s->at, has_more);
	if (buf_err(&p->body))
		http_stream_problem(s->http, &busy);
	else
		http_stream_json(s->http, buf_bytes(&p->body));
	s->feed->hub->stats.events += p->count;
	buf_done(&p->body);
	stream_free(s);
}

static void on_waited(struct loop_timer *t)
{
	struct event_stream *s =
		(struct event_stream *)((char *)t - offsetof(struct event_stream, wait));
	struct event_page p;

	event_page_begin(&p);
	answer(s, &p, false);
}

/* --- reading the log ------------------------------------------------------------------ */

static void go_live(struct event_stream *s, bool has_place)
{
	struct event_feed *f = s->feed;

	s->state = EVENT_STREAM_LIVE;
	if (s->is_poll)
		return;
	/* Those that are live already may not have been told all that this one has. */
	if (!f->live++ && has_place)
		f->at = s->at;
	event_feed_read(f);
}

static void write_entries(struct event_stream *s, const struct state_entry *entries, size_t count)
{
	struct event_hub *h = s->feed->hub;

	buf_reset(&h->text);
	for (size_t i = 0; i < count; i++) {
		enum account_event_type type;
		struct folder_id folder;
		struct bytes members;

		if (!account_entry_parse(entries[i].data, &type, &folder, &members) ||
		    !event_filter_passes(&s->filter, type, &folder))
			continue;
		event_text_block(&h->text, type, entries[i].at, members);
		h->stats.events++;
	}
	if (h->text.len > 0)
		(void)http_stream_write(s->http, buf_bytes(&h->text));
}

static void write_reset(struct event_stream *s, struct state_cursor top)
{
	struct event_hub *h = s->feed->hub;

	buf_reset(&h->text);
	event_text_reset(&h->text, s->at, top);
	(void)http_stream_write(s->http, buf_bytes(&h->text));
	h->stats.resets++;
	s->at = top;
}

static void take_page(struct event_stream *s, const struct state_entry *entries, size_t count,
		      struct state_cursor last, bool has_more)
{
	write_entries(s, entries, count);
	s->at = last;
	if (!has_more)
		go_live(s, true);
	else if (http_stream_queued_bytes(s->http) < EVENT_QUEUE_HIGH_BYTES)
		event_stream_read(s);
}

static void take_page_of_poll(struct event_stream *s, const struct state_entry *entries,
			      size_t count, struct state_cursor last, bool has_more)
{
	struct event_page p;

	event_page_begin(&p);
	event_page_add(&p, &s->filter, entries, count);
	s->at = last;
	if (p.count > 0) {
		answer(s, &p, has_more);
		return;
	}
	buf_done(&p.body);
	if (has_more || s->has_news)
		event_stream_read(s);
	else
		go_live(s, true);
}

/* Without a log there will be one: its first news bring this stream back here. */
static void take_loss(struct event_stream *s, struct state_cursor top)
{
	struct event_page p;

	if (!top.epoch) {
		go_live(s, false);
	} else if (s->is_poll) {
		event_page_begin(&p);
		event_page_add_reset(&p, s->at, top);
		s->feed->hub->stats.resets++;
		s->at = top;
		answer(s, &p, false);
	} else {
		write_reset(s, top);
		go_live(s, true);
	}
}

static void on_read(void *ctx, enum err err, const struct state_entry *entries, size_t count,
		    struct state_cursor last, bool has_more)
{
	struct event_stream *s = ctx;
	struct arena *mem = s->read_mem;

	s->read = NULL;
	s->read_mem = NULL;
	/* While the store is away it stays behind: the next beat tries again. */
	if (err == ERR_NOT_FOUND)
		take_loss(s, last);
	else if (err == ERR_OK && s->is_poll)
		take_page_of_poll(s, entries, count, last, has_more);
	else if (err == ERR_OK)
		take_page(s, entries, count, last, has_more);
	arena_free(mem);
}

static void fall_behind(struct event_stream *s)
{
	if (s->state == EVENT_STREAM_LIVE && !s->is_poll)
		s->feed->live--;
	s->state = EVENT_STREAM_BEHIND;
}

void event_stream_read(struct event_stream *s)
{
	struct call call;

	fall_behind(s);
	if (s->read)
		return;
	s->has_news = false;
	s->read_mem = event_call_begin(&call);
	if (s->read_mem)
		s->read = state_log_read(s->feed->hub->setup.state, call,
					 bytes_of_str(s->feed->id.text), s->at, EVENT_PAGE_ENTRIES,
					 EVENT_PAGE_BYTES, on_read, s);
	if (!s->read)
		end_call(&s->read, &s->read_mem); /* the next beat tries again */
}

static void on_drain(void *ctx)
{
	struct event_stream *s = ctx;

	if (s->state == EVENT_STREAM_BEHIND)
		event_stream_read(s);
}

void event_stream_bring(struct event_stream *s, struct state_cursor at, struct bytes block)
{
	/* Slow readers take it from the log, when they have room. */
	if (http_stream_queued_bytes(s->http) > EVENT_QUEUE_HIGH_BYTES) {
		fall_behind(s);
		return;
	}
	s->at = at;
	s->feed->hub->stats.events++;
	(void)http_stream_write(s->http, block);
}

/* --- heartbeats ------------------------------------------------------------------------ */

static void on_checked(void *ctx, enum err err)
{
	struct event_stream *s = ctx;
	struct arena *mem = s->check_mem;

	s->check = NULL;
	s->check_mem = NULL;
	arena_free(mem);
	if (err != ERR_NOT_FOUND)
		return;
	s->feed->hub->stats.revoked++;
	event_stream_close(s);
}

/* Sessions end elsewhere, too: in another process, or because their time is over. */
static void check_session(struct event_stream *s)
{
	uint64_t now = clock_monotonic_ms();
	struct call call;

	if (!s->session[0] || s->check || now < s->check_due_ms)
		return;
	s->check_due_ms = now + CHECK_SESSION_MS;
	s->check_mem = event_call_begin(&call);
	if (s->check_mem)
		s->check = auth_session_check(&s->feed->hub->setup.sessions, call, s->feed->id.text,
					      s->session, on_checked, s);
	if (!s->check)
		end_call(&s->check, &s->check_mem);
}

static void write_mark(struct event_stream *s)
{
	struct buf *text = &s->feed->hub->text;

	buf_reset(text);
	if (s->at.epoch)
		event_text_mark(text, s->at);
	else
		buf_append_str(text, ":\n\n");
	(void)http_stream_write(s->http, buf_bytes(text));
}

static void follow(const struct event_stream *s)
{
	for (size_t i = 0; i < s->filter.folder_count; i++)
		account_follow(s->account, &s->filter.folders[i]);
}

void event_stream_beat(struct event_stream *s)
{
	bool is_waiting = http_stream_queued_bytes(s->http) > 0;
	uint64_t sent = http_stream_sent_bytes(s->http);

	if (is_waiting && sent == s->sent_before) {
		s->feed->hub->stats.slow++;
		http_stream_abort(s->http, HTTP_STREAM_SLOW);
		stream_free(s);
		return;
	}
	s->sent_before = sent;
	if (!is_waiting) {
		write_mark(s);
		if (s->state == EVENT_STREAM_BEHIND)
			event_stream_read(s);
	}
	follow(s);
	check_session(s);
	event_feed_read(s->feed);
}

/* --- the beginning and the end ----------------------------------------------------------- */

/* Those who are sent away come back, but not all of them at the same moment. */
static void write_goodbye(struct event_stream *s)
{
	struct buf text;
	uint16_t random = 0;

	buf_init(&text, 100);
	if (!hash_random((uint8_t *)&random, sizeof random))
		random = 0;
	buf_printf(&text, "retry: %u\n: The server stops. Connect again.\n\n",
		   STOP_RETRY_MIN_MS + random % STOP_RETRY_SPREAD_MS);
	(void)http_stream_write(s->http, buf_bytes(&text));
	buf_done(&text);
}

static void write_last_answer(struct event_stream *s)
{
	struct event_page p;

	event_page_begin(&p);
	event_page_end(&p, s->at, false);
	http_stream_head(s->http, 200, "application/json", p.body.len);
	(void)http_stream_write(s->http, buf_bytes(&p.body));
	buf_done(&p.body);
}

/* A poll gets an answer in any case; its next request is told why. */
void event_stream_close(struct event_stream *s)
{
	if (s->is_poll)
		write_last_answer(s);
	http_stream_end(s->http);
	stream_free(s);
}

static void on_end(void *ctx, enum http_stream_end why)
{
	struct event_stream *s = ctx;

	if (why == HTTP_STREAM_SLOW)
		s->feed->hub->stats.slow++;
	if (why == HTTP_STREAM_STOPPING && s->is_poll)
		write_last_answer(s);
	else if (why == HTTP_STREAM_STOPPING)
		write_goodbye(s);
	stream_free(s);
}

static bool copy_filter(struct event_stream *s, const struct event_filter *f)
{
	size_t bytes = f->folder_count * sizeof *f->folders;

	s->filter = *f;
	if (!f->folders)
		return true;
	s->filter.folders = malloc(bytes ? bytes : 1);
	if (s->filter.folders)
		memcpy(s->filter.folders, f->folders, bytes);
	return s->filter.folders != NULL;
}

static struct event_stream *stream_new(struct event_hub *h, const struct event_listener *l)
{
	struct event_stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->account = l->account;
	s->is_poll = l->is_poll;
	s->at = l->after;
	s->wait.fire = on_waited;
	snprintf(s->session, sizeof s->session, "%s", l->session);
	if (copy_filter(s, &l->filter))
		s->feed = event_feed_join(h, s);
	if (!s->feed) {
		free(s->filter.folders);
		free(s);
		return NULL;
	}
	account_ref(s->account);
	account_hold(s->account);
	follow(s);
	if (s->is_poll) {
		h->stats.polls++;
	} else {
		h->stats.streams++;
		event_beat_start(s);
	}
	return s;
}

static void begin_poll(struct event_stream *s, uint64_t wait_ms)
{
	struct problem busy = problem_of("busy");

	if (loop_timer_start(s->feed->hub->setup.loop, &s->wait, wait_ms)) {
		event_stream_read(s);
		return;
	}
	http_stream_problem(s->http, &busy);
	stream_free(s);
}

/* The mark comes first: whoever is cut off before its first event knows where to go
 * on from. */
static void begin_stream(struct event_stream *s)
{
	struct buf *text = &s->feed->hub->text;

	http_stream_on_drain(s->http, on_drain);
	http_stream_head(s->http, 200, "text/event-stream", UINT64_MAX);
	buf_reset(text);
	buf_printf(text, "retry: %d\n", RETRY_MS);
	if (s->at.epoch)
		event_text_mark(text, s->at);
	else
		buf_append_str(text, "\n");
	(void)http_stream_write(s->http, buf_bytes(text));
	event_stream_read(s);
}

bool event_hub_take(struct event_hub *h, struct request *rq, const struct event_listener *l)
{
	struct event_stream *s = stream_new(h, l);

	if (!s)
		return false;
	s->http = http_stream_take(rq, on_end, s);
	if (!s->http) {
		stream_free(s);
		return false;
	}
	if (s->is_poll)
		begin_poll(s, l->wait_ms);
	else
		begin_stream(s);
	return true;
}
