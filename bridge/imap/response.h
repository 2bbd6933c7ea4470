/*
 * One server response as understood (RFC 9051 §7, RFC 3501 §7 and the
 * extensions named below). Strings are as they came, undecoded; a null string
 * is NIL. All of it lives in the arena of imap_parse() or points into the
 * response's text, which must live as long.
 *
 * Sequence numbers are a type of their own, so that they are never taken for
 * UIDs; they do not leave bridge/imap.
 */
#ifndef IMAP_RESPONSE_H
#define IMAP_RESPONSE_H

#include "imap/framer.h"
#include "model/keywords.h"
#include "model/message.h"

/* Where and why something could not be understood. */
struct imap_parse_fault {
	size_t offset;      /* in the text of the response */
	const char *reason; /* "a quoted string is not closed"; NULL: no fault */
};

struct imap_seq {
	uint32_t n; /* from 1; 0 is none */
};

/* --- sets ------------------------------------------------------------------ */

struct imap_range {
	uint32_t first, last; /* first <= last; UINT32_MAX for "*" */
};

/* As written: in the server's order (COPYUID depends on it), not merged. */
struct imap_set {
	struct imap_range *at;
	size_t count;
};

struct imap_numbers {
	uint32_t *at;
	size_t count;
};

/* --- status responses: §7.1, and what may stand in their brackets ---------- */

enum imap_status {
	IMAP_OK,
	IMAP_NO,
	IMAP_BAD,
	IMAP_BYE,
	IMAP_PREAUTH,
};

enum imap_code {
	IMAP_CODE_NONE,
	IMAP_CODE_OTHER, /* not known to us, or known and malformed: see code_name, code_args */
	IMAP_CODE_ALERT,
	IMAP_CODE_ALREADYEXISTS,
	IMAP_CODE_APPENDUID, /* uidvalidity, uids */
	IMAP_CODE_AUTHENTICATIONFAILED,
	IMAP_CODE_AUTHORIZATIONFAILED,
	IMAP_CODE_BADCHARSET, /* words: the charsets, may be empty */
	IMAP_CODE_BADCOMPARATOR,
	IMAP_CODE_BADEVENT, /* code_args */
	IMAP_CODE_BADURL,   /* code_args */
	IMAP_CODE_CANNOT,
	IMAP_CODE_CAPABILITY, /* words */
	IMAP_CODE_CLIENTBUG,
	IMAP_CODE_CLOSED,
	IMAP_CODE_COMPRESSIONACTIVE,
	IMAP_CODE_CONTACTADMIN,
	IMAP_CODE_COPYUID, /* uidvalidity, source_uids, uids */
	IMAP_CODE_CORRUPTION,
	IMAP_CODE_EXPIRED,
	IMAP_CODE_EXPUNGEISSUED,
	IMAP_CODE_HASCHILDREN,
	IMAP_CODE_HIGHESTMODSEQ, /* number */
	IMAP_CODE_INPROGRESS,    /* code_args */
	IMAP_CODE_INUSE,
	IMAP_CODE_LIMIT,
	IMAP_CODE_MAILBOXID, /* words[0] */
	IMAP_CODE_MAXCONVERTMESSAGES,
	IMAP_CODE_MESSAGELIMIT, /* number, RFC 9738 */
	IMAP_CODE_METADATA,     /* code_args: LONGENTRIES n, MAXSIZE n, TOOMANY, NOPRIVATE */
	IMAP_CODE_MODIFIED,     /* uids: UIDs or sequence numbers, as the command had them */
	IMAP_CODE_NEWNAME,      /* code_args (RFC 2060) */
	IMAP_CODE_NOMODSEQ,
	IMAP_CODE_NONEXISTENT,
	IMAP_CODE_NOPERM,
	IMAP_CODE_NOTIFICATIONOVERFLOW,
	IMAP_CODE_NOTSAVED,
	IMAP_CODE_NOUPDATE, /* code_args: the tag */
	IMAP_CODE_OVERQUOTA,
	IMAP_CODE_PARSE,
	IMAP_CODE_PERMANENTFLAGS, /* flags; is_extensible: \* was there */
	IMAP_CODE_PRIVACYREQUIRED,
	IMAP_CODE_READ_ONLY,
	IMAP_CODE_READ_WRITE,
	IMAP_CODE_REFERRAL, /* code_args: the URL */
	IMAP_CODE_SERVERBUG,
	IMAP_CODE_TOOBIG,
	IMAP_CODE_TRYCREATE,
	IMAP_CODE_UIDNEXT, /* number */
	IMAP_CODE_UIDNOTSTICKY,
	IMAP_CODE_UIDREQUIRED,
	IMAP_CODE_UIDVALIDITY, /* number */
	IMAP_CODE_UNAVAILABLE,
	IMAP_CODE_UNDEFINED_FILTER, /* code_args */
	IMAP_CODE_UNKNOWN_CTE,
	IMAP_CODE_UNSEEN, /* number: a sequence number */
	IMAP_CODE_USEATTR,
	IMAP_CODES,
};

/* A flag list as it stands: "\Seen" and "$Forwarded" alike. */
struct imap_flags {
	unsigned system; /* KEYWORD_SEEN, ... */
	bool is_recent;
	bool is_extensible;      /* \* */
	bool is_cut;             /* there were more than limits.flags */
	struct bytes_list names; /* all of them as written, system flags too, \* not */
};

/* resp-text. Only the members named at the code are set. */
struct imap_text {
	enum imap_code code;
	struct bytes code_name; /* as written; null when there is no code */
	struct bytes code_args; /* all behind the name; null when there is nothing */
	uint64_t number;
	uint32_t uidvalidity;
	struct imap_set source_uids, uids;
	struct imap_flags flags;
	struct bytes_list words;
	struct bytes text; /* for people; may be empty */
};

/* --- folders --------------------------------------------------------------- */

enum {
	IMAP_LIST_NOINFERIORS = 1 << 0,
	IMAP_LIST_NOSELECT = 1 << 1,
	IMAP_LIST_NONEXISTENT = 1 << 2, /* implies NOSELECT, set as well */
	IMAP_LIST_MARKED = 1 << 3,
	IMAP_LIST_UNMARKED = 1 << 4,
	IMAP_LIST_HASCHILDREN = 1 << 5,
	IMAP_LIST_HASNOCHILDREN = 1 << 6,
	IMAP_LIST_SUBSCRIBED = 1 << 7,
	IMAP_LIST_REMOTE = 1 << 8,
	IMAP_LIST_ALL = 1 << 9, /* RFC 6154 special uses; XLIST's \AllMail, \Starred, \Spam too */
	IMAP_LIST_ARCHIVE = 1 << 10,
	IMAP_LIST_DRAFTS = 1 << 11,
	IMAP_LIST_FLAGGED = 1 << 12,
	IMAP_LIST_JUNK = 1 << 13,
	IMAP_LIST_SENT = 1 << 14,
	IMAP_LIST_TRASH = 1 << 15,
	IMAP_LIST_IMPORTANT = 1 << 16, /* RFC 8457 */
	IMAP_LIST_INBOX = 1 << 17,     /* XLIST's \Inbox */
};

/* LIST, LSUB, XLIST: RFC 9051 §7.3.1, RFC 5258. */
struct imap_list {
	unsigned attributes;     /* IMAP_LIST_... */
	struct bytes_list names; /* all attributes as written */
	char delimiter;          /* 0: NIL */
	struct bytes mailbox;    /* as it came: modified UTF-7, or UTF-8 once enabled */
	bool has_childinfo;      /* CHILDINFO said that a selected child is below */
	struct bytes old_name;   /* OLDNAME, or null */
};

enum {
	IMAP_STATUS_MESSAGES = 1 << 0,
	IMAP_STATUS_RECENT = 1 << 1,
	IMAP_STATUS_UIDNEXT = 1 << 2,
	IMAP_STATUS_UIDVALIDITY = 1 << 3,
	IMAP_STATUS_UNSEEN = 1 << 4,
	IMAP_STATUS_DELETED = 1 << 5,
	IMAP_STATUS_SIZE = 1 << 6,
	IMAP_STATUS_HIGHESTMODSEQ = 1 << 7,
	IMAP_STATUS_DELETED_STORAGE = 1 << 8,
	IMAP_STATUS_APPENDLIMIT = 1 << 9, /* absent when NIL: no limit is known */
	IMAP_STATUS_MAILBOXID = 1 << 10,
};

/* STATUS: RFC 9051 §7.3.4 with RFC 7162, 7889, 8438, 8474, 9208. */
struct imap_status_data {
	struct bytes mailbox;
	unsigned has; /* IMAP_STATUS_...; the others are 0 */
	uint32_t messages, recent, uidnext, uidvalidity, unseen, deleted;
	uint64_t size_bytes, highestmodseq, deleted_storage, append_limit_bytes;
	struct bytes mailbox_id;
};

struct imap_namespace {
	struct bytes prefix;
	char delimiter; /* 0: NIL */
};

struct imap_namespace_list {
	struct imap_namespace *at; /* NULL: NIL */
	size_t count;
};

struct imap_namespaces {
	struct imap_namespace_list personal, other, shared;
};

/* --- small ones ------------------------------------------------------------ */

struct imap_pair {
	struct bytes name, value; /* value null for NIL */
};

struct imap_pair_list {
	struct imap_pair *at;
	size_t count;
};

struct imap_quota_resource {
	struct bytes name; /* STORAGE (in units of 1024 octets), MESSAGE, ... */
	uint64_t usage, limit;
};

struct imap_quota {
	struct bytes root;
	struct imap_quota_resource *at;
	size_t count;
};

struct imap_quota_root {
	struct bytes mailbox;
	struct bytes_list roots;
};

/* ACL, MYRIGHTS, LISTRIGHTS: RFC 4314. */
struct imap_rights {
	struct bytes mailbox;
	struct imap_pair_list acl;  /* ACL: identifier and rights */
	struct bytes identifier;    /* LISTRIGHTS */
	struct bytes rights;        /* MYRIGHTS; LISTRIGHTS: always granted */
	struct bytes_list optional; /* LISTRIGHTS: tied together */
};

/* --- searching ------------------------------------------------------------- */

/* SEARCH and SORT: UIDs or sequence numbers, as the command asked. */
struct imap_search {
	struct imap_numbers numbers;
	bool has_modseq;
	uint64_t modseq;
};

enum {
	IMAP_ESEARCH_MIN = 1 << 0,
	IMAP_ESEARCH_MAX = 1 << 1,
	IMAP_ESEARCH_COUNT = 1 << 2,
	IMAP_ESEARCH_ALL = 1 << 3,
	IMAP_ESEARCH_MODSEQ = 1 << 4,
	IMAP_ESEARCH_PARTIAL = 1 << 5,
};

/* RFC 9051 §7.3.4, RFC 7162, RFC 9394 */
struct imap_esearch {
	struct bytes tag; /* null: none given */
	bool is_uid;
	unsigned has; /* IMAP_ESEARCH_... */
	uint32_t min, max, count;
	struct imap_set all;
	uint64_t modseq;
	int64_t partial_first, partial_last; /* negative: from the end */
	struct imap_set partial;             /* empty for NIL */
};

/* THREAD (RFC 5256 §4) as one array in preorder. */
struct imap_thread_node {
	uint32_t number; /* 0: a parent that is not there */
	uint32_t parent; /* index; UINT32_MAX at the top of a thread */
};

struct imap_thread {
	struct imap_thread_node *at;
	size_t count;
};

/* RFC 7162 §3.2.10 */
struct imap_vanished {
	bool is_earlier;
	struct imap_set uids;
};

/* --- FETCH: RFC 9051 §7.5.2 ------------------------------------------------ */

struct imap_address {
	struct bytes name, route, mailbox, host; /* host null: RFC 5322 group syntax */
};

struct imap_address_list {
	struct imap_address *at;
	size_t count;
	bool is_cut; /* there were more than limits.addresses in this message */
};

struct imap_envelope {
	struct bytes date, subject;
	struct imap_address_list from, sender, reply_to, to, cc, bcc;
	struct bytes in_reply_to, message_id;
};

enum imap_body_kind {
	IMAP_BODY,          /* BODY[section]<origin> */
	IMAP_BINARY,        /* BINARY[part]<origin> */
	IMAP_BINARY_SIZE,   /* BINARY.SIZE[part]: size_bytes */
	IMAP_RFC822,        /* RFC822 */
	IMAP_RFC822_HEADER, /* RFC822.HEADER */
	IMAP_RFC822_TEXT,   /* RFC822.TEXT */
};

enum imap_section_text {
	IMAP_SECTION_ALL, /* nothing behind the part number */
	IMAP_SECTION_HEADER,
	IMAP_SECTION_FIELDS,     /* HEADER.FIELDS, names in `fields` */
	IMAP_SECTION_FIELDS_NOT, /* HEADER.FIELDS.NOT */
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME,
	IMAP_SECTION_OTHER, /* not known: only `section` tells */
};

struct imap_body {
	enum imap_body_kind kind;
	struct bytes section; /* all between the brackets, as written */
	struct bytes part_id; /* "1.2"; empty for the whole message */
	enum imap_section_text text;
	struct bytes_list fields;
	bool has_origin;
	uint32_t origin; /* <origin> */
	bool is_nil;
	bool is_streamed;    /* `data` is empty, its bytes went to the framer's owner */
	struct bytes data;   /* null for NIL */
	uint64_t size_bytes; /* of data, also when streamed; of the part for BINARY.SIZE */
};

enum {
	IMAP_FETCH_FLAGS = 1 << 0,
	IMAP_FETCH_UID = 1 << 1,
	IMAP_FETCH_INTERNALDATE = 1 << 2,
	IMAP_FETCH_SIZE = 1 << 3,
	IMAP_FETCH_ENVELOPE = 1 << 4,
	IMAP_FETCH_STRUCTURE = 1 << 5, /* BODYSTRUCTURE or BODY */
	IMAP_FETCH_MODSEQ = 1 << 6,
	IMAP_FETCH_EMAILID = 1 << 7,
	IMAP_FETCH_THREADID = 1 << 8,
	IMAP_FETCH_PREVIEW = 1 << 9,
	IMAP_FETCH_SAVEDATE = 1 << 10,
	IMAP_FETCH_GM_MSGID = 1 << 11,
	IMAP_FETCH_GM_THRID = 1 << 12,
	IMAP_FETCH_GM_LABELS = 1 << 13,
};

/* FETCH, and UIDFETCH (RFC 9586) where `seq` is none. */
struct imap_fetch {
	struct imap_seq seq;
	unsigned has; /* IMAP_FETCH_... */
	uint32_t uid;
	struct imap_flags flags;
	struct zoned_time internal_date; /* not known when the server's was no date */
	uint64_t size_bytes;             /* RFC822.SIZE */
	struct imap_envelope *envelope;
	struct part *structure; /* NULL: not given, or is_structure_cut */
	bool is_structure_cut;  /* deeper or larger than the limits */
	uint64_t modseq;
	struct bytes email_id, thread_id; /* null for NIL */
	struct bytes preview;             /* null for NIL */
	struct zoned_time save_date;      /* not known for NIL */
	uint64_t gm_msgid, gm_thrid;
	struct bytes_list gm_labels;
	struct imap_body *bodies;
	size_t body_count;
	struct bytes_list unknown; /* names of items that were skipped */
	/* The first item that was left out since it is malformed (ENVELOPE,
	 * BODYSTRUCTURE) or unknown to every RFC; the rest stands. */
	struct imap_parse_fault fault;
};

/* --- the response ---------------------------------------------------------- */

enum imap_kind {
	IMAP_CONTINUE, /* text */
	IMAP_TAGGED,   /* tag, status, text */
	IMAP_UNTAGGED, /* status, text */
	IMAP_CAPABILITY,
	IMAP_ENABLED,
	IMAP_FLAGS,
	IMAP_LIST,
	IMAP_LSUB,
	IMAP_XLIST,
	IMAP_STATUS,
	IMAP_SEARCH,
	IMAP_SORT,
	IMAP_ESEARCH,
	IMAP_THREAD,
	IMAP_NAMESPACE,
	IMAP_ID,
	IMAP_QUOTA,
	IMAP_QUOTAROOT,
	IMAP_ACL,
	IMAP_MYRIGHTS,
	IMAP_LISTRIGHTS,
	IMAP_VANISHED,
	IMAP_EXISTS,
	IMAP_RECENT,
	IMAP_EXPUNGE,
	IMAP_FETCH,
	IMAP_UNKNOWN,
	IMAP_KINDS,
};

struct imap_response {
	enum imap_kind kind;
	struct bytes name;   /* "FETCH", "OK" as written; null for IMAP_CONTINUE */
	struct bytes tag;    /* IMAP_TAGGED */
	bool has_number;     /* IMAP_UNKNOWN: a number stood before the name */
	uint32_t number;     /* EXISTS, RECENT; IMAP_UNKNOWN */
	struct imap_seq seq; /* EXPUNGE */
	union {
		struct {
			enum imap_status status;
			struct imap_text text; /* IMAP_CONTINUE too */
		};
		struct bytes_list words; /* CAPABILITY, ENABLED */
		struct imap_flags flags;
		struct imap_list list;          /* LIST, LSUB, XLIST */
		struct imap_status_data folder; /* STATUS */
		struct imap_search search;      /* SEARCH, SORT */
		struct imap_esearch esearch;
		struct imap_thread thread;
		struct imap_namespaces namespaces;
		struct imap_pair_list id;
		struct imap_quota quota;
		struct imap_quota_root quota_root;
		struct imap_rights rights; /* ACL, MYRIGHTS, LISTRIGHTS */
		struct imap_vanished vanished;
		struct imap_fetch fetch;
		struct bytes rest; /* UNKNOWN: all behind the name */
	};
};

/*
 * Reads one whole response as the framer gave it. ERR_PROTO when it is not
 * one: the conversation is out of step and must end. ERR_TOO_BIG over a limit
 * or when the arena gives no more. On failure *ret is untouched; `ret_fault`
 * may be NULL.
 */
MUST_CHECK enum err imap_parse(const struct imap_frame *frame, const struct imap_limits *limits,
			       struct arena *mem, struct imap_response *ret,
			       struct imap_parse_fault *ret_fault);

/* "fetch", "tagged": for logs and transcripts. */
const char *imap_kind_name(enum imap_kind kind);
/* "OK". */
const char *imap_status_name(enum imap_status status);
/* "OVERQUOTA"; "" for IMAP_CODE_NONE and IMAP_CODE_OTHER. */
const char *imap_code_name(enum imap_code code);

#endif
