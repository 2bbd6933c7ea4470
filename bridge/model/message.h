/* Messages as the API shows them: a summary for lists, the whole for reading. */
#ifndef MODEL_MESSAGE_H
#define MODEL_MESSAGE_H

#include "model/address.h"
#include "model/keywords.h"
#include "model/message_id.h"
#include "model/part.h"

/* An instant with the offset it was written in. */
struct zoned_time {
	bool is_known;
	int64_t unix_s;
	int offset_min;
};

/* The header fields that summaries and full messages are made of, decoded. */
struct headers {
	struct address_list from, sender, reply_to, to, cc, bcc;
	struct bytes subject; /* null when absent */
	struct zoned_time sent_at;
	struct bytes_list message_id, in_reply_to, references; /* without angle brackets */
};

struct header_field {
	struct bytes name;  /* as written */
	struct bytes value; /* unfolded, encoded words decoded, UTF-8 */
};

struct summary {
	struct message_id id;
	struct bytes email_id;  /* OBJECTID or Gmail, or null */
	struct bytes thread_id; /* API form, "r.…"; never null */
	struct headers headers;
	int64_t received_at; /* unix seconds */
	uint64_t size;
	struct keywords keywords;
	bool has_attachment;
	struct bytes preview; /* null until known */
};

/* A summary of which what never changes was written before, in the front end's form. */
struct ready_summary {
	struct bytes lasting; /* all but the two below */
	struct keywords keywords;
	struct bytes preview; /* in that form too; null until known */
};

struct body_value {
	struct bytes part_id;
	struct bytes value; /* UTF-8 */
	bool is_encoding_problem, is_truncated;
};

struct message {
	struct summary summary;
	struct part *structure;
	struct part_view view;
	struct body_value *body_values;
	size_t body_value_count;
	bool has_headers; /* asked for */
	struct header_field *header_fields;
	size_t header_field_count;
};

/* RFC 3339: UTC with Z, or with the offset. `to` takes 32 bytes. */
void message_format_utc(int64_t unix_s, char to[32]);
void message_format_zoned(const struct zoned_time *t, char to[32]);
/* Days from civil, both ways; years 1 to 9999. */
int64_t message_unix_of(int year, int month, int day, int hour, int minute, int second);

/* threadId of api.md §1: the root of the references, in mem. Null on no memory. */
struct bytes message_thread_id(struct arena *mem, const struct headers *h,
			       const struct message_id *id);

#endif
