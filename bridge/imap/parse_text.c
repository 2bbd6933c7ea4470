/*
 * resp-text of RFC 9051 §7.1: the code in brackets, what it carries, and the
 * words for people. A code that is known but malformed (Outlook sends
 * "[COPYUID 701  ]") must not cost the whole response: it becomes
 * IMAP_CODE_OTHER with its name. So does one that nobody knows. Brackets that
 * hold no code at all (Exchange's [Error="..."]) are text.
 */
#include "imap/reader.h"

static enum imap_code find_code(struct bytes name)
{
	for (int i = IMAP_CODE_OTHER + 1; i < IMAP_CODES; i++)
		if (bytes_equal_str_nocase(name, imap_code_name((enum imap_code)i)))
			return (enum imap_code)i;
	return IMAP_CODE_OTHER;
}

static void take_flag(struct imap_flags *f, struct bytes name)
{
	static const struct {
		struct bytes name;
		unsigned bit;
	} system[] = {
		{ IMAP_WORD("\\Seen"), KEYWORD_SEEN },
		{ IMAP_WORD("\\Answered"), KEYWORD_ANSWERED },
		{ IMAP_WORD("\\Flagged"), KEYWORD_FLAGGED },
		{ IMAP_WORD("\\Draft"), KEYWORD_DRAFT },
		{ IMAP_WORD("\\Deleted"), KEYWORD_DELETED },
	};

	if (name.len == 0 || name.at[0] != '\\')
		return;
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		if (bytes_equal_nocase(name, system[i].name))
			f->system |= system[i].bit;
	if (bytes_equal_str_nocase(name, "\\Recent"))
		f->is_recent = true;
}

/* "(" [flag-perm *(SP flag-perm)] ")". Gmail makes flags of labels, brackets and
 * all, so anything that is no space counts as part of a flag. */
void imap_read_flags(struct imap_reader *r, struct imap_flags *ret)
{
	struct imap_vec v = { 0 };
	struct bytes name, *to;

	*ret = (struct imap_flags){ 0 };
	if (imap_try_nil(r))
		return;
	imap_expect(r, '(', "a list of flags is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		name = imap_read_astring(r);
		imap_skip_spaces(r);
		if (bytes_equal_str(name, "\\*")) {
			ret->is_extensible = true;
			continue;
		}
		take_flag(ret, name);
		to = imap_vec_add(r, &v, sizeof *to, r->limits->flags, &ret->is_cut);
		if (to)
			*to = name;
	}
	ret->names = imap_as_bytes_list(&v);
}

/* uniqueid SP uid-set, or uniqueid SP uid-set SP uid-set */
static void read_uids(struct imap_reader *r, struct imap_text *t)
{
	t->uidvalidity = imap_read_u32(r);
	imap_expect_space(r);
	if (t->code == IMAP_CODE_COPYUID) {
		imap_read_set(r, &t->source_uids);
		imap_expect_space(r);
	}
	imap_read_set(r, &t->uids);
}

static void read_one_word(struct imap_reader *r, struct imap_text *t)
{
	struct imap_vec v = { 0 };
	struct bytes *to = IMAP_VEC_ADD(r, &v, struct bytes, 1);

	if (to)
		*to = imap_read_wrapped(r);
	t->words = imap_as_bytes_list(&v);
}

/* What stands behind the name of the code, where we use it. */
static void read_args(struct imap_reader *r, struct imap_text *t)
{
	switch ((int)t->code) {
	case IMAP_CODE_APPENDUID:
	case IMAP_CODE_COPYUID: read_uids(r, t); break;
	case IMAP_CODE_MODIFIED: imap_read_set(r, &t->uids); break;
	case IMAP_CODE_CAPABILITY: t->words = imap_read_words(r); break;
	case IMAP_CODE_PERMANENTFLAGS: imap_read_flags(r, &t->flags); break;
	case IMAP_CODE_MAILBOXID: read_one_word(r, t); break;
	case IMAP_CODE_BADCHARSET:
		if (imap_peek(r) != -1)
			t->words = imap_read_astring_list(r);
		break;
	case IMAP_CODE_HIGHESTMODSEQ:
	case IMAP_CODE_MESSAGELIMIT: t->number = imap_read_u64(r); break;
	case IMAP_CODE_UIDNEXT:
	case IMAP_CODE_UIDVALIDITY:
	case IMAP_CODE_UNSEEN: t->number = imap_read_u32(r); break;
	default: r->at = r->end; break;
	}
	imap_expect_end(r);
}

/* Where the bracket closes: not inside quotes, and not inside parentheses (a
 * flag may hold one). NULL when it never does. */
static const uint8_t *find_bracket(const uint8_t *at, const uint8_t *end, bool is_aware)
{
	bool is_quoted = false;
	int depth = 0;

	for (; at < end; at++) {
		if (is_quoted && *at == '\\' && end - at > 1)
			at++;
		else if (is_aware && *at == '"')
			is_quoted = !is_quoted;
		else if (is_quoted)
			continue;
		else if (is_aware && (*at == '(' || *at == ')'))
			depth += *at == '(' ? 1 : -1;
		else if (*at == ']' && depth <= 0)
			return at;
	}
	return NULL;
}

static void read_code_args(struct imap_reader *r, struct imap_text *t, const uint8_t *end)
{
	struct imap_reader args = *r;
	struct imap_text parsed = { .code = find_code(t->code_name) };

	args.end = end;
	imap_skip_spaces(&args);
	if (args.at < end)
		t->code_args = bytes_of(args.at, (size_t)(end - args.at));
	read_args(&args, &parsed);
	if (imap_reader_ok(&args)) {
		parsed.code_name = t->code_name;
		parsed.code_args = t->code_args;
		*t = parsed;
	} else if (args.err == ERR_PROTO) {
		t->code = IMAP_CODE_OTHER;
	} else {
		*r = args;
	}
	r->at = end + 1;
}

/* "[" resp-text-code "]". Nothing is taken when it is not one. */
static void try_code(struct imap_reader *r, struct imap_text *t)
{
	struct imap_reader ahead = *r;
	const uint8_t *end;

	ahead.at++;
	t->code_name = imap_read_name(&ahead);
	if (imap_peek(&ahead) != ' ' && imap_peek(&ahead) != ']') {
		t->code_name = BYTES_NULL;
		return;
	}
	end = find_bracket(ahead.at, ahead.end, true);
	if (!end)
		end = find_bracket(ahead.at, ahead.end, false);
	if (!end) {
		t->code_name = BYTES_NULL;
		return;
	}
	read_code_args(&ahead, t, end);
	*r = ahead;
}

void imap_read_text(struct imap_reader *r, struct imap_text *ret)
{
	*ret = (struct imap_text){ 0 };
	imap_skip_spaces(r);
	if (imap_peek(r) == '[') {
		try_code(r, ret);
		imap_skip_spaces(r);
	}
	if (!imap_reader_ok(r))
		return;
	ret->text = bytes_of(r->at, (size_t)(r->end - r->at));
	r->at = r->end;
}
