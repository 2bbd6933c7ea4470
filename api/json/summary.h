/* A message as lists show it (api-examples.md, "Message summary"). */
#ifndef JSON_SUMMARY_H
#define JSON_SUMMARY_H

#include "model/message.h"
#include "json/writer.h"

void json_summary(struct json_writer *w, const struct summary *s);
/* The members alone, inside an object that is open. */
void json_summary_members(struct json_writer *w, const struct summary *s);

/* What never changes of it, to be kept: all members but keywords and preview. */
void json_summary_lasting(struct json_writer *w, const struct summary *s);
/* The same object as json_summary(), from what was kept; the preview as a string of
 * JSON. */
void json_summary_ready(struct json_writer *w, const struct ready_summary *s);

/* {"$seen":true,…}; `$deleted` is never shown. */
void json_keywords(struct json_writer *w, const struct keywords *k);
/* [{"name","email"}] */
void json_addresses(struct json_writer *w, const struct address_list *l);
/* ["…"] */
void json_strings(struct json_writer *w, const struct bytes_list *l);
/* The id as a string. */
void json_message_id(struct json_writer *w, const struct message_id *id);
/* An instant in UTC as a string. */
void json_instant(struct json_writer *w, int64_t unix_s);

#endif
