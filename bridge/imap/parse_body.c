/*
 * BODYSTRUCTURE and BODY, RFC 9051 §7.5.2 and §9, into a tree of struct part
 * with the section numbers of §6.4.5:
 *
 *	body = "(" (body-type-1part / body-type-mpart) ")"
 *	body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
 *	body-type-1part = (body-type-basic / body-type-msg / body-type-text)
 *	                  [SP body-ext-1part]
 *	body-ext-1part = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang
 *	                 [SP body-fld-loc *(SP body-extension)]]]
 *
 * The recursion goes no deeper than limits.part_depth. A structure beyond the
 * limits is no fault of the server: it is skipped and marked.
 */
#include "imap/reader.h"

#define NO_MEMORY "the response needs more memory than it may have"

struct bodies {
	struct imap_reader *r;
	size_t parts, depth;
	size_t elements; /* parameters and languages of all parts */
	bool is_cut;
};

/* Where a part stands: `number` is its own section number, or, at the root of a
 * message, the one of the message ("" at the very top). */
struct place {
	struct bytes number;
	bool is_root;
};

static void read_body(struct bodies *b, struct place place, struct part *p);

/* "1.2" and 3 give "1.2.3"; "" and 3 give "3". */
static struct bytes section_below(struct imap_reader *r, struct bytes above, size_t n)
{
	uint8_t digits[20], *to;
	size_t i = sizeof digits, len;

	do
		digits[--i] = (uint8_t)('0' + n % 10);
	while (n /= 10);
	len = above.len + (above.len ? 1 : 0) + sizeof digits - i;
	to = arena_alloc(r->mem, len);
	if (!to) {
		imap_fail_with(r, ERR_TOO_BIG, NO_MEMORY);
		return BYTES_NULL;
	}
	memcpy(to, above.at, above.len);
	if (above.len)
		to[above.len] = '.';
	memcpy(to + len - (sizeof digits - i), digits + i, sizeof digits - i);
	return bytes_of(to, len);
}

static void cut(struct bodies *b)
{
	b->is_cut = true;
	imap_fail_with(b->r, ERR_TOO_BIG, "a structure is too deep or has too many parts");
}

/* A sender chooses how many there are. */
static void count_element(struct bodies *b)
{
	if (++b->elements > b->r->limits->items)
		cut(b);
}

static bool at_close(const struct imap_reader *r)
{
	return imap_peek(r) == ')' || imap_peek(r) == -1;
}

static bool at_digit(const struct imap_reader *r)
{
	return imap_peek(r) >= '0' && imap_peek(r) <= '9';
}

/* nstring, if there is one before the list ends. */
static struct bytes read_field(struct imap_reader *r)
{
	struct bytes s = BYTES_NULL;

	imap_skip_spaces(r);
	if (imap_peek(r) == '(')
		imap_skip_value(r);
	else if (!at_close(r))
		s = imap_read_nstring(r);
	imap_skip_spaces(r);
	return s;
}

/* body-fld-octets; servers have sent NIL, -1, strings and 9.3736e+06 for it. */
static uint64_t read_octets(struct imap_reader *r)
{
	struct bytes s;
	uint64_t n;

	if (at_digit(r)) {
		n = imap_read_size(r);
		imap_skip_spaces(r);
		return n;
	}
	s = read_field(r);
	return bytes_to_u64(s, UINT64_MAX, &n) ? n : 0;
}

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void read_params(struct bodies *b, struct param_list *ret)
{
	struct imap_reader *r = b->r;
	struct imap_vec v = { 0 };
	struct param *p;

	imap_skip_spaces(r);
	if (imap_peek(r) != '(') {
		(void)read_field(r);
		return;
	}
	r->at++;
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		count_element(b);
		p = IMAP_VEC_ADD(r, &v, struct param, r->limits->items);
		if (!p)
			break;
		p->name = imap_lower(r, imap_read_nstring(r));
		p->value = read_field(r);
	}
	imap_skip_spaces(r);
	ret->at = v.at;
	ret->count = v.count;
}

/* body-fld-dsp = "(" string SP body-fld-param ")" / nil; a bare string too. */
static void read_disposition(struct bodies *b, struct part *p)
{
	struct imap_reader *r = b->r;

	imap_skip_spaces(r);
	if (!imap_try(r, '(')) {
		p->disposition = imap_lower(r, read_field(r));
		return;
	}
	p->disposition = imap_lower(r, read_field(r));
	if (!at_close(r))
		read_params(b, &p->disposition_params);
	imap_skip_spaces(r);
	imap_expect(r, ')', "a disposition is not closed");
	imap_skip_spaces(r);
}

/* body-fld-lang = nstring / "(" string *(SP string) ")" */
static void read_language(struct bodies *b, struct part *p)
{
	struct imap_reader *r = b->r;
	struct imap_vec v = { 0 };
	bool is_list = imap_try(r, '(');
	struct bytes one, *to;

	do {
		one = read_field(r);
		if (bytes_is_null(one))
			continue;
		count_element(b);
		to = IMAP_VEC_ADD(r, &v, struct bytes, r->limits->items);
		if (to)
			*to = one;
	} while (is_list && !at_close(r));
	if (is_list)
		imap_expect(r, ')', "a list of languages is not closed");
	imap_skip_spaces(r);
	p->language = imap_as_bytes_list(&v);
}

/* A disposition and not a list of languages; IceWarp sends it one field late. */
static bool at_disposition(struct imap_reader ahead)
{
	if (!imap_try(&ahead, '('))
		return false;
	imap_skip_spaces(&ahead);
	(void)imap_read_nstring(&ahead);
	imap_skip_spaces(&ahead);
	return imap_peek(&ahead) == '(' || imap_try_nil(&ahead);
}

/* From body-fld-dsp on, and whatever comes behind it. */
static void read_extension(struct bodies *b, struct part *p)
{
	struct imap_reader *r = b->r;

	if (!at_close(r))
		read_disposition(b, p);
	if (bytes_is_null(p->disposition) && at_disposition(*r))
		read_disposition(b, p);
	if (!at_close(r))
		read_language(b, p);
	p->location = read_field(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		imap_skip_value(r);
		imap_skip_spaces(r);
	}
}

static void read_encoding(struct imap_reader *r, struct part *p)
{
	static const struct {
		struct bytes name;
		enum part_encoding encoding;
	} known[] = {
		{ IMAP_WORD("7BIT"), PART_ENCODING_IDENTITY },
		{ IMAP_WORD("QUOTED-PRINTABLE"), PART_ENCODING_QUOTED_PRINTABLE },
		{ IMAP_WORD("BASE64"), PART_ENCODING_BASE64 },
		{ IMAP_WORD("8BIT"), PART_ENCODING_IDENTITY },
		{ IMAP_WORD("BINARY"), PART_ENCODING_IDENTITY },
		{ IMAP_WORD(""), PART_ENCODING_IDENTITY },
		{ IMAP_WORD("X-UUENCODE"), PART_ENCODING_UUENCODE },
		{ IMAP_WORD("UUENCODE"), PART_ENCODING_UUENCODE },
		{ IMAP_WORD("X-UUE"), PART_ENCODING_UUENCODE },
		{ IMAP_WORD("UUE"), PART_ENCODING_UUENCODE },
	};
	struct bytes name = bytes_trim(read_field(r));

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!bytes_equal_nocase(name, known[i].name))
			continue;
		p->encoding = known[i].encoding;
		p->is_encoding_known = true;
		return;
	}
}

static struct bytes join_type(struct imap_reader *r, struct bytes type, struct bytes subtype)
{
	uint8_t *to = arena_alloc(r->mem, type.len + subtype.len + 1);

	if (!to) {
		imap_fail_with(r, ERR_TOO_BIG, NO_MEMORY);
		return BYTES_NULL;
	}
	if (type.len)
		memcpy(to, type.at, type.len);
	to[type.len] = '/';
	if (subtype.len)
		memcpy(to + type.len + 1, subtype.at, subtype.len);
	for (size_t i = 0; i < type.len + subtype.len + 1; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] |= 32;
	return bytes_of(to, type.len + subtype.len + 1);
}

static void take_content_id(struct part *p, struct bytes id)
{
	id = bytes_trim(id);
	if (id.len && id.at[0] == '<')
		id = bytes_skip(id, 1);
	if (id.len && id.at[id.len - 1] == '>')
		id.len--;
	if (id.len)
		p->cid = id;
}

/* Does a body stand here, and not a body-fld-dsp? A body begins with another
 * body or with two strings, a disposition with a string and a list or NIL. */
static bool at_body(struct imap_reader ahead)
{
	if (!imap_try(&ahead, '('))
		return false;
	imap_skip_spaces(&ahead);
	if (imap_peek(&ahead) == '(')
		return true;
	(void)imap_read_nstring(&ahead);
	imap_skip_spaces(&ahead);
	return imap_peek(&ahead) != '(' && imap_peek(&ahead) != ')' && !imap_try_nil(&ahead);
}

/* An envelope, and not a body-fld-dsp, which has no more than two elements. */
static bool at_envelope(struct imap_reader ahead)
{
	size_t elements = 0;

	if (!imap_try(&ahead, '('))
		return false;
	for (; elements < 3 && !at_close(&ahead); elements++) {
		imap_skip_value(&ahead);
		imap_skip_spaces(&ahead);
	}
	return elements == 3;
}

/* Behind NIL instead of an envelope comes a body, or NIL and a number. */
static bool at_no_envelope(struct imap_reader ahead)
{
	if (!imap_try_nil(&ahead))
		return false;
	imap_skip_spaces(&ahead);
	if (at_body(ahead))
		return true;
	if (!imap_try_nil(&ahead))
		return false;
	imap_skip_spaces(&ahead);
	return at_digit(&ahead);
}

/* NIL and () are no structure at all. */
static bool try_none(struct imap_reader *r)
{
	struct imap_reader ahead = *r;

	if (!imap_try_nil(&ahead) && !(imap_try(&ahead, '(') && imap_try(&ahead, ')')))
		return false;
	*r = ahead;
	return true;
}

static bool is_whole_message(const struct part *p)
{
	return bytes_equal_str(p->type, "message/rfc822") ||
	       bytes_equal_str(p->type, "message/global");
}

/* body-type-msg behind its size: envelope SP body SP body-fld-lines. Some send
 * none of it, as for any other type, or NIL for the first two. Others send it
 * for every kind of message/...: only a whole message has numbered parts. */
static void read_message(struct bodies *b, struct part *p)
{
	struct imap_reader *r = b->r;

	if (!at_envelope(*r) && !at_no_envelope(*r))
		return;
	imap_skip_value(r);
	imap_skip_spaces(r);
	if (try_none(r) || imap_peek(r) != '(')
		return;
	if (!is_whole_message(p)) {
		imap_skip_value(r);
		return;
	}
	p->message_body = ARENA_NEW(r->mem, struct part);
	if (!p->message_body)
		imap_fail_with(r, ERR_TOO_BIG, NO_MEMORY);
	else
		read_body(b, (struct place){ .number = p->section, .is_root = true },
			  p->message_body);
}

/* body-type-1part behind its type */
static void read_single(struct bodies *b, struct part *p)
{
	struct imap_reader *r = b->r;

	read_params(b, &p->params);
	take_content_id(p, read_field(r));
	p->description = read_field(r);
	read_encoding(r, p);
	p->encoded_size = read_octets(r);
	if (bytes_starts_with(p->type, BYTES_LIT("message/")))
		read_message(b, p);
	imap_skip_spaces(r);
	if (at_digit(r))
		(void)imap_read_u64(r); /* lines; also where none belong */
	imap_skip_spaces(r);
	if (imap_peek(r) != '(')
		(void)read_field(r); /* MD5; some leave it out */
	read_extension(b, p);
	part_estimate_size(p);
}

/* body-type-mpart behind its subtype */
static void read_multi_rest(struct bodies *b, struct part *p)
{
	if (!at_close(b->r))
		read_params(b, &p->params);
	read_extension(b, p);
}

static void read_multi(struct bodies *b, struct part *p)
{
	struct imap_reader *r = b->r;
	struct imap_vec v = { 0 };
	struct part *child;
	struct place place = { 0 };

	while (imap_peek(r) == '(') {
		child = IMAP_VEC_ADD(r, &v, struct part, r->limits->parts);
		if (!child)
			return;
		place.number = section_below(r, p->section, v.count);
		read_body(b, place, child);
		imap_skip_spaces(r);
	}
	p->children = v.at;
	p->child_count = v.count;
	p->type = join_type(r, BYTES_LIT("multipart"), read_field(r));
	read_multi_rest(b, p);
}

static void begin_multi(struct part *p, struct place place)
{
	p->is_multipart = true;
	p->is_encoding_known = true;
	p->section = place.number;
}

/* A multipart without any part, as Gmail and others write it: ("MIXED" params
 * ...), ("MIXED" NIL ...) or (NIL "MIXED" params ...). A single part has two
 * strings to begin with, or at least the seven fields up to its size. */
static bool at_empty_multi(struct imap_reader ahead)
{
	bool is_first_nil = imap_try_nil(&ahead);
	size_t fields = 1;

	if (!is_first_nil)
		(void)imap_read_nstring(&ahead);
	imap_skip_spaces(&ahead);
	if (imap_peek(&ahead) == '(' || imap_peek(&ahead) == ')')
		return !is_first_nil;
	if (imap_try_nil(&ahead) == is_first_nil)
		return false;
	while (fields < 7 && !at_close(&ahead)) {
		imap_skip_value(&ahead);
		imap_skip_spaces(&ahead);
		fields++;
	}
	return fields < (is_first_nil ? 7 : 6);
}

static void read_empty_multi(struct bodies *b, struct place place, struct part *p)
{
	struct bytes subtype = read_field(b->r);

	if (bytes_is_null(subtype))
		subtype = read_field(b->r);
	begin_multi(p, place);
	p->type = join_type(b->r, BYTES_LIT("multipart"), subtype);
	read_multi_rest(b, p);
}

static void read_one(struct bodies *b, struct place place, struct part *p)
{
	struct imap_reader *r = b->r;
	struct bytes first = read_field(r);

	p->part_id = place.is_root ? section_below(r, place.number, 1) : place.number;
	p->section = p->part_id;
	p->type = join_type(r, bytes_is_null(first) ? BYTES_LIT("text") : first, read_field(r));
	read_single(b, p);
}

static void read_body(struct bodies *b, struct place place, struct part *p)
{
	struct imap_reader *r = b->r;

	if (b->depth >= r->limits->part_depth || b->parts >= r->limits->parts) {
		cut(b);
		return;
	}
	b->depth++;
	b->parts++;
	imap_expect(r, '(', "a body structure is missing");
	imap_skip_spaces(r);
	if (imap_peek(r) == '(') {
		begin_multi(p, place);
		read_multi(b, p);
	} else if (at_empty_multi(*r)) {
		read_empty_multi(b, place, p);
	} else {
		read_one(b, place, p);
	}
	b->depth--;
}

struct part *imap_read_structure(struct imap_reader *r, bool *ret_is_cut)
{
	struct imap_reader from = *r;
	struct bodies b = { .r = r };
	struct part *root;

	*ret_is_cut = false;
	if (try_none(r))
		return NULL;
	root = ARENA_NEW(r->mem, struct part);
	if (!root) {
		imap_fail_with(r, ERR_TOO_BIG, NO_MEMORY);
		return NULL;
	}
	read_body(&b, (struct place){ .number = BYTES_LIT(""), .is_root = true }, root);
	if (b.is_cut) {
		*r = from;
		*ret_is_cut = true;
		imap_skip_value(r);
	}
	return imap_reader_ok(r) && !b.is_cut ? root : NULL;
}
