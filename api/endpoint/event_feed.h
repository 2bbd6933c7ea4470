/* Inside of event_hub.h: event_hub.c has feeds and heartbeats, event_stream.c the one
 * who listens. */
#ifndef ENDPOINT_EVENT_FEED_H
#define ENDPOINT_EVENT_FEED_H

#include <sys/queue.h>

#include "base/arena.h"
#include "endpoint/event_hub.h"
#include "http/stream.h"
#include "net/loop.h"
#include "state/keymap.h"
#include "state/share.h"

/* Of the log, in one go. */
#define EVENT_PAGE_ENTRIES 100
#define EVENT_PAGE_BYTES   (64u << 10)
/* So much in a stream's queue, and it reads on by itself when that is out. */
#define EVENT_QUEUE_HIGH_BYTES (64u << 10)

enum event_stream_state {
	EVENT_STREAM_BEHIND, /* reads, or will once its queue is out */
	EVENT_STREAM_LIVE,   /* has all; the feed brings what comes, or wakes the poll */
};

struct event_stream {
	TAILQ_ENTRY(event_stream) of_feed, of_beats;
	struct event_feed *feed;
	struct http_stream *http;
	struct account *account;
	enum event_stream_state state;
	bool is_poll;
	bool has_news;              /* something came while a poll was reading */
	struct state_cursor at;     /* all up to here was told, or is none of its business */
	struct event_filter filter; /* its folders are on the heap */
	char session[AUTH_ID_BYTES + 1];

	struct op *read, *check; /* of the log; of its session */
	struct arena *read_mem, *check_mem;
	uint64_t beat_due_ms, check_due_ms;
	uint64_t sent_before;   /* bytes, at the last beat */
	struct loop_timer wait; /* a poll's */
};

TAILQ_HEAD(event_streams, event_stream);

struct event_feed {
	struct keymap_node node; /* its key is the account's id */
	struct event_hub *hub;
	struct state_listener listener;
	struct state_ear ear; /* on the account's id: a session was ended elsewhere */
	struct event_streams streams;
	unsigned count, live;   /* of all; of event streams that are live */
	struct state_cursor at; /* all that are live have been told up to here */
	bool has_news;
	bool is_busy; /* going through its streams */
	struct op *read;
	struct arena *mem;
	struct account_id id;
};

struct event_hub {
	struct event_hub_setup setup;
	struct keymap feeds;
	struct event_streams beats; /* the next one due first */
	struct loop_timer beat;
	struct buf text; /* scratch */
	struct event_hub_stats stats;
};

/* event_hub.c. join() gives NULL when memory is short. */
struct event_feed *event_feed_join(struct event_hub *h, struct event_stream *s);
void event_feed_leave(struct event_stream *s);
/* Reads on for its streams that are live, if there is anything. */
void event_feed_read(struct event_feed *f);
void event_beat_start(struct event_stream *s);

/* A call of ours that waits for the store: NULL when memory is short. */
struct arena *event_call_begin(struct call *ret);

/* event_stream.c */
/* Goes on by itself from where it is, unless it is at that already. */
void event_stream_read(struct event_stream *s);
/* The feed brings one entry, formatted. */
void event_stream_bring(struct event_stream *s, struct state_cursor at, struct bytes block);
void event_stream_beat(struct event_stream *s);
/* What was written is sent, then its socket closed. */
void event_stream_close(struct event_stream *s);

#endif
