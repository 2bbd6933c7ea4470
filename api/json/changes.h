/* What became of a folder (api-examples.md, "Changes"). */
#ifndef JSON_CHANGES_H
#define JSON_CHANGES_H

#include "model/event.h"
#include "json/writer.h"

struct json_changes {
	const struct folder_id *folder;
	struct bytes old_state, new_state;
	bool has_more;
	const struct ready_summary *created;
	const struct message_update *updated;
	const struct message_id *destroyed;
	size_t created_count, updated_count, destroyed_count;
};

void json_changes(struct json_writer *w, const struct json_changes *c);

#endif
