/*
 * What a server says it can do: one bit per capability that we use, and its
 * SASL mechanisms.
 */
#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include "model/address.h"

enum imap_cap {
	IMAP_CAP_IMAP4REV1,
	IMAP_CAP_IMAP4REV2,
	IMAP_CAP_STARTTLS,
	IMAP_CAP_LOGINDISABLED,
	IMAP_CAP_SASL_IR,
	IMAP_CAP_ID,
	IMAP_CAP_ENABLE,
	IMAP_CAP_NAMESPACE,
	IMAP_CAP_IDLE,
	IMAP_CAP_NOTIFY,
	IMAP_CAP_CONDSTORE,
	IMAP_CAP_QRESYNC,
	IMAP_CAP_ESEARCH,
	IMAP_CAP_SEARCHRES,
	IMAP_CAP_CONTEXT_SEARCH,
	IMAP_CAP_PARTIAL,
	IMAP_CAP_WITHIN,
	IMAP_CAP_SORT,
	IMAP_CAP_SORT_DISPLAY,
	IMAP_CAP_ESORT,
	IMAP_CAP_THREAD_REFERENCES,
	IMAP_CAP_THREAD_REFS,
	IMAP_CAP_THREAD_ORDEREDSUBJECT,
	IMAP_CAP_LIST_EXTENDED,
	IMAP_CAP_LIST_STATUS,
	IMAP_CAP_LIST_MYRIGHTS,
	IMAP_CAP_CHILDREN,
	IMAP_CAP_SPECIAL_USE,
	IMAP_CAP_CREATE_SPECIAL_USE,
	IMAP_CAP_XLIST,
	IMAP_CAP_MOVE,
	IMAP_CAP_UIDPLUS,
	IMAP_CAP_UNSELECT,
	IMAP_CAP_MULTIAPPEND,
	IMAP_CAP_REPLACE,
	IMAP_CAP_LITERAL_PLUS,
	IMAP_CAP_LITERAL_MINUS,
	IMAP_CAP_BINARY,
	IMAP_CAP_UTF8_ACCEPT,
	IMAP_CAP_UTF8_ONLY,
	IMAP_CAP_COMPRESS_DEFLATE,
	IMAP_CAP_PREVIEW,
	IMAP_CAP_OBJECTID,
	IMAP_CAP_SAVEDATE,
	IMAP_CAP_STATUS_SIZE,
	IMAP_CAP_QUOTA,
	IMAP_CAP_ACL,
	IMAP_CAP_METADATA,
	IMAP_CAP_UIDONLY,
	IMAP_CAP_UNAUTHENTICATE,
	IMAP_CAP_X_GM_EXT_1,
	IMAP_CAPS,
};

#define IMAP_AUTHS_MAX     16
#define IMAP_AUTH_NAME_MAX 20 /* RFC 4422 §3.1 */

/* Plain data, copied by value. */
struct imap_capabilities {
	uint64_t bits; /* 1 << enum imap_cap */
	bool is_known; /* a CAPABILITY was seen */
	bool has_append_limit;
	uint64_t append_limit_bytes;                       /* APPENDLIMIT=n, RFC 7889 */
	char auth[IMAP_AUTHS_MAX][IMAP_AUTH_NAME_MAX + 1]; /* upper-case, as offered */
	size_t auth_count;
};

/* From the words of a CAPABILITY response or code. Where IMAP4rev2 is offered
 * and IMAP4rev1 is not, what rev2 contains is set as well. */
struct imap_capabilities imap_capabilities_of(const struct bytes_list *words);

/* After ENABLE IMAP4rev2 on a server that offers both: adds what rev2 contains
 * (RFC 9051 appendix E). */
void imap_capabilities_add_rev2(struct imap_capabilities *c);

static inline bool imap_capabilities_has(const struct imap_capabilities *c, enum imap_cap cap)
{
	return c->bits >> cap & 1;
}

/* `mechanism` in upper case: "PLAIN", "SCRAM-SHA-256". */
bool imap_capabilities_has_auth(const struct imap_capabilities *c, const char *mechanism);

/* As in a CAPABILITY response: "LIST-STATUS". */
const char *imap_cap_name(enum imap_cap cap);

#endif
