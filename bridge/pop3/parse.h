/* The lines of POP3 (RFC 1939, 2449, 3206, 5034, 6856), one function each. */
#ifndef POP3_PARSE_H
#define POP3_PARSE_H

#include "base/err.h"

/* "+OK text", "-ERR [CODE] text". All borrowed from the line. */
struct pop3_status {
	bool is_ok;
	bool is_continuation; /* "+ base64": a SASL challenge */
	struct bytes code;    /* "IN-USE", "SYS/TEMP"; null when there is none */
	struct bytes text;    /* of a continuation: the challenge */
};

/* False when it is neither. */
bool pop3_status_parse(struct bytes line, struct pop3_status *ret);
/* ERR_OK, or what a -ERR means: RFC 2449 §8, RFC 3206. `otherwise` without a code. */
enum err pop3_status_err(const struct pop3_status *s, enum err otherwise);

/* The msg-id of a greeting that offers APOP (RFC 1939 §7), with its angle
 * brackets; null when there is none. */
struct bytes pop3_greeting_timestamp(struct bytes text);

struct pop3_caps {
	bool is_known; /* CAPA was answered */
	bool top, uidl, user, stls, pipelining, resp_codes, auth_resp_code, utf8;
	bool has_sasl;
	unsigned sasl;          /* SASL_BIT()s, filled by the session */
	uint64_t login_delay_s; /* 0: none */
	uint64_t expire_days;   /* UINT64_MAX: never, or unknown */
};

struct pop3_caps pop3_caps_none(void);
/* One line of the answer to CAPA; unknown ones are passed over. `ret_mechanisms`
 * gets the words behind SASL, else null. */
void pop3_caps_add(struct pop3_caps *c, struct bytes line, struct bytes *ret_mechanisms);

/* "n size" of LIST; false when malformed. */
bool pop3_listing_parse(struct bytes line, uint32_t *ret_number, uint64_t *ret_size);
/* "n unique-id" of UIDL; false when malformed. The id may be of any length. */
bool pop3_uidl_parse(struct bytes line, uint32_t *ret_number, struct bytes *ret_uidl);
/* "n size" of STAT. */
bool pop3_stat_parse(struct bytes text, uint32_t *ret_count, uint64_t *ret_bytes);

#endif
