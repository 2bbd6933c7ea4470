#include "mailstore/fake_data.h"

#define HEADER_END BYTES_LIT("\r\n\r\n")

struct bytes fake_split_header(struct bytes raw, struct bytes *ret_body)
{
	if (bytes_starts_with(raw, BYTES_LIT("\r\n"))) {
		*ret_body = bytes_skip(raw, 2);
		return bytes_first(raw, 2);
	}

	size_t end = bytes_find(raw, HEADER_END);

	end = end < raw.len ? end + HEADER_END.len : raw.len;
	*ret_body = bytes_skip(raw, end);
	return bytes_first(raw, end);
}

/* The length of the field at the front of header, folded lines included. */
static size_t field_bytes(struct bytes header)
{
	size_t n = 0;

	do {
		n += bytes_index(bytes_skip(header, n), '\n') + 1;
	} while (n < header.len && (header.at[n] == ' ' || header.at[n] == '\t'));
	return n < header.len ? n : header.len;
}

struct bytes fake_header_field(struct bytes header, struct bytes name)
{
	while (header.len) {
		size_t n = field_bytes(header);
		size_t colon = bytes_index(bytes_first(header, n), ':');

		if (bytes_equal_nocase(bytes_trim(bytes_first(header, colon)), name))
			return bytes_trim(bytes_skip(bytes_first(header, n), colon + 1));
		header = bytes_skip(header, n);
	}
	return BYTES_NULL;
}

static struct bytes lower(struct arena *mem, struct bytes b)
{
	uint8_t *to = arena_alloc(mem, b.len);

	for (size_t i = 0; to && i < b.len; i++)
		to[i] = b.at[i] >= 'A' && b.at[i] <= 'Z' ? (uint8_t)(b.at[i] | 0x20) : b.at[i];
	return bytes_of(to, to ? b.len : 0);
}

/* "text/plain; charset=utf-8": the value in lower case, and its parameters. */
static struct bytes split_params(struct arena *mem, struct bytes field, struct param_list *ret)
{
	struct bytes value, item;

	ret->count = 0;
	ret->at = ARENA_ARRAY(mem, 16, struct param);
	if (!bytes_split(&field, ';', &value) || !ret->at)
		return BYTES_NULL;
	while (ret->count < 16 && bytes_split(&field, ';', &item)) {
		struct bytes name;

		(void)bytes_split(&item, '=', &name);
		item = bytes_trim(item);
		if (item.len >= 2 && item.at[0] == '"')
			item = bytes_of(item.at + 1, item.len - 2);
		ret->at[ret->count++] = (struct param){ lower(mem, bytes_trim(name)), item };
	}
	return lower(mem, bytes_trim(value));
}

static enum part_encoding encoding_of(struct bytes field)
{
	if (bytes_equal_str_nocase(field, "base64"))
		return PART_ENCODING_BASE64;
	if (bytes_equal_str_nocase(field, "quoted-printable"))
		return PART_ENCODING_QUOTED_PRINTABLE;
	return PART_ENCODING_IDENTITY;
}

static struct bytes boundary_param(const struct param_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (bytes_equal_str(l->at[i].name, "boundary"))
			return l->at[i].value;
	}
	return BYTES_NULL;
}

/* Cuts the next entity out of a multipart body; false after the last one. */
static bool next_entity(struct arena *mem, struct bytes boundary, struct bytes *rest,
			struct bytes *ret)
{
	struct bytes mark = bytes_of_str(arena_printf(mem, "--%.*s", BYTES_FMT(boundary)));
	size_t at = bytes_find(*rest, mark);

	if (at >= rest->len || bytes_starts_with(bytes_skip(*rest, at + mark.len), BYTES_LIT("--")))
		return false;
	*rest = bytes_skip(*rest, at + mark.len);
	*rest = bytes_skip(*rest, bytes_index(*rest, '\n') + 1);

	size_t end = bytes_find(*rest, mark);

	*ret = bytes_first(*rest, end);
	if (bytes_ends_with(*ret, BYTES_LIT("\r\n")) && end < rest->len)
		ret->len -= 2;
	*rest = bytes_skip(*rest, end);
	return true;
}

static void fill_leaf(struct part *p, struct bytes header, struct bytes body)
{
	struct bytes cid = fake_header_field(header, BYTES_LIT("Content-ID"));

	if (cid.len >= 2 && cid.at[0] == '<')
		p->cid = bytes_of(cid.at + 1, cid.len - 2);
	p->encoding =
		encoding_of(fake_header_field(header, BYTES_LIT("Content-Transfer-Encoding")));
	p->is_encoding_known = true;
	p->encoded_size = body.len;
	p->size = body.len;
	p->is_size_exact = p->encoding == PART_ENCODING_IDENTITY;
}

static void fill(struct arena *mem, struct part *p, struct bytes raw, struct bytes section);

static void fill_children(struct arena *mem, struct part *p, struct bytes body)
{
	struct bytes boundary = boundary_param(&p->params);
	struct bytes rest = body, entity;
	size_t count = 0;

	while (next_entity(mem, boundary, &rest, &entity))
		count++;
	p->children = ARENA_ARRAY(mem, count, struct part);
	rest = body;
	while (p->children && next_entity(mem, boundary, &rest, &entity)) {
		const char *number = arena_printf(mem, "%.*s%s%zu", BYTES_FMT(p->section),
						  p->section.len ? "." : "", p->child_count + 1);

		fill(mem, &p->children[p->child_count++], entity, bytes_of_str(number));
	}
}

static void fill(struct arena *mem, struct part *p, struct bytes raw, struct bytes section)
{
	struct bytes body;
	struct bytes header = fake_split_header(raw, &body);
	struct bytes type = fake_header_field(header, BYTES_LIT("Content-Type"));
	struct bytes disposition = fake_header_field(header, BYTES_LIT("Content-Disposition"));

	p->section = section;
	p->type = split_params(mem, type.len ? type : BYTES_LIT("text/plain"), &p->params);
	if (disposition.len)
		p->disposition = split_params(mem, disposition, &p->disposition_params);
	p->is_multipart = bytes_starts_with(p->type, BYTES_LIT("multipart/")) &&
			  boundary_param(&p->params).len;
	if (p->is_multipart) {
		fill_children(mem, p, body);
	} else {
		p->part_id = section.len ? section : BYTES_LIT("1");
		fill_leaf(p, header, body);
	}
}

struct part *fake_structure(struct arena *mem, struct bytes raw)
{
	struct part *p = ARENA_NEW(mem, struct part);

	if (p)
		fill(mem, p, raw, BYTES_LIT(""));
	return p;
}

/* Goes down to the n-th entity of a multipart; the one entity of another. */
static bool descend(struct arena *mem, struct bytes *entity, uint64_t n)
{
	struct part top = { 0 };
	struct bytes body, header = fake_split_header(*entity, &body);
	struct bytes type = fake_header_field(header, BYTES_LIT("Content-Type"));
	struct bytes boundary, child;

	top.type = split_params(mem, type, &top.params);
	boundary = boundary_param(&top.params);
	if (!bytes_starts_with(top.type, BYTES_LIT("multipart/")) || !boundary.len)
		return n == 1;
	while (next_entity(mem, boundary, &body, &child)) {
		if (--n == 0) {
			*entity = child;
			return true;
		}
	}
	return false;
}

struct bytes fake_section(struct arena *mem, struct bytes raw, struct bytes section)
{
	struct bytes entity = raw, word, body, header;
	uint64_t n;
	bool is_part = false;

	if (!section.len)
		return raw;
	while (bytes_split(&section, '.', &word)) {
		header = fake_split_header(entity, &body);
		if (bytes_equal_str_nocase(word, "TEXT"))
			return body;
		if (bytes_equal_str_nocase(word, "HEADER") || bytes_equal_str_nocase(word, "MIME"))
			return header;
		if (!bytes_to_u64(word, PARTS_MAX, &n) || !n || !descend(mem, &entity, n))
			return BYTES_NULL;
		is_part = true;
	}
	(void)fake_split_header(entity, &body);
	return is_part ? body : BYTES_NULL;
}
