/*
 * How the bytes of a transfer get to its receiver.
 *
 * Usually as they come: the mail store reads no faster than the receiver takes
 * them. But where an account has one session only, a receiver that takes his time
 * would keep it from everybody else: then it is fetched in slices, each quickly
 * into memory, and given from there while the session does other things.
 */
#include "account/content.h"

#define PIECE_BYTES 16384
#define SLICE_BYTES (256 * 1024)
/* What is left of a transfer that nobody needs is read to its end when it is not
 * more than this; else the session is given up. */
#define DRAIN_BYTES (256 * 1024)

/* --- giving --------------------------------------------------------------- */

void content_tell_head(struct transfer *t)
{
	if (t->is_head_told)
		return;
	t->is_head_told = true;
	t->m.work.step.is_partial = true;
	t->events.on_head(t->ctx, &t->head);
}

/* Nothing more is needed, or can be had: ends it when the mail store is not on the
 * stack. */
static void end_soon(struct transfer *t)
{
	t->has_enough = true;
	loop_task_start(t->m.work.account->hub->loop, &t->enough);
}

static void on_enough(struct loop_task *task)
{
	struct transfer *t =
		(struct transfer *)(void *)((char *)task - offsetof(struct transfer, enough));

	if (t->broken)
		work_fail(&t->m.work, t->broken);
	else
		work_end(&t->m.work, NULL);
}

static bool is_worth_draining(const struct transfer *t)
{
	return t->section.whole_known &&
	       t->encoded_position + DRAIN_BYTES >= t->section.whole_bytes;
}

/* Passes on what of these decoded bytes is asked for. Afterwards *t->gone tells
 * whether there still is a transfer. */
static enum flow give(struct transfer *t, struct bytes b)
{
	uint64_t start = t->position;
	bool *gone = t->gone;
	enum flow flow;

	t->position += b.len;
	if (t->is_counting || t->has_enough || t->position <= t->head.first)
		return FLOW_MORE;
	if (start < t->head.first) {
		b = bytes_skip(b, (size_t)(t->head.first - start));
		start = t->head.first;
	}
	if (b.len > t->head.last - start)
		b = bytes_first(b, (size_t)(t->head.last - start + 1));
	content_tell_head(t);
	if (*gone)
		return FLOW_PAUSE;
	flow = t->events.on_data(t->ctx, b);
	if (!*gone && start + b.len > t->head.last) {
		t->has_enough = true;
		if (t->is_pumped || !is_worth_draining(t))
			end_soon(t);
		return FLOW_MORE;
	}
	return flow;
}

static enum flow decode(struct transfer *t, struct bytes encoded)
{
	buf_reset(&t->decoded);
	t->broken = mime_decoder_push(&t->decoder, encoded, &t->decoded);
	if (t->broken) {
		end_soon(t);
		return FLOW_PAUSE;
	}
	return t->decoded.len ? give(t, buf_bytes(&t->decoded)) : FLOW_MORE;
}

/* Takes a piece as it came. False: the receiver has cancelled the transfer. */
static bool take(struct transfer *t, struct bytes data, enum flow *ret_flow)
{
	enum flow flow = FLOW_MORE;
	bool gone = false;

	t->gone = &gone;
	t->encoded_position += data.len;
	while (data.len && !gone && !t->broken) {
		struct bytes piece = bytes_first(data, PIECE_BYTES);
		bool is_plain = t->encoding == PART_ENCODING_IDENTITY;

		if ((is_plain ? give(t, piece) : decode(t, piece)) == FLOW_PAUSE)
			flow = FLOW_PAUSE;
		data = bytes_skip(data, PIECE_BYTES);
	}
	*ret_flow = flow;
	if (gone)
		return false;
	t->gone = NULL;
	return true;
}

/* --- the end -------------------------------------------------------------- */

/* What the decoder held back. */
static void flush(struct transfer *t)
{
	if (t->encoding == PART_ENCODING_IDENTITY || t->has_enough)
		return;
	buf_reset(&t->decoded);
	t->broken = mime_decoder_end(&t->decoder, &t->decoded);
	if (!t->broken && t->decoded.len)
		(void)give(t, buf_bytes(&t->decoded));
}

/* Nothing more will come. */
static void input_ended(struct transfer *t)
{
	bool gone = false;

	t->gone = &gone;
	if (!t->broken)
		flush(t);
	if (gone)
		return;
	t->gone = NULL;
	if (t->broken)
		work_fail(&t->m.work, t->broken);
	else
		t->flowed(t);
}

/* --- as it comes ------------------------------------------------------------ */

static void reset(struct transfer *t)
{
	mime_decoder_init(&t->decoder, t->encoding);
	t->position = t->section.first; /* only set where nothing is encoded */
	t->encoded_position = 0;
}

static enum flow on_data(void *ctx, struct bytes data)
{
	enum flow flow;

	(void)take(ctx, data, &flow);
	return flow;
}

static void on_done(void *ctx, const struct fault *fault)
{
	struct transfer *t = ctx;

	if (t->broken || step_took(&t->m.work.step, t->has_enough ? NULL : fault))
		input_ended(t);
}

static struct op *start_stream(struct step *s, struct mailstore *ms)
{
	struct transfer *t = s->owner;

	reset(t);
	return mailstore_stream(ms, s->call, t->m.folder->path, &t->m.id.key, &t->section, on_data,
				on_done, t);
}

/* --- from memory -------------------------------------------------------------- */

static struct op *start_slice(struct step *s, struct mailstore *ms);

static void on_pump(struct loop_task *task)
{
	struct transfer *t =
		(struct transfer *)(void *)((char *)task - offsetof(struct transfer, pump));

	while (t->chunk.len && !t->is_paused) {
		struct bytes piece = bytes_first(t->chunk, PIECE_BYTES);
		enum flow flow;

		t->chunk = bytes_skip(t->chunk, PIECE_BYTES);
		if (!take(t, piece, &flow))
			return;
		if (t->broken || t->has_enough)
			return; /* its own task ends it */
		t->is_paused = flow == FLOW_PAUSE;
	}
	if (t->is_paused || t->is_fetching)
		return;
	if (t->is_last) {
		input_ended(t);
		return;
	}
	t->is_fetching = true;
	step_run(&t->m.work.step, start_slice);
}

static void pump_soon(struct transfer *t)
{
	loop_task_start(t->m.work.account->hub->loop, &t->pump);
}

static uint64_t slice_length(const struct transfer *t)
{
	uint64_t left = t->section.length - t->encoded_position;

	return t->section.length && left < SLICE_BYTES ? left : SLICE_BYTES;
}

static enum flow on_slice_data(void *ctx, struct bytes data)
{
	struct transfer *t = ctx;

	buf_append(&t->slice, data);
	return FLOW_MORE;
}

static void on_slice(void *ctx, const struct fault *fault)
{
	struct transfer *t = ctx;
	uint64_t asked = slice_length(t);

	if (!step_took(&t->m.work.step, fault))
		return;
	step_release(&t->m.work.step);
	t->is_fetching = false;
	t->broken = buf_err(&t->slice);
	t->chunk = buf_bytes(&t->slice);
	t->is_last = t->broken || t->chunk.len < asked ||
		     (t->section.length && t->encoded_position + asked == t->section.length);
	if (t->broken)
		t->chunk = BYTES_NULL;
	pump_soon(t);
}

static struct op *start_slice(struct step *s, struct mailstore *ms)
{
	struct transfer *t = s->owner;
	struct mail_section slice = t->section;

	slice.first = t->section.first + t->encoded_position;
	slice.length = slice_length(t);
	buf_reset(&t->slice);
	return mailstore_stream(ms, s->call, t->m.folder->path, &t->m.id.key, &slice, on_slice_data,
				on_slice, t);
}

/* --- which way --------------------------------------------------------------------- */

static bool wants_slices(const struct account *a)
{
	/* An exclusive maildrop cannot give parts of a message. */
	return a->pool.limit < 2 && a->caps.sessions_max != 1;
}

static void flow_from_whole(struct transfer *t)
{
	struct bytes found;

	if (!mime_message_section(&t->whole.parsed, t->section.section, &found)) {
		work_fail_code(&t->m.work, ERR_NOT_FOUND, "part-not-found");
		return;
	}
	found = bytes_skip(found, (size_t)t->section.first);
	if (t->section.length)
		found = bytes_first(found, (size_t)t->section.length);
	t->chunk = found;
	t->is_pumped = t->is_last = true;
	pump_soon(t);
}

void content_flow(struct transfer *t)
{
	reset(t);
	if (t->whole.is_known) {
		flow_from_whole(t);
	} else if (wants_slices(t->m.work.account)) {
		t->is_pumped = true;
		t->is_last = false;
		pump_soon(t);
	} else {
		step_run(&t->m.work.step, start_stream);
	}
}

void content_flow_init(struct transfer *t)
{
	t->enough.run = on_enough;
	t->pump.run = on_pump;
	buf_init(&t->decoded, mime_decoder_bound(PIECE_BYTES));
	buf_init(&t->slice, SLICE_BYTES + FLOW_SLACK_BYTES);
}

void content_flow_stop(struct transfer *t)
{
	loop_task_stop(&t->enough);
	loop_task_stop(&t->pump);
	buf_done(&t->decoded);
	buf_done(&t->slice);
}

void content_flow_resume(struct transfer *t)
{
	if (!t->is_pumped) {
		op_resume(t->m.work.step.running);
		return;
	}
	t->is_paused = false;
	pump_soon(t);
}
