#include "net/lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/public_address.h"

struct lookup {
	struct loop_work *work;
	lookup_cb *cb; /* NULL once cancelled */
	void *ctx;
	struct fault fault;
	char address[INET6_ADDRSTRLEN];
	char host[];
};

static void choose(struct lookup *k, const struct addrinfo *list)
{
	char text[128];

	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		public_address_text(a->ai_addr, k->address, sizeof k->address);
		if (public_address(a->ai_addr))
			return;
	}
	snprintf(text, sizeof text, "%s is not a public address", k->address);
	k->fault = fault_with_text(ERR_DENIED, text);
}

static void on_pool_thread(void *ctx)
{
	struct lookup *k = ctx;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	int rc = getaddrinfo(k->host, NULL, &hints, &list);

	if (rc == 0)
		choose(k, list);
	else
		k->fault = fault_with_text(ERR_NET, gai_strerror(rc));
	if (list)
		freeaddrinfo(list);
}

static void on_done(void *ctx)
{
	struct lookup *k = ctx;

	if (k->cb)
		k->cb(k->ctx, k->fault.err ? &k->fault : NULL, k->address);
	free(k);
}

struct lookup *lookup_start(struct loop *l, const char *host, lookup_cb *cb, void *ctx)
{
	size_t size = strlen(host) + 1;
	struct lookup *k = calloc(1, sizeof *k + size);

	if (!k)
		return NULL;
	k->cb = cb;
	k->ctx = ctx;
	memcpy(k->host, host, size);
	k->work = loop_work_start(l, on_pool_thread, on_done, k);
	if (k->work)
		return k;
	free(k);
	return NULL;
}

void lookup_cancel(struct lookup *k)
{
	if (!k)
		return;
	k->cb = NULL;
	loop_work_abandon(k->work);
}
