/* URLs of Redis, and what it says of itself; the first byte says which. */
#include "fuzz.h"

#include <hiredis/hiredis.h>

#include "state/redis/greeting.h"

static void check_sentence(const char *text)
{
	for (; text && *text; text++)
		fuzz_check(*text >= ' ' && *text <= '~');
}

static void try_url(struct bytes in)
{
	struct redis_address a;
	const char *wrong = redis_address_parse(in, &a);

	check_sentence(wrong);
	if (wrong)
		return;
	fuzz_check((a.host == NULL) != (a.path == NULL));
	fuzz_check(!a.host || (a.host[0] && a.port));
	fuzz_check(!a.path || a.path[0] == '/');
	fuzz_check(!a.user || a.password);
	redis_address_done(&a);
}

static void try_info(struct bytes in)
{
	const struct redis_address address = { 0 };
	const struct redisReply name = { .type = REDIS_REPLY_STATUS };
	const struct redisReply info = {
		.type = REDIS_REPLY_STRING,
		.str = (char *)in.at,
		.len = in.len,
	};
	struct greeting g;
	struct buf out;

	buf_init(&out, 4096);
	greeting_begin(&g, &address, &out);
	fuzz_check(buf_err(&out) == ERR_OK);
	buf_done(&out);
	fuzz_check(!greeting_take(&g, &name));
	fuzz_check(greeting_take(&g, &info));
	check_sentence(g.wrong);
	check_sentence(g.trouble);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	uint8_t *copy;

	if (size == 0)
		return 0;
	copy = fuzz_copy(bytes_skip(in, 1));
	if (data[0] % 2)
		try_url(bytes_of(copy, size - 1));
	else
		try_info(bytes_of(copy, size - 1));
	free(copy);
	return 0;
}
