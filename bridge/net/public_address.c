#include "net/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct block {
	uint8_t at[16];
	unsigned bits;
};

/* IANA IPv4 Special-Purpose Address Registry, and multicast. */
static const struct block v4_special[] = {
	{ { 0 }, 8 },             /* this network */
	{ { 10 }, 8 },            /* private */
	{ { 100, 64 }, 10 },      /* shared (carrier-grade NAT) */
	{ { 127 }, 8 },           /* loopback */
	{ { 169, 254 }, 16 },     /* link-local */
	{ { 172, 16 }, 12 },      /* private */
	{ { 192, 0, 0 }, 24 },    /* IETF protocol assignments */
	{ { 192, 0, 2 }, 24 },    /* documentation */
	{ { 192, 31, 196 }, 24 }, /* AS112 */
	{ { 192, 52, 193 }, 24 }, /* AMT */
	{ { 192, 88, 99 }, 24 },  /* 6to4 relays */
	{ { 192, 168 }, 16 },     /* private */
	{ { 192, 175, 48 }, 24 }, /* AS112 */
	{ { 198, 18 }, 15 },      /* benchmarking */
	{ { 198, 51, 100 }, 24 }, /* documentation */
	{ { 203, 0, 113 }, 24 },  /* documentation */
	{ { 224 }, 4 },           /* multicast */
	{ { 240 }, 4 },           /* reserved, and broadcast */
};

/* Within 2000::/3, the only part that is given out: its special blocks. */
static const struct block v6_special[] = {
	{ { 0x20, 0x01 }, 23 },                /* IETF assignments, Teredo, ORCHID */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },    /* documentation */
	{ { 0x20, 0x02 }, 16 },                /* 6to4 */
	{ { 0x26, 0x20, 0, 0x4f, 0x80 }, 48 }, /* AS112 */
	{ { 0x3f, 0xff }, 20 },                /* documentation */
};

static const struct block v6_global = { { 0x20 }, 3 };
static const struct block v6_mapped = { { [10] = 0xff, [11] = 0xff }, 96 };
static const struct block v6_nat64 = { { 0, 0x64, 0xff, 0x9b }, 96 };

static bool is_within(const uint8_t *at, const struct block *b)
{
	for (unsigned bit = 0; bit < b->bits; bit++)
		if ((at[bit / 8] ^ b->at[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

static bool is_within_any(const uint8_t *at, const struct block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_within(at, &blocks[i]))
			return true;
	return false;
}

static bool is_public_v4(const uint8_t *at)
{
	return !is_within_any(at, v4_special, sizeof v4_special / sizeof v4_special[0]);
}

static bool is_public_v6(const uint8_t *at)
{
	if (is_within(at, &v6_mapped) || is_within(at, &v6_nat64))
		return is_public_v4(at + 12);
	return is_within(at, &v6_global) &&
	       !is_within_any(at, v6_special, sizeof v6_special / sizeof v6_special[0]);
}

bool public_address(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return is_public_v4((const uint8_t *)&((const struct sockaddr_in *)a)->sin_addr);
	if (a->sa_family == AF_INET6)
		return is_public_v6(((const struct sockaddr_in6 *)a)->sin6_addr.s6_addr);
	return false;
}

void public_address_text(const struct sockaddr *a, char *to, size_t size)
{
	const void *at = a->sa_family == AF_INET
				 ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
				 : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;

	if ((a->sa_family != AF_INET && a->sa_family != AF_INET6) ||
	    !inet_ntop(a->sa_family, at, to, (socklen_t)size))
		snprintf(to, size, "?");
}
