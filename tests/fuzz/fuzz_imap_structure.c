/*
 * BODYSTRUCTURE: what was understood is written again, in the plain form that
 * the RFC has, and must be understood as the same tree. Every part must be
 * found under its number.
 */
#include "fuzz.h"

#include "imap/response.h"

#define ARENA_BYTES (64 * 1024 * 1024)

static struct part *parse(struct bytes structure, struct arena *mem)
{
	struct imap_frame frame = { 0 };
	struct imap_response r;
	struct buf text;
	struct bytes copy;

	buf_init(&text, SIZE_MAX);
	buf_append_str(&text, "* 1 FETCH (BODYSTRUCTURE ");
	buf_append(&text, structure);
	buf_append_str(&text, ")");
	copy = arena_bytes(mem, buf_bytes(&text));
	buf_done(&text);
	frame.text = copy;
	if (bytes_is_null(copy) || imap_parse(&frame, &imap_limits_default, mem, &r, NULL))
		return NULL;
	return r.fetch.structure;
}

/* --- writing --------------------------------------------------------------- */

static void write_string(struct buf *to, struct bytes s)
{
	if (bytes_is_null(s))
		buf_append_str(to, "NIL");
	else
		buf_printf(to, "{%zu}\r\n", s.len);
	buf_append(to, s);
}

static void write_params(struct buf *to, const struct param_list *l)
{
	if (l->count == 0) {
		buf_append_str(to, " NIL");
		return;
	}
	buf_append_str(to, " (");
	for (size_t i = 0; i < l->count; i++) {
		write_string(to, l->at[i].name);
		buf_append_str(to, " ");
		write_string(to, l->at[i].value);
		buf_append_str(to, " ");
	}
	buf_append_str(to, ")");
}

static void write_extension(struct buf *to, const struct part *p)
{
	if (bytes_is_null(p->disposition) && p->disposition_params.count == 0) {
		buf_append_str(to, " NIL (");
	} else {
		buf_append_str(to, " (");
		write_string(to, p->disposition);
		write_params(to, &p->disposition_params);
		buf_append_str(to, ") (");
	}
	for (size_t i = 0; i < p->language.count; i++) {
		write_string(to, p->language.at[i]);
		buf_append_str(to, " ");
	}
	buf_append_str(to, ") ");
	write_string(to, p->location);
	buf_append_str(to, ")");
}

static const char *encoding_name(const struct part *p)
{
	if (!p->is_encoding_known)
		return "x-nobody-knows";
	return p->encoding == PART_ENCODING_BASE64             ? "base64"
	       : p->encoding == PART_ENCODING_QUOTED_PRINTABLE ? "quoted-printable"
	       : p->encoding == PART_ENCODING_UUENCODE         ? "x-uuencode"
							       : "7bit";
}

static void write_part(struct buf *to, const struct part *p);

static void write_single(struct buf *to, const struct part *p)
{
	size_t slash = bytes_index(p->type, '/');

	write_string(to, bytes_first(p->type, slash));
	buf_append_str(to, " ");
	write_string(to, bytes_skip(p->type, slash + 1));
	write_params(to, &p->params);
	buf_append_str(to, " ");
	if (!bytes_is_null(p->cid)) {
		buf_printf(to, "{%zu}\r\n<", p->cid.len + 2);
		buf_append(to, p->cid);
		buf_append_str(to, "> ");
	} else {
		buf_append_str(to, "NIL ");
	}
	write_string(to, p->description);
	buf_printf(to, " \"%s\" %llu", encoding_name(p), (unsigned long long)p->encoded_size);
	if (p->message_body) {
		buf_append_str(to, " (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ");
		write_part(to, p->message_body);
		buf_append_str(to, " 3");
	}
	buf_append_str(to, " NIL");
	write_extension(to, p);
}

static void write_part(struct buf *to, const struct part *p)
{
	buf_append_str(to, "(");
	if (!p->is_multipart) {
		write_single(to, p);
		return;
	}
	for (size_t i = 0; i < p->child_count; i++)
		write_part(to, &p->children[i]);
	buf_append_str(to, " ");
	write_string(to, bytes_skip(p->type, sizeof "multipart/" - 1));
	/* Without children only the parenthesis tells it from a single part. */
	if (p->params.count)
		write_params(to, &p->params);
	else
		buf_append_str(to, " ()");
	write_extension(to, p);
}

/* --- comparing ------------------------------------------------------------- */

static void same_bytes(struct bytes a, struct bytes b)
{
	fuzz_check(bytes_equal(a, b) && bytes_is_null(a) == bytes_is_null(b));
}

static void same_params(const struct param_list *a, const struct param_list *b)
{
	fuzz_check(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		same_bytes(a->at[i].name, b->at[i].name);
		same_bytes(a->at[i].value, b->at[i].value);
	}
}

static void same_part(const struct part *a, const struct part *b)
{
	fuzz_check(a->is_multipart == b->is_multipart && a->child_count == b->child_count);
	fuzz_check(a->encoding == b->encoding && a->is_encoding_known == b->is_encoding_known);
	fuzz_check(a->encoded_size == b->encoded_size && a->size == b->size);
	fuzz_check(a->language.count == b->language.count);
	for (size_t i = 0; i < a->language.count; i++)
		same_bytes(a->language.at[i], b->language.at[i]);
	same_bytes(a->part_id, b->part_id);
	same_bytes(a->section, b->section);
	same_bytes(a->type, b->type);
	same_bytes(a->disposition, b->disposition);
	same_bytes(a->cid, b->cid);
	same_bytes(a->location, b->location);
	same_bytes(a->description, b->description);
	same_params(&a->params, &b->params);
	same_params(&a->disposition_params, &b->disposition_params);
	for (size_t i = 0; i < a->child_count; i++)
		same_part(&a->children[i], &b->children[i]);
	fuzz_check((a->message_body != NULL) == (b->message_body != NULL));
	if (a->message_body)
		same_part(a->message_body, b->message_body);
}

/* Also counts, for nothing may be deeper or more than the limits say. */
static void check_part(const struct part *root, const struct part *p, unsigned depth, size_t *count)
{
	fuzz_check(depth <= PART_DEPTH_MAX && ++*count <= PARTS_MAX);
	fuzz_check(p->is_multipart == bytes_is_null(p->part_id));
	if (!p->is_multipart && *count < 100)
		fuzz_check(part_find(root, p->part_id) == p);
	for (size_t i = 0; i < p->child_count; i++)
		check_part(root, &p->children[i], depth + 1, count);
	if (p->message_body)
		check_part(root, p->message_body, depth + 1, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(ARENA_BYTES);
	struct part *first = parse(bytes_of(data, size), mem), *again;
	size_t count = 0;
	struct buf text;

	if (first) {
		check_part(first, first, 1, &count);
		buf_init(&text, SIZE_MAX);
		write_part(&text, first);
		again = parse(buf_bytes(&text), mem);
		fuzz_check(again);
		same_part(first, again);
		buf_done(&text);
	}
	arena_free(mem);
	return 0;
}
