#include "mime/entity.h"

#include "mime/decode.h"
#include "mime/fields.h"
#include "mime/params.h"

struct parser {
	struct arena *mem;
	struct bytes in;
	struct entity *current; /* the innermost one that is open */
	size_t structure_end;   /* behind the last boundary or header line */
	size_t count;
	bool failed;
};

/* --- lines ----------------------------------------------------------------- */

/* Offset behind the line that begins at `at`. */
static size_t next_line(struct bytes in, size_t at)
{
	const uint8_t *lf = at < in.len ? memchr(in.at + at, '\n', in.len - at) : NULL;

	return lf ? (size_t)(lf - in.at) + 1 : in.len;
}

static bool is_empty_line(struct bytes in, size_t at)
{
	if (at < in.len && in.at[at] == '\r')
		at++;
	return at < in.len && in.at[at] == '\n';
}

static bool begins_with_dashes(struct bytes in, size_t at)
{
	return in.len - at >= 2 && in.at[at] == '-' && in.at[at + 1] == '-';
}

/* Where a body ends before the boundary line at `at`: the line break before it
 * belongs to the boundary (RFC 2046 §5.1.1), unless it is that of a header or of
 * another boundary. */
static size_t before_boundary(const struct parser *p, size_t at)
{
	const uint8_t *in = p->in.at;

	if (at == p->structure_end)
		return at;
	if (at > 0 && in[at - 1] == '\n')
		at--;
	if (at > 0 && in[at - 1] == '\r' && in[at] == '\n')
		at--;
	return at;
}

/*
 * The multipart whose boundary the line at `at` is; NULL when it is none.
 * It suffices that the line begins with it (RFC 2046 §5.1.1); the longest one
 * counts, for people make the boundary of an inner multipart by adding to the
 * outer one.
 */
static struct entity *boundary_at(struct parser *p, struct entity *innermost, size_t at)
{
	struct bytes line;
	struct entity *best = NULL;

	if (!begins_with_dashes(p->in, at))
		return NULL;
	line = bytes_skip(p->in, at + 2);
	for (struct entity *e = innermost; e; e = e->parent)
		if (e->boundary.len && bytes_starts_with(line, e->boundary) &&
		    (!best || best->boundary.len < e->boundary.len))
			best = e;
	return best;
}

/* --- headers --------------------------------------------------------------- */

/* Does a field begin here? */
static bool is_field(struct bytes in, size_t at)
{
	struct mime_fields f = { bytes_of(in.at + at, next_line(in, at) - at) };
	struct mime_field field;

	return mime_fields_next(&f, &field);
}

static bool continues(struct bytes in, size_t at)
{
	return in.at[at] == ' ' || in.at[at] == '\t';
}

/*
 * Offset behind the header that begins at `at`, with its empty line; a boundary
 * ends it, too. If there is no field in it, it is no header but text already; if
 * nothing is behind it, text begins with the first line that is no field:
 * somebody forgot the empty line.
 */
static size_t header_end(struct parser *p, struct entity *parent, size_t at)
{
	size_t start = at, text = SIZE_MAX;
	bool has_field = false;

	while (at < p->in.len && !boundary_at(p, parent, at)) {
		size_t line = at;

		at = next_line(p->in, at);
		if (is_empty_line(p->in, line))
			break;
		if (is_field(p->in, line))
			has_field = true;
		else if (text == SIZE_MAX && !(has_field && continues(p->in, line)))
			text = line;
	}
	if (text == SIZE_MAX)
		return at;
	if (!has_field)
		return start;
	return text > start && (at == p->in.len || boundary_at(p, parent, at)) ? text : at;
}

static void take_language(struct parser *p, struct bytes value, struct part *to)
{
	struct bytes rest = value, one;
	size_t count = 0;

	while (count < MIME_PARAMS_MAX && bytes_split(&rest, ',', &one))
		count++;
	to->language.at = ARENA_ARRAY(p->mem, count, struct bytes);
	for (rest = value; to->language.at && count && bytes_split(&rest, ',', &one); count--) {
		one = bytes_trim(one);
		if (one.len)
			to->language.at[to->language.count++] = one;
	}
}

static void take_type(struct parser *p, struct bytes value, struct part *to)
{
	struct mime_type t;

	if (mime_type_parse(p->mem, value, &t) != ERR_OK) {
		p->failed = true;
		return;
	}
	if (t.type.len)
		to->type = t.type;
	to->params = t.params;
}

static void take_disposition(struct parser *p, struct bytes value, struct part *to)
{
	struct mime_type t;

	if (mime_disposition_parse(p->mem, value, &t) != ERR_OK) {
		p->failed = true;
		return;
	}
	to->disposition = t.type;
	to->disposition_params = t.params;
}

enum content_field {
	CONTENT_TYPE,
	CONTENT_ENCODING,
	CONTENT_DISPOSITION,
	CONTENT_ID,
	CONTENT_LANGUAGE,
	CONTENT_LOCATION,
	CONTENT_DESCRIPTION,
	CONTENT_FIELDS,
};

static enum content_field content_field_of(struct bytes name)
{
	static const char *const names[] = { "type",     "transfer-encoding", "disposition", "id",
					     "language", "location",          "description" };
	unsigned i = 0;

	if (!bytes_starts_with_nocase(name, BYTES_LIT("content-")))
		return CONTENT_FIELDS;
	while (i < CONTENT_FIELDS && !bytes_equal_str_nocase(bytes_skip(name, 8), names[i]))
		i++;
	return (enum content_field)i;
}

static void take_field(struct parser *p, enum content_field field, struct bytes value,
		       struct part *to)
{
	switch (field) {
	case CONTENT_TYPE: take_type(p, value, to); break;
	case CONTENT_ENCODING:
		to->is_encoding_known = mime_encoding_parse(value, &to->encoding);
		break;
	case CONTENT_DISPOSITION: take_disposition(p, value, to); break;
	case CONTENT_ID: to->cid = bytes_trim(value); break;
	case CONTENT_LANGUAGE: take_language(p, value, to); break;
	case CONTENT_LOCATION: to->location = bytes_trim(value); break;
	case CONTENT_DESCRIPTION: to->description = bytes_trim(value); break;
	case CONTENT_FIELDS: break;
	}
}

/* The first field of each name counts. */
static void read_header(struct parser *p, struct entity *e)
{
	struct mime_fields fields =
		mime_fields_of(bytes_of(p->in.at + e->header, e->body - e->header));
	struct mime_field field;
	unsigned seen = 1U << CONTENT_FIELDS;

	while (!p->failed && mime_fields_next(&fields, &field)) {
		enum content_field which = content_field_of(field.name);

		if (seen & 1U << which)
			continue;
		seen |= 1U << which;
		take_field(p, which, field.value, &e->part);
	}
}

/* --- entities -------------------------------------------------------------- */

static struct bytes boundary_of(struct parser *p, const struct part *part)
{
	struct bytes boundary = part_param(&part->params, "boundary");

	if (boundary.len == 0 &&
	    mime_param_decode(p->mem, &part->params, "boundary", BYTES_NULL, &boundary) != ERR_OK)
		p->failed = true;
	return boundary;
}

static bool is_message(const struct part *p)
{
	return (bytes_equal_str(p->type, "message/rfc822") ||
		bytes_equal_str(p->type, "message/global")) &&
	       p->encoding == PART_ENCODING_IDENTITY;
}

static bool is_multipart(const struct part *p)
{
	return bytes_starts_with(p->type, BYTES_LIT("multipart/"));
}

static struct entity *new_entity(struct parser *p, struct entity *parent, size_t at)
{
	struct entity *e = ARENA_NEW(p->mem, struct entity);
	bool in_digest = parent && bytes_equal_str(parent->part.type, "multipart/digest");

	if (!e) {
		p->failed = true;
		return NULL;
	}
	e->part.type = in_digest ? BYTES_LIT("message/rfc822") : BYTES_LIT("text/plain");
	e->part.is_encoding_known = true;
	e->parent = parent;
	e->depth = parent ? parent->depth + 1 : 0;
	e->header = at;
	e->body = e->end = header_end(p, parent, at);
	p->count++;
	read_header(p, e);
	return e;
}

static void add_child(struct entity *parent, struct entity *e)
{
	if (parent->last)
		parent->last->next = e;
	else
		parent->first = e;
	parent->last = e;
	parent->child_count++;
}

/* Reads the entity whose header begins at `at`, and where it is a message, the
 * one inside it and so on. Returns where the body of the innermost begins. */
static size_t open_entity(struct parser *p, struct entity *parent, size_t at)
{
	struct entity *e = new_entity(p, parent, at);

	if (e && parent)
		add_child(parent, e);
	while (e && !p->failed) {
		bool may_nest = e->depth < PART_DEPTH_MAX && p->count < PARTS_MAX;

		p->current = e;
		p->structure_end = at = e->body;
		if (is_multipart(&e->part) && may_nest)
			e->boundary = boundary_of(p, &e->part);
		if (!is_message(&e->part) || !may_nest)
			break;
		e->message = new_entity(p, e, at);
		e = e->message;
	}
	return at;
}

/* A multipart in which no part begins. */
static void make_text(struct entity *e)
{
	e->part.type = BYTES_LIT("text/plain");
	e->part.params = (struct param_list){ NULL, 0 };
}

/* Ends what is open inside `outer` (NULL: everything) at `end`. */
static void close_entities(struct parser *p, struct entity *outer, size_t end)
{
	while (p->current && p->current != outer) {
		struct entity *e = p->current;

		e->end = end > e->body ? end : e->body;
		if (is_multipart(&e->part) && !e->first && e->depth < PART_DEPTH_MAX)
			make_text(e);
		p->current = e->parent;
	}
}

/* The line at `at` is the boundary of `multipart`. Returns where to go on. */
static size_t take_boundary(struct parser *p, struct entity *multipart, size_t at)
{
	struct bytes behind = bytes_skip(p->in, at + 2 + multipart->boundary.len);
	size_t next = next_line(p->in, at);

	close_entities(p, multipart, before_boundary(p, at));
	p->structure_end = next;
	if (bytes_starts_with(behind, BYTES_LIT("--")) || p->count >= PARTS_MAX) {
		multipart->boundary = BYTES_NULL; /* what follows is the epilogue */
		return next;
	}
	return open_entity(p, multipart, next);
}

struct entity *entity_parse(struct arena *mem, struct bytes message, size_t *ret_count)
{
	struct parser p = { .mem = mem, .in = message };
	size_t at = open_entity(&p, NULL, 0);
	struct entity *root = p.current;

	while (root && root->parent)
		root = root->parent;
	while (at < message.len && !p.failed) {
		struct entity *multipart = boundary_at(&p, p.current, at);

		if (multipart)
			at = take_boundary(&p, multipart, at);
		else
			at = next_line(message, at);
	}
	close_entities(&p, NULL, message.len);
	*ret_count = p.count;
	return p.failed ? NULL : root;
}
