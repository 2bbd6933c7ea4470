/* BODY[...]<...>, BINARY[...] and RFC822 items of FETCH with their octets. */
#include "imap/reader.h"

static const struct {
	const char *name;
	enum imap_section_text text;
} texts[] = {
	{ "HEADER", IMAP_SECTION_HEADER },
	{ "TEXT", IMAP_SECTION_TEXT },
	{ "MIME", IMAP_SECTION_MIME },
	{ "HEADER.FIELDS", IMAP_SECTION_FIELDS },
	{ "HEADER.FIELDS.NOT", IMAP_SECTION_FIELDS_NOT },
};

static bool is_section_number(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '.';
}

/* section-spec = section-msgtext / (section-part ["." section-text]) */
static void split_spec(struct bytes spec, struct imap_body *b)
{
	size_t n = 0;
	struct bytes text;

	while (n < spec.len && is_section_number(spec.at[n]))
		n++;
	text = bytes_skip(spec, n);
	if (n && spec.at[n - 1] == '.')
		n--;
	b->part_id = bytes_first(spec, n);
	if (text.len == 0)
		return;
	b->text = IMAP_SECTION_OTHER;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (bytes_equal_str_nocase(text, texts[i].name))
			b->text = texts[i].text;
}

/* "[" [section-spec] "]", from behind the opening bracket */
static void read_spec(struct imap_reader *r, struct imap_body *b)
{
	const uint8_t *from = r->at;

	imap_skip_spaces(r);
	split_spec(imap_peek(r) == ']' || imap_peek(r) == '(' ? BYTES_LIT("") : imap_read_name(r),
		   b);
	imap_skip_spaces(r);
	if (imap_peek(r) == '(')
		b->fields = imap_read_astring_list(r);
	imap_skip_spaces(r);
	b->section = bytes_trim(bytes_of(from, (size_t)(r->at - from)));
	imap_expect(r, ']', "a section is not closed");
}

/* "<" number ">"; some repeat the length that was asked for: <0.100> */
static void read_origin(struct imap_reader *r, struct imap_body *b)
{
	if (!imap_try(r, '<'))
		return;
	b->has_origin = true;
	b->origin = imap_read_u32(r);
	if (imap_try(r, '.'))
		(void)imap_read_u32(r);
	imap_expect(r, '>', "an origin is not closed");
}

/* nstring / literal8; a bare word would be a sign of being out of step. Yandex has
 * nothing at all where a part is empty. */
static void read_octets(struct imap_reader *r, struct imap_string *ret)
{
	int c = imap_peek(r);

	*ret = (struct imap_string){ 0 };
	if (c == '"' || c == '{' || c == '~')
		imap_read_any_string(r, ret);
	else if (c == ')')
		ret->data = BYTES_LIT("");
	else if (!imap_try_nil(r))
		imap_fail(r, "the octets of a section are missing");
}

void imap_read_section(struct imap_reader *r, enum imap_body_kind kind, struct imap_body *b)
{
	struct imap_string s;

	*b = (struct imap_body){ .kind = kind, .section = BYTES_LIT(""), .part_id = BYTES_LIT("") };
	if (imap_try(r, '['))
		read_spec(r, b);
	read_origin(r, b);
	imap_skip_spaces(r);
	if (kind == IMAP_BINARY_SIZE) {
		b->size_bytes = imap_read_u64(r);
		return;
	}
	read_octets(r, &s);
	b->data = s.data;
	b->is_nil = bytes_is_null(s.data);
	b->is_streamed = s.is_streamed;
	b->size_bytes = s.size_bytes;
}
