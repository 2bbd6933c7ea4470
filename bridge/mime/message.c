#include "mime/message.h"

#include "mime/entity.h"
#include "mime/params.h"

struct mime_section {
	struct bytes number; /* "1.2"; of a message the part it is in, "" at the top */
	bool is_message;     /* header and body are those of a message */
	struct bytes header, body;
};

struct builder {
	struct arena *mem;
	struct bytes in;
	struct mime_message *to;
	bool has_bare_lf;
};

static struct bytes header_of(const struct builder *b, const struct entity *e)
{
	return bytes_of(b->in.at + e->header, e->body - e->header);
}

static struct bytes body_of(const struct builder *b, const struct entity *e)
{
	return bytes_of(b->in.at + e->body, e->end - e->body);
}

static void add_section(struct builder *b, const struct entity *e, struct bytes number,
			bool is_message)
{
	b->to->sections[b->to->section_count++] =
		(struct mime_section){ number, is_message, header_of(b, e), body_of(b, e) };
}

static bool has_bare_lf(struct bytes b)
{
	const uint8_t *at = b.at, *end = b.at + b.len;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		if (at == b.at || at[-1] != '\r')
			return true;
		at++;
	}
	return false;
}

/* The size with every line break counted as CRLF. */
static uint64_t crlf_size(const struct builder *b, struct bytes body)
{
	uint64_t n = body.len;

	if (!b->has_bare_lf)
		return n;
	for (size_t i = 0; i < body.len; i++)
		n += body.at[i] == '\n' && (i == 0 || body.at[i - 1] != '\r');
	return n;
}

static struct bytes child_number(struct builder *b, struct bytes parent, size_t index)
{
	const char *dot = parent.len ? "." : "";
	char *text = arena_printf(b->mem, "%.*s%s%zu", BYTES_FMT(parent), dot, index);

	return bytes_of_str(text);
}

static bool build_part(struct builder *b, const struct entity *e, struct bytes number,
		       struct part *to);

static bool build_children(struct builder *b, const struct entity *e, struct part *to)
{
	size_t i = 0;

	to->children = ARENA_ARRAY(b->mem, e->child_count, struct part);
	if (!to->children)
		return false;
	for (const struct entity *c = e->first; c; c = c->next, i++)
		if (!build_part(b, c, child_number(b, to->section, i + 1), &to->children[i]))
			return false;
	to->child_count = i;
	return true;
}

/* A multipart: only its children have numbers of their own. */
static bool build_multipart(struct builder *b, const struct entity *e, struct bytes section,
			    struct part *to)
{
	*to = e->part;
	to->part_id = BYTES_NULL;
	to->section = section;
	to->is_multipart = true;
	to->encoding = PART_ENCODING_IDENTITY;
	to->is_encoding_known = true;
	to->is_size_exact = true;
	return build_children(b, e, to);
}

/* A message's own structure: a multipart goes by the number of the part that the
 * message is in, anything else is that part's number 1 (RFC 9051 §6.4.5). */
static bool build_message(struct builder *b, const struct entity *e, struct bytes section,
			  struct part *to)
{
	add_section(b, e, section, true);
	if (entity_is_multipart(e))
		return build_multipart(b, e, section, to);
	return build_part(b, e, child_number(b, section, 1), to);
}

static bool build_part(struct builder *b, const struct entity *e, struct bytes number,
		       struct part *to)
{
	if (bytes_is_null(number))
		return false;
	add_section(b, e, number, false);
	if (entity_is_multipart(e))
		return build_multipart(b, e, number, to);
	*to = e->part;
	to->part_id = to->section = number;
	to->encoded_size = crlf_size(b, body_of(b, e));
	part_estimate_size(to);
	if (!e->message)
		return true;
	to->message_body = ARENA_NEW(b->mem, struct part);
	return to->message_body && build_message(b, e->message, number, to->message_body);
}

enum err mime_message_parse(struct arena *mem, struct bytes message, struct mime_message *ret)
{
	struct mime_message m = { .root = ARENA_NEW(mem, struct part) };
	struct builder b = { mem, message, &m, has_bare_lf(message) };
	struct entity *root;
	size_t count;

	if (message.len == 0)
		return ERR_INVALID;
	root = m.root ? entity_parse(mem, message, &count) : NULL;
	if (!root)
		return ERR_NOMEM;
	/* Messages have two: one as a message, one as a part. */
	m.sections = ARENA_ARRAY(mem, 2 * count, struct mime_section);
	if (!m.sections || !build_message(&b, root, BYTES_LIT(""), m.root))
		return ERR_NOMEM;
	if (mime_decode_part_names(mem, m.root) != ERR_OK)
		return ERR_NOMEM;
	m.header = header_of(&b, root);
	*ret = m;
	return ERR_OK;
}

static const struct mime_section *find(const struct mime_message *m, struct bytes number,
				       bool is_message)
{
	for (size_t i = 0; i < m->section_count; i++)
		if (m->sections[i].is_message == is_message &&
		    bytes_equal(m->sections[i].number, number))
			return &m->sections[i];
	return NULL;
}

/* Cuts the keyword off behind the number: "2.HEADER" is "2" and "HEADER". */
static struct bytes take_keyword(struct bytes *section)
{
	size_t n = section->len;
	struct bytes keyword;

	while (n && section->at[n - 1] != '.')
		n--;
	keyword = bytes_skip(*section, n);
	if (keyword.len == 0 || (keyword.at[0] >= '0' && keyword.at[0] <= '9'))
		return BYTES_NULL;
	*section = bytes_first(*section, n ? n - 1 : 0);
	return keyword;
}

bool mime_message_section(const struct mime_message *m, struct bytes section, struct bytes *ret)
{
	struct bytes keyword = take_keyword(&section);
	bool is_header = bytes_equal_str_nocase(keyword, "HEADER");
	bool is_text = bytes_equal_str_nocase(keyword, "TEXT");
	bool is_mime = bytes_equal_str_nocase(keyword, "MIME");
	const struct mime_section *s = find(m, section, is_header || is_text);

	if (section.len == 0 && bytes_is_null(keyword) && m->section_count) {
		*ret = bytes_of(m->sections[0].header.at,
				m->sections[0].header.len + m->sections[0].body.len);
		return true;
	}
	if (!s || (!bytes_is_null(keyword) && !is_header && !is_text && !is_mime))
		return false;
	*ret = is_header || is_mime ? s->header : s->body;
	return true;
}
