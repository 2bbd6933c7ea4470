#include "mime/charset.h"

#include <errno.h>
#include <iconv.h>

#include "mime/charset_7bit.h"
#include "mime/charset_names.h"
#include "mime/utf8.h"

/* One conversion. What it writes goes through put(), which stops at a whole
 * character when the buffer is full. */
struct conversion {
	struct buf *to;
	bool is_cut; /* the input ends too early through no fault of the message */
	bool is_problem, is_full;
};

static void put(struct conversion *c, struct bytes utf8)
{
	size_t room = c->to->max - c->to->len;

	if (c->is_full)
		return;
	if (utf8.len > room) {
		c->is_full = true;
		utf8 = bytes_first_utf8(utf8, room);
	}
	buf_append(c->to, utf8);
}

static void put_replacement(struct conversion *c)
{
	c->is_problem = true;
	put(c, BYTES_LIT("\xef\xbf\xbd"));
}

static void convert_utf8(struct conversion *c, struct bytes from)
{
	while (from.len && !c->is_full) {
		size_t n = utf8_valid_len(from);
		bool is_incomplete;

		put(c, bytes_first(from, n));
		from = bytes_skip(from, n);
		if (from.len == 0)
			return;
		n = utf8_broken_len(from, &is_incomplete);
		if (!is_incomplete || !c->is_cut)
			put_replacement(c);
		from = bytes_skip(from, n);
	}
}

/* windows-1252, 0x80 to 0x9F; the five holes are C1 controls (WHATWG). */
static const uint16_t latin1_high[32] = {
	0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
	0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

static void convert_latin1(struct conversion *c, struct bytes from)
{
	while (from.len && !c->is_full) {
		uint8_t text[256];
		size_t n = 0, i = 0;

		for (; i < from.len && n + 3 <= sizeof text; i++) {
			uint8_t b = from.at[i];

			if (b < 0x80)
				text[n++] = b;
			else
				n += utf8_encode(text + n, b < 0xa0 ? latin1_high[b - 0x80] : b);
		}
		put(c, bytes_of(text, n));
		from = bytes_skip(from, i);
	}
}

/* UTF-8 where the bytes are that, else windows-1252. */
static bool convert_guessed(struct conversion *c, struct bytes from)
{
	bool is_incomplete = false;
	size_t n = utf8_valid_len(from);

	if (n < from.len)
		utf8_broken_len(bytes_skip(from, n), &is_incomplete);
	if (n == from.len || (is_incomplete && c->is_cut)) {
		convert_utf8(c, from);
		return true;
	}
	convert_latin1(c, from);
	return false;
}

/* Opening a converter loads a library, about 100 us and more: as many stay open per
 * thread as a mailbox with mail from everywhere needs. */
#define OPEN_MAX 40

struct open_converter {
	const char *name; /* of the table: compared by address */
	iconv_t cd;
};

static iconv_t open_converter(const char *name)
{
	static _Thread_local struct open_converter open[OPEN_MAX];
	struct open_converter o = { name, (iconv_t)-1 };
	size_t i;

	for (i = 0; i < OPEN_MAX - 1 && open[i].name && open[i].name != name; i++)
		;
	if (open[i].name == name) {
		o = open[i];
		iconv(o.cd, NULL, NULL, NULL, NULL);
	} else {
		o.cd = iconv_open("UTF-8", name);
		if (o.cd == (iconv_t)-1)
			return o.cd;
		if (open[i].name)
			iconv_close(open[i].cd);
	}
	memmove(open + 1, open, i * sizeof open[0]);
	open[0] = o;
	return o.cd;
}

/* Some converters hold a character back that may combine with the next one. */
static void put_held_back(struct conversion *c, iconv_t cd)
{
	char text[64], *out = text;
	size_t room = sizeof text;

	iconv(cd, NULL, NULL, &out, &room);
	put(c, bytes_of(text, sizeof text - room));
}

static void convert_iconv(struct conversion *c, iconv_t cd, struct bytes from, size_t unit)
{
	char *in = (char *)(uintptr_t)from.at;
	size_t left = from.len;

	while (left && !c->is_full) {
		char text[4096], *out = text;
		size_t room = sizeof text;
		bool failed = iconv(cd, &in, &left, &out, &room) == (size_t)-1;
		int why = errno;

		put(c, bytes_of(text, sizeof text - room));
		if (!failed || why == E2BIG)
			continue;
		put_held_back(c, cd);
		if (why != EINVAL || !c->is_cut)
			put_replacement(c);
		if (why == EINVAL) /* the last character is not whole */
			return;
		in += left < unit ? left : unit;
		left -= left < unit ? left : unit;
	}
	put_held_back(c, cd);
}

/* Without a mark UTF-16 and UTF-32 are little endian, as browsers take them. */
static const char *unicode_name(const struct charset *cs, struct bytes from)
{
	if (bytes_starts_with(from, BYTES_LIT("\xfe\xff")))
		return "UTF-16BE";
	if (cs->kind == CHARSET_UTF32 && bytes_starts_with(from, BYTES_LIT("\0\0\xfe\xff")))
		return "UTF-32BE";
	if (strcmp(cs->iconv_name, "UTF-16") == 0)
		return "UTF-16LE";
	return strcmp(cs->iconv_name, "UTF-32") == 0 ? "UTF-32LE" : cs->iconv_name;
}

static enum err convert_7bit(struct conversion *c, const struct charset *cs, iconv_t cd,
			     struct bytes from)
{
	struct buf eight_bit;
	enum err e;

	buf_init(&eight_bit, from.len * 2);
	switch (cs->kind) {
	case CHARSET_ISO2022JP: charset_7bit_undo_jp(from, &eight_bit); break;
	case CHARSET_ISO2022KR: charset_7bit_undo_kr(from, &eight_bit); break;
	case CHARSET_HZ: charset_7bit_undo_hz(from, &eight_bit); break;
	case CHARSET_UNKNOWN:
	case CHARSET_ASCII:
	case CHARSET_LATIN1:
	case CHARSET_UTF8:
	case CHARSET_UTF16:
	case CHARSET_UTF32:
	case CHARSET_ICONV: break;
	}
	e = buf_err(&eight_bit);
	if (e == ERR_OK)
		convert_iconv(c, cd, buf_bytes(&eight_bit), 1);
	buf_done(&eight_bit);
	return e;
}

static enum err convert_other(struct conversion *c, const struct charset *cs, struct bytes from)
{
	bool is_unicode = cs->kind == CHARSET_UTF16 || cs->kind == CHARSET_UTF32;
	iconv_t cd = open_converter(is_unicode ? unicode_name(cs, from) : cs->iconv_name);

	if (cd == (iconv_t)-1) {
		if (errno == ENOMEM)
			return ERR_NOMEM;
		/* A system without this one, as small container images are. */
		c->is_problem |= !convert_guessed(c, from);
		return ERR_OK;
	}
	if (cs->kind == CHARSET_ICONV || is_unicode) {
		convert_iconv(c, cd, from,
			      cs->kind == CHARSET_UTF16   ? 2
			      : cs->kind == CHARSET_UTF32 ? 4
							  : 1);
		return ERR_OK;
	}
	return convert_7bit(c, cs, cd, from);
}

bool charset_is_known(struct bytes name)
{
	return charset_find(name) != NULL;
}

static void drop_mark(struct buf *to, size_t start)
{
	struct bytes added = bytes_skip(buf_bytes(to), start);

	if (!bytes_starts_with(added, BYTES_LIT("\xef\xbb\xbf")))
		return;
	memmove(to->at + to->head + start, added.at + 3, added.len - 3);
	to->len -= 3;
}

enum err charset_to_utf8(struct bytes name, struct bytes from, bool is_cut, struct buf *to,
			 struct charset_result *ret)
{
	const struct charset *cs = charset_find(name);
	enum charset_kind kind = cs ? cs->kind : CHARSET_UNKNOWN;
	struct conversion c = { .to = to, .is_cut = is_cut };
	size_t start = to->len;
	enum err e = ERR_OK;

	if (kind == CHARSET_UTF8)
		convert_utf8(&c, from);
	else if (kind == CHARSET_LATIN1)
		convert_latin1(&c, from);
	else if (kind == CHARSET_ASCII || kind == CHARSET_UNKNOWN)
		c.is_problem = !convert_guessed(&c, from);
	else
		e = convert_other(&c, cs, from);
	if (e == ERR_OK)
		e = buf_err(to);
	if (e != ERR_OK)
		return e;
	drop_mark(to, start);
	*ret = (struct charset_result){ c.is_problem, c.is_full };
	return ERR_OK;
}
