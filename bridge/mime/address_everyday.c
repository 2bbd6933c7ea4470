#include "mime/address_everyday.h"

enum {
	NAME = 1 << 0,   /* in a name without quotes; the space is one, too */
	EMAIL = 1 << 1,  /* in an address */
	QUOTED = 1 << 2, /* in a quoted name */
};

/* "=" may begin an encoded word anywhere, so it is everyday nowhere but in
 * addresses. */
static unsigned kinds_of(uint8_t c)
{
	if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
		return 0;
	if (c == ' ')
		return NAME | QUOTED;
	if (c == '=')
		return EMAIL;
	if (c == '@')
		return EMAIL | QUOTED;
	if (c == '(' || c == ')' || c == ',' || c == ':' || c == ';' || c == '<' || c == '>')
		return QUOTED;
	return c == '?' ? NAME | QUOTED : NAME | EMAIL | QUOTED;
}

static size_t span(struct bytes b, unsigned kind)
{
	size_t n = 0;

	while (n < b.len && kinds_of(b.at[n]) & kind)
		n++;
	return n;
}

static struct bytes skip_blank(struct bytes b)
{
	while (b.len && (b.at[0] == ' ' || b.at[0] == '\t' || b.at[0] == '\r' || b.at[0] == '\n'))
		b = bytes_skip(b, 1);
	return b;
}

static bool has_at(struct bytes b)
{
	return b.len > 1 && bytes_index(b, '@') < b.len;
}

static bool take_quoted(struct bytes *in, struct bytes *ret)
{
	struct bytes inside = bytes_skip(*in, 1);
	size_t n = span(inside, QUOTED);

	if (n == inside.len || inside.at[n] != '"')
		return false;
	*ret = bytes_trim(bytes_first(inside, n));
	*in = skip_blank(bytes_skip(inside, n + 1));
	return in->len && in->at[0] == '<';
}

/* A name before "<"; single spaces only, others would have to be collapsed. */
static bool take_name(struct bytes *in, struct bytes *ret)
{
	size_t n = span(*in, NAME);

	if (n == in->len || in->at[n] != '<')
		return false;
	*ret = bytes_trim(bytes_first(*in, n));
	*in = bytes_skip(*in, n);
	return bytes_find(*ret, BYTES_LIT("  ")) == ret->len;
}

static bool take_email(struct bytes *in, struct bytes *ret)
{
	size_t n = span(*in, EMAIL);

	*ret = bytes_first(*in, n);
	*in = bytes_skip(*in, n);
	return has_at(*ret);
}

static bool take_angle(struct bytes *in, struct bytes *ret)
{
	*in = bytes_skip(*in, 1);
	if (!take_email(in, ret) || in->len == 0 || in->at[0] != '>')
		return false;
	*in = bytes_skip(*in, 1);
	return true;
}

bool address_everyday(struct bytes in, struct everyday_address *ret)
{
	struct everyday_address a = { .name = BYTES_LIT("") };
	struct bytes rest = skip_blank(in), behind = rest;

	if (rest.len == 0)
		return false;
	if (rest.at[0] == '"' ? take_quoted(&rest, &a.name) : take_name(&rest, &a.name)) {
		if (!take_angle(&rest, &a.email))
			return false;
	} else {
		rest = behind;
		if (!take_email(&rest, &a.email))
			return false;
	}
	rest = skip_blank(rest);
	if (rest.len && rest.at[0] != ',')
		return false;
	a.len = in.len - rest.len + (rest.len ? 1 : 0);
	*ret = a;
	return true;
}
