#include "model/folder_name.h"

/* UTF-8 of U+FDD0 to U+FDEF: EF B7 90 to EF B7 AF. */
#define LEAD_1 0xef
#define LEAD_2 0xb7
#define HIGH   0x90
#define LOW    0xa0

#define REPLACEMENT BYTES_LIT("\xef\xbf\xbd")

void folder_name_put_raw(struct buf *to, uint8_t byte)
{
	const uint8_t text[FOLDER_NAME_RAW_BYTES] = {
		LEAD_1, LEAD_2, (uint8_t)(HIGH | byte >> 4),
		LEAD_1, LEAD_2, (uint8_t)(LOW | (byte & 15))
	};

	buf_append(to, bytes_of(text, sizeof text));
}

bool folder_name_take_raw(struct bytes *rest, uint8_t *ret)
{
	const uint8_t *b = rest->at;

	if (rest->len < FOLDER_NAME_RAW_BYTES || b[0] != LEAD_1 || b[1] != LEAD_2 ||
	    (b[2] & 0xf0) != HIGH || b[3] != LEAD_1 || b[4] != LEAD_2 || (b[5] & 0xf0) != LOW)
		return false;
	*ret = (uint8_t)((b[2] & 15) << 4 | (b[5] & 15));
	*rest = bytes_skip(*rest, FOLDER_NAME_RAW_BYTES);
	return true;
}

bool folder_name_has_raw(struct bytes path)
{
	for (size_t i = 0; i + 2 < path.len; i++)
		if (path.at[i] == LEAD_1 && path.at[i + 1] == LEAD_2 && path.at[i + 2] >= HIGH &&
		    path.at[i + 2] < LOW + 16)
			return true;
	return false;
}

/* The bytes as the server has them. */
static void put_bytes(struct buf *to, struct bytes path)
{
	uint8_t byte;

	while (path.len) {
		if (!folder_name_take_raw(&path, &byte)) {
			byte = path.at[0];
			path = bytes_skip(path, 1);
		}
		buf_append_byte(to, byte);
	}
}

/* The bytes of the character at the front; 0: there is none. */
static size_t char_bytes(struct bytes b)
{
	for (size_t n = 1; n <= 4 && n <= b.len; n++)
		if (bytes_is_utf8(bytes_first(b, n)))
			return n;
	return 0;
}

static void put_shown(struct buf *to, struct bytes name)
{
	while (name.len) {
		size_t n = char_bytes(name);

		buf_append(to, n ? bytes_first(name, n) : REPLACEMENT);
		name = bytes_skip(name, n ? n : 1);
	}
}

struct bytes folder_name_of(struct arena *mem, struct bytes path, char delimiter)
{
	size_t at = path.len;
	struct bytes name, copy;
	struct buf raw, shown;

	while (delimiter && at && path.at[at - 1] != (uint8_t)delimiter)
		at--;
	name = delimiter ? bytes_skip(path, at) : path;
	if (!folder_name_has_raw(name))
		return name;
	buf_init(&raw, name.len);
	buf_init(&shown, 3 * name.len);
	put_bytes(&raw, name);
	put_shown(&shown, buf_bytes(&raw));
	copy = buf_err(&shown) ? BYTES_NULL : arena_bytes(mem, buf_bytes(&shown));
	buf_done(&raw);
	buf_done(&shown);
	return bytes_is_null(copy) ? name : copy;
}
