#include "state/redis/resp.h"

#include <inttypes.h>
#include <stdio.h>

void resp_begin(struct buf *to, size_t count)
{
	buf_append_byte(to, '*');
	buf_append_u64(to, count);
	buf_append_str(to, "\r\n");
}

void resp_args(struct buf *to, const struct bytes *args, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_append_byte(to, '$');
		buf_append_u64(to, args[i].len);
		buf_append_str(to, "\r\n");
		buf_append(to, args[i]);
		buf_append_str(to, "\r\n");
	}
}

void resp_arg_u64(struct buf *to, uint64_t n)
{
	char text[24];
	struct bytes arg = { (const uint8_t *)text,
			     (size_t)snprintf(text, sizeof text, "%" PRIu64, n) };

	resp_args(to, &arg, 1);
}
