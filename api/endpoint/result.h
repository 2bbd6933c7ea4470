/* Message results, the answer of everything that changes messages. */
#ifndef ENDPOINT_RESULT_H
#define ENDPOINT_RESULT_H

#include "account/account.h"
#include "http/reply.h"
#include "json/result.h"

/* One message: the result, or the problem that it had. */
void answer_result(struct request *rq, unsigned status, const struct message_result *r);

/* As a member of an action's results. */
void result_write(struct json_writer *w, const struct message_result *r);

#endif
