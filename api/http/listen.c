#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/internal.h"

#define BACKLOG 4096

__attribute__((format(printf, 2, 3))) static int failed(struct fault *ret, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	*ret = fault_with_text(ERR_NET, text);
	return -1;
}

/* "host:port", "[v6]:port", ":port" and "*:port" (every address). */
static bool split_address(const char *where, char host[256], char port[8])
{
	const char *colon = strrchr(where, ':');
	struct bytes name, number;
	uint64_t n;

	if (!colon)
		return false;
	name = bytes_of(where, (size_t)(colon - where));
	number = bytes_of_str(colon + 1);
	if (name.len >= 2 && name.at[0] == '[' && name.at[name.len - 1] == ']')
		name = bytes_of(name.at + 1, name.len - 2);
	if (name.len > 255 || !bytes_to_u64(number, 65535, &n))
		return false;
	if (bytes_equal_str(name, "*"))
		name.len = 0;
	memcpy(host, name.at, name.len);
	host[name.len] = '\0';
	snprintf(port, 8, "%u", (unsigned)n);
	return true;
}

static int listen_at(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

int http_listen(const char *where, struct fault *ret_fault)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list;
	char host[256], port[8];
	int rc, fd = -1;

	if (!split_address(where, host, port))
		return failed(ret_fault, "listen address %s: write host:port, as 127.0.0.1:8080",
			      where);
	rc = getaddrinfo(host[0] ? host : NULL, port, &hints, &list);
	if (rc != 0)
		return failed(ret_fault, "listen address %s: %s", where, gai_strerror(rc));
	/* Without a host the IPv6 wildcard comes first: it takes IPv4 as well. */
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		if (host[0] || a->ai_family == AF_INET6)
			fd = listen_at(a);
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
		fd = listen_at(a);
	rc = errno;
	freeaddrinfo(list);
	return fd >= 0 ? fd : failed(ret_fault, "cannot listen on %s: %s", where, strerror(rc));
}
