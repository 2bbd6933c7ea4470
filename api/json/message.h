/* A whole message (api-examples.md, "Full message"). */
#ifndef JSON_MESSAGE_H
#define JSON_MESSAGE_H

#include "model/message.h"
#include "json/writer.h"

void json_message(struct json_writer *w, const struct message *m);

#endif
