/* The tokens of a command that are no strings: none of them can hold a space,
 * a quote or a line end, and those that come from outside are checked for it. */
#include "imap/date.h"
#include "imap/encode_internal.h"

void imap_command_word(struct imap_command *c, const char *word)
{
	imap_command_put(c, bytes_of_str(word));
}

void imap_command_atom(struct imap_command *c, struct bytes atom)
{
	if (!imap_is_atom(atom))
		imap_command_fail(c, ERR_INVALID);
	imap_command_put(c, atom);
}

static void put_number(struct imap_command *c, uint64_t n)
{
	if (!c->err)
		buf_append_u64(&c->text, n);
}

void imap_command_number(struct imap_command *c, uint64_t n)
{
	imap_command_put(c, BYTES_NULL);
	put_number(c, n);
}

void imap_command_open(struct imap_command *c)
{
	imap_command_put(c, BYTES_LIT("("));
	c->needs_space = false;
	c->depth++;
}

void imap_command_close(struct imap_command *c)
{
	if (c->depth == 0) {
		imap_command_fail(c, ERR_INTERNAL);
		return;
	}
	c->depth--;
	imap_command_put_more(c, BYTES_LIT(")"));
	c->needs_space = true;
}

/* --- sets ------------------------------------------------------------------ */

void imap_command_uid_set(struct imap_command *c, const struct uid_set *uids)
{
	if (uids->count == 0)
		imap_command_fail(c, ERR_INVALID);
	imap_command_put(c, BYTES_NULL);
	if (!c->err)
		uid_set_format(uids, &c->text);
}

static void put_seq(struct imap_command *c, uint32_t n)
{
	if (n == UINT32_MAX)
		imap_command_put_more(c, BYTES_LIT("*"));
	else
		put_number(c, n);
}

static void put_range(struct imap_command *c, uint32_t first, uint32_t last)
{
	if (first == 0 || last == 0)
		imap_command_fail(c, ERR_INVALID);
	put_seq(c, first);
	if (last == first)
		return;
	imap_command_put_more(c, BYTES_LIT(":"));
	put_seq(c, last);
}

void imap_command_set(struct imap_command *c, const struct imap_set *set)
{
	if (set->count == 0)
		imap_command_fail(c, ERR_INVALID);
	imap_command_put(c, BYTES_NULL);
	for (size_t i = 0; i < set->count; i++) {
		if (i)
			imap_command_put_more(c, BYTES_LIT(","));
		put_range(c, set->at[i].first, set->at[i].last);
	}
}

void imap_command_seq_range(struct imap_command *c, struct imap_seq first, struct imap_seq last)
{
	imap_command_put(c, BYTES_NULL);
	put_range(c, first.n, last.n);
}

/* --- flags and dates ------------------------------------------------------- */

void imap_command_flag(struct imap_command *c, struct bytes flag)
{
	bool is_system = flag.len && flag.at[0] == '\\';

	if (!imap_is_atom(bytes_skip(flag, is_system)))
		imap_command_fail(c, ERR_INVALID);
	imap_command_put(c, flag);
}

void imap_command_flags(struct imap_command *c, const struct keywords *k)
{
	static const struct {
		unsigned bit;
		const char *name;
	} system[] = {
		{ KEYWORD_SEEN, "\\Seen" },       { KEYWORD_ANSWERED, "\\Answered" },
		{ KEYWORD_FLAGGED, "\\Flagged" }, { KEYWORD_DRAFT, "\\Draft" },
		{ KEYWORD_DELETED, "\\Deleted" },
	};

	imap_command_open(c);
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		if (k->system & system[i].bit)
			imap_command_word(c, system[i].name);
	for (size_t i = 0; i < k->custom.count; i++)
		imap_command_atom(c, k->custom.at[i]);
	imap_command_close(c);
}

void imap_command_date(struct imap_command *c, int64_t unix_s)
{
	char text[IMAP_DATE_BYTES];

	if (imap_date_format(unix_s, text))
		imap_command_word(c, text);
	else
		imap_command_fail(c, ERR_INVALID);
}

void imap_command_date_time(struct imap_command *c, const struct zoned_time *t)
{
	char text[IMAP_DATE_TIME_BYTES];

	if (imap_date_time_format(t, text))
		imap_command_string(c, bytes_of_str(text));
	else
		imap_command_fail(c, ERR_INVALID);
}

/* --- sections of FETCH ----------------------------------------------------- */

/* 1*DIGIT *("." 1*DIGIT) */
static bool is_part_id(struct bytes id)
{
	struct bytes number;
	uint64_t n;

	if (id.len == 0)
		return true;
	while (bytes_split(&id, '.', &number))
		if (!bytes_to_u64(number, UINT32_MAX, &n) || n == 0)
			return false;
	return true;
}

static void put_fields(struct imap_command *c, const struct imap_section *s)
{
	imap_command_put_more(c, BYTES_LIT(" ("));
	for (size_t i = 0; i < s->field_count; i++) {
		if (i)
			imap_command_put_more(c, BYTES_LIT(" "));
		imap_command_put_astring(c, s->fields[i]);
	}
	imap_command_put_more(c, BYTES_LIT(")"));
}

void imap_command_section(struct imap_command *c, const struct imap_section *s)
{
	if (!is_part_id(s->part_id))
		imap_command_fail(c, ERR_INVALID);
	imap_command_word(c, s->item);
	imap_command_put_more(c, BYTES_LIT("["));
	imap_command_put_more(c, s->part_id);
	if (s->text && s->part_id.len)
		imap_command_put_more(c, BYTES_LIT("."));
	if (s->text)
		imap_command_put_more(c, bytes_of_str(s->text));
	if (s->field_count)
		put_fields(c, s);
	imap_command_put_more(c, BYTES_LIT("]"));
	if (s->count == 0)
		return;
	imap_command_put_more(c, BYTES_LIT("<"));
	put_number(c, s->first);
	imap_command_put_more(c, BYTES_LIT("."));
	put_number(c, s->count);
	imap_command_put_more(c, BYTES_LIT(">"));
}

/* --- base64 ---------------------------------------------------------------- */

static void put_base64_group(struct imap_command *c, struct bytes b)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)b.at[0] << 16;
	char four[4];

	if (b.len > 1)
		bits |= (uint32_t)b.at[1] << 8;
	if (b.len > 2)
		bits |= b.at[2];
	for (int i = 0; i < 4; i++)
		four[i] = alphabet[bits >> (18 - 6 * i) & 63];
	if (b.len < 3)
		four[3] = '=';
	if (b.len < 2)
		four[2] = '=';
	imap_command_put_more(c, bytes_of(four, 4));
}

void imap_command_base64(struct imap_command *c, struct bytes raw)
{
	imap_command_put(c, raw.len ? BYTES_NULL : BYTES_LIT("="));
	for (; raw.len; raw = bytes_skip(raw, 3))
		put_base64_group(c, bytes_first(raw, 3));
}
