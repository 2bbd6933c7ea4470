#include "imap/name.h"

#include "imap/utf7.h"
#include "model/folder_name.h"

/* --- decoding ------------------------------------------------------------------------ */

/* The component as it should be; false when it is not so. */
static bool decode_well(struct arena *mem, struct bytes component, bool is_utf8, struct bytes *ret)
{
	*ret = component;
	if (is_utf8 ? !bytes_is_utf8(component) : !imap_utf7_decode(mem, component, ret))
		return false;
	return !folder_name_has_raw(*ret);
}

/* What stands for itself in either form, and is sure to be put out again as it is. */
static bool is_plain(uint8_t c, bool is_utf8)
{
	return c >= 0x20 && c <= 0x7e && (c != '&' || is_utf8);
}

static void put_component(struct buf *to, struct arena *mem, struct bytes component, bool is_utf8)
{
	struct bytes decoded;

	if (decode_well(mem, component, is_utf8, &decoded)) {
		buf_append(to, decoded);
		return;
	}
	for (size_t i = 0; i < component.len; i++) {
		if (is_plain(component.at[i], is_utf8))
			buf_append_byte(to, component.at[i]);
		else
			folder_name_put_raw(to, component.at[i]);
	}
}

/* May a name be cut there? Not where the delimiter is no character, or could be part of
 * modified UTF-7. */
static bool is_separate(char delimiter, bool is_utf8)
{
	bool is_ascii = (uint8_t)delimiter >= 0x20 && (uint8_t)delimiter <= 0x7e;
	bool is_letter = (delimiter >= 'a' && delimiter <= 'z') ||
			 (delimiter >= 'A' && delimiter <= 'Z') ||
			 (delimiter >= '0' && delimiter <= '9');

	return is_ascii && (is_utf8 || (!is_letter && !strchr("&-+,", delimiter)));
}

struct bytes imap_name_decode(struct arena *mem, struct bytes name, char delimiter, bool is_utf8)
{
	struct bytes path, component, rest = name;
	struct buf to;

	if (decode_well(mem, name, is_utf8, &path))
		return path;
	buf_init(&to, FOLDER_NAME_RAW_BYTES * name.len);
	if (!is_separate(delimiter, is_utf8)) {
		put_component(&to, mem, name, is_utf8);
	} else {
		while (bytes_split(&rest, (uint8_t)delimiter, &component)) {
			put_component(&to, mem, component, is_utf8);
			if (!bytes_is_null(rest))
				buf_append_byte(&to, (uint8_t)delimiter);
		}
	}
	path = buf_err(&to) ? BYTES_NULL : arena_bytes(mem, buf_bytes(&to));
	buf_done(&to);
	return path;
}

/* --- encoding -------------------------------------------------------------------------- */

/* How many bytes stand before the next raw one. */
static size_t run_bytes(struct bytes path)
{
	struct bytes rest = path, look;
	uint8_t byte;

	while (rest.len) {
		look = rest;
		if (folder_name_take_raw(&look, &byte))
			break;
		rest = bytes_skip(rest, 1);
	}
	return path.len - rest.len;
}

static enum err put_run(struct buf *to, struct bytes run, bool is_utf8)
{
	if (!is_utf8)
		return imap_utf7_encode(to, run);
	if (!bytes_is_utf8(run) || bytes_index(run, 0) < run.len)
		return ERR_INVALID;
	buf_append(to, run);
	return buf_err(to);
}

enum err imap_name_encode(struct buf *to, struct bytes path, bool is_utf8)
{
	enum err e = ERR_OK;
	uint8_t byte;

	while (path.len && e == ERR_OK) {
		size_t n = run_bytes(path);

		e = put_run(to, bytes_first(path, n), is_utf8);
		path = bytes_skip(path, n);
		while (folder_name_take_raw(&path, &byte))
			buf_append_byte(to, byte);
	}
	return e ? e : buf_err(to);
}
