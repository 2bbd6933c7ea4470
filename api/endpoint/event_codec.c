#include "endpoint/event_codec.h"

#include "json/event.h"
#include "json/summary.h"

static bool put_summary(void *ctx, struct buf *to, const struct summary *s)
{
	struct json_writer w = json_writer_of(to);

	(void)ctx;
	json_summary_lasting(&w, s);
	return buf_err(to) == ERR_OK;
}

static bool put_preview(void *ctx, struct buf *to, struct bytes preview)
{
	struct json_writer w = json_writer_of(to);

	(void)ctx;
	json_put_string(&w, preview);
	return buf_err(to) == ERR_OK;
}

static bool put_event(void *ctx, struct buf *to, const struct account_event *ev)
{
	struct json_writer w = json_writer_of(to);

	(void)ctx;
	json_event_members(&w, ev);
	return buf_err(to) == ERR_OK;
}

/* Whatever changes the bytes of summaries or previews has to count this up. */
#define VERSION 1

const struct account_codec event_codec = { .version = VERSION,
					   .put_summary = put_summary,
					   .put_preview = put_preview,
					   .put_event = put_event };
