/*
 * One authenticated conversation with a mail server, IMAP or POP3: the one
 * interface that everything above uses. Nobody above asks which protocol it
 * is; mailstore_caps() says what can be done, and what cannot ends with
 * ERR_UNSUPPORTED.
 *
 * Rules for all operations:
 *  - Results live in call.mem; bytes and arrays given are borrowed until the
 *    callback; the small structs given by pointer (a key, a section, a query,
 *    keywords, a source) are copied, what they point at is borrowed as well.
 *  - The callback runs once, later, from the loop; op_cancel() prevents it.
 *  - Several operations may be started one after the other; they are executed
 *    in that order (pipelined where the protocol allows it).
 *  - A folder is named by its path: the whole decoded mailbox name.
 *  - Faults name the blast radius: ERR_NET, ERR_TLS, ERR_PROTO, ERR_TIMEOUT and
 *    ERR_TOO_BIG mostly have ended the conversation (mailstore_is_open() tells);
 *    all others concern this operation only.
 *  - ERR_UNKNOWN: the connection was lost while a change was under way; it may
 *    or may not have happened. Changes to messages never end with it as a
 *    whole: they give results, of which those under way are CHANGE_UNKNOWN,
 *    those never begun CHANGE_FAILED (ERR_NET), those confirmed CHANGE_DONE.
 *  - ERR_TIMEOUT ends the conversation only when the server had been asked: a
 *    call that was still waiting its turn leaves it open.
 *
 * What POP3 can: list_folders (one, INBOX), status, query, fetch, stream, expunge, sync,
 * and set_keywords where it has a memory to keep them in. The rest is
 * ERR_UNSUPPORTED.
 */
#ifndef MAILSTORE_MAILSTORE_H
#define MAILSTORE_MAILSTORE_H

#include "base/op.h"
#include "mailstore/query.h"
#include "model/folder.h"
#include "model/message.h"
#include "model/uid_set.h"

struct mailstore;

/* --- the conversation ------------------------------------------------------ */

enum mailstore_push {
	MAILSTORE_PUSH_POLL,
	MAILSTORE_PUSH_IDLE,
	MAILSTORE_PUSH_NOTIFY,
};

enum mailstore_flags_kind {
	MAILSTORE_FLAGS_NONE,
	MAILSTORE_FLAGS_LOCAL, /* POP3: kept in the store's memory (mailstore/memory.h) */
	MAILSTORE_FLAGS_SERVER,
};

/* Known after mailstore_open(). */
struct mailstore_caps {
	const char *protocol; /* "imap", "pop3" */
	bool folders, move, append, search, sort, custom_keywords;
	bool has_names;       /* no UIDs: POP3 */
	bool search_is_local; /* the store looks itself, within limits */
	bool uid_expunge;     /* else a deletion may stay marked */
	bool whole_moves; /* else a move that is cut off may leave the message in both folders */
	bool changes;     /* CONDSTORE or QRESYNC; POP3: kept in the store's memory */
	bool decodes;     /* mailstore_part_size() and mail_section.is_decoded may work */
	bool sizes_are_estimates; /* a message may turn out to be of another size (POP3) */
	bool counts_in_list;      /* list_folders brings counts in one round trip */
	bool is_gmail;
	enum mailstore_flags_kind flags;
	enum mailstore_push push;
	unsigned sessions_max;  /* 1 where a second one does harm (POP3's maildrop), else 0 */
	uint64_t login_delay_s; /* not to log in more often than that; mostly 0 */
	/* Where new folders at the top go: "" or a namespace's "INBOX." */
	char personal_prefix[64];
	char delimiter; /* of that namespace; 0: flat names, or not known before list_folders */
};

/* What one logs in with. Borrowed until open's callback. */
struct credentials {
	struct bytes username;
	struct bytes password;     /* null when a token is given */
	struct bytes access_token; /* OAuth 2.0 bearer, or null */
};

typedef void mailstore_done_cb(void *ctx, const struct fault *fault); /* NULL: done */

/* Connects, secures, logs in and asks for the capabilities. ERR_AUTH with the
 * server's code when the credentials are refused. */
struct op *mailstore_open(struct mailstore *ms, struct call call, const struct credentials *c,
			  mailstore_done_cb *cb, void *ctx);
const struct mailstore_caps *mailstore_caps(const struct mailstore *ms);
bool mailstore_is_open(const struct mailstore *ms);
/* The folder that is selected, null if none: leases prefer it. */
struct bytes mailstore_selected(const struct mailstore *ms);
/* NOOP: keeps it alive, takes what the server has to tell. */
struct op *mailstore_ping(struct mailstore *ms, struct call call, mailstore_done_cb *cb, void *ctx);
/* Says goodbye without waiting and frees it. No operation may be under way, but it
 * may be called from inside a callback. */
void mailstore_free(struct mailstore *ms);
/* Called once, when the conversation ends by itself (BYE, a lost connection), after
 * the operations that were under way have got their fault. Not called when it
 * never was open, nor by mailstore_free(). */
void mailstore_on_end(struct mailstore *ms, mailstore_done_cb *cb, void *ctx);

/* --- folders --------------------------------------------------------------- */

/* ids, parents and roles are the account layer's to fill: here path, name,
 * delimiter, flags, namespace, rights, server-given role, counts if cheap. The
 * counts include messages marked \Deleted: only status and query know those. */
typedef void mailstore_folders_cb(void *ctx, const struct fault *fault,
				  const struct folder_list *folders);
struct op *mailstore_list_folders(struct mailstore *ms, struct call call, mailstore_folders_cb *cb,
				  void *ctx);

struct folder_status {
	uint32_t uidvalidity, uidnext;
	uint32_t total, unread; /* without those marked \Deleted */
	uint64_t highestmodseq; /* 0: unknown */
};

typedef void mailstore_status_cb(void *ctx, const struct fault *fault,
				 const struct folder_status *status);
struct op *mailstore_status(struct mailstore *ms, struct call call, struct bytes path,
			    mailstore_status_cb *cb, void *ctx);
/* The same as the server counts, those marked \Deleted included: no work for it, and
 * what is selected stays so. For seeing that something has happened. */
struct op *mailstore_glance(struct mailstore *ms, struct call call, struct bytes path,
			    mailstore_status_cb *cb, void *ctx);

enum folder_change_kind {
	FOLDER_CREATE,
	FOLDER_RENAME, /* with all below it */
	FOLDER_DELETE,
	FOLDER_SUBSCRIBE,
	FOLDER_UNSUBSCRIBE,
};

/* One change; new_path for FOLDER_RENAME. */
struct op *mailstore_change_folder(struct mailstore *ms, struct call call,
				   enum folder_change_kind what, struct bytes path,
				   struct bytes new_path, mailstore_done_cb *cb, void *ctx);

struct mailstore_quota {
	bool is_known;
	uint64_t used_bytes, limit_bytes;
};

typedef void mailstore_quota_cb(void *ctx, const struct fault *fault,
				const struct mailstore_quota *quota);
struct op *mailstore_quota(struct mailstore *ms, struct call call, mailstore_quota_cb *cb,
			   void *ctx);

/* --- reading --------------------------------------------------------------- */

/* What to bring along for each message. */
enum {
	MAIL_FLAGS = 1 << 0, /* keywords, modseq if it comes without another round trip */
	MAIL_DATES = 1 << 1, /* received_at, size */
	MAIL_STRUCTURE = 1 << 2,
	MAIL_HEADER_SUMMARY = 1 << 3, /* the fields that struct headers is made of */
	MAIL_HEADER_ALL = 1 << 4,     /* the whole header block */
	MAIL_PREVIEW = 1 << 5,        /* only where the server has PREVIEW */
	MAIL_MODSEQ = 1 << 6,         /* with MAIL_FLAGS: modseq where the folder has them */
	MAIL_SUMMARY = MAIL_FLAGS | MAIL_DATES | MAIL_STRUCTURE | MAIL_HEADER_SUMMARY,
};

/* One message as the server tells it, undecoded. */
struct mail_item {
	struct message_key key;
	bool is_unreadable; /* the server cannot give it: nothing but the key is known */
	struct keywords keywords;
	uint64_t modseq;     /* 0: unknown */
	int64_t received_at; /* unix seconds */
	uint64_t size;
	struct part *structure; /* NULL unless asked for, or when the server could not */
	struct bytes header;    /* raw block, CRLF, or null */
	/* Null where unknown. thread_id as in the API: "g.…" or "o.…". With MAIL_DATES. */
	struct bytes email_id, thread_id;
	struct bytes preview;
};

struct mail_page {
	uint32_t uidvalidity, uidnext; /* 0 with POP3 */
	uint64_t highestmodseq;
	uint64_t epoch;    /* with POP3, of highestmodseq; 0: that is unknown */
	uint32_t total;    /* matching messages, not counting \Deleted ones */
	uint32_t position; /* of the first item */
	bool has_more;
	bool is_incomplete; /* a limit of ours cut the search short */
	struct mail_item *items;
	size_t count;
};

typedef void mailstore_page_cb(void *ctx, const struct fault *fault, const struct mail_page *page);

/* One page of a folder: filtered, sorted, windowed. ERR_NOT_FOUND when the
 * folder is not there, ERR_CONFLICT when window.uidvalidity is set and another
 * one is found. Without filter and in added order this is one window by
 * sequence number, never a search over all. */
struct op *mailstore_query(struct mailstore *ms, struct call call, struct bytes path,
			   const struct mail_query *query, unsigned want, mailstore_page_cb *cb,
			   void *ctx);

/* These messages of one folder, in no particular order; those that are gone,
 * marked \Deleted or of another UIDVALIDITY are missing from the result. One
 * bad message makes only itself missing. */
typedef void mailstore_items_cb(void *ctx, const struct fault *fault, const struct mail_item *items,
				size_t count);
struct op *mailstore_fetch(struct mailstore *ms, struct call call, struct bytes path,
			   const struct message_key *keys, size_t count, unsigned want,
			   mailstore_items_cb *cb, void *ctx);

struct mail_section {
	struct bytes section; /* "1.2", "1.2.HEADER", "" for the whole message */
	uint64_t first;       /* offset in bytes */
	uint64_t length;      /* 0: to the end */
	bool whole_known;     /* `whole_bytes` is what BODYSTRUCTURE or RFC822.SIZE said */
	uint64_t whole_bytes;
	bool is_decoded; /* the server undoes the transfer encoding; all the above count
			  * decoded bytes, and whole_bytes is what part_size() said */
};

/* The bytes of one section, as a stream with back-pressure; marks
 * nothing as read. on_data comes before cb. ERR_NOT_FOUND when the message or
 * the section is gone; ERR_UNSUPPORTED, before any data, when the
 * server cannot decode it; ERR_PROTO when fewer bytes came than announced and the
 * server does not say by itself that there are no more. call.deadline_ms is for
 * the first byte; from then on the server may be silent for a minute at most,
 * pauses of the receiver not counted. */
struct op *mailstore_stream(struct mailstore *ms, struct call call, struct bytes path,
			    const struct message_key *key, const struct mail_section *section,
			    flow_data_cb *on_data, mailstore_done_cb *cb, void *ctx);

/* How many bytes a part of so many base64 octets has once the server decodes it (RFC
 * 3516). ERR_UNSUPPORTED when that is not certain: the server cannot decode, or the
 * encoding is not regular, where servers differ in what they make of it; some have been
 * seen to end the conversation over it. */
typedef void mailstore_size_cb(void *ctx, const struct fault *fault, uint64_t size_bytes);
struct op *mailstore_part_size(struct mailstore *ms, struct call call, struct bytes path,
			       const struct message_key *key, struct bytes part_id,
			       uint64_t encoded_bytes, mailstore_size_cb *cb, void *ctx);

/* Several small sections of one message in one round trip, each cut at
 * max_bytes (and at 4 MiB); the results stand in the order asked for, null where
 * missing. ERR_NOT_FOUND when the message is gone or marked \Deleted. */
typedef void mailstore_sections_cb(void *ctx, const struct fault *fault, const struct bytes *values,
				   size_t count);
struct op *mailstore_sections(struct mailstore *ms, struct call call, struct bytes path,
			      const struct message_key *key, const struct bytes *sections,
			      size_t count, uint64_t max_bytes, mailstore_sections_cb *cb,
			      void *ctx);

/* --- changing -------------------------------------------------------------- */

enum change_status {
	CHANGE_DONE,
	CHANGE_NOT_FOUND, /* gone, or another UIDVALIDITY */
	CHANGE_FAILED,    /* refused: the fault tells */
	CHANGE_UNKNOWN,   /* cut off: may have happened */
};

/* One per message asked for, in request order; one asked for twice has the same
 * result twice. */
struct change_result {
	enum change_status status;
	struct fault fault;
	bool has_new_key;
	struct message_key new_key; /* where a copy or move went, if the server said */
	bool has_keywords;
	struct keywords keywords; /* after a flag change; that a copied or moved one has */
	bool expunged;            /* false: only marked (no UIDPLUS) */
	/* Of an append, a copy, a move: the folder that it goes to, before it (0: not
	 * known). Where the outcome is unknown, what is there from here on tells. */
	uint32_t uidvalidity_before, uidnext_before;
	/* Of a copy or move of at most CHANGE_SEEN_MAX: the message as it was before
	 * (keywords, dates, summary header), to know it again by; else NULL. */
	const struct mail_item *seen;
};

#define CHANGE_SEEN_MAX 100

typedef void mailstore_changes_cb(void *ctx, const struct fault *fault,
				  const struct change_result *results, size_t count);

/* Adds and removes keywords; both may be empty. As few commands as possible. Unless
 * unchanged_since is 0 a message with a higher modseq is left as it is: CHANGE_FAILED
 * with ERR_CONFLICT. Only where caps.changes. */
struct op *mailstore_set_keywords(struct mailstore *ms, struct call call, struct bytes path,
				  const struct message_key *keys, size_t count,
				  const struct keywords *add, const struct keywords *remove,
				  uint64_t unchanged_since, mailstore_changes_cb *cb, void *ctx);
struct op *mailstore_copy(struct mailstore *ms, struct call call, struct bytes path,
			  const struct message_key *keys, size_t count, struct bytes to,
			  mailstore_changes_cb *cb, void *ctx);
/* MOVE, else COPY + STORE + UID EXPUNGE: cut at any point nothing is lost. */
struct op *mailstore_move(struct mailstore *ms, struct call call, struct bytes path,
			  const struct message_key *keys, size_t count, struct bytes to,
			  mailstore_changes_cb *cb, void *ctx);
/* Removes exactly these, never what another client has marked. */
struct op *mailstore_expunge(struct mailstore *ms, struct call call, struct bytes path,
			     const struct message_key *keys, size_t count, mailstore_changes_cb *cb,
			     void *ctx);

struct mail_source {
	uint64_t size_bytes;
	/* Fills `to` with up to max bytes from offset; returns how many, 0 on a read
	 * error. CRLF line ends. Must be repeatable. */
	size_t (*read)(void *ctx, uint64_t offset, uint8_t *to, size_t max);
	void *ctx;
};

/* APPEND; received_at 0 is now. One result; its new_key is absent when the server
 * did not tell and it could not be found again for certain. A refusal is a fault. */
struct op *mailstore_append(struct mailstore *ms, struct call call, struct bytes path,
			    const struct mail_source *source, const struct keywords *keywords,
			    int64_t received_at, mailstore_changes_cb *cb, void *ctx);

/* The message with a UID of at least first_uid that has exactly these bytes: one
 * result, CHANGE_DONE with its new_key, or CHANGE_NOT_FOUND: an append that was
 * cut off has not happened (or the server has altered the message). */
struct op *mailstore_find(struct mailstore *ms, struct call call, struct bytes path,
			  uint32_t first_uid, const struct mail_source *source,
			  mailstore_changes_cb *cb, void *ctx);

/* --- keeping up ------------------------------------------------------------ */

/* The flags of one message, those marked \Deleted included: they are not shown,
 * but may be unmarked again. */
struct mail_flags {
	uint32_t uid;
	uint64_t modseq; /* 0: unknown */
	struct keywords keywords;
	/* Where messages have names only (caps.has_names): the key, and no UID. Else NULL. */
	const struct message_key *key;
	uint64_t added; /* beside key, where modseq is known: the one that it came with */
};

/* What is known of a folder. */
struct mail_baseline {
	uint32_t uidvalidity, uidnext; /* 0: nothing is known */
	uint64_t highestmodseq;        /* 0: unknown */
	const struct uid_set *uids;    /* NULL: unknown */
	/* For who only passes the changes on and will not watch: what is gone is as the
	 * server remembers it, which costs no search for what is there. */
	bool only_changes;
	/* With names and only_changes: whose the highestmodseq is. */
	uint64_t epoch;
};

/* What brings a baseline up to date. */
struct mail_sync {
	uint32_t uidvalidity, uidnext;
	/* From SELECT or a tagged OK only, so that a later sync from here misses nothing
	 * (RFC 7162 §3.1.2); 0: the server has none. */
	uint64_t highestmodseq;
	/* `flags` has every message of the folder: what is not among them is gone. Else
	 * it has those that are new or changed since the baseline. */
	bool is_whole;
	const struct mail_flags *flags; /* by ascending UID */
	size_t count;
	/* Unless whole: gone since the baseline; may name UIDs that never were known.
	 * Borrowed by the callback. */
	const struct uid_set *gone;
	/* With names instead of `gone`. */
	const struct message_key *gone_keys;
	size_t gone_key_count;
	uint64_t epoch;
};

typedef void mailstore_sync_cb(void *ctx, const struct fault *fault, const struct mail_sync *sync);

/* What has changed in a folder since the baseline, with as little traffic as the
 * server allows: QRESYNC (RFC 7162 §3.2), else CONDSTORE and a search for what is
 * still there, else all flags. Whole when the baseline is unknown, of another
 * UIDVALIDITY or ahead of the folder. Exact when it ends: all that another client had been told is
 * in it. With names: the maildrop as this conversation was given it, whole, but for
 * only_changes with a baseline that the memory reaches back to. */
struct op *mailstore_sync(struct mailstore *ms, struct call call, struct bytes path,
			  const struct mail_baseline *since, mailstore_sync_cb *cb, void *ctx);

enum mail_event_kind {
	/* Messages have come: items, ascending UIDs, those marked \Deleted included. */
	MAIL_EVENT_NEW,
	MAIL_EVENT_FLAGS,   /* flags; of a message never told before, too */
	MAIL_EVENT_GONE,    /* gone */
	MAIL_EVENT_STATUS,  /* another folder, `path`, stands at `status` */
	MAIL_EVENT_FOLDERS, /* folders were made, renamed, removed: list them again */
	/* The server cannot tell what it has seen (NOTIFICATIONOVERFLOW, UIDVALIDITY):
	 * nothing that was known counts any more, and nothing more is told. Synchronise,
	 * then watch again. */
	MAIL_EVENT_LOST,
	/* Asked and answered: all that had happened in the folder before the latest
	 * op_resume() has been told. */
	MAIL_EVENT_LOOKED,
};

/* Borrowed by the callback. */
struct mail_event {
	enum mail_event_kind kind;
	const struct mail_item *items;
	const struct mail_flags *flags;
	size_t count; /* of either */
	const struct uid_set *gone;
	struct bytes path;
	const struct folder_status *status;
	uint64_t highestmodseq; /* MAIL_EVENT_LOOKED: as in struct mail_sync */
};

typedef void mailstore_event_cb(void *ctx, const struct mail_event *ev);

struct mail_watch {
	unsigned want; /* of new messages: MAIL_SUMMARY and the like; MAIL_FLAGS always */
	/* Tell MAIL_EVENT_STATUS and _FOLDERS too, if the server can (caps.push is
	 * MAILSTORE_PUSH_NOTIFY): at first where every other folder stands, then
	 * whenever one has changed. Their counts include what is marked \Deleted. */
	bool all_folders;
	uint64_t poll_ms; /* how often to ask a server that does not tell by itself */
	bool must_poll;   /* do not believe its IDLE or NOTIFY */
};

/* Tells what happens in a folder from the end of the last mailstore_sync() of it on
 * this conversation (if the folder has stayed selected), else from now on: NOTIFY
 * (RFC 5465), IDLE (RFC 2177), else NOOP. Ends only by a fault (cb), or by
 * op_cancel(): the folder stays selected and the conversation can be used at once;
 * what was started meanwhile waits for that. op_resume() asks the server whether
 * there is anything; MAIL_EVENT_LOOKED answers. Within call.deadline_ms it has to be
 * watching; from then on each question to the server has a deadline of its own.
 * Events lie in memory that lives as long as their callback, not in call.mem; the
 * callback may cancel the operation. */
struct op *mailstore_watch(struct mailstore *ms, struct call call, struct bytes path,
			   const struct mail_watch *how, mailstore_event_cb *on_event,
			   mailstore_done_cb *cb, void *ctx);

#endif
