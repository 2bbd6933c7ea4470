/* What became of messages: the answer of PATCH, DELETE and append, and of each
 * message of an action (api-examples.md, "Actions"). */
#ifndef JSON_RESULT_H
#define JSON_RESULT_H

#include "model/message.h"
#include "json/writer.h"

struct json_result {
	struct bytes previous_id;       /* null for an append */
	const struct message_id *id;    /* where it is now; NULL: gone, or unknown */
	const struct folder_id *folder; /* NULL: gone */
	const struct keywords *keywords;
	bool has_expunged, expunged;
};

/* "done", "failed", "unknown", and why. */
struct json_result_status {
	const char *status;
	const char *problem_code; /* NULL when done */
	const char *problem_detail;
};

void json_result(struct json_writer *w, const struct json_result *r);
void json_result_with_status(struct json_writer *w, const struct json_result *r,
			     const struct json_result_status *s);

#endif
