#include "account/summary.h"

#include "mime/preview.h"
#include "mime/text.h"

/* Styles stand before the first word of much HTML. */
#define HTML_FACTOR 8
/* A preview takes far less of the text than this. */
#define TEXT_MAX_BYTES MIME_PREVIEW_INPUT_BYTES

static bool is_html(const struct part *p)
{
	return bytes_equal_str(p->type, "text/html");
}

/* The part that a preview is made from; NULL when the message has no text. */
static const struct part *text_of(const struct part_view *view)
{
	for (size_t i = 0; i < view->text_count; i++)
		if (part_is_text(view->text[i]))
			return view->text[i];
	return NULL;
}

static uint64_t bytes_to_fetch(const struct previews *p, const struct part *part)
{
	uint64_t n = p->step->account->hub->limits.preview_fetch_bytes;

	return is_html(part) ? n * HTML_FACTOR : n;
}

static void make(struct previews *p, size_t index, struct bytes encoded)
{
	const struct part *part = text_of(&p->views[index]);
	bool is_cut = encoded.len >= bytes_to_fetch(p, part) && encoded.len < part->encoded_size;
	struct arena *mem = p->step->call.mem;
	struct body_value text;
	struct bytes preview;

	if (mime_body_value(mem, part, encoded, is_cut, TEXT_MAX_BYTES, &text) == ERR_OK &&
	    mime_preview(mem, text.value, is_html(part), &preview) == ERR_OK)
		p->summaries[index].preview = preview;
}

static void on_text(void *ctx, const struct fault *fault, const struct bytes *values, size_t count)
{
	struct fan_item *item = ctx;
	struct previews *p = item->fan->owner;

	if (!fault && count == 1 && !bytes_is_null(values[0]))
		make(p, p->missing[item->index], values[0]);
	if (fan_took(item))
		p->done(p);
}

static struct op *ask_text(struct fan_item *item, struct mailstore *ms)
{
	struct previews *p = item->fan->owner;
	size_t index = p->missing[item->index];
	const struct part *part = text_of(&p->views[index]);

	return mailstore_sections(ms, p->step->call, p->path, &p->summaries[index].id.key,
				  &part->part_id, 1, bytes_to_fetch(p, part), on_text, item);
}

void previews_run(struct previews *p)
{
	size_t count = 0;

	p->missing = ARENA_ARRAY(p->step->call.mem, p->count, size_t);
	for (size_t i = 0; p->missing && i < p->count; i++) {
		if (!bytes_is_null(p->summaries[i].preview))
			continue;
		if (text_of(&p->views[i]))
			p->missing[count++] = i;
		else
			p->summaries[i].preview = BYTES_LIT("");
	}
	if (!count || !fan_run(&p->fan, p->step, count, ask_text, p))
		p->done(p);
}

void previews_stop(struct previews *p)
{
	fan_stop(&p->fan);
}
