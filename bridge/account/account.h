/*
 * An account: one user of one mail server, with the conversations that are
 * open to it. What endpoints talk to. Knows folders by id and role, decodes
 * what the mail store brings, and keeps sessions busy but few.
 *
 * Operations follow mailstore.h's rules: results in call.mem, callback once and
 * later, op_cancel() instead of it. Strings and arrays given are borrowed until
 * then. An operation that returns NULL had no memory; its callback never runs.
 *
 * Faults of our own have no protocol and a precise problem code: message-not-found,
 * folder-not-found, role-not-found, part-not-found, range-not-satisfiable,
 * cursor-expired, cannot-calculate-changes, folder-exists, folder-not-empty, folder-protected,
 * invalid-folder-name, draft-replaced, precondition-failed, not-supported. All
 * others are the server's or the connection's, with the server's words.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "base/hash.h"
#include "mailstore/mailstore.h"
#include "model/event.h"
#include "state/state.h"

struct account;
struct account_hub;

/* --- the hub: all accounts of this process ---------------------------- */

/* How to reach one configured or freely chosen server. Strings are copied. */
struct account_server {
	struct bytes name;         /* of the configuration section; enters account ids */
	struct bytes protocol;     /* "imap" or "pop3" */
	struct bytes incoming_key; /* host:port:tls, part of what credentials are bound to */
	unsigned sessions_max;     /* of one user; 0: not known before the first login */
	/* Makes a new, closed mail store for it. */
	struct mailstore *(*connect)(void *ctx);
	void *ctx; /* lives as long as the hub */
};

struct account_limits {
	/* Zero is the default of each. */
	unsigned accounts_max;         /* kept with open sessions; oldest idle one goes first */
	unsigned sessions_per_account; /* default 3 */
	unsigned queue_max;            /* calls waiting per account; beyond: ERR_BUSY */
	uint64_t idle_close_ms;        /* sessions nobody used; default 5 min */
	uint64_t maildrop_idle_ms;     /* the same of one that keeps others out; default 10 s */
	uint64_t maildrop_patience_ms; /* to wait for one that another has; default 8 s */
	uint64_t ping_ms;              /* keep-alive of idle sessions; default 2 min */
	uint64_t login_timeout_ms;     /* default 20 s */
	unsigned logins_per_host;      /* at the same time; default 8 */
	unsigned logins_per_minute;    /* to one host; default 3000. More wait in line */
	size_t preview_fetch_bytes;    /* of a text part, to make a preview from */
	size_t cache_bytes;            /* of summaries kept in memory; default 64 MiB */
	size_t folder_bytes; /* of what folders hold, of all that are watched; default 256 MiB */
	/* Of one of them; a larger one is not remembered, and `reset` tells of what cannot be
	 * told without; default 8 MiB. */
	size_t folder_max_bytes;
	uint64_t credentials_ttl_ms; /* a verified login is believed for so long; default 5 min */
	uint64_t watch_linger_ms;    /* watched on after the last one let go; default 5 min */
	uint64_t watch_poll_ms;      /* where the server does not tell; default 60 s */
	uint64_t watch_retry_ms;     /* the first wait after a lost connection; default 500 ms */
	uint64_t watch_renew_ms;     /* a watch is begun anew and checked; default 9 min */
};

struct journal;
struct loop;
struct account_codec;

struct account_setup {
	struct loop *loop;
	struct account_limits limits;
	struct state *state;               /* has the event logs; outlives the hub */
	struct journal *journal;           /* the same; NULL: none */
	const struct account_codec *codec; /* copied; NULL: no account is ever held */
};

struct account_hub *account_hub_new(const struct account_setup *setup);
/* Says goodbye to every server; operations must have ended. */
void account_hub_free(struct account_hub *h);

struct account_hub_stats {
	unsigned accounts, sessions, sessions_busy, queued;
	uint64_t logins, login_failures;
	uint64_t slots_refused; /* logins put off: other processes had all sessions */
	unsigned watched;       /* accounts that are, those that are being reconnected too */
	unsigned relayed;       /* watched by another process, for listeners here too */
	unsigned folders_dirty; /* of them, for the moment: we are changing them */
	uint64_t syncs, events, reconnects, resets;
	size_t cached_summaries, cached_bytes;
	uint64_t cache_hits, cache_misses, cache_evicted; /* summaries */
	/* The same in a store that is shared. */
	uint64_t store_hits, store_misses, store_written, store_dropped;
	unsigned folders_open, folders_packed; /* whose messages are known */
	size_t folder_bytes;                   /* of memory, for that */
	uint64_t folder_packings, folders_forgotten;
	uint64_t lists_from_memory, lists_from_server; /* of one folder */
	uint64_t lists_from_copy;                      /* of what another process knows */
};
struct account_hub_stats account_hub_stats(const struct account_hub *h);

/* --- getting one ------------------------------------------------------ */

typedef void account_cb(void *ctx, const struct fault *fault, struct account *account);

/* Verifies the credentials against the server and gives the account. A login
 * that was verified with exactly these credentials a short while ago is not
 * repeated; another password never rides an open session. The account comes
 * with a reference for the caller: account_unref(). */
struct op *account_login(struct account_hub *h, struct call call,
			 const struct account_server *server, const struct credentials *c,
			 account_cb *cb, void *ctx);
/* Without asking the server: for a session whose credentials were verified when
 * it was made. A later refusal shows as ERR_AUTH on the first operation that
 * has to log in. NULL when memory is short or accounts_max are all in use. */
struct account *account_get(struct account_hub *h, const struct account_server *server,
			    const struct credentials *c);
/* What an account is found by in this process, without its credentials at hand. */
struct account_key {
	struct hash_sha256 hash;
};

struct account_key account_key(const struct account *a);
/* The account that account_get() would give, with a reference; NULL: it is not kept any
 * more. */
struct account *account_find(struct account_hub *h, const struct account_key *key);
struct account *account_ref(struct account *a);
void account_unref(struct account *a);

const struct account_id *account_id(const struct account *a);
/* Borrowed as long as the account. */
struct credentials account_credentials(const struct account *a);
struct bytes account_username(const struct account *a);
const char *account_protocol(const struct account *a);
struct bytes account_server_name(const struct account *a);

/* What GET /v1/session says. `caps` need a login once; answered from memory
 * afterwards. */
typedef void account_caps_cb(void *ctx, const struct fault *fault,
			     const struct mailstore_caps *caps,
			     const struct mailstore_quota *quota);
struct op *account_capabilities(struct account *a, struct call call, account_caps_cb *cb,
				void *ctx);

/* --- folders ---------------------------------------------------------- */

/* A folder as the client names it is an id or a role alias ("inbox"). Which of
 * the two went wrong shows in the fault's code: ERR_NOT_FOUND with
 * "role-not-found" or "folder-not-found".
 *
 * Sorted by sort_order, then by name; with counts where the server could tell. */
struct op *account_list_folders(struct account *a, struct call call, mailstore_folders_cb *cb,
				void *ctx);

typedef void account_folder_cb(void *ctx, const struct fault *fault, const struct folder *folder);
struct op *account_get_folder(struct account *a, struct call call, struct bytes folder,
			      account_folder_cb *cb, void *ctx);

struct folder_edit {
	struct bytes name; /* null: unchanged */
	bool set_parent;
	struct bytes parent; /* id or alias; null with set_parent: to the top */
	bool set_subscribed, is_subscribed;
};

struct op *account_create_folder(struct account *a, struct call call, struct bytes name,
				 struct bytes parent, account_folder_cb *cb, void *ctx);
/* `ret_previous` of the callback's folder: see account_edited_cb. */
typedef void account_edited_cb(void *ctx, const struct fault *fault, const struct folder *folder,
			       const struct folder_id *previous);
struct op *account_edit_folder(struct account *a, struct call call, struct bytes folder,
			       const struct folder_edit *edit, account_edited_cb *cb, void *ctx);
struct op *account_delete_folder(struct account *a, struct call call, struct bytes folder,
				 mailstore_done_cb *cb, void *ctx);
typedef void account_count_cb(void *ctx, const struct fault *fault, uint64_t count);
/* For good. ERR_CONFLICT with "folder-protected" unless it is trash or junk, or
 * `force`. `count` is how many went, also when a fault ended it. */
struct op *account_empty_folder(struct account *a, struct call call, struct bytes folder,
				bool force, account_count_cb *cb, void *ctx);

/* --- lists ------------------------------------------------------------ */

/* Part of an answer that is missing, and why. */
struct incomplete {
	struct folder_id folder; /* "" when it concerns all */
	const char *code;        /* kebab-case, as a problem's code */
};

#define LIST_TAG_MAX 80

struct summary_list {
	/* One of the two: as it came from the server, or from memory. */
	struct summary *at;
	struct ready_summary *ready;
	size_t count;
	/* Of a list from memory: two answers to the same request that have the same tag
	 * are the same, in this process and in any other. Else "". */
	char tag[LIST_TAG_MAX];
	bool has_total;
	uint32_t total, position; /* position: of the first one */
	/* Opaque "s1.…" and the cursor's parts; null across folders. */
	struct bytes state;
	bool has_more;
	/* Where a cursor goes on: the last one (with collapsed threads it may not be in
	 * the list), and its sort value, null for SORT_ADDED. */
	struct message_id last_id;
	struct bytes next_sort_value;
	uint32_t uidvalidity;
	struct incomplete *incomplete;
	size_t incomplete_count;
	struct bytes_list not_found; /* ids asked for by name */
};

typedef void account_list_cb(void *ctx, const struct fault *fault, const struct summary_list *list);

struct list_options {
	bool preview;          /* wait for previews */
	bool collapse_threads; /* the first of each thread: of each folder's, and within a page */
	/* account_search() with WINDOW_AFTER: the folder that window.key is in. */
	struct folder_id after_folder;
};

/* GET /v1/folders/{id}/messages. */
/* At once, when the folder is known exactly and all that the page takes is in memory;
 * else false: then account_list_messages() answers. What `ret` has is in mem, or
 * borrowed until control returns to the loop. */
MUST_CHECK bool account_list_now(struct account *a, struct arena *mem, struct bytes folder,
				 const struct mail_query *query, const struct list_options *options,
				 struct summary_list *ret);
struct op *account_list_messages(struct account *a, struct call call, struct bytes folder,
				 const struct mail_query *query, const struct list_options *options,
				 account_list_cb *cb, void *ctx);
/* GET /v1/messages over several folders (count 0: all but junk and trash;
 * one "*": every one). */
struct op *account_search(struct account *a, struct call call, const struct bytes *folders,
			  size_t folder_count, const struct mail_query *query,
			  const struct list_options *options, account_list_cb *cb, void *ctx);
/* GET /v1/messages?ids= */
struct op *account_get_summaries(struct account *a, struct call call, const struct bytes *ids,
				 size_t count, const struct list_options *options,
				 account_list_cb *cb, void *ctx);

/* Of one message of a folder that is known exactly, in mem: at once, without asking the
 * server. False: it has to be asked, also whether there is such a message. */
MUST_CHECK bool account_keywords_now(struct account *a, struct arena *mem, struct bytes id,
				     struct keywords *ret);

/* What became of a folder since a list of it had that `state`. */
struct folder_changes {
	struct folder_id folder;
	struct bytes old_state, new_state;
	bool has_more; /* from new_state on */
	/* What is there now and was not then; what has other keywords (or was not visible
	 * then); what may have been there then and is not now. */
	struct ready_summary *created;
	struct message_update *updated;
	struct message_id *destroyed;
	size_t created_count, updated_count, destroyed_count;
};

typedef void account_changes_cb(void *ctx, const struct fault *fault,
				const struct folder_changes *changes);
/* At most `limit` created and updated ones. ERR_CONFLICT with "cannot-calculate-changes":
 * neither the server nor our memory can tell. */
struct op *account_folder_changes(struct account *a, struct call call, struct bytes folder,
				  struct bytes since_state, uint32_t limit, account_changes_cb *cb,
				  void *ctx);

/* --- one message ------------------------------------------------------ */

enum body_choice {
	BODY_NONE,
	BODY_TEXT,
	BODY_HTML,
	BODY_BOTH,
};

struct message_options {
	enum body_choice body;
	uint64_t max_body_bytes; /* of decoded UTF-8 per value */
	bool want_html_raw;      /* else HTML values are left out (safe HTML comes with
				  * the issue on writing mail) */
	bool all_headers;
	struct bytes_list header_names;
};

typedef void account_message_cb(void *ctx, const struct fault *fault,
				const struct message *message);
/* `id` is the client's text: malformed ones are ERR_NOT_FOUND like unknown ones. */
struct op *account_get_message(struct account *a, struct call call, struct bytes id,
			       const struct message_options *options, account_message_cb *cb,
			       void *ctx);

struct content_range {
	bool has_range;       /* else all */
	bool is_suffix;       /* the last `first` bytes */
	uint64_t first, last; /* inclusive; last UINT64_MAX: open */
};

struct content_head {
	struct bytes type;    /* "text/html", lower-case */
	struct bytes charset; /* null unless text */
	struct bytes name;    /* cleaned file name, UTF-8, or null */
	uint64_t size_bytes;  /* whole, decoded */
	bool is_size_exact;
	bool is_partial; /* first..last below is what comes */
	uint64_t first, last;
};

struct content_events {
	/* Once, before any data, unless the operation fails before. */
	void (*on_head)(void *ctx, const struct content_head *head);
	flow_data_cb *on_data;
	mailstore_done_cb *on_done;
	/* The range lies outside of what is known to have so many bytes; ERR_INVALID
	 * follows. May be NULL. */
	void (*on_outside)(void *ctx, uint64_t size_bytes);
};

/* A transfer that ends with a fault after on_head gave less than it promised.
 * GET …/parts/{partId}: decoded in constant memory. `nested` gives the message
 * inside a message/rfc822 part as it is. ERR_NOT_FOUND with code
 * "message-not-found" or "part-not-found"; a range outside is ERR_INVALID with
 * code "range-not-satisfiable". */
struct op *account_stream_part(struct account *a, struct call call, struct bytes id,
			       struct bytes part_id, bool nested, const struct content_range *range,
			       const struct content_events *events, void *ctx);
/* GET …/raw */
struct op *account_stream_raw(struct account *a, struct call call, struct bytes id,
			      const struct content_range *range,
			      const struct content_events *events, void *ctx);

/* --- changing --------------------------------------------------------- */

struct message_result {
	struct bytes previous_id; /* as asked for; null for an append */
	enum change_status status;
	struct fault fault; /* unless CHANGE_DONE */
	bool has_id;
	struct message_id id; /* where it is now */
	bool has_folder;
	struct folder_id folder;
	bool has_keywords;
	struct keywords keywords;
	bool has_expunged, expunged;
};

typedef void account_results_cb(void *ctx, const struct fault *fault,
				const struct message_result *results, size_t count);

enum action_kind {
	ACTION_FLAG,
	ACTION_MOVE,
	ACTION_COPY,
	ACTION_DELETE,
};

struct action {
	enum action_kind kind;
	struct keywords add, remove; /* ACTION_FLAG; for a MOVE they are set first */
	struct bytes folder;         /* ACTION_MOVE, _COPY: id or alias */
	bool permanent;              /* ACTION_DELETE; else to trash, which is made if missing */
	/* If-Match of PATCH and DELETE: the keywords the client saw; NULL for none. */
	const struct keywords *expected;
};

/* Over ids: grouped by folder, one result per distinct id in request order. */
struct op *account_act(struct account *a, struct call call, const struct action *action,
		       const struct bytes *ids, size_t count, account_results_cb *cb, void *ctx);

/* Over what a list query of one folder selects (its order and window do not
 * matter), bounded by UIDNEXT at the start: counts, and results of failures only;
 * both also when a fault ended it. */
typedef void account_selected_cb(void *ctx, const struct fault *fault, uint64_t done,
				 const struct message_result *failures, size_t count);
struct op *account_act_selected(struct account *a, struct call call, const struct action *action,
				struct bytes folder, const struct mail_query *query,
				account_selected_cb *cb, void *ctx);

/* POST /v1/messages. `folder` null: drafts, made if missing; `replaces` null or the id of the draft
 * that goes; a gone draft is ERR_CONFLICT with code "draft-replaced" and nothing is left behind. */
struct op *account_append(struct account *a, struct call call, struct bytes folder,
			  const struct mail_source *source, const struct keywords *keywords,
			  struct bytes replaces, account_results_cb *cb, void *ctx);

/* --- live ------------------------------------------------------------- */

/*
 * How the front end's bytes are made, supplied by it: the bridge keeps and passes
 * them on without looking inside. All append and return false when they cannot.
 */
struct account_codec {
	/* What of a summary never changes: all but keywords and preview. */
	bool (*put_summary)(void *ctx, struct buf *to, const struct summary *s);
	/* A preview that is known. */
	bool (*put_preview)(void *ctx, struct buf *to, struct bytes preview);
	/* All of an event but its id, which the log assigns. */
	bool (*put_event)(void *ctx, struct buf *to, const struct account_event *ev);
	void *ctx;
	/* Of the bytes of summaries and previews: what a store holds of another version is
	 * not used. */
	uint8_t version;
};

/* An entry of the log is one byte of type, 12 of the folder's id (zeros: none), and
 * the codec's bytes. The log's name is the account's id. */
#define ACCOUNT_ENTRY_HEAD 13
/* All but the codec's bytes; with EVENT_FOLDER_CREATED and _UPDATED the folder is
 * folder_now. */
void account_entry_begin(struct buf *to, const struct account_event *ev);
/* False when it is none. */
MUST_CHECK bool account_entry_parse(struct bytes entry, enum account_event_type *ret_type,
				    struct folder_id *ret_folder, struct bytes *ret_data);

/* While anybody holds it (and some minutes after) the account is watched: what
 * changes comes into its event log. */
void account_hold(struct account *a);
void account_release(struct account *a);
/* Somebody lists its messages, who will most likely do so again: it is watched for as
 * long as after account_release(). Not where watching means to ask again and again. */
void account_used(struct account *a);

/* Somebody listens to what happens in this folder above all; to be said again now and
 * then. Of those that are said most it is told sooner, where the server makes that a
 * difference. */
void account_follow(struct account *a, const struct folder_id *folder);

/* Waits until the held account is watched and what it starts from is known: what
 * changes after `top` will be in the log. ERR_AUTH and the like when it cannot be. */
typedef void account_cursor_cb(void *ctx, const struct fault *fault, struct state_cursor top);
struct op *account_cursor(struct account *a, struct call call, account_cursor_cb *cb, void *ctx);

#endif
