/* check(8) id-text NUL [ 's' sort-value ] */
#include "endpoint/cursor.h"

#define PREFIX          BYTES_LIT("c1.")
#define CHECK_BYTES     8
#define SORT_VALUE_MARK 's'

static void put_check(uint8_t to[CHECK_BYTES], const struct hash_sha256 *list, struct bytes place)
{
	const struct bytes pieces[] = { bytes_of(list->at, sizeof list->at), place };
	struct hash_sha256 h = hash_sha256_of(pieces, 2);

	memcpy(to, h.at, CHECK_BYTES);
}

static void put_place(struct buf *to, const struct cursor *c)
{
	char id[ID_TEXT_MAX + 1];

	message_id_format(&c->id, id);
	buf_append_str(to, id);
	buf_append_byte(to, '\0');
	if (bytes_is_null(c->sort_value))
		return;
	buf_append_byte(to, SORT_VALUE_MARK);
	buf_append(to, c->sort_value);
}

struct bytes cursor_format(struct arena *mem, const struct hash_sha256 *list,
			   const struct cursor *c)
{
	uint8_t check[CHECK_BYTES];
	struct buf place, whole, text;
	struct bytes kept;

	buf_init(&place, CURSOR_MAX_BYTES);
	buf_init(&whole, CURSOR_MAX_BYTES);
	buf_init(&text, 2 * CURSOR_MAX_BYTES);
	put_place(&place, c);
	put_check(check, list, buf_bytes(&place));
	buf_append(&whole, bytes_of(check, sizeof check));
	buf_append(&whole, buf_bytes(&place));
	buf_append(&text, PREFIX);
	hash_base64url(&text, buf_bytes(&whole));
	kept = buf_err(&place) || buf_err(&whole) || buf_err(&text)
		       ? BYTES_NULL
		       : arena_bytes(mem, buf_bytes(&text));
	buf_done(&place);
	buf_done(&whole);
	buf_done(&text);
	return kept;
}

static enum err parse_place(struct bytes place, struct arena *mem, struct cursor *ret)
{
	struct bytes id, rest = place;
	struct cursor c = { 0 };

	if (!bytes_split(&rest, '\0', &id) || bytes_is_null(rest))
		return ERR_INVALID;
	if (message_id_parse(id, &c.id) != ERR_OK)
		return ERR_INVALID;
	if (rest.len && rest.at[0] != SORT_VALUE_MARK)
		return ERR_INVALID;
	if (rest.len) {
		c.sort_value = arena_bytes(mem, bytes_skip(rest, 1));
		if (bytes_is_null(c.sort_value))
			return ERR_NOMEM;
	}
	*ret = c;
	return ERR_OK;
}

static enum err parse_whole(struct bytes whole, const struct hash_sha256 *list, struct arena *mem,
			    struct cursor *ret)
{
	uint8_t check[CHECK_BYTES];

	if (whole.len < CHECK_BYTES)
		return ERR_INVALID;
	put_check(check, list, bytes_skip(whole, CHECK_BYTES));
	if (!bytes_equal(bytes_of(check, sizeof check), bytes_first(whole, CHECK_BYTES)))
		return ERR_INVALID;
	return parse_place(bytes_skip(whole, CHECK_BYTES), mem, ret);
}

enum err cursor_parse(struct bytes text, const struct hash_sha256 *list, struct arena *mem,
		      struct cursor *ret)
{
	struct buf whole;
	enum err err;

	if (!bytes_starts_with(text, PREFIX) || text.len > 2 * CURSOR_MAX_BYTES)
		return ERR_INVALID;
	buf_init(&whole, CURSOR_MAX_BYTES);
	if (hash_base64url_decode(&whole, bytes_skip(text, PREFIX.len)))
		err = parse_whole(buf_bytes(&whole), list, mem, ret);
	else
		err = ERR_INVALID;
	buf_done(&whole);
	return err;
}
