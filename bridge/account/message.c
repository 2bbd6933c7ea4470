/* One whole message: structure and header first, then the texts that are needed. */
#include "account/body.h"
#include "account/message_work.h"
#include "account/summary.h"
#include "account/whole.h"
#include "mime/headers.h"

struct reading {
	struct message_work m;
	struct message_options options;
	struct message message;
	struct body_plan plan;
	struct whole whole; /* where the server could not say what parts there are */
	struct mail_item item;
	account_message_cb *cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct reading *r = (struct reading *)w;

	r->cb(r->ctx, fault, fault ? NULL : &r->message);
}

static void stop(struct work *w)
{
	struct reading *r = (struct reading *)w;

	whole_done(&r->whole);
}

/* --- the texts -------------------------------------------------------- */

static void take_texts(struct reading *r, const struct bytes *values, size_t count)
{
	struct arena *mem = r->m.work.call.mem;
	struct message *msg = &r->message;

	msg->body_values = ARENA_ARRAY(mem, count, struct body_value);
	for (size_t i = 0; msg->body_values && i < count && i < r->plan.count; i++) {
		struct body_value *v = &msg->body_values[msg->body_value_count];

		if (bytes_is_null(values[i]))
			continue;
		if (body_value_of(mem, r->plan.parts[i], values[i], r->plan.fetch_bytes,
				  r->options.max_body_bytes, v) != ERR_OK) {
			work_fail(&r->m.work, ERR_NOMEM);
			return;
		}
		msg->body_value_count++;
	}
	if (!work_is_starved(&r->m.work))
		work_end(&r->m.work, NULL);
}

static void on_sections(void *ctx, const struct fault *fault, const struct bytes *values,
			size_t count)
{
	struct reading *r = ctx;

	if (step_took(&r->m.work.step, fault))
		take_texts(r, values, count);
}

static struct op *ask_sections(struct step *s, struct mailstore *ms)
{
	struct reading *r = s->owner;

	return mailstore_sections(ms, s->call, r->m.folder->path, &r->m.id.key, r->plan.sections,
				  r->plan.count, r->plan.fetch_bytes, on_sections, r);
}

static void read_texts_from_whole(struct reading *r)
{
	struct bytes *values = ARENA_ARRAY(r->m.work.call.mem, r->plan.count, struct bytes);

	for (size_t i = 0; values && i < r->plan.count; i++)
		if (!mime_message_section(&r->whole.parsed, r->plan.sections[i], &values[i]))
			values[i] = BYTES_NULL;
	if (!work_is_starved(&r->m.work))
		take_texts(r, values, r->plan.count);
}

static void read_texts(struct reading *r)
{
	if (!body_plan(r->m.work.call.mem, &r->message.view, &r->options, &r->plan))
		work_fail(&r->m.work, ERR_NOMEM);
	else if (r->whole.is_known)
		read_texts_from_whole(r);
	else if (r->plan.count)
		step_run(&r->m.work.step, ask_sections);
	else
		work_end(&r->m.work, NULL);
}

/* --- structure and header --------------------------------------------- */

static bool take_fields(struct reading *r, const struct mail_item *item)
{
	struct message *msg = &r->message;
	struct header_fields fields = { 0 };
	const struct bytes_list *names = r->options.all_headers ? NULL : &r->options.header_names;

	msg->has_headers = r->options.all_headers || r->options.header_names.count;
	if (!msg->has_headers)
		return true;
	if (mime_header_fields(r->m.work.call.mem, item->header, BYTES_NULL, names, &fields) !=
	    ERR_OK)
		return false;
	msg->header_fields = fields.at;
	msg->header_field_count = fields.count;
	return true;
}

static bool take_item(struct reading *r, const struct mail_item *item)
{
	struct arena *mem = r->m.work.call.mem;
	struct message *msg = &r->message;

	msg->structure = item->structure;
	return summary_of(mem, &r->m.id.folder, item, &msg->summary, &msg->view) &&
	       take_fields(r, item);
}

static void show(struct reading *r)
{
	if (take_item(r, &r->item))
		read_texts(r);
	else
		work_fail(&r->m.work, ERR_NOMEM);
}

/* One that is too large is shown by its header alone. */
static void on_whole(struct whole *whole)
{
	struct reading *r = whole->owner;

	if (whole->is_nomem) {
		work_fail(&r->m.work, ERR_NOMEM);
		return;
	}
	if (whole->is_known) {
		r->item.structure = whole->parsed.root;
		if (bytes_is_null(r->item.header))
			r->item.header = whole->parsed.header;
	}
	show(r);
}

static void read_whole(struct reading *r)
{
	r->whole = (struct whole){ .step = &r->m.work.step,
				   .folder = r->m.folder,
				   .key = &r->m.id.key,
				   .done = on_whole,
				   .owner = r };
	whole_run(&r->whole);
}

static void on_item(void *ctx, const struct fault *fault, const struct mail_item *items,
		    size_t count)
{
	const struct fault unreadable =
		fault_with_text(ERR_REFUSED, "the mail server cannot give this message");
	struct reading *r = ctx;

	if (!step_took(&r->m.work.step, fault))
		return;
	if (count == 0) {
		message_work_gone(&r->m);
		return;
	}
	r->item = items[0];
	if (r->item.is_unreadable)
		work_end(&r->m.work, &unreadable);
	else if (r->item.structure)
		show(r);
	else
		read_whole(r);
}

static struct op *ask_item(struct step *s, struct mailstore *ms)
{
	struct reading *r = s->owner;
	unsigned want = MAIL_FLAGS | MAIL_DATES | MAIL_STRUCTURE;

	want |= r->options.all_headers || r->options.header_names.count ? MAIL_HEADER_ALL
									: MAIL_HEADER_SUMMARY;
	return mailstore_fetch(ms, s->call, r->m.folder->path, &r->m.id.key, 1, want, on_item, r);
}

static void ready(struct message_work *m)
{
	step_run(&m->work.step, ask_item);
}

struct op *account_get_message(struct account *a, struct call call, struct bytes id,
			       const struct message_options *options, account_message_cb *cb,
			       void *ctx)
{
	struct reading *r = work_new(a, call, sizeof *r, report);

	if (!r)
		return NULL;
	r->m.work.stop = stop;
	r->options = *options;
	r->cb = cb;
	r->ctx = ctx;
	message_work_begin(&r->m, id, ready);
	return &r->m.work.op;
}
