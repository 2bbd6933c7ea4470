#include "mime/decode.h"

#include "mime/decode_steps.h"

void mime_decoder_init(struct mime_decoder *d, enum part_encoding encoding)
{
	d->encoding = encoding;
	d->is_problem = false;
	d->state = 0;
	d->bits = 0;
	d->bit_count = 0;
	d->held_len = 0;
}

enum err mime_decoder_push(struct mime_decoder *d, struct bytes in, struct buf *to)
{
	uint8_t *at;

	if (in.len == 0)
		return ERR_OK;
	at = buf_reserve(to, mime_decoder_bound(in.len));
	if (!at)
		return buf_err(to);
	switch (d->encoding) {
	case PART_ENCODING_IDENTITY:
		memcpy(at, in.at, in.len);
		buf_commit(to, in.len);
		break;
	case PART_ENCODING_BASE64: buf_commit(to, decode_base64(d, in, at)); break;
	case PART_ENCODING_QUOTED_PRINTABLE: buf_commit(to, decode_quoted(d, in, at)); break;
	case PART_ENCODING_UUENCODE: buf_commit(to, decode_uu(d, in, at)); break;
	}
	return ERR_OK;
}

enum err mime_decoder_end(struct mime_decoder *d, struct buf *to)
{
	uint8_t *at = buf_reserve(to, mime_decoder_bound(0));

	if (!at)
		return buf_err(to);
	switch (d->encoding) {
	case PART_ENCODING_IDENTITY: break;
	case PART_ENCODING_BASE64: buf_commit(to, decode_base64_end(d, at)); break;
	case PART_ENCODING_QUOTED_PRINTABLE: buf_commit(to, decode_quoted_end(d, at)); break;
	case PART_ENCODING_UUENCODE: buf_commit(to, decode_uu_end(d, at)); break;
	}
	return ERR_OK;
}

enum err mime_decode_all(enum part_encoding encoding, struct bytes in, struct buf *to,
			 bool *ret_is_problem)
{
	struct mime_decoder d;
	enum err e;

	mime_decoder_init(&d, encoding);
	e = mime_decoder_push(&d, in, to);
	if (e == ERR_OK)
		e = mime_decoder_end(&d, to);
	if (e == ERR_OK)
		*ret_is_problem = d.is_problem;
	return e;
}

bool mime_encoding_parse(struct bytes field, enum part_encoding *ret)
{
	static const struct {
		const char *name;
		enum part_encoding encoding;
	} known[] = {
		{ "7bit", PART_ENCODING_IDENTITY },
		{ "8bit", PART_ENCODING_IDENTITY },
		{ "binary", PART_ENCODING_IDENTITY },
		{ "base64", PART_ENCODING_BASE64 },
		{ "quoted-printable", PART_ENCODING_QUOTED_PRINTABLE },
		{ "x-uuencode", PART_ENCODING_UUENCODE },
		{ "uuencode", PART_ENCODING_UUENCODE },
		{ "x-uue", PART_ENCODING_UUENCODE },
		{ "uue", PART_ENCODING_UUENCODE },
		/* Often met, never right. */
		{ "7-bit", PART_ENCODING_IDENTITY },
		{ "8-bit", PART_ENCODING_IDENTITY },
		{ "none", PART_ENCODING_IDENTITY },
		{ "quoted", PART_ENCODING_QUOTED_PRINTABLE },
		{ "quotedprintable", PART_ENCODING_QUOTED_PRINTABLE },
		{ "base-64", PART_ENCODING_BASE64 },
	};
	struct bytes name = bytes_trim(field);
	size_t n = 0;

	if (name.len && name.at[0] == '"')
		name = bytes_skip(name, 1);
	while (n < name.len && !strchr(" \t\r\n;(\",", name.at[n]))
		n++;
	name = bytes_first(name, n);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (bytes_equal_str_nocase(name, known[i].name)) {
			*ret = known[i].encoding;
			return true;
		}
	}
	*ret = PART_ENCODING_IDENTITY;
	return name.len == 0;
}
