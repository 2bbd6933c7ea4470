#include "fake_net.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool slow_may_go;
static int slow_waiting, slower_waiting, private_tried;

static const struct {
	const char *name;
	const char *addresses[2];
} hosts[] = {
	{ "local.test", { "127.0.0.1" } },  { "two.test", { "127.0.0.2", "127.0.0.1" } },
	{ "private.test", { "10.0.0.1" } }, { "mixed.test", { "10.0.0.1", "8.8.4.4" } },
	{ "public.test", { "8.8.4.4" } },   { "slow.test", { "127.0.0.1" } },
	{ "slower.test", { "127.0.0.1" } },
};

void fake_net_let_slow_go(void)
{
	pthread_mutex_lock(&lock);
	slow_may_go = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

void fake_net_hold_slow(void)
{
	pthread_mutex_lock(&lock);
	slow_may_go = false;
	pthread_mutex_unlock(&lock);
}

static int locked(const int *n)
{
	int value;

	pthread_mutex_lock(&lock);
	value = *n;
	pthread_mutex_unlock(&lock);
	return value;
}

int fake_net_slow_waiting(void)
{
	return locked(&slow_waiting);
}

int fake_net_slower_waiting(void)
{
	return locked(&slower_waiting);
}

int fake_net_private_tried(void)
{
	return private_tried;
}

static void wait_in(int *waiting)
{
	pthread_mutex_lock(&lock);
	(*waiting)++;
	while (!slow_may_go)
		pthread_cond_wait(&changed, &lock);
	(*waiting)--;
	pthread_mutex_unlock(&lock);
}

/* One node is one block: the addrinfo and its address behind it. */
static struct addrinfo *node_new(const char *address, const char *service,
				 const struct addrinfo *hints)
{
	struct addrinfo *a = calloc(1, sizeof *a + sizeof(struct sockaddr_in));
	struct sockaddr_in *in = (struct sockaddr_in *)(a + 1);

	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)(service ? strtoul(service, NULL, 10) : 0));
	inet_pton(AF_INET, address, &in->sin_addr);
	a->ai_family = AF_INET;
	a->ai_socktype = hints ? hints->ai_socktype : SOCK_STREAM;
	a->ai_addr = (struct sockaddr *)in;
	a->ai_addrlen = sizeof *in;
	return a;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
	struct addrinfo **end = ret;

	if (strcmp(name, "slow.test") == 0)
		wait_in(&slow_waiting);
	if (strcmp(name, "slower.test") == 0)
		wait_in(&slower_waiting);
	*ret = NULL;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		if (strcmp(hosts[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < 2 && hosts[i].addresses[k]; k++) {
			*end = node_new(hosts[i].addresses[k], service, hints);
			end = &(*end)->ai_next;
		}
	}
	return *ret ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *a)
{
	while (a) {
		struct addrinfo *next = a->ai_next;

		free(a);
		a = next;
	}
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	struct sockaddr_in in;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "connect");
	if (to->sa_family != AF_INET)
		return real(fd, to, len);
	memcpy(&in, to, sizeof in);
	if (in.sin_addr.s_addr == inet_addr("10.0.0.1"))
		private_tried++;
	if (in.sin_addr.s_addr == inet_addr("8.8.4.4"))
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return real(fd, (struct sockaddr *)&in, sizeof in);
}
