/* redis://[user[:password]@]host[:port][/db], rediss://, unix:///path[?db=n] and a bare /path. */
#include <stdlib.h>
#include <sys/un.h>

#include "base/buf.h"
#include "state/redis/link.h"

#define PORT_DEFAULT 6379
#define DB_MAX       65535

void redis_address_done(struct redis_address *a)
{
	free(a->host);
	free(a->path);
	free(a->user);
	free(a->password);
	*a = (struct redis_address){ 0 };
}

static int hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *decode(struct bytes text, char **ret)
{
	char *to = malloc(text.len + 1);
	size_t len = 0;

	if (!to)
		return "cannot be read, memory is short";
	for (size_t i = 0; i < text.len; i++) {
		int c = text.at[i];

		if (c == '%') {
			int high = i + 2 < text.len ? hex_of(text.at[i + 1]) : -1;
			int low = i + 2 < text.len ? hex_of(text.at[i + 2]) : -1;

			c = high < 0 || low < 0 ? 0 : high * 16 + low;
			i += 2;
		}
		if (c == 0) {
			free(to);
			return "has a % that is not followed by two hexadecimal digits";
		}
		to[len++] = (char)c;
	}
	to[len] = '\0';
	*ret = to;
	return NULL;
}

/* user[:password]; both may be empty ("redis://:password@host"). */
static const char *take_user(struct bytes info, struct redis_address *a)
{
	size_t colon = bytes_index(info, ':');
	const char *wrong = NULL;

	if (colon == info.len)
		return "names a user without a password";
	if (colon > 0)
		wrong = decode(bytes_first(info, colon), &a->user);
	if (!wrong && colon + 1 < info.len)
		wrong = decode(bytes_skip(info, colon + 1), &a->password);
	if (!wrong && a->user && !a->password)
		wrong = "names a user without a password";
	return wrong;
}

static const char *take_port(struct bytes text, struct redis_address *a)
{
	uint64_t port;

	if (!bytes_to_u64(text, UINT16_MAX, &port) || port == 0)
		return "has no port between 1 and 65535";
	a->port = (uint16_t)port;
	return NULL;
}

static const char *take_host(struct bytes where, struct redis_address *a)
{
	struct bytes host = where, port = BYTES_NULL;
	size_t end;

	if (where.len > 0 && where.at[0] == '[') {
		end = bytes_index(where, ']');
		if (end == where.len)
			return "has a [ without a ]";
		host = bytes_of(where.at + 1, end - 1);
		where = bytes_skip(where, end + 1);
		if (where.len > 0 && where.at[0] != ':')
			return "has something between the ] and the port";
	} else {
		end = bytes_index(where, ':');
		host = bytes_first(where, end);
		where = bytes_skip(where, end);
	}
	if (where.len > 0)
		port = bytes_skip(where, 1);
	if (host.len == 0)
		return "names no host";
	a->port = PORT_DEFAULT;
	if (!bytes_is_null(port)) {
		const char *wrong = take_port(port, a);

		if (wrong)
			return wrong;
	}
	return decode(host, &a->host);
}

static const char *take_db(struct bytes text, struct redis_address *a)
{
	uint64_t db;

	if (!bytes_to_u64(text, DB_MAX, &db))
		return "has something that is not the number of a database behind the host";
	a->db = (unsigned)db;
	return NULL;
}

/* Cuts ?db=n off the end. */
static const char *take_query(struct bytes *rest, struct redis_address *a)
{
	size_t mark = bytes_index(*rest, '?');
	struct bytes query = bytes_skip(*rest, mark);

	*rest = bytes_first(*rest, mark);
	if (query.len == 0)
		return NULL;
	if (!bytes_starts_with(query, BYTES_LIT("?db=")))
		return "has a parameter other than db";
	return take_db(bytes_skip(query, 4), a);
}

static const char *take_path(struct bytes rest, struct redis_address *a)
{
	struct sockaddr_un un;
	const char *wrong;

	if (rest.len == 0 || rest.at[0] != '/')
		return "names no absolute path of a socket";
	wrong = decode(rest, &a->path);
	if (!wrong && strlen(a->path) >= sizeof un.sun_path)
		wrong = "names a socket whose path is too long";
	return wrong;
}

static const char *take_rest(struct bytes rest, bool is_path, struct redis_address *a)
{
	const char *wrong = take_query(&rest, a);
	size_t at = rest.len, slash;

	/* The last @ before the path: a password should have it encoded, and often has not. */
	slash = is_path ? bytes_index(rest, '/') : rest.len;
	for (size_t i = 0; i < slash; i++)
		if (rest.at[i] == '@')
			at = i;
	if (!wrong && at < rest.len) {
		wrong = take_user(bytes_first(rest, at), a);
		rest = bytes_skip(rest, at + 1);
	}
	if (wrong)
		return wrong;
	if (is_path)
		return take_path(rest, a);
	slash = bytes_index(rest, '/');
	if (slash + 1 < rest.len)
		wrong = take_db(bytes_skip(rest, slash + 1), a);
	return wrong ? wrong : take_host(bytes_first(rest, slash), a);
}

const char *redis_address_parse(struct bytes url, struct redis_address *ret)
{
	static const struct {
		struct bytes scheme;
		bool is_path, has_tls;
	} forms[] = {
		{ BYTES_LIT("redis://"), false, false },
		{ BYTES_LIT("rediss://"), false, true },
		{ BYTES_LIT("redis+unix://"), true, false },
		{ BYTES_LIT("unix://"), true, false },
		{ BYTES_LIT(""), true, false },
	};
	struct redis_address a = { 0 };
	const char *wrong = "is neither redis://[user[:password]@]host[:port][/db] nor rediss:// "
			    "nor the path of a socket";

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		bool is_bare = forms[i].scheme.len == 0;

		if (!bytes_starts_with_nocase(url, forms[i].scheme) ||
		    (is_bare && (url.len == 0 || url.at[0] != '/')))
			continue;
		a.has_tls = forms[i].has_tls;
		wrong = take_rest(bytes_skip(url, forms[i].scheme.len), forms[i].is_path, &a);
		break;
	}
	if (wrong)
		redis_address_done(&a);
	else
		*ret = a;
	return wrong;
}
