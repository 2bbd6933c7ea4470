/*
 * For tests of watching: an account with an event log, and a listener who applies what
 * the log tells to what he knows, the way a client does, and complains of everything
 * that is told twice or makes no sense.
 */
#ifndef UNIT_ACCOUNT_LIVE_KIT_H
#define UNIT_ACCOUNT_LIVE_KIT_H

#include "kit.h"

/* A message as the listener knows it. */
struct heard {
	char id[ID_TEXT_MAX + 1];
	char keywords[256]; /* sorted, each with a space before it */
};

struct listener {
	struct live *live;
	struct state_cursor at;
	struct heard *known;
	size_t count, cap;
	char *story; /* every line ever heard */
	size_t story_len, story_cap;
	bool is_reset; /* the cursor was not known any more */
	bool is_lenient;
};

struct live {
	struct kit kit;
	struct state_limits state_limits;
	struct state *state;
	struct account *account; /* held */
};

const struct account_codec *live_codec(void);

/* Whether servers have CONDSTORE. */
extern bool live_has_changes;

/* Limits and server may be set between the two. */
void live_init(struct live *l);
/* Holds the account. */
void live_start(struct live *l);
/* Lets go and ends the watch; the log stays. */
void live_leave(struct live *l);
void live_end(struct live *l);

/* As account_cursor() answers; ERR_OK or its fault. */
struct fault live_cursor(struct live *l, struct account *a, struct state_cursor *ret);
/* A listener who takes a cursor and then lists everything. */
void listener_start(struct listener *r, struct live *l);
void listener_done(struct listener *r);
/* Hears what there is to be heard now. */
void listener_hear(struct listener *r);
/* Until what he knows is what the server has. */
void listener_catch_up(struct listener *r);
/* Until a line begins like this (behind the `from`-th byte of the story). */
void listener_wait_for(struct listener *r, const char *line);
/* How many lines begin like this. */
unsigned listener_count(const struct listener *r, const char *line);
/* Does he know exactly what the server has? */
bool listener_is_right(const struct listener *r);
void listener_forget_story(struct listener *r);

/* "folder.uidvalidity.uid" of a message on the server. */
const char *live_id(struct live *l, const char *path, uint32_t uid);
const char *live_folder(struct live *l, const char *path);
uint32_t live_deliver(struct live *l, const char *path, const char *subject);
void live_watching(struct live *l); /* waits until it is */

#endif
