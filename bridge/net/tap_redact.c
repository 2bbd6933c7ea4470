#include "net/tap_redact.h"

/* Words that tell a structure and nothing about what is in the message. */
static const char *const structure_words[] = {
	"text",
	"plain",
	"html",
	"calendar",
	"csv",
	"rtf",
	"enriched",
	"rfc822-headers",
	"image",
	"jpeg",
	"jpg",
	"png",
	"gif",
	"svg+xml",
	"tiff",
	"audio",
	"mpeg",
	"video",
	"mp4",
	"application",
	"octet-stream",
	"pdf",
	"zip",
	"msword",
	"ms-tnef",
	"pgp-signature",
	"pgp-encrypted",
	"pgp-keys",
	"pkcs7-signature",
	"x-pkcs7-signature",
	"pkcs7-mime",
	"x-pkcs7-mime",
	"ics",
	"json",
	"xml",
	"message",
	"rfc822",
	"global",
	"delivery-status",
	"disposition-notification",
	"feedback-report",
	"external-body",
	"partial",
	"multipart",
	"mixed",
	"alternative",
	"related",
	"report",
	"signed",
	"encrypted",
	"digest",
	"parallel",
	"form-data",
	"charset",
	"name",
	"filename",
	"format",
	"flowed",
	"fixed",
	"delsp",
	"yes",
	"no",
	"boundary",
	"type",
	"start",
	"report-type",
	"micalg",
	"protocol",
	"method",
	"request",
	"size",
	"creation-date",
	"modification-date",
	"read-date",
	"utf-8",
	"us-ascii",
	"ascii",
	"unknown-8bit",
	"iso-8859-1",
	"iso-8859-2",
	"iso-8859-5",
	"iso-8859-7",
	"iso-8859-8",
	"iso-8859-8-i",
	"iso-8859-9",
	"iso-8859-15",
	"iso-2022-jp",
	"iso-2022-kr",
	"euc-jp",
	"euc-kr",
	"shift_jis",
	"windows-1250",
	"windows-1251",
	"windows-1252",
	"windows-1253",
	"windows-1254",
	"windows-1255",
	"windows-1256",
	"windows-1257",
	"windows-1258",
	"koi8-r",
	"koi8-u",
	"gb2312",
	"gbk",
	"gb18030",
	"big5",
	"tis-620",
	"7bit",
	"8bit",
	"binary",
	"base64",
	"quoted-printable",
	"x-uuencode",
	"attachment",
	"inline",
	"en",
	"de",
	"fr",
};

void redact_all(uint8_t *at, size_t n)
{
	memset(at, 'x', n);
}

void redact_text(uint8_t *at, size_t n, struct bytes secret)
{
	size_t found;

	if (secret.len == 0)
		return;
	while ((found = bytes_find(bytes_of(at, n), secret)) < n) {
		redact_all(at + found, secret.len);
		at += found + secret.len;
		n -= found + secret.len;
	}
}

/* date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone
 * (RFC 9051 §9): 26 characters. */
static bool is_date_time(struct bytes b)
{
	return b.len == 26 && b.at[2] == '-' && b.at[6] == '-' && b.at[14] == ':' &&
	       b.at[17] == ':';
}

static bool is_harmless(struct bytes b)
{
	if (b.len == 0 || is_date_time(b))
		return true;
	for (size_t i = 0; i < sizeof structure_words / sizeof structure_words[0]; i++)
		if (bytes_equal_str_nocase(b, structure_words[i]))
			return true;
	return false;
}

/* How many bytes up to the closing quote; n when there is none. */
static size_t quoted_length(const uint8_t *at, size_t n)
{
	size_t i = 0;

	while (i < n && at[i] != '"')
		i += at[i] == '\\' ? 2 : 1;
	return i < n ? i : n;
}

void redact_fetch_line(uint8_t *at, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t len;

		if (at[i++] != '"')
			continue;
		len = quoted_length(at + i, n - i);
		if (!is_harmless(bytes_of(at + i, len)))
			redact_all(at + i, len);
		i += len + 1;
	}
}

static bool is_name_byte(uint8_t c)
{
	return c > ' ' && c < 0x7f;
}

static void redact_content_byte(struct redact_content *c, uint8_t *at)
{
	if (*at == '\n') {
		/* An empty line ends the header. */
		c->in_header = c->in_header && c->place != REDACT_LINE_START;
		c->place = REDACT_LINE_START;
		return;
	}
	if (*at == '\r')
		return;
	if (c->place == REDACT_LINE_START) {
		c->place = c->in_header && is_name_byte(*at) ? REDACT_NAME : REDACT_REST;
		if (c->in_header && (*at == ' ' || *at == '\t'))
			return; /* a folded line */
	}
	if (c->place == REDACT_NAME && is_name_byte(*at)) {
		if (*at == ':')
			c->place = REDACT_REST;
		return;
	}
	c->place = REDACT_REST;
	*at = 'x';
}

void redact_content(struct redact_content *c, uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		redact_content_byte(c, at + i);
}

bool redact_literal_size(struct bytes line, uint64_t *ret_bytes)
{
	size_t open = line.len, end = line.len;

	if (end == 0 || line.at[end - 1] != '}')
		return false;
	end--;
	if (end > 0 && line.at[end - 1] == '+')
		end--;
	while (open > 0 && line.at[open - 1] != '{')
		open--;
	return open > 0 && open < end &&
	       bytes_to_u64(bytes_of(line.at + open, end - open), INT64_MAX, ret_bytes);
}

/* From the last occurrence of `word` (upper case) on; null: none. */
static struct bytes from_last(struct bytes line, struct bytes word)
{
	for (size_t at = line.len; at-- > 0;)
		if (bytes_starts_with_nocase(bytes_skip(line, at), word))
			return bytes_skip(line, at);
	return BYTES_NULL;
}

static bool contains_nocase(struct bytes line, struct bytes word)
{
	return !bytes_is_null(from_last(line, word));
}

bool redact_literal_has_header(struct bytes line)
{
	struct bytes item = from_last(line, BYTES_LIT("BODY["));

	if (!bytes_is_null(item))
		return bytes_starts_with_nocase(item, BYTES_LIT("BODY[]")) ||
		       contains_nocase(item, BYTES_LIT("HEADER")) ||
		       contains_nocase(item, BYTES_LIT("MIME]"));
	item = from_last(line, BYTES_LIT("RFC822"));
	return bytes_starts_with_nocase(item, BYTES_LIT("RFC822 ")) ||
	       bytes_starts_with_nocase(item, BYTES_LIT("RFC822.HEADER"));
}
