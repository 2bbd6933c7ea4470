#include "account/list_state.h"

#define TEXT_MAX 64

void list_state_put_base36(struct buf *to, uint64_t n)
{
	uint8_t digits[13];
	size_t at = sizeof digits;

	do {
		digits[--at] = (uint8_t) "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
		n /= 36;
	} while (n);
	buf_append(to, bytes_of(digits + at, sizeof digits - at));
}

struct bytes list_state_format(struct arena *mem, const struct list_state *s)
{
	struct bytes state;
	struct buf text;

	if (!s->uidvalidity)
		return BYTES_NULL;
	buf_init(&text, TEXT_MAX);
	buf_append_str(&text, "s1.");
	list_state_put_base36(&text, s->uidvalidity);
	buf_append_byte(&text, '.');
	list_state_put_base36(&text, s->highestmodseq);
	buf_append_byte(&text, '.');
	list_state_put_base36(&text, s->uidnext);
	state = arena_bytes(mem, buf_bytes(&text));
	buf_done(&text);
	return state;
}
