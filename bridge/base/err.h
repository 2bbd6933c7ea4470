/*
 * What went wrong, named by what the caller can do about it. Library code
 * returns these and never logs; api/http/problem.c alone turns them into HTTP.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/bytes.h"

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	ERR_OK = 0,
	ERR_NOMEM,       /* memory ran out: this request fails, the process goes on */
	ERR_INTERNAL,    /* a bug of ours, or the system refused something basic */
	ERR_CANCELLED,   /* whoever asked has gone */
	ERR_TIMEOUT,     /* the deadline passed; the peer may still be at it */
	ERR_NET,         /* the peer cannot be reached, or the connection was lost */
	ERR_TLS,         /* certificate or handshake: trying again does not help */
	ERR_PROTO,       /* the peer broke its protocol; the connection is useless */
	ERR_TOO_BIG,     /* over a limit of ours */
	ERR_AUTH,        /* the credentials were refused */
	ERR_DENIED,      /* known, but may not (ACL, policy of the operator) */
	ERR_NOT_FOUND,   /* no such folder, message, part, session */
	ERR_EXISTS,      /* the name is taken */
	ERR_CONFLICT,    /* the thing has changed meanwhile */
	ERR_QUOTA,       /* the mailbox is full */
	ERR_BUSY,        /* try again in a while: UNAVAILABLE, INUSE, LIMIT, queue full */
	ERR_UNSUPPORTED, /* this account or server cannot do that */
	ERR_INVALID,     /* malformed input */
	ERR_REFUSED,     /* the server said no and did not say why */
	ERR_UNKNOWN,     /* the command may have been executed: find out, then decide */
};

/* Stable lower-case name for logs ("not-found"). */
const char *err_name(enum err e);

/* A failure with what the mail server said about it. Plain data, copied by
 * value; the strings are cleaned of control characters and cut to fit. */
struct fault {
	enum err err;
	char protocol[8];       /* "imap", "pop3", "smtp", "" when no server spoke */
	char code[32];          /* response code without brackets ("OVERQUOTA"), or "" */
	char text[256];         /* the server's words, or a library's reason, or "" */
	unsigned retry_after_s; /* when to try again (ERR_BUSY); 0: no idea */
};

struct fault fault_of(enum err e);
/* A fault whose text comes from us or a library (a TLS reason, "refused"). */
struct fault fault_with_text(enum err e, const char *text);
/* A fault of our own that is a precise problem of the API: code in kebab-case
 * ("message-not-found"), no protocol. */
struct fault fault_with_code(enum err e, const char *code);
struct fault fault_from_server(enum err e, const char *protocol, struct bytes code,
			       struct bytes text);

#endif
