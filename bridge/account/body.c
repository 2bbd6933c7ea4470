#include "account/body.h"

#include "mime/text.h"

/* What one byte of UTF-8 may have cost: three characters of quoted-printable for
 * each byte of a charset in which ASCII has two, rarely more than four in all. */
#define ENCODED_PER_BYTE 4
#define ENCODED_SLACK    4096

static bool is_wanted(const struct part *p, const struct message_options *options)
{
	if (!part_is_text(p))
		return false;
	return options->want_html_raw || !bytes_equal_str(p->type, "text/html");
}

static void add_all(struct body_plan *plan, const struct part **parts, size_t count,
		    const struct message_options *options)
{
	for (size_t i = 0; i < count && plan->count < BODY_PARTS_MAX; i++) {
		bool is_new = true;

		for (size_t j = 0; j < plan->count; j++)
			is_new = is_new && plan->parts[j] != parts[i];
		if (is_new && is_wanted(parts[i], options))
			plan->parts[plan->count++] = parts[i];
	}
}

static void measure(struct body_plan *plan, const struct message_options *options)
{
	uint64_t most = options->max_body_bytes;

	most = most < UINT32_MAX ? most * ENCODED_PER_BYTE + ENCODED_SLACK : UINT64_MAX;
	for (size_t i = 0; i < plan->count; i++) {
		uint64_t n = plan->parts[i]->encoded_size;

		/* The size that a server gives is not always right. */
		n = n < most - ENCODED_SLACK ? n + ENCODED_SLACK : most;
		if (n > plan->fetch_bytes)
			plan->fetch_bytes = n;
		plan->sections[i] = plan->parts[i]->part_id;
	}
}

bool body_plan(struct arena *mem, const struct part_view *view,
	       const struct message_options *options, struct body_plan *ret)
{
	struct body_plan plan = { 0 };
	size_t most = view->text_count + view->html_count;

	most = most < BODY_PARTS_MAX ? most : BODY_PARTS_MAX;
	plan.parts = ARENA_ARRAY(mem, most, const struct part *);
	plan.sections = ARENA_ARRAY(mem, most, struct bytes);
	if (!plan.parts || !plan.sections)
		return false;
	if (options->body == BODY_TEXT || options->body == BODY_BOTH)
		add_all(&plan, view->text, view->text_count, options);
	if (options->body == BODY_HTML || options->body == BODY_BOTH)
		add_all(&plan, view->html, view->html_count, options);
	measure(&plan, options);
	*ret = plan;
	return true;
}

enum err body_value_of(struct arena *mem, const struct part *part, struct bytes encoded,
		       uint64_t fetch_bytes, uint64_t max_bytes, struct body_value *ret)
{
	bool is_cut = encoded.len >= fetch_bytes && part->encoded_size > encoded.len;

	return mime_body_value(mem, part, encoded, is_cut, max_bytes, ret);
}
