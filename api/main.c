/*
 * mailbridge: wiring only. Reads the configuration, makes the parts in the
 * order in which they need each other, serves until SIGTERM or SIGINT, drains,
 * and takes everything apart in the opposite order.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hash.h"
#include "config.h"
#include "endpoint/app.h"
#include "endpoint/event_codec.h"
#include "endpoint/idempotency.h"
#include "http/server.h"
#include "net/dial.h"
#include "net/loop.h"
#include "routes.h"
#include "servers.h"
#include "state/redis/redis.h"
#include "state/seal.h"
#include "state/share.h"

#define DIALS_MAX           64
#define PREVIEW_FETCH_BYTES 4096

#define METRICS_CONNECTIONS_MAX 20

enum {
	EXIT_FAILED = 1,
	EXIT_CONFIG = 2, /* as for wrong usage */
};

struct process {
	struct config *config;
	struct loop *loop;
	struct dialer *dialer;
	struct servers *servers;
	struct http_server *http, *metrics;
	struct app_limit limits[24];
	struct loop_signal *on_term, *on_int;
	struct app app;
	bool is_app_started, is_stopping;
};

/* --- making the parts ---------------------------------------------------------- */

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "mailbridge: %s: %s\n", what, why);
	return false;
}

/* The operator's key: whatever the file holds, hashed to the size we need. */
static bool load_key(struct process *p)
{
	const char *path = p->config->key_file;
	uint8_t raw[4096];
	struct hash_sha256 key;
	struct bytes piece;
	ssize_t n;
	int fd;

	if (!path)
		return hash_random(p->app.operator_key, sizeof p->app.operator_key) ||
		       complain("key", "the system has no random bytes");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(path, strerror(errno));
	n = read(fd, raw, sizeof raw);
	close(fd);
	if (n < APP_OPERATOR_KEY_BYTES)
		return complain(path, "a key has at least 32 random bytes");
	piece = bytes_of(raw, (size_t)n);
	key = hash_sha256_of(&piece, 1);
	memcpy(p->app.operator_key, key.at, sizeof p->app.operator_key);
	explicit_bzero(raw, sizeof raw);
	explicit_bzero(&key, sizeof key);
	return true;
}

static struct account_limits account_limits_of(const struct config *c)
{
	return (struct account_limits){
		.accounts_max = (unsigned)c->accounts,
		.sessions_per_account = (unsigned)c->sessions_per_account,
		.queue_max = (unsigned)c->queue,
		.idle_close_ms = c->session_idle_ms,
		.maildrop_idle_ms = c->maildrop_idle_ms,
		.maildrop_patience_ms = c->maildrop_patience_ms,
		.ping_ms = c->keepalive_ms,
		.login_timeout_ms = c->login_timeout_ms,
		.logins_per_host = (unsigned)c->logins_per_host,
		.logins_per_minute = (unsigned)c->logins_per_minute,
		.preview_fetch_bytes = PREVIEW_FETCH_BYTES,
		.cache_bytes = (size_t)c->cache_bytes,
		.folder_bytes = (size_t)c->folder_bytes,
		.credentials_ttl_ms = c->verified_ttl_ms,
		.watch_linger_ms = c->watch_linger_ms,
		.watch_poll_ms = c->watch_poll_ms,
	};
}

static bool open_journal(struct process *p)
{
	const char *folder = p->config->state_dir;
	struct journal_setup setup = { .loop = p->loop, .folder = folder };
	struct app *app = &p->app;
	struct journal_stats stats;
	struct fault fault;

	app->idempotency = idempotency_new(p->loop, app->state);
	if (!app->idempotency)
		return complain("start", "memory or random bytes are short");
	if (!folder)
		return true;
	app->journal = journal_open(&setup, idempotency_past, app->idempotency, &fault);
	if (!app->journal)
		return complain(folder, fault.text);
	stats = journal_stats(app->journal);
	if (stats.damaged_bytes)
		log_msg(LOG_WARN, "journal", "%zu bytes in %s were damaged and are lost",
			stats.damaged_bytes, folder);
	idempotency_use_journal(app->idempotency, app->journal);
	return true;
}

static struct state *new_redis_state(struct process *p, const struct state_limits *limits)
{
	const struct config *c = p->config;
	struct state_seal_key key =
		state_seal_key_of(bytes_of(p->app.operator_key, sizeof p->app.operator_key),
				  BYTES_LIT(""), BYTES_LIT("mailbridge state in Redis"));
	struct redis_address address;
	struct state_redis_setup setup = {
		.loop = p->loop,
		.address = &address,
		.prefix = bytes_of_str(c->state_prefix),
		.seal_key = c->state_encrypt ? bytes_of(key.at, sizeof key.at) : BYTES_NULL,
		.timeout_ms = c->state_timeout_ms,
		.limits = *limits,
	};
	struct state *s = NULL;

	if (!redis_address_parse(bytes_of_str(c->state), &address)) {
		s = state_redis_new(&setup);
		redis_address_done(&address);
	}
	state_seal_key_wipe(&key);
	return s;
}

static struct state *new_state(struct process *p)
{
	const struct config *c = p->config;
	struct state_limits limits = { .max_bytes = c->state_bytes,
				       .max_entries = c->state_entries,
				       .log_max_entries = c->log_entries,
				       .log_max_bytes = c->log_bytes,
				       .logs_max_bytes = c->logs_bytes,
				       .log_ttl_ms = c->log_ttl_ms };

	return config_state_is_redis(c) ? new_redis_state(p, &limits)
					: state_memory_new(p->loop, &limits);
}

/* For GET /health/ready, which everybody may ask: why is in the log. */
static const char *trouble_of(void *ctx)
{
	struct state_health h = state_health(((const struct process *)ctx)->app.state);

	if (h.is_away)
		return "The store of sessions cannot be reached.";
	return h.is_refusing ? "The store of sessions refuses what it is asked." : NULL;
}

static bool start_app(struct process *p)
{
	const struct config *c = p->config;
	struct app *app = &p->app;

	app_defaults(app);
	app->loop = p->loop;
	app->servers = servers_lookup(p->servers);
	app->sessions.idle_ttl_ms = c->session_ttl_ms;
	app->sessions.max_ttl_ms = c->session_max_ttl_ms;
	app->sessions.basic_ttl_ms = c->verified_ttl_ms;
	app->logins.per_user = (unsigned)c->login_attempts;
	app->logins.per_client = 5 * (unsigned)c->login_attempts;
	app->tickets.per_minute = (unsigned)c->tickets_per_minute;
	app->message_max_bytes = c->message_bytes;
	app->streams.heartbeat_ms = c->heartbeat_ms;
	app->streams.per_account = (unsigned)c->streams_per_account;
	app->base_url = bytes_of_str(c->public_url);
	app->allowed_origins = (const char *const *)c->allowed_origins;
	app->trouble = trouble_of;
	app->trouble_ctx = p;
	if (!load_key(p))
		return false;
	app->state = new_state(p);
	if (!app->state)
		return complain("start", "memory is short");
	servers_remember(p->servers, app->state);
	if (!open_journal(p))
		return false;
	app->hub = account_hub_new(&(struct account_setup){ .loop = p->loop,
							    .limits = account_limits_of(c),
							    .state = app->state,
							    .journal = app->journal,
							    .codec = &event_codec });
	if (!app->hub)
		return complain("start", "memory is short");
	p->is_app_started = true;
	if (app_start(app))
		return complain("start", "memory or random bytes are short");
	return true;
}

/* For GET /metrics, beside what is used of them. */
static void list_limits(struct process *p)
{
	const struct config *c = p->config;
	const struct app_limit limits[] = {
		{ "connections", c->connections },
		{ "streams_per_account", c->streams_per_account },
		{ "accounts", c->accounts },
		{ "sessions_per_account", c->sessions_per_account },
		{ "queue", c->queue },
		{ "logins_per_host", c->logins_per_host },
		{ "logins_per_minute", c->logins_per_minute },
		{ "login_attempts", c->login_attempts },
		{ "tickets_per_minute", c->tickets_per_minute },
		{ "summary_cache", c->cache_bytes },
		{ "folder_cache", c->folder_bytes },
		{ "log_entries", c->log_entries },
		{ "log_bytes", c->log_bytes },
		{ "logs_bytes", c->logs_bytes },
		{ "state_bytes", c->state_bytes },
		{ "state_entries", c->state_entries },
		{ 0 },
	};

	static_assert(sizeof limits <= sizeof p->limits, "room for all");
	memcpy(p->limits, limits, sizeof limits);
	p->app.limits = p->limits;
}

static bool is_same(const char *metrics)
{
	return strcmp(metrics, "same") == 0;
}

static bool start_metrics(struct process *p)
{
	const struct config *c = p->config;
	struct http_config http = {
		.listen = c->metrics,
		.connections_max = METRICS_CONNECTIONS_MAX,
		.header_timeout_ms = c->header_timeout_ms,
		.body_timeout_ms = c->body_timeout_ms,
		.idle_timeout_ms = c->idle_timeout_ms,
		.request_timeout_ms = c->request_timeout_ms,
	};
	struct fault fault;

	p->app.http = p->http;
	p->app.serves_metrics = c->metrics && is_same(c->metrics);
	if (!c->metrics || p->app.serves_metrics)
		return true;
	p->metrics =
		http_server_new(p->loop, &http, &metrics_routes, app_authenticate, &p->app, &fault);
	return p->metrics || complain(c->metrics, fault.text[0] ? fault.text : err_name(fault.err));
}

static bool start_http(struct process *p)
{
	const struct config *c = p->config;
	struct http_config http = {
		.listen = c->listen,
		.connections_max = (unsigned)c->connections,
		.connections_per_client = (unsigned)c->connections_per_client,
		.header_timeout_ms = c->header_timeout_ms,
		.body_timeout_ms = c->body_timeout_ms,
		.idle_timeout_ms = c->idle_timeout_ms,
		.request_timeout_ms = c->request_timeout_ms,
		.drain_timeout_ms = c->drain_timeout_ms,
		.allowed_origins = (const char *const *)c->allowed_origins,
		.trusted_proxies = (const char *const *)c->trusted_proxies,
		.public_url = c->public_url,
	};
	struct fault fault;

	p->http = http_server_new(p->loop, &http, &api_routes, app_authenticate, &p->app, &fault);
	return p->http || complain(c->listen, fault.text[0] ? fault.text : err_name(fault.err));
}

/* --- running --------------------------------------------------------------------- */

static void on_drained(void *ctx)
{
	struct process *p = ctx;

	loop_stop(p->loop);
}

static void on_stop_signal(void *ctx)
{
	struct process *p = ctx;

	if (p->is_stopping) {
		/* The second one does not wait. */
		loop_stop(p->loop);
		return;
	}
	p->is_stopping = true;
	log_msg(LOG_INFO, "stop", "finishing what is under way");
	http_server_stop(p->http, on_drained, p);
}

/* As many descriptors as the system lets us have: each client and each
 * conversation takes one. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool start(struct process *p, struct config_faults *faults)
{
	p->loop = loop_new();
	if (!p->loop)
		return complain("start", "memory or descriptors are short");
	p->dialer = dialer_new(p->loop, &(struct dial_options){ .max_in_flight = DIALS_MAX });
	if (!p->dialer)
		return complain("start", "memory is short");
	p->servers = servers_new(p->loop, p->dialer, p->config, faults);
	if (!p->servers) {
		fprintf(stderr, "%.*s", BYTES_FMT(buf_bytes(&faults->text)));
		return false;
	}
	if (!start_app(p) || !start_http(p) || !start_metrics(p))
		return false;
	list_limits(p);
	p->on_term = loop_signal_new(p->loop, SIGTERM, on_stop_signal, p);
	p->on_int = loop_signal_new(p->loop, SIGINT, on_stop_signal, p);
	return p->on_term && p->on_int;
}

static void take_apart(struct process *p)
{
	loop_signal_free(p->on_term);
	loop_signal_free(p->on_int);
	http_server_free(p->metrics);
	http_server_free(p->http);
	if (p->is_app_started)
		app_stop(&p->app);
	account_hub_free(p->app.hub);
	idempotency_free(p->app.idempotency);
	journal_free(p->app.journal);
	state_free(p->app.state);
	servers_free(p->servers);
	dialer_free(p->dialer);
	loop_free(p->loop);
	explicit_bzero(&p->app, sizeof p->app);
}

static int serve(struct config *config, struct config_faults *faults)
{
	struct process p = { .config = config };
	bool ok;

	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	log_set_level(config->log_level);
	ok = start(&p, faults);
	if (ok) {
		log_msg(LOG_INFO, "start", "mailbridge listens on %s (port %u)", config->listen,
			http_server_port(p.http));
		loop_run(p.loop);
	}
	take_apart(&p);
	return ok ? 0 : EXIT_FAILED;
}

/* --check-config also opens the certificates, which only starting would show. */
static int check(const struct config *config, struct config_faults *faults)
{
	struct loop *loop = loop_new();
	struct dialer *dialer =
		loop ? dialer_new(loop, &(struct dial_options){ .max_in_flight = 1 }) : NULL;
	struct servers *servers = dialer ? servers_new(loop, dialer, config, faults) : NULL;
	bool ok = servers != NULL;

	if (ok)
		printf("The configuration is good: %zu mail server(s), listening on %s.\n",
		       config->server_count, config->listen);
	else
		fprintf(stderr, "%.*s", BYTES_FMT(buf_bytes(&faults->text)));
	servers_free(servers);
	dialer_free(dialer);
	loop_free(loop);
	return ok ? 0 : EXIT_CONFIG;
}

static int show_help(void)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	config_help(&text);
	printf("%.*s", BYTES_FMT(buf_bytes(&text)));
	buf_done(&text);
	return 0;
}

/* Each request takes some hundred KiB and gives them back: without this the heap
 * shrinks and grows with every one, which costs more than the request itself where
 * page faults are dear (ten times as much on a virtual machine). */
static void keep_heap(void)
{
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	mallopt(M_TOP_PAD, 256 << 10);
}

int main(int argc, char **argv)
{
	struct config_faults faults;
	struct config *config;
	int status;

	keep_heap();
	config_faults_init(&faults);
	config = config_load(argc, argv, environ, &faults);
	if (!config) {
		fprintf(stderr, "%.*s", BYTES_FMT(buf_bytes(&faults.text)));
		status = EXIT_CONFIG;
	} else if (config->show_help) {
		status = show_help();
	} else if (config->show_version) {
		printf("mailbridge %s\n", MAILBRIDGE_VERSION);
		status = 0;
	} else if (config->check_only) {
		status = check(config, &faults);
	} else {
		status = serve(config, &faults);
	}
	config_free(config);
	config_faults_done(&faults);
	return status;
}
