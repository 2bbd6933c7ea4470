/* The answer to every list of messages: envelope, cursor, Link, ETag. */
#ifndef ENDPOINT_LIST_H
#define ENDPOINT_LIST_H

#include "account/account.h"
#include "endpoint/list_query.h"

/* A list with a tag is not written when the client has it. `q` is NULL for lists that
 * have no next page. */
void answer_list(struct request *rq, const struct summary_list *list, const struct list_query *q);
/* A fault on the way to a list: UIDVALIDITY that changed under a cursor is told
 * as such. */
void answer_list_fault(struct request *rq, const struct fault *f, const struct list_query *q);

#endif
