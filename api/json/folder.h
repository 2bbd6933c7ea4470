/* A folder (api-examples.md, "Folder"). */
#ifndef JSON_FOLDER_H
#define JSON_FOLDER_H

#include "model/folder.h"
#include "json/writer.h"

void json_folder(struct json_writer *w, const struct folder *f);
/* With `previousId`, the answer to a change; NULL where the id is new. */
void json_folder_changed(struct json_writer *w, const struct folder *f,
			 const struct folder_id *previous);
/* {"folders":[…]} */
void json_folder_list(struct json_writer *w, const struct folder_list *l);
/* The id, or null for "". */
void json_folder_id(struct json_writer *w, const struct folder_id *id);

#endif
