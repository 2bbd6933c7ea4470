/* Values of header fields; the first byte says which. */
#include "fuzz.h"

#include "http/field.h"
#include "http/proxy.h"

static void try_range(struct bytes in)
{
	struct reply_range r;

	if (field_parse_range(in, &r))
		fuzz_check(r.is_suffix || r.first <= r.last);
}

static void try_etags(struct bytes in)
{
	/* What matches strongly matches weakly as well. */
	if (field_has_etag(in, BYTES_LIT("v1"), false))
		fuzz_check(field_has_etag(in, BYTES_LIT("v1"), true));
	fuzz_check(!field_has_etag(in, BYTES_NULL, true));
}

static void try_types(struct bytes in)
{
	if (field_is_media_type(in, "application/json"))
		fuzz_check(in.len >= strlen("application/json"));
	(void)field_accepts(in, "application/json,text/html");
	(void)field_accepts_coding(in, "gzip");
}

static void try_cookies(struct bytes in)
{
	struct bytes value = field_find_cookie(in, BYTES_LIT("session"));

	if (!bytes_is_null(value))
		fuzz_check(value.at >= in.at && value.at + value.len <= in.at + in.len);
}

static void try_hosts(struct bytes in)
{
	if (field_is_host(in))
		for (size_t i = 0; i < in.len; i++)
			fuzz_check(in.at[i] > 0x20 && in.at[i] < 0x7f && in.at[i] != '/');
	if (field_is_token(in))
		fuzz_check(in.len > 0);
}

static void try_disposition(struct bytes in)
{
	struct bytes out;
	struct buf b;

	buf_init(&b, 4096);
	field_write_disposition(&b, "attachment", in);
	fuzz_check(buf_err(&b) == ERR_OK);
	out = buf_bytes(&b);
	for (size_t i = 0; i < out.len; i++)
		fuzz_check(out.at[i] >= 0x20 && out.at[i] < 0x7f && out.at[i] != '/' &&
			   out.at[i] != '\\');
	buf_done(&b);
}

static void try_proxies(struct bytes in)
{
	struct proxy_net net = { .bits = 0 }; /* everybody */
	struct proxy_nets trusted = { &net, 1 };
	struct proxy_address peer = { { 0 } }, again;
	struct proxy_fields a = { .forwarded = in }, b = { .for_ = in, .proto = in, .host = in };
	struct proxy_view v = proxy_look(&trusted, &peer, &a);
	char text[PROXY_ADDRESS_TEXT];

	fuzz_check(bytes_is_null(v.host) || field_is_host(v.host));
	v = proxy_look(&trusted, &peer, &b);
	fuzz_check(bytes_is_null(v.host) || field_is_host(v.host));
	proxy_write_address(&v.client, text);
	fuzz_check(proxy_parse_address(bytes_of_str(text), &again));
	fuzz_check(memcmp(&again, &v.client, sizeof again) == 0);
	(void)proxy_parse_net(in, &net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct bytes) = {
		try_range, try_etags,       try_types,   try_cookies,
		try_hosts, try_disposition, try_proxies,
	};
	uint8_t *copy;

	if (size == 0)
		return 0;
	copy = fuzz_copy(bytes_of(data + 1, size - 1));
	tries[data[0] % (sizeof tries / sizeof tries[0])](bytes_of(copy, size - 1));
	free(copy);
	return 0;
}
