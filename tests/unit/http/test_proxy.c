#include "cmocka_all.h"

#include "http/proxy.h"

static struct proxy_address address(const char *text)
{
	struct proxy_address a;

	if (!proxy_parse_address(bytes_of_str(text), &a))
		fail_msg("%s is an address", text);
	return a;
}

static void reads_as(const char *text, const char *want)
{
	struct proxy_address a = address(text);
	char got[PROXY_ADDRESS_TEXT];

	proxy_write_address(&a, got);
	assert_string_equal(got, want);
}

static void reads_addresses(void **state)
{
	const char *const bad[] = { "",        "x",        "1.2.3", "1.2.3.4.5", "[::1", "unknown",
				    "_hidden", "1.2.3.4 ", "::g",   "[]",        ":80" };
	struct proxy_address a;

	(void)state;
	reads_as("192.0.2.1", "192.0.2.1");
	reads_as("192.0.2.1:4711", "192.0.2.1");
	reads_as("::1", "::1");
	reads_as("[2001:db8::1]:4711", "2001:db8::1");
	reads_as("2001:db8::1", "2001:db8::1");
	reads_as("::ffff:192.0.2.1", "192.0.2.1");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (proxy_parse_address(bytes_of_str(bad[i]), &a))
			fail_msg("\"%s\" is no address", bad[i]);
}

static bool has(const char *net, const char *text)
{
	struct proxy_address a = address(text);
	struct proxy_net n;
	struct proxy_nets nets = { &n, 1 };

	if (!proxy_parse_net(bytes_of_str(net), &n))
		fail_msg("%s is a net", net);
	return proxy_nets_have(&nets, &a);
}

static void reads_nets(void **state)
{
	const char *const bad[] = { "",           "/8",     "10.0.0.0/33", "10.0.0.0/",
				    "10.0.0.0/x", "::/129", "example.org", "10.0.0.0/8/8" };
	struct proxy_net n;

	(void)state;
	assert_true(has("127.0.0.1", "127.0.0.1"));
	assert_false(has("127.0.0.1", "127.0.0.2"));
	assert_true(has("10.0.0.0/8", "10.255.0.1"));
	assert_false(has("10.0.0.0/8", "11.0.0.1"));
	assert_true(has("172.16.0.0/12", "172.31.255.255"));
	assert_false(has("172.16.0.0/12", "172.32.0.0"));
	assert_true(has("0.0.0.0/0", "8.8.8.8"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("::/0", "10.0.0.1"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (proxy_parse_net(bytes_of_str(bad[i]), &n))
			fail_msg("\"%s\" is no net", bad[i]);
}

struct look {
	const char *peer, *forwarded, *for_, *proto, *host;
	const char *want_client;
	bool want_https;
	const char *want_host;
};

static void look(const struct look *c)
{
	struct proxy_net n[2];
	struct proxy_nets nets = { n, 2 };
	struct proxy_fields fields = { bytes_of_str(c->forwarded), bytes_of_str(c->for_),
				       bytes_of_str(c->proto), bytes_of_str(c->host) };
	struct proxy_address peer = address(c->peer);
	struct proxy_view v;
	char got[PROXY_ADDRESS_TEXT];

	assert_true(proxy_parse_net(BYTES_LIT("127.0.0.1"), &n[0]));
	assert_true(proxy_parse_net(BYTES_LIT("10.0.0.0/8"), &n[1]));
	v = proxy_look(&nets, &peer, &fields);
	proxy_write_address(&v.client, got);
	assert_string_equal(got, c->want_client);
	assert_int_equal(v.is_https, c->want_https);
	if (c->want_host)
		assert_bytes_equal_str(v.host, c->want_host);
	else
		assert_true(bytes_is_null(v.host));
}

static void only_trusted_hops_count(void **state)
{
	const struct look cases[] = {
		{ "127.0.0.1", .want_client = "127.0.0.1" },
		/* Not from a proxy of ours. */
		{ "192.0.2.9", NULL, "1.1.1.1", "https", "evil.example", "192.0.2.9" },
		{ "192.0.2.9", "for=1.1.1.1;proto=https", NULL, NULL, NULL, "192.0.2.9" },
		/* One proxy. */
		{ "127.0.0.1", NULL, "192.0.2.1", "https", "mail.example.org", "192.0.2.1", true,
		  "mail.example.org" },
		/* What the client wrote itself stands further left. */
		{ "127.0.0.1", NULL, "6.6.6.6, 192.0.2.1", "https", NULL, "192.0.2.1", true },
		{ "127.0.0.1", NULL, "6.6.6.6, 192.0.2.1, 10.0.0.7", NULL, NULL, "192.0.2.1" },
		{ "127.0.0.1", NULL, "10.0.0.1,10.0.0.2", NULL, NULL, "10.0.0.1" },
		{ "127.0.0.1", NULL, "6.6.6.6, nonsense", NULL, NULL, "127.0.0.1" },
		{ "127.0.0.1", NULL, "1.1.1.1", NULL, "a b", "1.1.1.1" },
		/* RFC 7239 */
		{ "127.0.0.1", "for=192.0.2.1;proto=https;host=\"mail.example.org:8443\"", NULL,
		  NULL, NULL, "192.0.2.1", true, "mail.example.org:8443" },
		{ "127.0.0.1", "for=6.6.6.6;host=evil, For=\"[2001:db8::1]:47\";Proto=HTTPS", NULL,
		  NULL, NULL, "2001:db8::1", true },
		{ "127.0.0.1", "for=192.0.2.1;proto=https, for=10.0.0.9;proto=http", NULL, NULL,
		  NULL, "192.0.2.1", true },
		{ "127.0.0.1", "for=_hidden;proto=https", NULL, NULL, NULL, "127.0.0.1", true },
		/* A client's own Forwarded does not get past a proxy that sets X-Forwarded-For. */
		{ "127.0.0.1", "for=6.6.6.6", "192.0.2.1", NULL, NULL, "192.0.2.1" },
		{ "127.0.0.1", ";;=,,", NULL, NULL, NULL, "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		look(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(reads_nets),
		cmocka_unit_test(only_trusted_hops_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
