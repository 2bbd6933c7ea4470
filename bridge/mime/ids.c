#include "mime/headers.h"

#include "mime/utf8.h"
#include "mime/words.h"

#define ID_MAX_BYTES 2000 /* a longer one is no id */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "<" id ">"; a missing ">" ends at the next "<". */
static bool next_bracketed(struct bytes *in, struct bytes *ret)
{
	size_t n;

	*in = bytes_skip(*in, bytes_index(*in, '<') + 1);
	if (in->len == 0)
		return false;
	for (n = 0; n < in->len && in->at[n] != '>' && in->at[n] != '<';)
		n++;
	*ret = bytes_first(*in, n);
	*in = bytes_skip(*in, n);
	return true;
}

static bool next_word(struct bytes *in, struct bytes *ret)
{
	size_t n = 0;

	while (in->len && (is_blank(in->at[0]) || in->at[0] == ',' || in->at[0] == '>'))
		*in = bytes_skip(*in, 1);
	while (n < in->len && !is_blank(in->at[n]) && in->at[n] != ',' && in->at[n] != '>')
		n++;
	*ret = bytes_first(*in, n);
	*in = bytes_skip(*in, n);
	return n > 0;
}

static bool next_id(struct bytes *in, bool is_bracketed, struct bytes *ret)
{
	while (is_bracketed ? next_bracketed(in, ret) : next_word(in, ret)) {
		bool is_id = is_bracketed || bytes_index(*ret, '@') < ret->len;

		*ret = bytes_trim(*ret);
		if (is_id && ret->len && ret->len <= ID_MAX_BYTES)
			return true;
	}
	return false;
}

/* White space inside comes from folding. */
static struct bytes clean_copy(struct arena *mem, struct bytes id)
{
	uint8_t *to = arena_alloc(mem, id.len);
	size_t n = 0;

	for (size_t i = 0; to && i < id.len; i++)
		if (id.at[i] > ' ' && id.at[i] != 0x7f)
			to[n++] = id.at[i];
	return to ? bytes_of(to, n) : BYTES_NULL;
}

static enum err copy_id(struct arena *mem, struct bytes id, struct bytes *ret)
{
	if (utf8_valid_len(id) < id.len)
		return mime_decode_text(mem, id, BYTES_NULL, ret);
	*ret = clean_copy(mem, id);
	return bytes_is_null(*ret) ? ERR_NOMEM : ERR_OK;
}

/* How many there may be: exact only where it matters, beyond the limit. */
static size_t count_ids(struct bytes in, bool is_bracketed)
{
	struct bytes id;
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++)
		n += is_bracketed ? in.at[i] == '<' : in.at[i] == '@';
	if (n <= MIME_REFERENCES_MAX)
		return n;
	for (n = 0; next_id(&in, is_bracketed, &id);)
		n++;
	return n;
}

enum err mime_ids_parse(struct arena *mem, struct bytes value, struct bytes_list *ret)
{
	bool is_bracketed = bytes_index(value, '<') < value.len;
	size_t total = count_ids(value, is_bracketed);
	size_t keep = total < MIME_REFERENCES_MAX ? total : MIME_REFERENCES_MAX;
	struct bytes_list ids = { ARENA_ARRAY(mem, keep, struct bytes), 0 };
	struct bytes id;

	for (size_t i = 0; ids.at && next_id(&value, is_bracketed, &id); i++) {
		bool is_kept = i < keep / 2 || i >= total - (keep - keep / 2);

		if (is_kept && copy_id(mem, id, &ids.at[ids.count]) != ERR_OK)
			return ERR_NOMEM;
		ids.count += is_kept && ids.at[ids.count].len;
	}
	if (!ids.at)
		return ERR_NOMEM;
	*ret = ids;
	return ERR_OK;
}
