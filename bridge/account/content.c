/*
 * A part or a whole message as a stream: decoded on the way, in constant memory,
 * as fast as its receiver takes it.
 *
 * The decoded size of a part is known only once it has been decoded from end to
 * end (base64 of unknown line lengths, quoted-printable). Until then ranges that
 * depend on the size are answered with the whole, and a closed range is served by
 * decoding from the beginning; one that might reach beyond the end makes us count
 * first. See content_decoded.c for servers that decode by themselves.
 */
#include "account/content.h"
#include "mime/params.h"

static void report(struct work *w, const struct fault *fault)
{
	struct transfer *t = (struct transfer *)w;

	t->events.on_done(t->ctx, fault);
}

static void stop(struct work *w)
{
	struct transfer *t = (struct transfer *)w;

	content_flow_stop(t);
	whole_done(&t->whole);
}

static void resume(struct op *op)
{
	content_flow_resume((struct transfer *)op);
}

static void cancel(struct op *op)
{
	struct transfer *t = (struct transfer *)op;

	if (t->gone)
		*t->gone = true;
	work_cancel(op);
}

static const struct op_class transfer_class = { cancel, resume };

/* --- the end -------------------------------------------------------------- */

static void begin(struct transfer *t);

/* Did everything come that the head says? */
static bool is_complete(const struct transfer *t)
{
	if (t->head.is_partial)
		return t->position > t->head.last;
	return !t->head.is_size_exact || t->position == t->head.size_bytes;
}

static void flowed(struct transfer *t)
{
	bool gone = false;

	if (!t->section.first && !t->section.length && !t->has_enough)
		sizes_note(&t->m.work.account->sizes, &t->m.id, t->part_id, t->position);
	if (t->is_counting) {
		begin(t);
	} else if (!is_complete(t)) {
		work_fail(&t->m.work, ERR_PROTO);
	} else {
		t->gone = &gone;
		content_tell_head(t);
		if (gone)
			return;
		t->gone = NULL;
		work_end(&t->m.work, NULL);
	}
}

/* --- which bytes ------------------------------------------------------ */

/* So many decoded bytes at least come of so many encoded ones. */
static uint64_t least_bytes(enum part_encoding encoding, uint64_t encoded)
{
	switch (encoding) {
	case PART_ENCODING_IDENTITY: return encoded;
	case PART_ENCODING_BASE64:
	case PART_ENCODING_UUENCODE: return encoded / 2;
	case PART_ENCODING_QUOTED_PRINTABLE: return encoded / 3;
	}
	return 0;
}

/* Settles head.first and .last for a size that is sure. False: not satisfiable. */
static bool place_exactly(struct transfer *t)
{
	const struct content_range *r = &t->range;
	struct content_head *h = &t->head;

	if (r->is_suffix) {
		if (!r->first || !h->size_bytes)
			return false;
		h->first = r->first < h->size_bytes ? h->size_bytes - r->first : 0;
		h->last = h->size_bytes - 1;
	} else {
		if (r->first >= h->size_bytes || r->last < r->first)
			return false;
		h->first = r->first;
		h->last = r->last < h->size_bytes ? r->last : h->size_bytes - 1;
	}
	h->is_partial = true;
	return true;
}

static bool place(struct transfer *t)
{
	const struct content_range *r = &t->range;
	struct content_head *h = &t->head;

	h->is_partial = t->is_counting = false;
	h->first = 0;
	h->last = UINT64_MAX;
	if (!r->has_range)
		return true;
	if (h->is_size_exact)
		return place_exactly(t);
	if (r->is_suffix || r->last == UINT64_MAX)
		return true; /* the whole, as if no range had been asked for */
	if (r->last < r->first)
		return false;
	h->is_partial = true;
	h->first = r->first;
	h->last = r->last;
	t->is_counting = r->last >= least_bytes(t->encoding, t->section.whole_bytes);
	return true;
}

static void begin(struct transfer *t)
{
	struct content_head *h = &t->head;
	uint64_t known;

	if (sizes_find(&t->m.work.account->sizes, &t->m.id, t->part_id, &known)) {
		h->size_bytes = known;
		h->is_size_exact = true;
	} else if (content_decoded_is_wanted(t)) {
		content_decoded_ask_size(t);
		return;
	}
	if (!place(t)) {
		if (h->is_size_exact && t->events.on_outside)
			t->events.on_outside(t->ctx, h->size_bytes);
		work_fail_code(&t->m.work, ERR_INVALID, "range-not-satisfiable");
		return;
	}
	if (h->is_partial && t->encoding == PART_ENCODING_IDENTITY && !t->is_counting) {
		t->section.first = h->first;
		t->section.length = h->last - h->first + 1;
	} else if (h->is_partial && h->is_size_exact && content_decoded_is_wanted(t)) {
		content_decoded_range(t);
	}
	content_flow(t);
}

/* --- the message and the part ----------------------------------------- */

static bool is_message(const struct part *p)
{
	return bytes_equal_str(p->type, "message/rfc822") ||
	       bytes_equal_str(p->type, "message/global");
}

static void take_part(struct transfer *t, const struct part *p)
{
	struct arena *mem = t->m.work.call.mem;

	t->encoding = p->encoding;
	t->head = (struct content_head){ .type = p->type,
					 .name = mime_clean_filename(mem, p->name),
					 .size_bytes = p->size,
					 .is_size_exact = p->is_size_exact };
	if (bytes_starts_with(p->type, BYTES_LIT("text/")))
		t->head.charset = p->charset;
	t->section = (struct mail_section){ .section = p->part_id,
					    .whole_known = true,
					    .whole_bytes = p->encoded_size };
}

static void take_raw(struct transfer *t, const struct mail_item *item)
{
	t->encoding = PART_ENCODING_IDENTITY;
	t->head = (struct content_head){ .type = BYTES_LIT("message/rfc822"),
					 .size_bytes = item->size,
					 .is_size_exact =
						 !t->m.work.account->caps.sizes_are_estimates };
	t->section = (struct mail_section){ .section = BYTES_LIT(""),
					    .whole_known = true,
					    .whole_bytes = item->size };
}

static bool find_part(struct transfer *t, struct part *structure)
{
	const struct part *p = NULL;

	if (structure && mime_decode_part_names(t->m.work.call.mem, structure) == ERR_OK)
		p = part_find(structure, t->part_id);
	if (!p || p->is_multipart || (t->nested && !is_message(p)))
		return false;
	take_part(t, p);
	return true;
}

static void on_whole(struct whole *whole)
{
	struct transfer *t = whole->owner;

	if (whole->is_nomem)
		work_fail(&t->m.work, ERR_NOMEM);
	else if (!whole->is_known)
		work_fail(&t->m.work, ERR_TOO_BIG);
	else if (find_part(t, whole->parsed.root))
		begin(t);
	else if (!work_is_starved(&t->m.work))
		work_fail_code(&t->m.work, ERR_NOT_FOUND, "part-not-found");
}

/* The server could not say what parts there are. */
static void read_whole(struct transfer *t)
{
	t->whole = (struct whole){ .step = &t->m.work.step,
				   .folder = t->m.folder,
				   .key = &t->m.id.key,
				   .done = on_whole,
				   .owner = t };
	whole_run(&t->whole);
}

static void on_item(void *ctx, const struct fault *fault, const struct mail_item *items,
		    size_t count)
{
	struct transfer *t = ctx;

	if (!step_took(&t->m.work.step, fault))
		return;
	if (count == 0) {
		message_work_gone(&t->m);
	} else if (bytes_is_null(t->part_id)) {
		take_raw(t, &items[0]);
		begin(t);
	} else if (!items[0].structure) {
		read_whole(t);
	} else if (find_part(t, items[0].structure)) {
		begin(t);
	} else if (!work_is_starved(&t->m.work)) {
		work_fail_code(&t->m.work, ERR_NOT_FOUND, "part-not-found");
	}
}

static struct op *ask_item(struct step *s, struct mailstore *ms)
{
	struct transfer *t = s->owner;
	unsigned want = bytes_is_null(t->part_id) ? MAIL_DATES : MAIL_STRUCTURE;

	return mailstore_fetch(ms, s->call, t->m.folder->path, &t->m.id.key, 1, want, on_item, t);
}

static void ready(struct message_work *m)
{
	struct transfer *t = (struct transfer *)m;

	content_decoded_init(t, begin);
	step_run(&m->work.step, ask_item);
}

static struct op *transfer_start(struct account *a, struct call call, struct bytes id,
				 struct bytes part_id, bool nested,
				 const struct content_range *range,
				 const struct content_events *events, void *ctx)
{
	struct transfer *t = work_new(a, call, sizeof *t, report);

	if (!t)
		return NULL;
	t->m.work.op.cls = &transfer_class;
	t->m.work.stop = stop;
	t->m.work.step.lease.flags = LEASE_LONG;
	t->part_id = part_id;
	t->nested = nested;
	t->range = *range;
	t->events = *events;
	t->ctx = ctx;
	t->flowed = flowed;
	content_flow_init(t);
	message_work_begin(&t->m, id, ready);
	return &t->m.work.op;
}

struct op *account_stream_part(struct account *a, struct call call, struct bytes id,
			       struct bytes part_id, bool nested, const struct content_range *range,
			       const struct content_events *events, void *ctx)
{
	struct bytes copy = arena_bytes(call.mem, bytes_is_null(part_id) ? BYTES_LIT("") : part_id);

	if (bytes_is_null(copy))
		return NULL;
	return transfer_start(a, call, id, copy, nested, range, events, ctx);
}

struct op *account_stream_raw(struct account *a, struct call call, struct bytes id,
			      const struct content_range *range,
			      const struct content_events *events, void *ctx)
{
	return transfer_start(a, call, id, BYTES_NULL, false, range, events, ctx);
}
