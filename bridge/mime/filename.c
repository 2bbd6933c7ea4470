#include "mime/params.h"

#include "mime/utf8.h"

#define EXTENSION_MAX_BYTES 16

/* Invisible marks that turn the reading direction: "gpj.exe" shown as "exe.jpg". */
static bool is_bidi_control(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
	       c == 0x200f || c == 0x61c;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
	       is_bidi_control(c);
}

/* Copies what may stay; a character never gets longer. */
static size_t filter(uint8_t *to, struct bytes name)
{
	size_t n = 0;

	while (name.len) {
		uint32_t c = utf8_take(&name);

		if (is_control(c))
			continue;
		if (c < 0x80 && strchr("/\\:*?\"<>|", (int)c))
			c = '_';
		n += utf8_encode(to + n, c);
	}
	return n;
}

/* Dots and spaces at the ends hide a file, or are dropped by systems that see
 * another extension then. */
static struct bytes trim_dots(struct bytes b)
{
	while (b.len && (b.at[0] == ' ' || b.at[0] == '.'))
		b = bytes_skip(b, 1);
	while (b.len && (b.at[b.len - 1] == ' ' || b.at[b.len - 1] == '.'))
		b.len--;
	return b;
}

static struct bytes extension_of(struct bytes name)
{
	size_t n = name.len;

	while (n && name.at[n - 1] != '.' && name.len - n < EXTENSION_MAX_BYTES)
		n--;
	return n && name.at[n - 1] == '.' ? bytes_skip(name, n - 1) : BYTES_NULL;
}

struct bytes mime_clean_filename(struct arena *mem, struct bytes name)
{
	uint8_t *to;
	struct bytes clean, extension;

	if (utf8_valid_len(name) < name.len || !(to = arena_alloc(mem, name.len + 1)))
		return BYTES_NULL;
	clean = trim_dots(bytes_of(to, filter(to, name)));
	if (clean.len > MIME_FILENAME_MAX_BYTES) {
		extension = extension_of(clean);
		clean = bytes_first_utf8(clean, MIME_FILENAME_MAX_BYTES - extension.len);
		memmove(to + (clean.at - to) + clean.len, extension.at ? extension.at : to,
			extension.len);
		clean.len += extension.len;
	}
	return clean.len ? clean : BYTES_NULL;
}
