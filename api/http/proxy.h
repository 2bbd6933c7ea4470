/*
 * Who the client is behind proxies. X-Forwarded-* (what proxies set), or
 * Forwarded (RFC 7239) when none of those came, count only as far as the hops
 * that wrote them are trusted; otherwise anybody could write any address. Pure.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include "base/bytes.h"

/* IPv6; IPv4 as ::ffff:a.b.c.d */
struct proxy_address {
	uint8_t at[16];
};

#define PROXY_ADDRESS_TEXT 48

struct proxy_net {
	struct proxy_address address;
	unsigned bits; /* of 128 */
};

struct proxy_nets {
	struct proxy_net *at;
	size_t count;
};

/* "10.0.0.0/8", "::1"; false when malformed. */
bool proxy_parse_net(struct bytes text, struct proxy_net *ret);
bool proxy_nets_have(const struct proxy_nets *nets, const struct proxy_address *a);

/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1" */
bool proxy_parse_address(struct bytes text, struct proxy_address *ret);
void proxy_write_address(const struct proxy_address *a, char to[PROXY_ADDRESS_TEXT]);

/* The fields as they came, several of one name joined with commas; null when
 * absent. */
struct proxy_fields {
	struct bytes forwarded, for_, proto, host;
};

/* Values borrow from the fields. */
struct proxy_view {
	struct proxy_address client;
	bool is_https;
	struct bytes host; /* null: what Host says */
};

struct proxy_view proxy_look(const struct proxy_nets *trusted, const struct proxy_address *peer,
			     const struct proxy_fields *fields);

#endif
