#include "account/list_state.h"

#define TEXT_MAX 80
#define PREFIX   BYTES_LIT("s1.")
#define PREFIX_P BYTES_LIT("p1.")

static void put_base36(struct buf *to, uint64_t n)
{
	uint8_t digits[13];
	size_t at = sizeof digits;

	do {
		digits[--at] = (uint8_t) "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
		n /= 36;
	} while (n);
	buf_append(to, bytes_of(digits + at, sizeof digits - at));
}

static void put_names(struct buf *to, const struct list_state *s)
{
	buf_append(to, PREFIX_P);
	put_base36(to, s->epoch);
	buf_append_byte(to, '.');
	put_base36(to, s->highestmodseq);
	if (!s->has_base)
		return;
	buf_append_byte(to, '.');
	put_base36(to, s->base);
}

static void put_uids(struct buf *to, const struct list_state *s)
{
	buf_append(to, PREFIX);
	put_base36(to, s->uidvalidity);
	buf_append_byte(to, '.');
	put_base36(to, s->highestmodseq);
	buf_append_byte(to, '.');
	put_base36(to, s->uidnext);
	if (s->has_uid || s->has_version) {
		buf_append_str(to, s->has_uid ? ".u" : ".v");
		put_base36(to, s->has_uid ? s->uid : s->version);
	}
}

struct bytes list_state_format(struct arena *mem, const struct list_state *s)
{
	struct bytes state;
	struct buf text;

	if (!s->uidvalidity && !s->epoch)
		return BYTES_NULL;
	buf_init(&text, TEXT_MAX);
	if (s->epoch)
		put_names(&text, s);
	else
		put_uids(&text, s);
	state = arena_bytes(mem, buf_bytes(&text));
	buf_done(&text);
	return state;
}

static bool get_base36(struct bytes text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
				 : c >= 'a' && c <= 'z' ? (uint64_t)(c - 'a' + 10)
							: 36;

		if (digit == 36 || n > (max - digit) / 36)
			return false;
		n = n * 36 + digit;
	}
	*ret = n;
	return text.len > 0;
}

static bool get_part(struct bytes *rest, uint64_t max, uint64_t *ret)
{
	struct bytes part;

	return bytes_split(rest, '.', &part) && get_base36(part, max, ret);
}

static bool parse_names(struct bytes rest, struct list_state *ret)
{
	struct list_state s = { 0 };

	if (!get_part(&rest, UINT64_MAX, &s.epoch) ||
	    !get_part(&rest, UINT64_MAX, &s.highestmodseq))
		return false;
	s.has_base = !bytes_is_null(rest);
	if (s.has_base && !get_base36(rest, UINT64_MAX, &s.base))
		return false;
	*ret = s;
	return s.epoch != 0;
}

bool list_state_parse(struct bytes text, struct list_state *ret)
{
	struct bytes rest = bytes_skip(text, PREFIX.len);
	uint64_t uidvalidity, modseq, uidnext, more = 0;
	struct list_state s;

	if (bytes_starts_with(text, PREFIX_P))
		return parse_names(bytes_skip(text, PREFIX_P.len), ret);
	if (!bytes_starts_with(text, PREFIX) || !get_part(&rest, UINT32_MAX, &uidvalidity) ||
	    !get_part(&rest, UINT64_MAX, &modseq) || !get_part(&rest, UINT32_MAX, &uidnext))
		return false;
	s = (struct list_state){ .uidvalidity = (uint32_t)uidvalidity,
				 .uidnext = (uint32_t)uidnext,
				 .highestmodseq = modseq };
	s.has_uid = rest.len && rest.at[0] == 'u';
	s.has_version = rest.len && rest.at[0] == 'v';
	if (!bytes_is_null(rest) &&
	    ((!s.has_uid && !s.has_version) ||
	     !get_base36(bytes_skip(rest, 1), s.has_uid ? UINT32_MAX : UINT64_MAX, &more)))
		return false;
	s.uid = s.has_uid ? (uint32_t)more : 0;
	s.version = s.has_version ? more : 0;
	*ret = s;
	return uidvalidity != 0;
}
