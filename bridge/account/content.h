/* Inside of account_stream_part() and account_stream_raw(). */
#ifndef ACCOUNT_CONTENT_H
#define ACCOUNT_CONTENT_H

#include "account/message_work.h"
#include "account/whole.h"
#include "mime/decode.h"

struct transfer {
	struct message_work m; /* first */
	struct bytes part_id;  /* null: the message itself */
	bool nested;
	struct content_range range;
	struct content_events events;
	void *ctx;

	struct content_head head;
	struct mail_section section;
	enum part_encoding encoding; /* to be undone here */
	struct whole whole;          /* where the server could not say what parts there are */
	bool is_counting;            /* the first of two passes: nothing is given */

	/* content_decoded.c: the server decodes, which may be refused */
	bool is_decoded;
	struct mail_section plain; /* the section as it is without */
	void (*failed)(struct step *s, const struct fault *fault);
	void (*begin)(struct transfer *t);

	/* content_flow.c */
	void (*flowed)(struct transfer *t); /* everything has come and was given */
	bool is_head_told;
	struct mime_decoder decoder;
	struct buf decoded;
	uint64_t position;         /* of the next decoded byte */
	uint64_t encoded_position; /* of the next encoded byte, in the section asked for */
	enum err broken;           /* ERR_OK, or what ended it from inside */
	bool has_enough;
	struct loop_task enough;
	bool *gone; /* set when the receiver cancels from inside its callback */

	bool is_pumped;   /* given from memory, not as it comes */
	bool is_fetching; /* the next slice is under way */
	bool is_paused;
	bool is_last;
	struct buf slice;
	struct bytes chunk; /* what is left of the slice, or of the whole */
	struct loop_task pump;
};

/* From now on refusals of decoding lead back to begin(). */
void content_decoded_init(struct transfer *t, void (*begin)(struct transfer *t));
/* Is it for the server to decode what is asked for? */
bool content_decoded_is_wanted(const struct transfer *t);
/* Asks for the size, notes it, and begins again. */
void content_decoded_ask_size(struct transfer *t);
/* Makes t->section the range of the head, decoded. */
void content_decoded_range(struct transfer *t);

/* Sends t->section to the receiver, as far as t->head asks for it. */
void content_flow(struct transfer *t);
void content_flow_init(struct transfer *t);
void content_flow_stop(struct transfer *t);
void content_flow_resume(struct transfer *t);
/* Tells the head unless that was done; *t->gone tells whether there still is a
 * transfer afterwards. */
void content_tell_head(struct transfer *t);

#endif
