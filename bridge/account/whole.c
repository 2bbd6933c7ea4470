#include "account/whole.h"

static enum flow on_data(void *ctx, struct bytes data)
{
	struct step *s = ctx;
	struct whole *w = s->whole;

	buf_append(&w->raw, data);
	return FLOW_MORE;
}

static void on_end(void *ctx, const struct fault *fault)
{
	struct step *s = ctx;
	struct whole *w = s->whole;
	enum err err;

	if (!step_took(s, fault))
		return;
	err = buf_err(&w->raw);
	if (err == ERR_OK)
		err = mime_message_parse(s->call.mem, buf_bytes(&w->raw), &w->parsed);
	w->is_known = err == ERR_OK;
	w->is_nomem = err == ERR_NOMEM;
	w->done(w);
}

static struct op *stream(struct step *s, struct mailstore *ms)
{
	struct whole *w = s->whole;
	const struct mail_section all = { .section = BYTES_LIT("") };

	buf_reset(&w->raw);
	return mailstore_stream(ms, s->call, w->folder->path, w->key, &all, on_data, on_end, s);
}

void whole_run(struct whole *w)
{
	buf_init(&w->raw, WHOLE_MAX_BYTES);
	w->step->whole = w;
	step_run(w->step, stream);
}

void whole_done(struct whole *w)
{
	buf_done(&w->raw);
}
