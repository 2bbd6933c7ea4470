#include "http/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "http/field.h"

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* inet_pton for a piece of text. */
static bool parse_plain(struct bytes text, struct proxy_address *ret, bool *ret_is_v4)
{
	char copy[PROXY_ADDRESS_TEXT];

	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	*ret_is_v4 = inet_pton(AF_INET, copy, ret->at + 12) == 1;
	if (*ret_is_v4)
		memcpy(ret->at, mapped_prefix, sizeof mapped_prefix);
	return *ret_is_v4 || inet_pton(AF_INET6, copy, ret->at) == 1;
}

bool proxy_parse_net(struct bytes text, struct proxy_net *ret)
{
	struct proxy_net net;
	struct bytes rest = text, address;
	uint64_t bits;
	bool is_v4;

	if (!bytes_split(&rest, '/', &address) || !parse_plain(address, &net.address, &is_v4))
		return false;
	bits = is_v4 ? 32 : 128;
	if (!bytes_is_null(rest) && !bytes_to_u64(rest, bits, &bits))
		return false;
	net.bits = (unsigned)bits + (is_v4 ? 96 : 0);
	*ret = net;
	return true;
}

static bool net_has(const struct proxy_net *net, const struct proxy_address *a)
{
	size_t whole = net->bits / 8;
	unsigned rest = net->bits % 8;

	if (memcmp(net->address.at, a->at, whole) != 0)
		return false;
	return rest == 0 || (net->address.at[whole] ^ a->at[whole]) >> (8 - rest) == 0;
}

bool proxy_nets_have(const struct proxy_nets *nets, const struct proxy_address *a)
{
	for (size_t i = 0; i < nets->count; i++)
		if (net_has(&nets->at[i], a))
			return true;
	return false;
}

bool proxy_parse_address(struct bytes text, struct proxy_address *ret)
{
	struct proxy_address a;
	struct bytes plain = text;
	size_t colon = bytes_index(text, ':');
	bool is_v4;

	if (text.len && text.at[0] == '[') {
		size_t end = bytes_index(text, ']');

		if (end == text.len)
			return false;
		plain = bytes_of(text.at + 1, end - 1);
	} else if (colon < text.len &&
		   bytes_index(bytes_skip(text, colon + 1), ':') == text.len - colon - 1) {
		plain = bytes_first(text, colon); /* one colon: a port follows */
	}
	if (!parse_plain(plain, &a, &is_v4))
		return false;
	*ret = a;
	return true;
}

void proxy_write_address(const struct proxy_address *a, char to[PROXY_ADDRESS_TEXT])
{
	bool is_v4 = memcmp(a->at, mapped_prefix, sizeof mapped_prefix) == 0;

	to[0] = '\0';
	(void)inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? a->at + 12 : a->at, to,
			PROXY_ADDRESS_TEXT);
}

/* --- the chain of hops ---------------------------------------------------------------- */

/* Cuts the last element off the end of a comma-separated list. */
static bool last_of(struct bytes *list, struct bytes *ret)
{
	size_t n = list->len;

	if (bytes_is_null(*list))
		return false;
	while (n > 0 && list->at[n - 1] != ',')
		n--;
	*ret = bytes_trim(bytes_skip(*list, n));
	*list = n ? bytes_first(*list, n - 1) : BYTES_NULL;
	return true;
}

static struct bytes first_of(struct bytes list)
{
	return bytes_trim(bytes_first(list, bytes_index(list, ',')));
}

/* One pair's value in a Forwarded element, without quotes; null when absent. */
static struct bytes forwarded_pair(struct bytes element, const char *name)
{
	struct bytes pair, key;

	while (bytes_split(&element, ';', &pair)) {
		bytes_split(&pair, '=', &key);
		if (!bytes_equal_str_nocase(bytes_trim(key), name))
			continue;
		pair = bytes_trim(pair);
		if (pair.len >= 2 && pair.at[0] == '"' && pair.at[pair.len - 1] == '"')
			pair = bytes_of(pair.at + 1, pair.len - 2);
		return pair;
	}
	return BYTES_NULL;
}

/* From the hop next to us outwards, as long as the hop that wrote the element
 * is trusted. */
static void walk_forwarded(const struct proxy_nets *trusted, struct bytes list,
			   struct proxy_view *v)
{
	struct bytes element;

	while (proxy_nets_have(trusted, &v->client) && last_of(&list, &element)) {
		struct bytes proto = forwarded_pair(element, "proto");
		struct bytes host = forwarded_pair(element, "host");

		if (!bytes_is_null(proto))
			v->is_https = bytes_equal_str_nocase(proto, "https");
		if (field_is_host(host))
			v->host = host;
		if (!proxy_parse_address(forwarded_pair(element, "for"), &v->client))
			return;
	}
}

static void walk_for(const struct proxy_nets *trusted, struct bytes list, struct proxy_view *v)
{
	struct bytes element;

	while (proxy_nets_have(trusted, &v->client) && last_of(&list, &element))
		if (!proxy_parse_address(element, &v->client))
			return;
}

struct proxy_view proxy_look(const struct proxy_nets *trusted, const struct proxy_address *peer,
			     const struct proxy_fields *fields)
{
	struct proxy_view v = { .client = *peer };
	struct bytes host = first_of(fields->host);

	if (!proxy_nets_have(trusted, peer))
		return v;
	if (bytes_is_null(fields->for_) && bytes_is_null(fields->proto) &&
	    bytes_is_null(fields->host)) {
		walk_forwarded(trusted, fields->forwarded, &v);
		return v;
	}
	walk_for(trusted, fields->for_, &v);
	v.is_https = bytes_equal_str_nocase(first_of(fields->proto), "https");
	if (field_is_host(host))
		v.host = host;
	return v;
}
