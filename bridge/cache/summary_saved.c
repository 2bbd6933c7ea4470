#include "cache/summary_saved.h"

#define VERSION    1
#define CHECK_AT   3
#define LENGTH_AT  7
#define HEAD_BYTES 11

enum {
	FLAG_PREVIEW = 1 << 0,
};

static uint64_t mix(uint64_t h, uint64_t n)
{
	h = (h ^ n) * 0xd6e8feb86659fd93;
	return h ^ h >> 32;
}

/* Eight bytes at a time, then the rest and the length. */
static uint64_t digest(uint64_t h, struct bytes b)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; i + sizeof n <= b.len; i += sizeof n) {
		memcpy(&n, b.at + i, sizeof n);
		h = mix(h, n);
	}
	n = 0;
	if (i < b.len)
		memcpy(&n, b.at + i, b.len - i);
	return mix(mix(h, n), b.len);
}

static uint32_t check_of(struct bytes key, struct bytes saved)
{
	uint64_t h = digest(digest(digest(1, key), bytes_first(saved, CHECK_AT)),
			    bytes_skip(saved, LENGTH_AT));

	return (uint32_t)(h ^ h >> 32);
}

static void put_u32(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

static uint32_t get_u32(const uint8_t *from)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n |= (uint32_t)from[i] << 8 * i;
	return n;
}

void summary_save(struct buf *to, uint8_t codec, struct bytes key, const struct summary_bytes *s)
{
	size_t len = HEAD_BYTES + s->lasting.len + s->preview.len;
	uint8_t *at = len <= SUMMARY_SAVED_MAX ? buf_reserve(to, len) : NULL;

	if (!at) {
		to->err = buf_err(to) ? buf_err(to) : ERR_TOO_BIG;
		return;
	}
	at[0] = VERSION;
	at[1] = codec;
	at[2] = bytes_is_null(s->preview) ? 0 : FLAG_PREVIEW;
	put_u32(at + LENGTH_AT, (uint32_t)s->lasting.len);
	if (s->lasting.len)
		memcpy(at + HEAD_BYTES, s->lasting.at, s->lasting.len);
	if (s->preview.len)
		memcpy(at + HEAD_BYTES + s->lasting.len, s->preview.at, s->preview.len);
	put_u32(at + CHECK_AT, check_of(key, bytes_of(at, len)));
	buf_commit(to, len);
}

bool summary_load(struct bytes saved, uint8_t codec, struct bytes key, struct summary_bytes *ret)
{
	struct bytes content = bytes_skip(saved, HEAD_BYTES);
	size_t lasting;

	if (saved.len < HEAD_BYTES || saved.at[0] != VERSION || saved.at[1] != codec ||
	    get_u32(saved.at + CHECK_AT) != check_of(key, saved))
		return false;
	lasting = get_u32(saved.at + LENGTH_AT);
	if (lasting > content.len)
		return false;
	*ret = (struct summary_bytes){ .lasting = bytes_first(content, lasting) };
	if (saved.at[2] & FLAG_PREVIEW)
		ret->preview = bytes_skip(content, lasting);
	return true;
}
