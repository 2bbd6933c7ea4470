/*
 * Records of the journal as they are on disk:
 *
 *	file    = "mbjournal1" LF *record
 *	record  = length checksum payload      ; of the payload, 4 bytes; 8 bytes
 *	payload = type id time ( intent / outcome )
 *	type    = %x01 / %x02                  ; intent, outcome
 *	id      = 8OCTET                       ; of the intent; grows within a process
 *	time    = 8OCTET                       ; unix milliseconds
 *	intent  = kind text text text          ; account, key, print
 *	text    = length *OCTET                ; 1 byte
 *	outcome = has-answer *OCTET            ; %x00 / %x01
 *
 * Numbers are little-endian. The checksum is the beginning of SHA-256 over length and
 * payload.
 */
#ifndef STATE_JOURNAL_RECORD_H
#define STATE_JOURNAL_RECORD_H

#include "base/buf.h"
#include "state/journal.h"

#define JOURNAL_MAGIC            "mbjournal1\n"
#define JOURNAL_MAGIC_BYTES      (sizeof JOURNAL_MAGIC - 1)
#define JOURNAL_RECORD_MAX_BYTES (JOURNAL_ANSWER_MAX_BYTES + 64)

enum journal_record_type {
	JOURNAL_RECORD_INTENT = 1,
	JOURNAL_RECORD_OUTCOME = 2,
};

struct journal_record {
	enum journal_record_type type;
	uint64_t id;
	int64_t at_ms;
	struct journal_intent intent;
	struct bytes answer; /* of an outcome; null: none */
};

/* Appends one, whole or not at all; its texts are within the limits of journal.h. */
void journal_record_write(struct buf *to, const struct journal_record *r);
/* Cuts one off the front of *rest; false at the end and at what is damaged or not
 * understood: *rest then is what was not read. What ret has is borrowed from it. */
MUST_CHECK bool journal_record_read(struct bytes *rest, struct journal_record *ret);

#endif
