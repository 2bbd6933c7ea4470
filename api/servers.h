/* The configured mail servers, ready to be connected to: what struct app asks
 * for by name or by mail domain. */
#ifndef API_SERVERS_H
#define API_SERVERS_H

#include "config.h"
#include "endpoint/app.h"

struct dialer;
struct loop;
struct servers;

/* Loads the certificates of every server; `faults` says which file is wrong.
 * `config` must outlive it. NULL when faults->count > 0. */
struct servers *servers_new(struct loop *l, struct dialer *d, const struct config *config,
			    struct config_faults *faults);
/* Where stores keep what outlives their conversations; it must outlive the hub. Before
 * anybody connects. */
void servers_remember(struct servers *s, struct state *state);
/* After the hub is gone: conversations borrow from it. */
void servers_free(struct servers *s);

/* For struct app. */
struct app_servers servers_lookup(struct servers *s);

#endif
