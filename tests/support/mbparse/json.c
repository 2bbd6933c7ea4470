#include "json.h"

json_t *json_of_bytes(struct bytes b)
{
	json_t *text;
	char *utf8, *to;

	if (bytes_is_null(b))
		return json_null();
	if (bytes_is_utf8(b))
		return json_stringn((const char *)b.at, b.len);
	utf8 = to = malloc(2 * b.len);
	if (!utf8)
		return NULL;
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] >= 0x80)
			*to++ = (char)(0xc0 | b.at[i] >> 6);
		*to++ = (char)(b.at[i] >= 0x80 ? 0x80 | (b.at[i] & 0x3f) : b.at[i]);
	}
	text = json_stringn(utf8, (size_t)(to - utf8));
	free(utf8);
	return text;
}

json_t *json_of_bytes_list(const struct bytes_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(list, json_of_bytes(l->at[i]));
	return list;
}

json_t *json_of_flags(const struct imap_flags *f)
{
	json_t *list = json_of_bytes_list(&f->names);

	if (f->is_extensible)
		json_array_append_new(list, json_string("\\*"));
	return list;
}

static void append_seq(struct buf *to, uint32_t n)
{
	if (n == UINT32_MAX)
		buf_append_str(to, "*");
	else
		buf_append_u64(to, n);
}

json_t *json_of_set(const struct imap_set *s)
{
	struct buf text;
	json_t *json;

	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < s->count; i++) {
		if (i)
			buf_append_str(&text, ",");
		append_seq(&text, s->at[i].first);
		if (s->at[i].last == s->at[i].first)
			continue;
		buf_append_str(&text, ":");
		append_seq(&text, s->at[i].last);
	}
	json = json_of_bytes(text.len ? buf_bytes(&text) : BYTES_LIT(""));
	buf_done(&text);
	return json;
}

json_t *json_of_u64(uint64_t n)
{
	return n > INT64_MAX ? json_sprintf("%llu", (unsigned long long)n)
			     : json_integer((json_int_t)n);
}

json_t *json_of_time(const struct zoned_time *t)
{
	char text[32];

	if (!t->is_known)
		return json_null();
	message_format_zoned(t, text);
	return json_string(text);
}
