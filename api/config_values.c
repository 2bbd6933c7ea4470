/* The small languages that settings are written in. */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>

static bool parse_with_unit(struct bytes text, const char *const *units, const uint64_t *factors,
			    size_t count, uint64_t *ret)
{
	size_t digits = 0;
	struct bytes unit;
	uint64_t n;

	while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
		digits++;
	if (!bytes_to_u64(bytes_first(text, digits), UINT64_MAX, &n))
		return false;
	unit = bytes_skip(text, digits);
	for (size_t i = 0; i < count; i++) {
		if (!bytes_equal_str_nocase(unit, units[i]))
			continue;
		if (n > UINT64_MAX / factors[i])
			return false;
		*ret = n * factors[i];
		return true;
	}
	return false;
}

bool config_parse_duration(struct bytes text, uint64_t *ret_ms)
{
	static const char *const units[] = { "ms", "s", "m", "h", "d" };
	static const uint64_t factors[] = { 1, 1000, 60000, 3600000, 86400000 };

	return parse_with_unit(text, units, factors, 5, ret_ms);
}

bool config_parse_size(struct bytes text, uint64_t *ret_bytes)
{
	static const char *const units[] = { "", "K", "M", "G" };
	static const uint64_t factors[] = { 1, 1 << 10, 1 << 20, 1 << 30 };

	return parse_with_unit(text, units, factors, 4, ret_bytes);
}

bool config_is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return bytes_equal_str_nocase(bytes_of_str(host), "localhost");
}

struct scheme {
	const char *prefix;
	enum config_protocol protocol;
	enum config_tls tls;
	uint16_t port;
};

static const struct scheme schemes[] = {
	{ "imaps://", CONFIG_IMAP, CONFIG_TLS_IMPLICIT, 993 },
	{ "imap://", CONFIG_IMAP, CONFIG_TLS_STARTTLS, 143 },
	{ "pop3s://", CONFIG_POP3, CONFIG_TLS_IMPLICIT, 995 },
	{ "pop3://", CONFIG_POP3, CONFIG_TLS_STARTTLS, 110 },
	{ "smtps://", CONFIG_SMTP, CONFIG_TLS_IMPLICIT, 465 },
	{ "smtp://", CONFIG_SMTP, CONFIG_TLS_STARTTLS, 587 },
};

static const char *const examples[] = {
	[CONFIG_IMAP] = "write imaps://host[:993] or imap://host[:143] (STARTTLS)",
	[CONFIG_POP3] = "write pop3s://host[:995] or pop3://host[:110] (STLS)",
	[CONFIG_SMTP] = "write smtps://host[:465] or smtp://host[:587] (STARTTLS)",
};

/* host or [v6]; false when there is none or it has characters no host has. */
static bool take_host(struct bytes *rest, struct bytes *ret_host)
{
	size_t n;

	if (rest->len && rest->at[0] == '[') {
		n = bytes_index(*rest, ']');
		if (n == rest->len)
			return false;
		*ret_host = bytes_skip(bytes_first(*rest, n), 1);
		*rest = bytes_skip(*rest, n + 1);
		return ret_host->len > 0;
	}
	n = bytes_index(*rest, ':');
	*ret_host = bytes_first(*rest, n);
	*rest = bytes_skip(*rest, n);
	for (size_t i = 0; i < ret_host->len; i++) {
		uint8_t c = ret_host->at[i];

		if (c <= ' ' || c >= 0x7f || strchr("/@?#[]\\\"'", c))
			return false;
	}
	return ret_host->len > 0 && ret_host->len <= 253;
}

static bool take_query(struct bytes query, struct config_endpoint *e, const char **ret_why)
{
	if (bytes_is_null(query))
		return true;
	if (bytes_equal_str(query, "tls=none")) {
		e->tls = CONFIG_TLS_NONE;
	} else if (bytes_equal_str(query, "tls=starttls")) {
		e->tls = CONFIG_TLS_STARTTLS;
	} else if (bytes_equal_str(query, "tls=implicit")) {
		e->tls = CONFIG_TLS_IMPLICIT;
	} else {
		*ret_why = "behind the ? only tls=implicit, tls=starttls or tls=none can stand";
		return false;
	}
	return true;
}

static const struct scheme *scheme_of(struct bytes url, enum config_protocol expected)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (schemes[i].protocol == expected &&
		    bytes_starts_with_nocase(url, bytes_of_str(schemes[i].prefix)))
			return &schemes[i];
	return NULL;
}

bool config_parse_url(struct bytes url, enum config_protocol expected, struct config_endpoint *ret,
		      const char **ret_why)
{
	const struct scheme *s = scheme_of(url, expected);
	struct config_endpoint e = { 0 };
	struct bytes rest, host, before, query = BYTES_NULL;
	uint64_t port;

	*ret_why = examples[expected];
	if (!s)
		return false;
	e.tls = s->tls;
	port = s->port;
	rest = bytes_skip(url, strlen(s->prefix));
	if (bytes_split(&rest, '?', &before))
		query = rest;
	rest = before;
	if (rest.len && rest.at[rest.len - 1] == '/')
		rest.len--;
	if (!take_host(&rest, &host))
		return false;
	if (rest.len &&
	    (rest.at[0] != ':' || !bytes_to_u64(bytes_skip(rest, 1), 65535, &port) || port == 0)) {
		*ret_why = "the port is a number from 1 to 65535";
		return false;
	}
	if (!take_query(query, &e, ret_why))
		return false;
	e.port = (uint16_t)port;
	e.host = bytes_dup_str(host);
	if (!e.host)
		return false;
	*ret = e;
	return true;
}
