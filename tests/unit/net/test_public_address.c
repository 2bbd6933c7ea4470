#include "cmocka_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/public_address.h"

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char back[INET6_ADDRSTRLEN];
	const struct sockaddr *a = (const struct sockaddr *)&v4;

	if (inet_pton(AF_INET, text, &v4.sin_addr) != 1) {
		assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		a = (const struct sockaddr *)&v6;
	}
	public_address_text(a, back, sizeof back);
	assert_string_equal(back, text);
	return public_address(a);
}

static void each_special_block_is_refused_from_its_first_to_its_last_address(void **state)
{
	static const char *const special[] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.169.254",
		"169.254.255.255",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.0",
		"192.0.0.255",
		"192.0.2.1",
		"192.31.196.1",
		"192.52.193.1",
		"192.88.99.1",
		"192.168.0.0",
		"192.168.255.255",
		"192.175.48.1",
		"198.18.0.0",
		"198.19.255.255",
		"198.51.100.1",
		"203.0.113.255",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::10.0.0.1",
		"::127.0.0.1",
		"64:ff9b:1::1",
		"100::1",
		"2001::1",
		"2001:2::1",
		"2001:10::1",
		"2001:1ff:ffff::1",
		"2001:db8::1",
		"2002::1",
		"2002:a00:1::1",
		"2620:4f:8000::1",
		"3fff::1",
		"4000::1",
		"5f00::1",
		"fc00::1",
		"fdff::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (is_public(special[i]))
			fail_msg("%s was taken for public", special[i]);
}

static void their_neighbours_are_public(void **state)
{
	static const char *const public[] = {
		"1.0.0.0",     "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.1",       "169.253.255.255",
		"169.255.0.0", "172.15.255.255",  "172.32.0.0",      "192.0.1.0",
		"192.0.3.0",   "192.167.255.255", "192.169.0.0",     "198.17.255.255",
		"198.20.0.0",  "223.255.255.255", "2001:200::1",     "2001:db7::1",
		"2001:db9::1", "2003::1",         "2606:4700::1111", "3ffe::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof public / sizeof public[0]; i++)
		if (!is_public(public[i]))
			fail_msg("%s was refused", public[i]);
}

static void a_wrapped_address_counts_as_what_it_wraps(void **state)
{
	(void)state;
	assert_false(is_public("::ffff:127.0.0.1"));
	assert_false(is_public("::ffff:10.1.2.3"));
	assert_false(is_public("::ffff:169.254.169.254"));
	assert_true(is_public("::ffff:8.8.8.8"));
	assert_false(is_public("64:ff9b::a00:1"));
	assert_true(is_public("64:ff9b::808:808"));
}

static void other_families_are_refused(void **state)
{
	struct sockaddr a = { .sa_family = AF_UNIX };
	char text[8];

	(void)state;
	assert_false(public_address(&a));
	public_address_text(&a, text, sizeof text);
	assert_string_equal(text, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_special_block_is_refused_from_its_first_to_its_last_address),
		cmocka_unit_test(their_neighbours_are_public),
		cmocka_unit_test(a_wrapped_address_counts_as_what_it_wraps),
		cmocka_unit_test(other_families_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
