/*
 * Stands between a state and Redis: a unix socket of its own, which can lose what Redis says,
 * hang, or be cut. Turns with the loop it is given.
 */
#ifndef UNIT_REDIS_PROXY_H
#define UNIT_REDIS_PROXY_H

#include "net/loop.h"

struct redis_proxy;

struct redis_proxy *redis_proxy_new(struct loop *l, unsigned number);
void redis_proxy_free(struct redis_proxy *p);
/* unix:// URL */
const char *redis_proxy_url(const struct redis_proxy *p);

/* What Redis says is thrown away from now on; what it is told still arrives. */
void redis_proxy_lose_replies(struct redis_proxy *p);
/* All connections end, and no new one comes about. */
void redis_proxy_cut(struct redis_proxy *p);
/* From now on all is well with new connections; old ones end. */
void redis_proxy_mend(struct redis_proxy *p);

#endif
