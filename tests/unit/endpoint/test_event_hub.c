/*
 * Streams and polls over a real server and the embedded state's log, in one process:
 * what a mail server cannot be made to do on demand (logs that are lost, readers that
 * are slow at the right moment). The account is a stand-in of its own: nobody watches
 * it, the test writes the log.
 */
#include "http/http_fixture.h"

#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "endpoint/event_cursor.h"
#include "endpoint/event_hub.h"

#define GET_EVENTS "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"

/* --- the account ----------------------------------------------------------------- */

struct account {
	struct account_id id;
	int refs, holds;
};

static struct account ada = { .id = { "8g6DTYgsdCRr" } };

struct account *account_ref(struct account *a)
{
	a->refs++;
	return a;
}

void account_unref(struct account *a)
{
	a->refs--;
}

void account_hold(struct account *a)
{
	a->holds++;
}

void account_follow(struct account *a, const struct folder_id *folder)
{
	(void)a;
	(void)folder;
}

void account_release(struct account *a)
{
	a->holds--;
}

const struct account_id *account_id(const struct account *a)
{
	return &a->id;
}

/* --- the world ----------------------------------------------------------------------- */

static struct fixture f;
static struct state *state;
static struct event_hub *hub;
static struct event_listener wanted; /* by the next GET /events */
static uint64_t epoch;
static struct state_cursor top;
static struct arena *mem;
static bool is_told;
static enum err told;

static void on_events(struct fixture *fixture, struct request *rq)
{
	(void)fixture;
	assert_true(event_hub_take(hub, rq, &wanted));
}

static struct call call(void)
{
	return (struct call){ .mem = mem, .deadline_ms = clock_monotonic_ms() + 60000 };
}

static void make_hub(uint64_t heartbeat_ms)
{
	hub = event_hub_new(&(struct event_hub_setup){ .loop = f.loop,
						       .state = state,
						       .sessions = { .state = state },
						       .heartbeat_ms = heartbeat_ms,
						       .per_account = 5 });
	assert_non_null(hub);
}

static void start(const struct state_limits *limits, uint64_t heartbeat_ms)
{
	fixture_init(&f);
	f.on_events = on_events;
	fixture_start(&f);
	state = state_memory_new(f.loop, limits);
	mem = arena_new(64 << 20);
	assert_true(state && mem);
	make_hub(heartbeat_ms);
	wanted = (struct event_listener){ .account = &ada, .session = "" };
}

static int setup(void **unused)
{
	(void)unused;
	start(&(struct state_limits){ .max_bytes = 1 << 20, .max_entries = 1000 }, 60000);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	http_server_free(f.server);
	assert_int_equal(event_hub_stats(hub).streams + event_hub_stats(hub).polls, 0);
	assert_int_equal(event_hub_stats(hub).feeds, 0);
	assert_int_equal(ada.refs, 0);
	assert_int_equal(ada.holds, 0);
	event_hub_free(hub);
	state_free(state);
	loop_free(f.loop);
	arena_free(mem);
	return 0;
}

static void on_open(void *ctx, enum err err, struct state_cursor at, struct state_cursor previous,
		    const struct state_baseline *baselines, size_t count)
{
	(void)ctx;
	(void)previous;
	(void)baselines;
	(void)count;
	is_told = true;
	told = err;
	top = at;
}

static void on_appended(void *ctx, enum err err, struct state_cursor at)
{
	(void)ctx;
	is_told = true;
	told = err;
	top = at;
}

static void wait_told(struct op *op)
{
	assert_non_null(op);
	is_told = false;
	fixture_wait(&f, is_told);
	assert_int_equal(told, ERR_OK);
}

static void open_log(void)
{
	wait_told(state_log_open(state, call(), bytes_of_str(ada.id.text), on_open, NULL));
	epoch = top.epoch;
}

/* An entry of this type and folder whose data says `text`, and is so long. */
static void append_long(enum account_event_type type, const char *folder, const char *text,
			size_t len)
{
	struct account_event ev = { .type = type };
	struct bytes entry;
	struct buf b;

	assert_true(!folder || folder_id_parse(bytes_of_str(folder), &ev.folder));
	buf_init(&b, 64 << 20);
	account_entry_begin(&b, &ev);
	buf_printf(&b, "\"x\":\"%s\"", text);
	if (b.len < len)
		buf_append_str(&b, ",\"y\":\"");
	while (b.len < len)
		buf_append_byte(&b, 'y');
	if (bytes_find(buf_bytes(&b), BYTES_LIT("\"y\"")) < b.len)
		buf_append_byte(&b, '"');
	entry = buf_bytes(&b);
	wait_told(state_log_append(state, call(), bytes_of_str(ada.id.text), epoch, &entry, 1, NULL,
				   0, on_appended, NULL));
	buf_done(&b);
}

#define INBOX "RQ2dsumWSJS7"
#define SENT  "pZJVMQyEU79j"

static void append(const char *text)
{
	append_long(EVENT_MESSAGE_DELETED, INBOX, text, 0);
}

/* --- clients ------------------------------------------------------------------------------ */

static void listen_at(struct client *c, struct state_cursor after)
{
	wanted.after = after;
	client_open(&f, c);
	client_send(c, GET_EVENTS);
	fixture_wait(&f, event_hub_stats(hub).streams + event_hub_stats(hub).polls > 0);
}

static size_t find(const struct client *c, const char *text)
{
	return bytes_find(buf_bytes(&c->in), bytes_of_str(text));
}

static void has_come(struct client *c, const char *text)
{
	fixture_wait(&f, (client_poll(c), find(c, text) < c->in.len));
}

static void has_come_event(struct client *c, const char *text)
{
	char want[100];

	snprintf(want, sizeof want, "\"x\":\"%s\"", text);
	has_come(c, want);
}

static unsigned count(const struct client *c, const char *text)
{
	struct bytes rest = buf_bytes(&c->in);
	unsigned n = 0;

	for (;;) {
		size_t at = bytes_find(rest, bytes_of_str(text));

		if (at == rest.len)
			return n;
		n++;
		rest = bytes_skip(rest, at + 1);
	}
}

/* --- event streams ---------------------------------------------------------------------------- */

static void a_stream_begins_with_its_place_and_goes_on(void **unused)
{
	char begin[200], id[EVENT_CURSOR_BYTES], event[300];
	struct client c;

	(void)unused;
	open_log();
	listen_at(&c, top);
	event_cursor_format(top, id);
	snprintf(begin, sizeof begin, "\r\n\r\nretry: 2000\nid: %s\n\n", id);
	has_come(&c, begin);
	append("one");
	event_cursor_format(top, id);
	snprintf(event, sizeof event,
		 "event: message.deleted\nid: %s\ndata: {\"id\":\"%s\",\"x\":\"one\"}\n\n", id, id);
	has_come(&c, event);
	append("two");
	has_come_event(&c, "two");
	assert_int_equal(count(&c, "data: "), 2);
	client_close(&c);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void who_resumes_gets_what_it_missed_once(void **unused)
{
	struct state_cursor first;
	struct client c, d;

	(void)unused;
	open_log();
	append("one");
	first = top;
	append("two");
	append("three");
	listen_at(&c, first);
	has_come_event(&c, "three");
	/* Another one, from elsewhere, on the same feed. */
	listen_at(&d, top);
	append("four");
	has_come_event(&c, "four");
	has_come_event(&d, "four");
	assert_int_equal(count(&c, "data: "), 3);
	assert_true(find(&c, "\"two\"") < find(&c, "\"three\""));
	assert_true(find(&c, "\"one\"") == c.in.len);
	assert_int_equal(count(&d, "data: "), 1);
	assert_int_equal(event_hub_stats(hub).feeds, 1);
	client_close(&c);
	client_close(&d);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void a_cursor_that_is_lost_is_reset_to_the_end(void **unused)
{
	struct client c;
	char id[EVENT_CURSOR_BYTES], event[200];

	(void)unused;
	open_log();
	append("one");
	listen_at(&c, (struct state_cursor){ 5, 5 });
	event_cursor_format(top, id);
	snprintf(event, sizeof event,
		 "event: reset\nid: %s\ndata: {\"id\":\"%s\",\"type\":\"reset\"", id, id);
	has_come(&c, event);
	has_come(&c, "\"reason\":\"log-expired\",\"folderId\":null}\n\n");
	append("two");
	has_come_event(&c, "two");
	assert_int_equal(count(&c, "data: "), 2);
	client_close(&c);
	listen_at(&c, (struct state_cursor){ UINT64_MAX, 5 });
	has_come(&c, "\"reason\":\"log-lost\",\"folderId\":null}\n\n");
	client_close(&c);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
	assert_int_equal(event_hub_stats(hub).resets, 2);
}

static void what_a_filter_holds_back_moves_the_place_all_the_same(void **unused)
{
	struct folder_id sent[] = { { SENT } };
	char mark[100], id[EVENT_CURSOR_BYTES];
	struct client c;

	(void)unused;
	(void)teardown(NULL);
	start(&(struct state_limits){ .max_bytes = 1 << 20, .max_entries = 1000 }, 50);
	open_log();
	append("missed"); /* it resumes from before this one */
	wanted.filter = (struct event_filter){ .folders = sent, .folder_count = 1 };
	listen_at(&c, (struct state_cursor){ epoch, 0 });
	append("inbox");
	append_long(EVENT_MESSAGE_UPDATED, SENT, "sent", 0);
	append_long(EVENT_ACCOUNT_CONNECTED, NULL, "connected", 0);
	has_come_event(&c, "connected");
	append("last");
	event_cursor_format(top, id);
	snprintf(mark, sizeof mark, "\n\nid: %s\n\n", id);
	has_come(&c, mark); /* with a heartbeat */
	assert_int_equal(count(&c, "data: "), 2);
	assert_true(find(&c, "\"sent\"") < c.in.len);
	client_close(&c);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

/* As much as sockets hold, and then some. */
#define FLOOD       400
#define FLOOD_BYTES 40000

static void who_reads_slowly_takes_it_from_the_log(void **unused)
{
	struct client c;

	(void)unused;
	(void)teardown(NULL);
	start(&(struct state_limits){ .max_bytes = 1 << 20,
				      .max_entries = 1000,
				      .log_max_bytes = 64 << 20 },
	      60000);
	open_log();
	listen_at(&c, top);
	for (int i = 0; i < FLOOD; i++)
		append_long(EVENT_MESSAGE_DELETED, INBOX, "flood", FLOOD_BYTES);
	append("last");
	/* It has not read a byte so far; all is there for it, once and in order. */
	has_come_event(&c, "last");
	assert_int_equal(count(&c, "\"flood\""), FLOOD);
	assert_int_equal(count(&c, "data: "), FLOOD + 1);
	assert_int_equal(event_hub_stats(hub).slow, 0);
	append("and on");
	has_come_event(&c, "and on");
	client_close(&c);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void who_does_not_read_is_dropped_and_resumes(void **unused)
{
	struct state_cursor before;
	struct client c;

	(void)unused;
	(void)teardown(NULL);
	start(&(struct state_limits){ .max_bytes = 1 << 20,
				      .max_entries = 1000,
				      .log_max_bytes = 64 << 20 },
	      200);
	open_log();
	before = top;
	listen_at(&c, top);
	for (int i = 0; i < FLOOD; i++)
		append_long(EVENT_MESSAGE_DELETED, INBOX, "flood", FLOOD_BYTES);
	fixture_wait(&f, event_hub_stats(hub).slow == 1);
	assert_int_equal(event_hub_stats(hub).streams, 0);
	client_close(&c);
	/* The rest is not to depend on how long this process may run at a time. */
	event_hub_free(hub);
	make_hub(60000);
	append("last");
	listen_at(&c, before);
	has_come_event(&c, "last");
	assert_int_equal(count(&c, "\"flood\""), FLOOD);
	client_close(&c);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void a_log_that_goes_is_a_reset_for_all(void **unused)
{
	struct client c, d;

	(void)unused;
	(void)teardown(NULL);
	start(&(struct state_limits){ .max_bytes = 1 << 20,
				      .max_entries = 1000,
				      .log_max_entries = 3 },
	      60000);
	open_log();
	listen_at(&c, top);
	listen_at(&d, top);
	append("one");
	has_come_event(&c, "one");
	has_come_event(&d, "one");
	/* More at once than is kept: nobody can have read it. */
	{
		struct bytes entries[5];

		for (int i = 0; i < 5; i++)
			entries[i] = BYTES_LIT("\3RQ2dsumWSJS7\"x\":\"many\"");
		wait_told(state_log_append(state, call(), bytes_of_str(ada.id.text), epoch, entries,
					   5, NULL, 0, on_appended, NULL));
	}
	has_come(&c, "event: reset\n");
	has_come(&d, "event: reset\n");
	append("two");
	has_come_event(&c, "two");
	has_come_event(&d, "two");
	assert_int_equal(count(&c, "data: "), 3);
	assert_int_equal(count(&d, "data: "), 3);
	client_close(&c);
	client_close(&d);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void a_log_that_comes_later_is_found(void **unused)
{
	struct client c;

	(void)unused;
	listen_at(&c, (struct state_cursor){ 5, 5 });
	has_come(&c, "retry: ");
	open_log();
	append("one");
	has_come(&c, "event: reset\n");
	append("two");
	has_come_event(&c, "two");
	assert_int_equal(count(&c, "data: "), 2);
	client_close(&c);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void streams_of_a_session_end_with_it(void **unused)
{
	struct client c, d;

	(void)unused;
	open_log();
	wanted.session = "AAAAAAAAAAAA";
	listen_at(&c, top);
	wanted.session = "BBBBBBBBBBBB";
	listen_at(&d, top);
	fixture_wait(&f, event_hub_stats(hub).streams == 2);
	event_hub_end_session(hub, ada.id.text, BYTES_LIT("AAAAAAAAAAAA"));
	fixture_wait(&f, (client_poll(&c), c.is_closed));
	assert_int_equal(event_hub_stats(hub).streams, 1);
	append("one");
	has_come_event(&d, "one");
	client_close(&c);
	client_close(&d);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void there_is_room_for_so_many(void **unused)
{
	struct client c[5];

	(void)unused;
	open_log();
	for (unsigned i = 0; i < 5; i++) {
		assert_true(event_hub_has_room(hub, &ada));
		listen_at(&c[i], top);
		fixture_wait(&f, event_hub_stats(hub).streams == i + 1);
	}
	assert_false(event_hub_has_room(hub, &ada));
	client_close(&c[2]);
	fixture_wait(&f, event_hub_stats(hub).streams == 4);
	assert_true(event_hub_has_room(hub, &ada));
	for (unsigned i = 0; i < 5; i++)
		if (i != 2)
			client_close(&c[i]);
	fixture_wait(&f, event_hub_stats(hub).streams == 0);
}

static void a_server_that_stops_sends_them_away(void **unused)
{
	struct client c, d;

	(void)unused;
	open_log();
	listen_at(&c, top);
	wanted.is_poll = true;
	wanted.wait_ms = 50000;
	listen_at(&d, top);
	fixture_wait(&f, event_hub_stats(hub).polls == 1);
	http_server_stop(f.server, NULL, NULL);
	has_come(&c, "\n: The server stops. Connect again.\n\n");
	assert_true(count(&c, "retry: ") == 2);
	has_come(&d, "{\"events\":[],\"cursor\":\"");
	fixture_wait(&f, (client_poll(&c), c.is_closed));
	fixture_wait(&f, (client_poll(&d), d.is_closed));
	client_close(&c);
	client_close(&d);
}

/* --- polls ---------------------------------------------------------------------------------- */

static void a_poll_is_answered_with_what_comes(void **unused)
{
	struct folder_id inbox[] = { { INBOX } };
	char tail[100], id[EVENT_CURSOR_BYTES];
	struct answer a;
	struct client c;

	(void)unused;
	open_log();
	wanted.is_poll = true;
	wanted.wait_ms = 50000;
	wanted.filter = (struct event_filter){ .folders = inbox, .folder_count = 1 };
	listen_at(&c, top);
	append_long(EVENT_MESSAGE_DELETED, SENT, "not this", 0);
	append("one");
	event_cursor_format(top, id);
	assert_true(client_read(&c, false, &a));
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_field(&a, "Content-Type"), "application/json");
	snprintf(tail, sizeof tail, "\"x\":\"one\"}],\"cursor\":\"%s\",\"hasMore\":false}", id);
	assert_true(bytes_ends_with(buf_bytes(&a.body), bytes_of_str(tail)));
	assert_true(bytes_starts_with(buf_bytes(&a.body), BYTES_LIT("{\"events\":[{\"id\":\"e1.")));
	assert_int_equal(bytes_find(buf_bytes(&a.body), BYTES_LIT("not this")), a.body.len);
	answer_done(&a);
	client_close(&c);
}

static void a_poll_that_waits_in_vain_has_a_cursor(void **unused)
{
	char want[100], id[EVENT_CURSOR_BYTES];
	struct folder_id sent[] = { { SENT } };
	struct answer a;
	struct client c;

	(void)unused;
	open_log();
	wanted.is_poll = true;
	wanted.wait_ms = 50;
	wanted.filter = (struct event_filter){ .folders = sent, .folder_count = 1 };
	append("one");
	listen_at(&c, (struct state_cursor){ epoch, 0 });
	event_cursor_format(top, id);
	assert_true(client_read(&c, false, &a));
	snprintf(want, sizeof want, "{\"events\":[],\"cursor\":\"%s\",\"hasMore\":false}", id);
	assert_bytes_equal_str(buf_bytes(&a.body), want);
	answer_done(&a);
	client_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define HUB_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		HUB_TEST(a_stream_begins_with_its_place_and_goes_on),
		HUB_TEST(who_resumes_gets_what_it_missed_once),
		HUB_TEST(a_cursor_that_is_lost_is_reset_to_the_end),
		HUB_TEST(what_a_filter_holds_back_moves_the_place_all_the_same),
		HUB_TEST(who_reads_slowly_takes_it_from_the_log),
		HUB_TEST(who_does_not_read_is_dropped_and_resumes),
		HUB_TEST(a_log_that_goes_is_a_reset_for_all),
		HUB_TEST(a_log_that_comes_later_is_found),
		HUB_TEST(streams_of_a_session_end_with_it),
		HUB_TEST(there_is_room_for_so_many),
		HUB_TEST(a_server_that_stops_sends_them_away),
		HUB_TEST(a_poll_is_answered_with_what_comes),
		HUB_TEST(a_poll_that_waits_in_vain_has_a_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
