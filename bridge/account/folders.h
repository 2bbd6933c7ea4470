/*
 * The folders that an account was last seen to have: what turns a client's id or
 * role alias into a path without asking the server. Refreshed when a name is
 * unknown to it, and by whoever lists or changes folders.
 */
#ifndef ACCOUNT_FOLDERS_H
#define ACCOUNT_FOLDERS_H

#include "model/folder.h"

struct account;
struct work;

struct folders {
	struct arena *mem; /* owned; NULL: never seen */
	struct folder_list list;
	uint64_t generation; /* counts the times it was seen anew */
	bool is_stale;       /* something in it turned out to be wrong */
};

void folders_done(struct folders *f);
/* Copies; forgets what it knew when memory is short. */
void folders_keep(struct folders *f, const struct folder_list *list);

/* Looks up an id or a role alias; strings are the list's. The inbox is known even to
 * an empty list. */
bool folders_find(const struct account *a, const struct folder_list *list, struct bytes name,
		  struct folder *ret);

/* --- for operations --------------------------------------------------- */

typedef void folders_found_cb(struct work *w, const struct folder *folder);

/* Goes on with the folder, which lives in call.mem, maybe at once; asks the
 * server for the list where it must (on w->step, which keeps its session then).
 * Else the work ends with "role-not-found" or "folder-not-found". */
void folders_look_up(struct work *w, struct bytes name, folders_found_cb *then);
/* As above, but a missing one is told as NULL. */
void folders_try_look_up(struct work *w, struct bytes name, folders_found_cb *then);
/* Goes on when the list was seen anew; `folders` lives in call.mem then. */
typedef void folders_listed_cb(struct work *w, const struct folder_list *folders);
void folders_refresh(struct work *w, folders_listed_cb *then);
/* Goes on when there is a list that is not stale, maybe at once; `folders` is
 * borrowed until `then` returns. */
void folders_ensure(struct work *w, folders_listed_cb *then);

/* Goes on as after folders_look_up(), with a copy of f; NULL: missing. */
void folders_tell(struct work *w, const struct folder *f);
/* Ends it with "role-not-found" or "folder-not-found", as the name looks. */
void folders_fail_missing(struct work *w, struct bytes name);

/* Is there one folder only, and no way to make others (POP3)? Known since a login. */
bool folders_is_one(const struct account *a);
/* Ends it because of that. */
void folders_fail_one(struct work *w, const char *text);

/* A fault of an operation in a folder, as the client should hear it: a folder
 * that has gone is "folder-not-found", and the list is stale then. */
struct fault folders_fault(struct account *a, const struct fault *fault);

#endif
