#include "http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* --- an operation that ends after a while, or never ------------------------------------- */

struct later {
	struct op op;
	struct fixture *fixture;
	struct request *rq;
	struct loop_timer timer;
	void (*done)(struct request *rq);
};

static void later_cancel(struct op *op)
{
	struct later *l = (struct later *)op;

	loop_timer_stop(l->fixture->loop, &l->timer);
	l->fixture->cancelled++;
	free(l);
}

static const struct op_class later_class = { .cancel = later_cancel };

static void later_fire(struct loop_timer *t)
{
	struct later *l = (struct later *)(void *)((char *)t - offsetof(struct later, timer));
	struct request *rq = l->rq;

	request_op_done(rq);
	l->done(rq);
	free(l);
}

static struct op *later(struct request *rq, uint64_t ms, void (*done)(struct request *rq))
{
	struct fixture *f = request_app(rq);
	struct later *l = calloc(1, sizeof *l);

	assert_non_null(l);
	l->op.cls = &later_class;
	l->fixture = f;
	l->rq = rq;
	l->timer.fire = later_fire;
	l->done = done;
	f->started++;
	if (ms != UINT64_MAX)
		assert_true(loop_timer_start(f->loop, &l->timer, ms));
	return &l->op;
}

/* --- routes ----------------------------------------------------------------------------------- */

static void reply_text(struct request *rq, const char *json)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_append_str(&b, json);
	reply_json(rq, 200, &b, BYTES_NULL);
	assert_int_equal(b.len, 0);
}

static void reply_now(struct request *rq)
{
	reply_text(rq, "{\"now\":true}");
}

static void get_later(struct request *rq)
{
	request_wait(rq, later(rq, request_param_uint(rq, "ms", 0), reply_now));
}

static void on_end(void *ctx)
{
	((struct fixture *)ctx)->ended++;
}

static void get_never(struct request *rq)
{
	request_on_end(rq, on_end, request_app(rq));
	request_wait(rq, later(rq, UINT64_MAX, reply_now));
}

static void on_answer(void *ctx, const struct request_answer *a)
{
	struct fixture *f = ctx;

	f->heard++;
	f->heard_status = a ? a->status : 0;
	if (a)
		assert_bytes_equal_str(a->body, "{\"now\":true}\n");
}

/* Goes on without its client. */
static void get_lasting(struct request *rq)
{
	struct fixture *f = request_app(rq);
	struct op *op = later(rq, UINT64_MAX, reply_now);

	f->lasting = (struct later *)op;
	request_outlive_client(rq);
	request_on_answer(rq, on_answer, f);
	request_wait(rq, op);
}

void fixture_end_lasting(struct fixture *f)
{
	later_fire(&f->lasting->timer);
	f->lasting = NULL;
}

static void get_nothing(struct request *rq)
{
	request_wait(rq, NULL);
}

static void post_echo(struct request *rq)
{
	reply_bytes(rq, 200, "application/octet-stream", request_body(rq));
}

static void delete_thing(struct request *rq)
{
	reply_empty(rq, 204);
}

static void get_tagged(struct request *rq)
{
	struct buf b;

	buf_init(&b, 1000);
	buf_append_str(&b, "{\"tagged\":true}");
	reply_json(rq, 200, &b, BYTES_LIT("v1"));
}

static void get_hashed(struct request *rq)
{
	struct buf b;

	buf_init(&b, 1000);
	buf_append_str(&b, "{}");
	reply_json_tagged(rq, 200, &b);
}

static void get_item(struct request *rq)
{
	struct buf b;

	buf_init(&b, 4000);
	buf_printf(&b, "%.*s|%.*s", BYTES_FMT(request_path_param(rq, "id")),
		   BYTES_FMT(request_path_param(rq, "part")));
	reply_bytes(rq, 200, "text/plain; charset=utf-8", buf_bytes(&b));
	buf_done(&b);
}

/* What the request knows of who asks. */
static void get_me(struct request *rq)
{
	char text[600];

	snprintf(text, sizeof text, "origin=%.*s client=%.*s browser=%d cookie=%.*s",
		 BYTES_FMT(request_origin(rq)), BYTES_FMT(request_client(rq)),
		 request_is_from_browser(rq), BYTES_FMT(request_cookie(rq, "session")));
	reply_bytes(rq, 200, "text/plain", bytes_of_str(text));
}

static void get_odd_header(struct request *rq)
{
	reply_header(rq, "X-Odd", BYTES_LIT("a\r\nX-Injected: yes"));
	reply_text(rq, "{}");
}

static void get_headers(struct request *rq)
{
	reply_header(rq, "Cache-Control", BYTES_LIT("no-store"));
	reply_header(rq, "Link", BYTES_LIT("</a>; rel=\"next\""));
	reply_header(rq, "Link", BYTES_LIT("</b>; rel=\"prev\""));
	reply_header(rq, "X-Once", BYTES_LIT("first"));
	reply_header(rq, "x-once", BYTES_LIT("second"));
	reply_disposition(rq, "attachment", BYTES_LIT("Größe.pdf"));
	reply_text(rq, "{}");
}

static void get_fault(struct request *rq)
{
	struct fault fault = fault_from_server(ERR_BUSY, "imap", BYTES_LIT("INUSE"),
					       BYTES_LIT("Mailbox in use"));

	reply_fault(rq, &fault);
}

static void get_static(struct request *rq)
{
	reply_static(rq, "text/html; charset=utf-8", BYTES_LIT("<!doctype html>\n"),
		     BYTES_LIT("s1"));
}

static void get_file(struct request *rq)
{
	static const struct reply_file both = {
		"text/css", { (const uint8_t *)"plain", 5 }, { (const uint8_t *)"gzipped", 7 }, "f1"
	};
	static const struct reply_file packed = {
		"text/css", { NULL, 0 }, { (const uint8_t *)"gzipped", 7 }, "f2"
	};

	reply_file(rq, bytes_equal_str(request_path_param(rq, "name"), "both") ? &both : &packed);
}

/* --- a streamed answer --------------------------------------------------------------------------
 */

struct flood {
	struct op op;
	struct fixture *fixture;
	struct request *rq;
	struct loop_task task;
	uint64_t left;
	bool is_paused, is_cut, is_slow_to_end;
	struct loop_timer end;
};

static void flood_cancel(struct op *op)
{
	struct flood *fl = (struct flood *)op;

	loop_task_stop(&fl->task);
	loop_timer_stop(fl->fixture->loop, &fl->end);
	fl->fixture->cancelled++;
	free(fl);
}

static void flood_resume(struct op *op)
{
	struct flood *fl = (struct flood *)op;

	fl->is_paused = false;
	loop_task_start(fl->fixture->loop, &fl->task);
}

static const struct op_class flood_class = { .cancel = flood_cancel, .resume = flood_resume };

static void flood_drained(void *ctx)
{
	struct flood *fl = ctx;

	fl->fixture->drains++;
	op_resume(&fl->op);
}

static void flood_finish(struct flood *fl)
{
	struct request *rq = fl->rq;

	request_op_done(rq);
	reply_stream_end(rq, !fl->is_cut);
	free(fl);
}

static void flood_end(struct loop_timer *t)
{
	flood_finish((struct flood *)(void *)((char *)t - offsetof(struct flood, end)));
}

static void flood_run(struct loop_task *t)
{
	struct flood *fl = (struct flood *)(void *)((char *)t - offsetof(struct flood, task));
	static const char piece[8192] = { [0 ... 8191] = 'x' };

	while (fl->left > 0 && !fl->is_paused) {
		size_t n = fl->left < sizeof piece ? (size_t)fl->left : sizeof piece;

		fl->left -= n;
		if (reply_stream_data(fl->rq, bytes_of(piece, n)) == FLOW_PAUSE) {
			fl->is_paused = true;
			fl->fixture->pauses++;
		}
	}
	if (fl->is_paused)
		return;
	if (fl->is_slow_to_end)
		assert_true(loop_timer_start(fl->fixture->loop, &fl->end, 20));
	else
		flood_finish(fl);
}

static void get_flood(struct request *rq)
{
	struct fixture *f = request_app(rq);
	uint64_t size = request_param_uint(rq, "size", 0);
	bool is_known = request_param_bool(rq, "known", true);
	struct flood *fl = calloc(1, sizeof *fl);

	assert_non_null(fl);
	*fl = (struct flood){ .op.cls = &flood_class, .fixture = f, .rq = rq, .left = size };
	fl->is_cut = request_param_bool(rq, "cut", false);
	fl->is_slow_to_end = request_param_bool(rq, "slowEnd", false);
	fl->task.run = flood_run;
	fl->end.fire = flood_end;
	f->started++;
	reply_stream(rq, 200, "application/octet-stream",
		     is_known ? size + request_param_uint(rq, "more", 0) : UINT64_MAX,
		     flood_drained, fl);
	loop_task_start(f->loop, &fl->task);
	request_wait(rq, &fl->op);
}

/* --- a taken socket
 * --------------------------------------------------------------------------------- */

static void on_stream_end(void *ctx, enum http_stream_end why)
{
	struct fixture *f = ctx;

	f->stream_end = (int)why;
	if (why == HTTP_STREAM_STOPPING)
		http_stream_write(f->stream, BYTES_LIT("data: bye\n\n"));
	f->stream = NULL;
}

static void take(struct request *rq)
{
	struct fixture *f = request_app(rq);

	reply_header(rq, "X-Accel-Buffering", BYTES_LIT("no"));
	f->stream_end = -1;
	f->stream = http_stream_take(rq, on_stream_end, f);
	assert_non_null(f->stream);
}

static void get_events(struct request *rq)
{
	struct fixture *f = request_app(rq);

	if (f->on_events)
		f->on_events(f, rq);
	else
		take(rq);
}

static void get_events_later(struct request *rq)
{
	request_wait(rq, later(rq, 1, take));
}

/* --- the fixture
 * -------------------------------------------------------------------------------------- */

static const struct param_spec later_params[] = { { "ms", PARAM_UINT, .max = 60000 },
						  { "limit", PARAM_UINT, .min = 1, .max = 500 },
						  { NULL } };
static const struct param_spec flood_params[] = {
	{ "size", PARAM_UINT }, { "known", PARAM_BOOL },   { "cut", PARAM_BOOL },
	{ "more", PARAM_UINT }, { "slowEnd", PARAM_BOOL }, { NULL },
};

static const struct route routes[] = {
	{ HTTP_GET, "/now", "getNow", .handle = reply_now },
	{ HTTP_GET, "/later", "getLater", .params = later_params, .handle = get_later },
	{ HTTP_GET, "/never", "getNever", .handle = get_never },
	{ HTTP_GET, "/lasting", "getLasting", .handle = get_lasting },
	{ HTTP_GET, "/nothing", "getNothing", .handle = get_nothing },
	{ HTTP_POST, "/echo", "postEcho", .body_max = 1000, .body_types = "application/json",
	  .answers = "*", .handle = post_echo },
	{ HTTP_POST, "/big", "postBig", .body_max = 1 << 20,
	  .body_types = "message/rfc822,text/plain", .answers = "*", .handle = post_echo },
	{ HTTP_POST, "/private", "postPrivate", ROUTE_ACCOUNT, 1000, "application/json",
	  .answers = "*", .handle = post_echo },
	{ HTTP_GET, "/private", "getPrivate", ROUTE_ACCOUNT, .handle = reply_now },
	{ HTTP_DELETE, "/thing", "deleteThing", .handle = delete_thing },
	{ HTTP_GET, "/tagged", "getTagged", .handle = get_tagged },
	{ HTTP_GET, "/hashed", "getHashed", .handle = get_hashed },
	{ HTTP_GET, "/items/{id}/{part}", "getItem", .answers = "text/plain", .handle = get_item },
	{ HTTP_GET, "/me", "getMe", .answers = "*", .handle = get_me },
	{ HTTP_GET, "/odd", "getOdd", .handle = get_odd_header },
	{ HTTP_GET, "/headers", "getHeaders", .handle = get_headers },
	{ HTTP_GET, "/fault", "getFault", .handle = get_fault },
	{ HTTP_GET, "/static", "getStatic", .answers = "text/html", .handle = get_static },
	{ HTTP_GET, "/files/{name}", "getFile", .answers = "*", .handle = get_file },
	{ HTTP_GET, "/flood", "getFlood", .params = flood_params, .answers = "*",
	  .handle = get_flood },
	{ HTTP_GET, "/events", "getEvents", .answers = "text/event-stream", .handle = get_events },
	{ HTTP_GET, "/events/later", "getEventsLater", .answers = "text/event-stream",
	  .handle = get_events_later },
};
static const struct route_table table = { routes, sizeof routes / sizeof routes[0] };

static void release_user(void *user)
{
	((struct fixture *)user)->released++;
}

static void let_in(struct request *rq)
{
	request_set_user(rq, request_app(rq), release_user);
	request_set_log_account(rq, "acc1");
	request_dispatch(rq);
}

/* "good" at once, "slow" after a moment. */
static void authenticate(struct request *rq, void *ctx)
{
	struct problem p = problem_of("invalid-credentials");
	struct bytes who = request_header(rq, "Authorization");

	(void)ctx;
	if (bytes_equal_str(who, "Bearer good")) {
		let_in(rq);
	} else if (bytes_equal_str(who, "Bearer slow")) {
		request_wait(rq, later(rq, 1, let_in));
	} else {
		reply_header(rq, "WWW-Authenticate", BYTES_LIT("Bearer"));
		reply_problem(rq, &p);
	}
}

void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ .stream_end = -1 };
	f->config = (struct http_config){ .listen = "127.0.0.1:0",
					  .connections_max = 2000,
					  .header_timeout_ms = 20000,
					  .body_timeout_ms = 20000,
					  .idle_timeout_ms = 60000,
					  .request_timeout_ms = 20000,
					  .drain_timeout_ms = 5000 };
	log_set_level(LOG_ERROR);
}

void fixture_start(struct fixture *f)
{
	struct fault fault;

	f->loop = loop_new();
	assert_non_null(f->loop);
	f->server = http_server_new(f->loop, &f->config, &table, authenticate, f, &fault);
	if (!f->server)
		fail_msg("no server: %s", fault.text);
}

void fixture_done(struct fixture *f)
{
	http_server_free(f->server);
	loop_free(f->loop);
}

/* --- clients
 * ---------------------------------------------------------------------------------------------- */

void client_open(struct fixture *f, struct client *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(http_server_port(f->server)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	*c = (struct client){ .fixture = f };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
	buf_init(&c->in, 64 << 20);
}

void client_close(struct client *c)
{
	close(c->fd);
	buf_done(&c->in);
}

void client_send_bytes(struct client *c, struct bytes b)
{
	while (b.len) {
		ssize_t n = send(c->fd, b.at, b.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return; /* the server has closed; the test sees it when it reads */
		if (n < 0)
			loop_turn(c->fixture->loop, 20);
		else
			b = bytes_skip(b, (size_t)n);
	}
}

void client_send(struct client *c, const char *text)
{
	client_send_bytes(c, bytes_of_str(text));
}

void client_poll(struct client *c)
{
	ssize_t n;

	do {
		uint8_t *to = buf_reserve(&c->in, 65536);

		assert_non_null(to);
		n = recv(c->fd, to, 65536, MSG_DONTWAIT);
		if (n > 0)
			buf_commit(&c->in, (size_t)n);
	} while (n > 0);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->is_closed = true;
}

static bool has_input(struct client *c, size_t at_least)
{
	client_poll(c);
	return c->in.len >= at_least || c->is_closed;
}

static bool read_head(struct client *c, struct answer *ret)
{
	struct fixture *f = c->fixture;
	size_t len;

	fixture_wait(f, (client_poll(c),
			 bytes_find(buf_bytes(&c->in), BYTES_LIT("\r\n\r\n")) < c->in.len ||
				 c->is_closed));
	len = bytes_find(buf_bytes(&c->in), BYTES_LIT("\r\n\r\n")) + 4;
	if (len > c->in.len)
		return false;
	assert_true(len < sizeof ret->head);
	memcpy(ret->head, buf_bytes(&c->in).at, len);
	ret->head[len] = '\0';
	buf_consume(&c->in, len);
	assert_int_equal(strncmp(ret->head, "HTTP/1.1 ", 9), 0);
	ret->status = (unsigned)strtoul(ret->head + 9, NULL, 10);
	return true;
}

static void take_body(struct client *c, size_t n, struct answer *a)
{
	struct fixture *f = c->fixture;

	fixture_wait(f, has_input(c, n));
	a->is_cut = c->in.len < n;
	n = c->in.len < n ? c->in.len : n;
	buf_append(&a->body, bytes_first(buf_bytes(&c->in), n));
	buf_consume(&c->in, n);
}

/* One chunk; false behind the last, or when the connection ended. */
static bool take_chunk(struct client *c, struct answer *a)
{
	struct fixture *f = c->fixture;
	size_t line, size;

	fixture_wait(
		f, (client_poll(c),
		    bytes_find(buf_bytes(&c->in), BYTES_LIT("\r\n")) < c->in.len || c->is_closed));
	line = bytes_find(buf_bytes(&c->in), BYTES_LIT("\r\n"));
	if (line == c->in.len) {
		a->is_cut = true;
		return false;
	}
	size = strtoul((const char *)buf_bytes(&c->in).at, NULL, 16);
	buf_consume(&c->in, line + 2);
	take_body(c, size, a);
	fixture_wait(f, has_input(c, 2));
	if (a->is_cut || c->in.len < 2) {
		a->is_cut = true;
		return false;
	}
	buf_consume(&c->in, 2);
	return size > 0;
}

bool client_read(struct client *c, bool is_head, struct answer *ret)
{
	uint64_t length;

	*ret = (struct answer){ .status = 0 };
	buf_init(&ret->body, 64 << 20);
	if (!read_head(c, ret))
		return false;
	if (is_head || ret->status == 204 || ret->status == 304)
		return true;
	if (strcmp(answer_field(ret, "Transfer-Encoding"), "chunked") == 0) {
		while (take_chunk(c, ret))
			;
	} else if (bytes_to_u64(bytes_of_str(answer_field(ret, "Content-Length")), UINT32_MAX,
				&length)) {
		take_body(c, (size_t)length, ret);
	} else {
		struct fixture *f = c->fixture;

		fixture_wait(f, (client_poll(c), c->is_closed));
		take_body(c, c->in.len, ret);
	}
	return true;
}

void answer_done(struct answer *a)
{
	buf_done(&a->body);
}

const char *answer_field(const struct answer *a, const char *name)
{
	static char value[1024];
	struct bytes rest = bytes_of_str(a->head), line;

	while (bytes_split(&rest, '\n', &line)) {
		struct bytes key;

		if (!bytes_split(&line, ':', &key) || !bytes_equal_str_nocase(key, name))
			continue;
		line = bytes_trim(line);
		snprintf(value, sizeof value, "%.*s", BYTES_FMT(line));
		return value;
	}
	return "";
}

const char *answer_code(struct answer *a)
{
	static char code[64];
	struct bytes body = buf_bytes(&a->body);
	json_t *json;

	assert_string_equal(answer_field(a, "Content-Type"), "application/problem+json");
	json = json_loadb((const char *)body.at, body.len, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "status")), a->status);
	assert_string_equal(json_string_value(json_object_get(json, "requestId")),
			    answer_field(a, "X-Request-Id"));
	snprintf(code, sizeof code, "%s", json_string_value(json_object_get(json, "code")));
	json_decref(json);
	return code;
}

void ask(struct fixture *f, const char *request, struct answer *ret)
{
	struct client c;

	client_open(f, &c);
	client_send(&c, request);
	if (!client_read(&c, strncmp(request, "HEAD ", 5) == 0, ret))
		fail_msg("no answer to %s", request);
	client_close(&c);
}
