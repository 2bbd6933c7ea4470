/*
 * One IMAP command, built from typed tokens and never by printf: whatever
 * stands in a string, the server sees exactly one command with exactly these
 * arguments. Spaces between tokens are the encoder's business.
 *
 *	imap_command_init(&c, &how);
 *	imap_command_begin(&c, tag, "UID FETCH");
 *	imap_command_uid_set(&c, &uids);
 *	imap_command_open(&c);
 *	imap_command_word(&c, "FLAGS");
 *	imap_command_close(&c);
 *	err = imap_command_end(&c);
 *
 * Errors are sticky and told by imap_command_end(): ERR_INVALID (NUL in a
 * string, a flag that is no atom, an empty set), ERR_TOO_BIG, ERR_NOMEM.
 *
 * The result is a list of segments to go through in order. Behind
 * IMAP_SEGMENT_WAIT nothing may be sent before the server's "+ "; should it
 * answer with the tagged NO or BAD instead, the rest is not sent at all.
 */
#ifndef IMAP_ENCODE_H
#define IMAP_ENCODE_H

#include "base/buf.h"
#include "imap/response.h"
#include "model/keywords.h"
#include "model/uid_set.h"

enum imap_literals {
	IMAP_LITERALS_SYNC,  /* RFC 9051 §4.3: {n}, and wait */
	IMAP_LITERALS_MINUS, /* LITERAL-: {n+} up to 4096 octets */
	IMAP_LITERALS_PLUS,  /* LITERAL+: {n+} */
};

/* What the server can take, as of now. */
struct imap_encoding {
	enum imap_literals literals;
	bool is_utf8;   /* UTF8=ACCEPT or IMAP4rev2 is enabled: UTF-8 in quoted strings, no UTF-7 */
	bool is_binary; /* literal8 may be used (BINARY, UTF8=ACCEPT) */
	size_t max_bytes; /* of the command, streamed literals not counted; 0: 1 MiB */
};

enum imap_segment_kind {
	IMAP_SEGMENT_SEND,   /* `data` */
	IMAP_SEGMENT_WAIT,   /* for a continuation request */
	IMAP_SEGMENT_STREAM, /* `stream_bytes` octets that the caller has */
};

struct imap_segment {
	enum imap_segment_kind kind;
	struct bytes data; /* borrowed from the command */
	uint64_t stream_bytes;
};

struct imap_command_mark;

/* The members are the encoder's own. */
struct imap_command {
	struct imap_encoding how;
	struct buf text; /* everything to be sent, without the streamed literals */
	struct imap_command_mark *marks;
	size_t mark_count, mark_cap;
	bool needs_space;
	bool is_ended;
	unsigned depth;
	enum err err;
};

void imap_command_init(struct imap_command *c, const struct imap_encoding *how);
/* Also wipes what was in it: LOGIN carries a password. */
void imap_command_done(struct imap_command *c);

/* `tag` is an atom of ours; `words` one of our own constants ("UID FETCH"). */
void imap_command_begin(struct imap_command *c, struct bytes tag, const char *words);
/* ERR_OK, or the first error. Nothing may be added afterwards. */
MUST_CHECK enum err imap_command_end(struct imap_command *c);

/* The i-th segment, from 0; false behind the last one. Only after a good end. */
bool imap_command_segment(const struct imap_command *c, size_t i, struct imap_segment *ret);
/* Has it a WAIT? Then nothing can be pipelined behind it. */
bool imap_command_waits(const struct imap_command *c);

/* --- tokens ---------------------------------------------------------------- */

/* One of our own constants, sent as it is: "FLAGS", "RETURN", "+FLAGS.SILENT". */
void imap_command_word(struct imap_command *c, const char *word);
/* An atom from elsewhere (a mechanism, a keyword); ERR_INVALID if it is none. */
void imap_command_atom(struct imap_command *c, struct bytes atom);
void imap_command_number(struct imap_command *c, uint64_t n);
void imap_command_open(struct imap_command *c);  /* ( */
void imap_command_close(struct imap_command *c); /* ) */
void imap_command_nil(struct imap_command *c);

/* string: quoted, or a literal where it cannot be. */
void imap_command_string(struct imap_command *c, struct bytes s);
/* astring: an atom where it can be, else as above. */
void imap_command_astring(struct imap_command *c, struct bytes s);
/* NIL for a null one. */
void imap_command_nstring(struct imap_command *c, struct bytes s);
/* A mailbox name or LIST pattern as a path (imap/name.h); modified UTF-7 unless
 * is_utf8. ERR_INVALID when it is not UTF-8. */
void imap_command_mailbox(struct imap_command *c, struct bytes path);
/* A mailbox name as the server gave it. */
void imap_command_mailbox_raw(struct imap_command *c, struct bytes name);

/* sequence-set; ERR_INVALID when empty. */
void imap_command_uid_set(struct imap_command *c, const struct uid_set *uids);
void imap_command_set(struct imap_command *c, const struct imap_set *set); /* UINT32_MAX is * */
void imap_command_seq_range(struct imap_command *c, struct imap_seq first, struct imap_seq last);

/* A flag as IMAP has it: "\Seen" or a keyword. */
void imap_command_flag(struct imap_command *c, struct bytes flag);
/* "(\Seen $Forwarded)". */
void imap_command_flags(struct imap_command *c, const struct keywords *k);
/* date and date-time (quoted). ERR_INVALID outside the years 1 to 9999. */
void imap_command_date(struct imap_command *c, int64_t unix_s);
void imap_command_date_time(struct imap_command *c, const struct zoned_time *t);

/* BODY.PEEK[part_id.text (fields)]<first.count>; `item` is "BODY.PEEK" or
 * "BINARY.PEEK", `text` NULL, "HEADER", "MIME", "HEADER.FIELDS", ...; part_id
 * may be empty; fields may be NULL; count 0 asks for all. */
struct imap_section {
	const char *item;
	struct bytes part_id;
	const char *text;
	const struct bytes *fields;
	size_t field_count;
	uint64_t first, count;
};
void imap_command_section(struct imap_command *c, const struct imap_section *s);

/* base64, "=" for nothing at all: the initial response of AUTHENTICATE. */
void imap_command_base64(struct imap_command *c, struct bytes raw);

/* A literal whose octets the caller sends (IMAP_SEGMENT_STREAM): APPEND. As a
 * literal8 when how.is_binary and `is_binary`. */
void imap_command_literal_stream(struct imap_command *c, uint64_t size_bytes, bool is_binary);
/* "UTF8 (" ~{n} octets ")" of RFC 6855 §4. */
void imap_command_utf8_literal_stream(struct imap_command *c, uint64_t size_bytes);

#endif
