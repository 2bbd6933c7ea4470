/* The one message that is kept whole: parts are cut out of it. */
#ifndef POP3_SPOOL_H
#define POP3_SPOOL_H

#include "pop3/store.h"

/* RETR, unless it is the one that is kept already; then `done`, later or at
 * once, with the message in store->spool. ERR_NOT_FOUND when the server refuses. */
typedef void pop3_spooled_cb(struct pop3_op *op, const struct fault *fault);
void pop3_spool(struct pop3_op *op, const struct pop3_message *msg, pop3_spooled_cb *done);

/* LIST has a size for it, and RETR gave nothing: no copy of it may be taken for whole. */
struct fault pop3_empty_message(void);

#endif
