#include "mime/fields.h"

struct mime_fields mime_fields_of(struct bytes block)
{
	return (struct mime_fields){ bytes_first(block, MIME_BLOCK_MAX_BYTES) };
}

/* Length of the line at the front with its line break. */
static size_t line_len(struct bytes b)
{
	size_t n = bytes_index(b, '\n');

	return n < b.len ? n + 1 : n;
}

/* Length of the line at the front and those that continue it. */
static size_t folded_len(struct bytes b)
{
	size_t n = line_len(b);

	while (n < b.len && (b.at[n] == ' ' || b.at[n] == '\t'))
		n += line_len(bytes_skip(b, n));
	return n;
}

static struct bytes without_line_break(struct bytes b)
{
	if (b.len && b.at[b.len - 1] == '\n')
		b.len--;
	while (b.len && b.at[b.len - 1] == '\r')
		b.len--;
	return b;
}

/* field-name = 1*ftext (RFC 5322 §3.6.8), and white space behind it (§4.5). */
static bool split_field(struct bytes line, struct mime_field *ret)
{
	size_t colon = bytes_index(line, ':'), n = colon;

	if (colon == line.len)
		return false;
	while (n && (line.at[n - 1] == ' ' || line.at[n - 1] == '\t'))
		n--;
	for (size_t i = 0; i < n; i++)
		if (line.at[i] <= ' ' || line.at[i] >= 0x7f)
			return false;
	ret->name = bytes_first(line, n);
	ret->value = bytes_skip(line, colon + 1);
	return n > 0;
}

bool mime_fields_next(struct mime_fields *f, struct mime_field *ret)
{
	while (f->rest.len) {
		size_t n = folded_len(f->rest);
		struct bytes line = without_line_break(bytes_first(f->rest, n));

		if (line.len == 0) {
			f->rest = bytes_skip(f->rest, f->rest.len);
			return false;
		}
		f->rest = bytes_skip(f->rest, n);
		if (split_field(line, ret))
			return true;
	}
	return false;
}

struct bytes mime_fields_find(struct bytes block, const char *name)
{
	struct mime_fields f = mime_fields_of(block);
	struct mime_field field;

	while (mime_fields_next(&f, &field))
		if (bytes_equal_str_nocase(field.name, name))
			return field.value;
	return BYTES_NULL;
}
