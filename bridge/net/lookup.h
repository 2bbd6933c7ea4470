/*
 * Finds a public address of a host on a pool thread. Only for dials that must
 * not leave the choice to a proxy; all others let libcurl resolve.
 */
#ifndef NET_LOOKUP_H
#define NET_LOOKUP_H

#include "net/loop.h"

struct lookup;

/* `address` is borrowed until it returns. ERR_NET: the host cannot be resolved;
 * ERR_DENIED: it has no public address. */
typedef void lookup_cb(void *ctx, const struct fault *fault, const char *address);

/* NULL when memory is short. `host` is copied. */
struct lookup *lookup_start(struct loop *l, const char *host, lookup_cb *cb, void *ctx);
/* No callback after this; the resolver finishes by itself. NULL is fine. */
void lookup_cancel(struct lookup *k);

#endif
