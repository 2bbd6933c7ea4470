#include "pop3/parse.h"

bool pop3_status_parse(struct bytes line, struct pop3_status *ret)
{
	struct pop3_status s = { .code = BYTES_NULL };
	size_t close;

	if (bytes_equal_str(line, "+") || bytes_starts_with(line, BYTES_LIT("+ "))) {
		s.is_continuation = true;
		s.text = bytes_trim(bytes_skip(line, 1));
		*ret = s;
		return true;
	}
	s.is_ok = bytes_starts_with_nocase(line, BYTES_LIT("+OK"));
	if (!s.is_ok && !bytes_starts_with_nocase(line, BYTES_LIT("-ERR")))
		return false;
	s.text = bytes_trim(bytes_skip(line, s.is_ok ? 3 : 4));
	close = bytes_index(s.text, ']');
	if (s.text.len && s.text.at[0] == '[' && close < s.text.len) {
		s.code = bytes_skip(bytes_first(s.text, close), 1);
		s.text = bytes_trim(bytes_skip(s.text, close + 1));
	}
	*ret = s;
	return true;
}

enum err pop3_status_err(const struct pop3_status *s, enum err otherwise)
{
	static const struct {
		const char *code;
		enum err err;
	} known[] = {
		{ "IN-USE", ERR_BUSY },     { "LOGIN-DELAY", ERR_BUSY }, { "SYS/TEMP", ERR_BUSY },
		{ "SYS/PERM", ERR_DENIED }, { "AUTH", ERR_AUTH },        { "UTF8", ERR_AUTH },
	};

	if (s->is_ok)
		return ERR_OK;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (bytes_starts_with_nocase(s->code, bytes_of_str(known[i].code)))
			return known[i].err;
	return otherwise;
}

struct bytes pop3_greeting_timestamp(struct bytes text)
{
	size_t open = bytes_index(text, '<'), close, at;
	struct bytes id = bytes_skip(text, open);

	close = bytes_index(id, '>');
	if (open == text.len || close == id.len)
		return BYTES_NULL;
	id = bytes_first(id, close + 1);
	at = bytes_index(id, '@');
	/* RFC 1939 §7 wants a msg-id: something on both sides of one @. */
	if (at < 2 || at + 2 >= id.len || bytes_index(id, ' ') < id.len || id.len > 500)
		return BYTES_NULL;
	return id;
}

struct pop3_caps pop3_caps_none(void)
{
	return (struct pop3_caps){ .expire_days = UINT64_MAX };
}

/* The capabilities that are one word. */
static bool *simple_cap(struct pop3_caps *c, struct bytes word)
{
	const struct {
		const char *name;
		bool *flag;
	} names[] = {
		{ "TOP", &c->top },
		{ "UIDL", &c->uidl },
		{ "USER", &c->user },
		{ "STLS", &c->stls },
		{ "PIPELINING", &c->pipelining },
		{ "RESP-CODES", &c->resp_codes },
		{ "AUTH-RESP-CODE", &c->auth_resp_code },
		{ "UTF8", &c->utf8 },
		{ "SASL", &c->has_sasl },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (bytes_equal_str_nocase(word, names[i].name))
			return names[i].flag;
	return NULL;
}

void pop3_caps_add(struct pop3_caps *c, struct bytes line, struct bytes *ret_mechanisms)
{
	struct bytes rest = bytes_trim(line), word, arg;
	bool *flag;

	*ret_mechanisms = BYTES_NULL;
	if (!bytes_split(&rest, ' ', &word))
		return;
	arg = bytes_is_null(rest) ? bytes_of("", 0) : bytes_trim(rest);
	flag = simple_cap(c, word);
	if (flag)
		*flag = true;
	if (flag == &c->has_sasl)
		*ret_mechanisms = arg;
	if (bytes_equal_str_nocase(word, "LOGIN-DELAY") && bytes_split(&arg, ' ', &word))
		(void)bytes_to_u64(word, 86400, &c->login_delay_s);
	else if (bytes_equal_str_nocase(word, "EXPIRE") && bytes_split(&arg, ' ', &word))
		(void)bytes_to_u64(word, UINT32_MAX, &c->expire_days);
}

/* A message number and what stands behind it. */
static bool split_number(struct bytes line, uint32_t *ret_number, struct bytes *ret_rest)
{
	struct bytes rest = bytes_trim(line), word;
	uint64_t n;

	if (!bytes_split(&rest, ' ', &word) || !bytes_to_u64(word, UINT32_MAX, &n) ||
	    bytes_is_null(rest))
		return false;
	*ret_number = (uint32_t)n;
	*ret_rest = bytes_trim(rest);
	return ret_rest->len > 0;
}

bool pop3_listing_parse(struct bytes line, uint32_t *ret_number, uint64_t *ret_size)
{
	struct bytes rest, word;
	uint32_t number;

	/* Some servers put a remark behind the size. */
	if (!split_number(line, &number, &rest) || number == 0 || !bytes_split(&rest, ' ', &word) ||
	    !bytes_to_u64(word, UINT64_MAX / 2, ret_size))
		return false;
	*ret_number = number;
	return true;
}

bool pop3_uidl_parse(struct bytes line, uint32_t *ret_number, struct bytes *ret_uidl)
{
	struct bytes rest;
	uint32_t number;

	if (!split_number(line, &number, &rest) || number == 0)
		return false;
	for (size_t i = 0; i < rest.len; i++)
		if (rest.at[i] < 0x21 || rest.at[i] > 0x7e)
			return false;
	*ret_number = number;
	*ret_uidl = rest;
	return true;
}

bool pop3_stat_parse(struct bytes text, uint32_t *ret_count, uint64_t *ret_bytes)
{
	struct bytes rest, word;

	return split_number(text, ret_count, &rest) && bytes_split(&rest, ' ', &word) &&
	       bytes_to_u64(word, UINT64_MAX / 2, ret_bytes);
}
