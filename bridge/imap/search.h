/*
 * Queries with filters or another order than that of arrival: what the server
 * searches and sorts, and what is left to do here. Internal to imap/.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include "imap/store.h"
#include "match/sort.h"

/* --- keys of SEARCH: search_keys.c --------------------------------------------------- */

/* What of a query cannot be left to the server. */
struct imap_search_plan {
	bool is_utf8;        /* some text is not ASCII */
	bool has_dates;      /* instants: SEARCH knows days only */
	bool has_attachment; /* and not Gmail */
	bool has_sizes;      /* and the server's are none to rely on */
	bool is_local_text;  /* the server refused the charset: non-ASCII texts are matched here */
	bool has_digest;     /* a thread that is known by a digest of its root */
};

struct imap_search_plan imap_search_plan_of(const struct imap_session *s,
					    const struct mail_query *q);
/* UNDELETED and all filters; of dates the days that may match. */
void imap_search_keys(struct imap_exchange *x, const struct mail_query *q,
		      const struct imap_search_plan *plan);
/* "CHARSET UTF-8" where it is due: before the keys of SEARCH. */
void imap_search_charset(struct imap_exchange *x, const struct imap_search_plan *plan);
/* The days around the instants of the query, in which messages must be looked at. */
void imap_search_uncertain_days(struct imap_exchange *x, const struct mail_query *q);

/* --- lists of UIDs, on the heap: uid_list.c ------------------------------------------- */

/* Messages that a search may find; further ones are cut off. */
#define IMAP_UIDS_MAX 1000000

struct imap_uids {
	uint32_t *at; /* owned */
	size_t count;
};

void imap_uids_done(struct imap_uids *l);
/* Replaces the content by what a SEARCH, SORT or ESEARCH response names, in its
 * order. False when memory is short or there are more than `max`. */
bool imap_uids_take(struct imap_uids *l, const struct imap_response *r, size_t max);
void imap_uids_sort(struct imap_uids *l); /* ascending */
/* In an ascending list: the index of uid, or where it would be. */
size_t imap_uids_place(const struct imap_uids *l, uint32_t uid);
bool imap_uids_has(const struct imap_uids *l, uint32_t uid); /* ascending */

/* --- looking at many messages: scanning.c ---------------------------------------------- */

enum imap_scan_what {
	IMAP_SCAN_DATES,     /* INTERNALDATE */
	IMAP_SCAN_SIZES,     /* RFC822.SIZE */
	IMAP_SCAN_STRUCTURE, /* BODYSTRUCTURE */
	IMAP_SCAN_HEADERS,   /* the fields of struct headers, and INTERNALDATE */
	IMAP_SCAN_THREADS,   /* the server's thread id, or the fields that name the thread */
};

/* One UID FETCH over many UIDs; each row is given once and not kept. */
struct imap_scanning {
	struct imap_op *op;
	const struct imap_uids *uids; /* ascending */
	enum imap_scan_what what;
	void (*row)(struct imap_scanning *s, const struct imap_fetch *f);
	void (*done)(struct imap_scanning *s);
	unsigned left;
};
void imap_scanning_start(struct imap_scanning *s);

/* --- values to sort by: sort_value.c ----------------------------------------------------- */

/* The row of a message. False when memory is short. */
bool imap_sort_row_of(struct match_row *row, struct arena *mem, enum mail_sort sort,
		      const struct imap_fetch *f);
enum imap_scan_what imap_sort_needs(enum mail_sort sort);

/* --- matching here: local_filter.c --------------------------------------------------------- */

/* Does the decoded header satisfy the filters that the server was not asked about: the
 * digests of threads, and with `is_local_text` those whose text is not ASCII? Those about
 * bodies are taken for satisfied. */
bool imap_local_match(struct arena *mem, const struct mail_query *q, bool is_local_text,
		      struct bytes header);
bool imap_local_is_digest(const struct mail_filter *f);
/* Is there one about bodies among those? */
bool imap_local_is_partial(const struct mail_query *q);
/* hasAttachment as the query wants it; a structure that is not known has none. */
bool imap_local_attachment(struct arena *mem, const struct mail_query *q,
			   const struct part *structure);
/* Is the message's date within all instants of the query? */
bool imap_local_dates(const struct mail_query *q, int64_t received_at);
bool imap_local_sizes(const struct mail_query *q, uint64_t size_bytes);

/* --- the operation -------------------------------------------------------------------------- */

/* So many messages are looked at one by one; what is older is left out. */
#define IMAP_SCAN_DATES_MAX      50000
#define IMAP_SCAN_HEADERS_MAX    10000
#define IMAP_SCAN_STRUCTURES_MAX 10000
#define IMAP_SCAN_THREADS_MAX    50000 /* but once for a folder that stays selected */

/* The operation, in steps: see cmd_search.c and search_page.c. */
struct imap_searching {
	struct imap_op base;
	struct imap_search_plan plan;
	struct imap_uids uids;      /* found; by UID, then by the order's value: ascending */
	struct imap_uids uncertain; /* whose instants must be looked at */
	struct imap_uids kept;      /* of those that are looked at: who satisfies */
	struct imap_uids sorted;    /* `uids` by UID, while they are looked at */
	struct imap_scanning scanning;
	struct match_row *rows; /* owned */
	size_t row_count;
	struct arena *scratch;
	bool is_plain; /* ESEARCH's answer was no good: ask the old way */
	bool is_charset_refused;
	bool matches_text; /* while headers are looked at: is_local_text was so */
	bool is_bad;       /* an answer is none */
	bool is_incomplete;
	/* The binary search for a cursor whose message is gone. */
	size_t low, high;
	bool is_probed;
	struct imap_fetching fetching;
	size_t first, count; /* the page: places in its own order */
	void (*collapsed)(struct imap_searching *s);
	/* PARTIAL: `uids` is the page alone. */
	bool is_partial, has_total, has_page;
	uint32_t total, rest; /* all that match; those of them from the cursor on */
	uint32_t position;    /* of the page among all */
	void (*whole)(struct imap_searching *s);
};

static inline const struct mail_query *imap_searching_query(const struct imap_searching *s)
{
	return &s->base.rq.arg.read.query;
}

/* Does UID SORT give the order that is wanted? */
bool imap_searching_is_sorted(const struct imap_searching *s);
/* Too many to be looked at: the last `max` of `uids` stay. */
void imap_searching_cut(struct imap_searching *s, size_t max);
/* What is found is final: sorts it if the server did not, fetches the page, and
 * ends the operation. */
void imap_searching_page(struct imap_searching *s);

/* Leaves the first of each thread in `uids`, and in `rows` beside them; fails the
 * operation or goes on with `then`. */
void imap_searching_collapse(struct imap_searching *s, void (*then)(struct imap_searching *s));

/* Fetches the page that begins at this place of `uids`, and ends the operation. */
void imap_searching_fetch(struct imap_searching *s, size_t first);

/* Can the server give the page without the rest? Then the page is asked for and fetched;
 * `whole` runs where it would not. */
bool imap_searching_can_be_partial(const struct imap_searching *s);
void imap_searching_partial(struct imap_searching *s, void (*whole)(struct imap_searching *s));
/* All that was asked is answered, whatever came last. */
void imap_searching_judge_partial(struct imap_searching *s);

extern const struct imap_verb imap_verb_search; /* cmd_search.c */

#endif
