/* A whole message: every part has a number of its own, lies inside the message,
 * is found again, and gives text that is UTF-8. */
#include "fuzz.h"

#include "mime/message.h"
#include "mime/params.h"
#include "mime/preview.h"
#include "mime/text.h"

#define VALUE_MAX_BYTES 300

struct walk {
	struct arena *mem;
	struct bytes message;
	const struct mime_message *m;
	size_t parts;
};

static void check_body(struct walk *w, const struct part *p, struct bytes section)
{
	struct body_value v;
	struct bytes preview;

	fuzz_check(mime_body_value(w->mem, p, section, false, VALUE_MAX_BYTES, &v) == ERR_OK);
	fuzz_check(bytes_is_utf8(v.value) && v.value.len <= VALUE_MAX_BYTES);
	fuzz_check(mime_preview(w->mem, v.value, bytes_equal_str(p->type, "text/html"), &preview) ==
		   ERR_OK);
	fuzz_check(bytes_is_utf8(preview) && preview.len <= MIME_PREVIEW_MAX_BYTES);
}

static void check_leaf(struct walk *w, const struct part *p)
{
	struct bytes section, clean;

	fuzz_check(part_find(w->m->root, p->part_id) == p);
	fuzz_check(mime_message_section(w->m, p->part_id, &section));
	fuzz_check(section.at >= w->message.at &&
		   section.at + section.len <= w->message.at + w->message.len);
	fuzz_check(p->encoded_size >= section.len);
	fuzz_check(bytes_is_utf8(p->name) && bytes_is_utf8(p->charset) && bytes_is_utf8(p->cid));
	clean = mime_clean_filename(w->mem, p->name);
	fuzz_check(bytes_is_utf8(clean) && clean.len <= MIME_FILENAME_MAX_BYTES);
	fuzz_check(bytes_index(clean, '/') == clean.len);
	check_body(w, p, section);
}

static void check_part(struct walk *w, const struct part *p, unsigned depth)
{
	fuzz_check(depth <= 2 * PART_DEPTH_MAX);
	fuzz_check(++w->parts <= PARTS_MAX);
	fuzz_check(p->is_multipart == (p->child_count > 0));
	fuzz_check(p->is_multipart == bytes_is_null(p->part_id));
	fuzz_check(p->type.len > 2 && bytes_index(p->type, '/') < p->type.len);
	if (!p->is_multipart)
		check_leaf(w, p);
	for (size_t i = 0; i < p->child_count; i++)
		check_part(w, &p->children[i], depth + 1);
	if (p->message_body)
		check_part(w, p->message_body, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(256 << 20);
	struct walk w = { .mem = mem, .message = bytes_of(data, size) };
	struct mime_message m;
	struct part_view view;
	struct bytes all;

	if (size) {
		fuzz_check(mime_message_parse(mem, w.message, &m) == ERR_OK);
		w.m = &m;
		check_part(&w, m.root, 0);
		fuzz_check(part_view_of(m.root, mem, &view));
		fuzz_check(mime_message_section(&m, BYTES_LIT(""), &all));
		fuzz_check(bytes_equal(all, w.message));
	}
	arena_free(mem);
	return 0;
}
