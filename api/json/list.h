/* The envelope of every list of messages (api-examples.md, "List"). */
#ifndef JSON_LIST_H
#define JSON_LIST_H

#include "model/message.h"
#include "json/writer.h"

/* A folder whose part of the answer is missing. */
struct json_incomplete {
	struct folder_id folder; /* "": concerns all */
	const char *code;
};

struct json_list {
	const struct summary *messages; /* one of the two */
	const struct ready_summary *ready;
	size_t count;
	bool has_total;
	uint32_t total;
	bool has_position;
	uint32_t position;
	struct bytes state;       /* null across folders */
	struct bytes next_cursor; /* null on the last page */
	const struct json_incomplete *incomplete;
	size_t incomplete_count;
	struct bytes_list not_found; /* ids */
};

void json_list(struct json_writer *w, const struct json_list *l);

#endif
