/*
 * GET /metrics: what the parts of the process count, in Prometheus' text format 0.0.4.
 * Names and labels are stable; no label has a user's data in it.
 */
#include <stdio.h>
#include <unistd.h>

#include "endpoint/app.h"
#include "endpoint/endpoint.h"
#include "endpoint/event_hub.h"
#include "endpoint/idempotency.h"
#include "http/reply.h"
#include "http/server.h"
#include "state/share.h"

#define TEXT_MAX_BYTES (1u << 20)
#define TYPE           "text/plain; version=0.0.4; charset=utf-8"

static void put_type(struct buf *to, const char *name, const char *type, const char *help)
{
	buf_printf(to, "# HELP mailbridge_%s %s\n# TYPE mailbridge_%s %s\n", name, help, name,
		   type);
}

static void put_u64(struct buf *to, const char *name, uint64_t n)
{
	buf_printf(to, "mailbridge_%s %llu\n", name, (unsigned long long)n);
}

static void put_labelled(struct buf *to, const char *name, const char *label, const char *value,
			 uint64_t n)
{
	buf_printf(to, "mailbridge_%s{%s=\"%s\"} %llu\n", name, label, value,
		   (unsigned long long)n);
}

struct metric {
	const char *name, *help;
	uint64_t value;
};

static void put_gauges(struct buf *to, const struct metric *m)
{
	for (; m->name; m++) {
		put_type(to, m->name, "gauge", m->help);
		put_u64(to, m->name, m->value);
	}
}

static void put_counters(struct buf *to, const struct metric *m)
{
	for (; m->name; m++) {
		put_type(to, m->name, "counter", m->help);
		put_u64(to, m->name, m->value);
	}
}

/* --- HTTP ---------------------------------------------------------------------- */

static const char *class_name(size_t class)
{
	static const char *const names[HTTP_STATUS_CLASSES] = { "none", "1xx", "2xx",
								"3xx",  "4xx", "5xx" };

	return names[class];
}

static void put_routes(struct buf *to, const struct http_server *s)
{
	size_t count;
	const struct http_route_stats *r = http_server_routes(s, &count);

	put_type(to, "http_requests_total", "counter", "Requests that are over.");
	for (size_t i = 0; i < count; i++)
		for (size_t class = 0; class < HTTP_STATUS_CLASSES; class ++)
			if (r[i].answers[class])
				buf_printf(to,
					   "mailbridge_http_requests_total{operation=\"%s\","
					   "status=\"%s\"} %llu\n",
					   r[i].operation, class_name(class),
					   (unsigned long long)r[i].answers[class]);
	put_type(to, "http_seconds_total", "counter",
		 "Time from their first byte to their last, but for streams.");
	for (size_t i = 0; i < count; i++)
		if (r[i].us)
			buf_printf(to, "mailbridge_http_seconds_total{operation=\"%s\"} %.6f\n",
				   r[i].operation, (double)r[i].us / 1e6);
}

static void put_http(struct buf *to, const struct http_server *s)
{
	struct http_stats stats = http_server_stats(s);
	const struct metric gauges[] = {
		{ "http_connections", "Client connections that are open.", stats.connections_open },
		{ "http_requests_under_way", "Requests that have no answer yet.",
		  stats.requests_open },
		{ "http_sockets_taken", "Streams and polls that wait.", stats.streams_open },
		{ 0 },
	};

	put_gauges(to, gauges);
	put_routes(to, s);
}

/* --- events --------------------------------------------------------------------- */

static void put_events(struct buf *to, const struct event_hub *h)
{
	struct event_hub_stats s = event_hub_stats(h);
	const struct metric counters[] = {
		{ "events_sent_total", "Events, to each who listens.", s.events },
		{ "event_resets_total", "Listeners whose place in the log was lost.", s.resets },
		{ "event_listeners_slow_total", "Listeners dropped for not reading.", s.slow },
		{ "event_listeners_ended_total", "Listeners whose session had ended.", s.revoked },
		{ 0 },
	};

	put_type(to, "event_listeners", "gauge", "Who listens to events.");
	put_labelled(to, "event_listeners", "kind", "stream", s.streams);
	put_labelled(to, "event_listeners", "kind", "poll", s.polls);
	put_type(to, "event_feeds", "gauge", "Accounts that are listened to.");
	put_u64(to, "event_feeds", s.feeds);
	put_counters(to, counters);
}

/* --- accounts --------------------------------------------------------------------- */

static void put_accounts(struct buf *to, const struct account_hub *h)
{
	struct account_hub_stats s = account_hub_stats(h);
	const struct metric gauges[] = {
		{ "accounts", "Accounts with sessions or kept in mind.", s.accounts },
		{ "accounts_watched", "Accounts that are watched.", s.watched },
		{ "accounts_relayed", "Accounts that another process watches for listeners here.",
		  s.relayed },
		{ "folders_dirty", "Watched folders that are being changed.", s.folders_dirty },
		{ "folders_known", "Watched folders whose messages are known, but for packed ones.",
		  s.folders_open },
		{ "folders_packed", "The same that are packed for want of room.",
		  s.folders_packed },
		{ "folders_known_bytes", "Bytes of both.", s.folder_bytes },
		{ "queued", "Requests that wait for a mail server session.", s.queued },
		{ "summaries_cached", "Summaries of messages in memory.", s.cached_summaries },
		{ "summaries_cached_bytes", "Bytes of them.", s.cached_bytes },
		{ 0 },
	};
	const struct metric counters[] = {
		{ "logins_total", "Logins at mail servers.", s.logins },
		{ "login_failures_total", "Of these the refused and failed ones.",
		  s.login_failures },
		{ "session_slots_refused_total",
		  "Logins put off because all sessions of the account were taken.",
		  s.slots_refused },
		{ "watch_syncs_total", "Synchronisations of folders.", s.syncs },
		{ "watch_events_total", "Events written to logs.", s.events },
		{ "watch_reconnects_total", "Watches that were begun anew.", s.reconnects },
		{ "watch_resets_total", "Resets written to logs.", s.resets },
		{ "folder_packings_total", "Folders that were packed.", s.folder_packings },
		{ "folders_evicted_total", "Folders whose messages were forgotten.",
		  s.folders_forgotten },
		{ "summary_hits_total", "Summaries found in memory.", s.cache_hits },
		{ "summary_misses_total", "Summaries that were not.", s.cache_misses },
		{ "summaries_evicted_total", "Summaries that gave way.", s.cache_evicted },
		{ "stored_summary_hits_total", "Summaries found in the shared state.",
		  s.store_hits },
		{ "stored_summary_misses_total", "Summaries that were not.", s.store_misses },
		{ "stored_summaries_written_total", "Summaries written there.", s.store_written },
		{ "stored_summaries_dropped_total", "Summaries that were not for want of room.",
		  s.store_dropped },
		{ 0 },
	};

	put_type(to, "mail_sessions", "gauge", "Conversations with mail servers.");
	put_labelled(to, "mail_sessions", "state", "busy", s.sessions_busy);
	put_labelled(to, "mail_sessions", "state", "idle",
		     s.sessions > s.sessions_busy ? s.sessions - s.sessions_busy : 0);
	put_gauges(to, gauges);
	put_counters(to, counters);
	put_type(to, "lists_total", "counter", "Lists of one folder, by where they came from.");
	put_labelled(to, "lists_total", "from", "memory", s.lists_from_memory);
	put_labelled(to, "lists_total", "from", "copy", s.lists_from_copy);
	put_labelled(to, "lists_total", "from", "server", s.lists_from_server);
}

/* --- state, limits, the process ------------------------------------------------------ */

static void put_state(struct buf *to, const struct state *state)
{
	struct state_stats s = state_stats(state);
	const struct metric gauges[] = {
		{ "state_entries", "Sessions, tickets, counters.", s.entries },
		{ "state_bytes", "Bytes of them.", s.bytes },
		{ "event_logs", "Event logs.", s.logs },
		{ "event_log_entries", "Entries in all of them.", s.log_entries },
		{ "event_log_bytes", "Bytes of them.", s.log_bytes },
		{ 0 },
	};
	const struct metric counters[] = {
		{ "state_evicted_total", "Entries that gave way before their time.", s.evicted },
		{ "event_log_appended_total", "Entries written to logs.", s.logs_appended },
		{ "event_logs_evicted_total", "Logs that gave way as a whole.", s.logs_evicted },
		{ 0 },
	};

	put_gauges(to, gauges);
	put_counters(to, counters);
}

/* Of a store outside of this process. */
static void put_store(struct buf *to, const struct state *state)
{
	struct state_traffic t;

	if (!state_traffic(state, &t))
		return;
	const struct metric gauges[] = {
		{ "store_up", "1: the store answers; 0: one goes on from memory.",
		  !state_health(state).is_away },
		{ "store_refusing",
		  "1: it answers, but it is full, read-only or forbids something.",
		  state_health(state).is_refusing },
		{ "store_commands_under_way", "Commands without an answer yet.", t.under_way },
		{ "store_sessions_known", "Sessions that it need not be asked for.",
		  t.near_entries },
		{ "store_logs_unwritten", "Event logs that have more here than in the store.",
		  t.logs_unwritten },
		{ "store_leases", "What this process does alone among all: accounts it watches.",
		  t.leases },
		{ 0 },
	};
	const struct metric counters[] = {
		{ "store_commands_total", "Commands sent to the store.", t.commands },
		{ "store_errors_total", "Of these those that it refused.", t.errors },
		{ "store_timeouts_total", "And those that it did not answer in time.", t.timeouts },
		{ "store_connects_total", "Connections made to it.", t.connects },
		{ "store_sessions_hits_total", "Sessions that it was not asked for.", t.near_hits },
		{ "store_sessions_misses_total", "Sessions that it was.", t.near_misses },
		{ "store_sent_bytes_total", "Bytes sent to it.", t.bytes_sent },
		{ "store_received_bytes_total", "Bytes received from it.", t.bytes_received },
		{ 0 },
	};

	put_gauges(to, gauges);
	put_counters(to, counters);
	put_type(to, "store_round_trip_seconds", "gauge", "Of the last time it was measured.");
	buf_printf(to, "mailbridge_store_round_trip_seconds %.6f\n", (double)t.round_trip_us / 1e6);
}

static void put_idempotency(struct buf *to, const struct idempotency *i)
{
	struct idempotency_stats s = idempotency_stats(i);
	const struct metric counters[] = {
		{ "idempotency_claims_total", "Requests begun under an Idempotency-Key.",
		  s.claims },
		{ "idempotency_replays_total", "Requests answered as before.", s.replays },
		{ "idempotency_refusals_total", "Keys reused or still in use.", s.refusals },
		{ "outcomes_unknown_total", "Guarded requests of which nobody knows the outcome.",
		  s.unknown },
		{ 0 },
	};

	put_counters(to, counters);
}

static void put_journal(struct buf *to, const struct journal *j)
{
	struct journal_stats s = j ? journal_stats(j) : (struct journal_stats){ 0 };
	const struct metric gauges[] = {
		{ "journal_bytes", "Bytes of this process's files.", s.bytes },
		{ "journal_open", "Intents that have not ended.", s.open },
		{ "journal_up", "0: the last writing failed.", s.trouble == NULL },
		{ 0 },
	};
	const struct metric counters[] = {
		{ "journal_intents_total", "Intents written.", s.begun },
		{ "journal_syncs_total", "Writings to disk that were waited for.", s.syncs },
		{ "journal_failures_total", "Writings that failed.", s.failures },
		{ 0 },
	};

	if (!j)
		return;
	put_gauges(to, gauges);
	put_counters(to, counters);
	put_type(to, "journal_sync_seconds_total", "counter", "Time that these took.");
	buf_printf(to, "mailbridge_journal_sync_seconds_total %.6f\n", (double)s.sync_us / 1e6);
}

static void put_limits(struct buf *to, const struct app_limit *l)
{
	if (!l)
		return;
	put_type(to, "limit", "gauge", "What the configuration allows.");
	for (; l->name; l++)
		put_labelled(to, "limit", "of", l->name, l->value);
}

/* The second number of statm, in pages (proc(5)). */
static uint64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	struct bytes rest, total, resident;
	uint64_t pages = 0;
	char line[128] = "";

	if (!f)
		return 0;
	rest = bytes_of_str(fgets(line, sizeof line, f));
	if (!bytes_split(&rest, ' ', &total) || !bytes_split(&rest, ' ', &resident) ||
	    !bytes_to_u64(resident, UINT32_MAX, &pages))
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void put_process(struct buf *to)
{
	buf_append_str(to, "# HELP process_resident_memory_bytes Resident memory.\n"
			   "# TYPE process_resident_memory_bytes gauge\n");
	buf_printf(to, "process_resident_memory_bytes %llu\n",
		   (unsigned long long)resident_bytes());
}

void get_metrics(struct request *rq)
{
	const struct app *app = app_of(rq);
	struct problem p = problem_of("internal");
	struct buf text;

	buf_init(&text, TEXT_MAX_BYTES);
	put_http(&text, app->http);
	put_events(&text, app->events);
	put_accounts(&text, app->hub);
	put_state(&text, app->state);
	put_store(&text, app->state);
	put_idempotency(&text, app->idempotency);
	put_journal(&text, app->journal);
	put_limits(&text, app->limits);
	put_process(&text);
	reply_header(rq, "Cache-Control", BYTES_LIT("no-store"));
	if (buf_err(&text))
		reply_problem(rq, &p);
	else
		reply_bytes(rq, 200, TYPE, buf_bytes(&text));
	buf_done(&text);
}

/* The same, on the port that everybody reaches: only if the operator wants that. */
void get_public_metrics(struct request *rq)
{
	struct problem p = problem_of("not-found");

	if (app_of(rq)->serves_metrics)
		get_metrics(rq);
	else
		reply_problem(rq, &p);
}
