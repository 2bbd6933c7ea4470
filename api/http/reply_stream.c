/*
 * Streamed answers. The handler's pieces go into a buffer, MHD's reader takes
 * them from there when the client has room; an empty buffer suspends the
 * connection, a full one pauses the handler. So a transfer of any size costs
 * the buffer, what the mail side had already decoded, and MHD's block.
 */
#include "base/log.h"
#include "http/internal.h"

#define BLOCK_BYTES (32 * 1024)

static void on_drained(struct loop_task *t)
{
	struct request *rq = RING_ENTRY(t, struct request, stream.drained);

	if (rq->stream.on_drain)
		rq->stream.on_drain(rq->stream.ctx);
}

ssize_t reply_stream_read(void *ctx, uint64_t pos, char *to, size_t max)
{
	struct request *rq = ctx;
	struct reply_stream *st = &rq->stream;
	size_t n = st->out.len < max ? st->out.len : max;

	/* The last byte waits for the end: only then is the answer known to be whole,
	 * and MHD is through with the request when it has them all. */
	if (!st->is_complete && n > 0 && pos + n == st->size)
		n--;
	if (n > 0) {
		memcpy(to, buf_bytes(&st->out).at, n);
		buf_consume(&st->out, n);
		rq->bytes_out += n;
		if (st->is_paused && st->out.len <= HTTP_STREAM_LOW_BYTES) {
			st->is_paused = false;
			/* Not from inside MHD: it may write more at once. */
			loop_task_start(rq->server->loop, &st->drained);
		}
		return (ssize_t)n;
	}
	if (!st->is_ended && !rq->client_gone) {
		request_suspend(rq);
		return 0;
	}
	if (st->is_complete)
		return MHD_CONTENT_READER_END_OF_STREAM;
	/* A connection that dies while a chunk is made ready is forgotten by 0.9.75
	 * until it times out; one that is resumed is looked at. */
	MHD_suspend_connection(rq->mhd);
	MHD_resume_connection(rq->mhd);
	server_touch(rq->server);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

void reply_stream(struct request *rq, unsigned status, const char *type, uint64_t size,
		  void (*on_drain)(void *ctx), void *ctx)
{
	struct reply_stream *st = &rq->stream;
	struct fault f = fault_of(ERR_NOMEM);
	struct MHD_Response *r;

	if (rq->state >= REQUEST_REPLY)
		return; /* the client has gone */
	r = MHD_create_response_from_callback(size == UINT64_MAX ? MHD_SIZE_UNKNOWN : size,
					      BLOCK_BYTES, reply_stream_read, rq, NULL);
	if (!r) {
		reply_fault(rq, &f);
		return;
	}
	reply_header(rq, "Content-Type", bytes_of_str(type));
	*st = (struct reply_stream){
		.is_on = true, .size = size, .on_drain = on_drain, .ctx = ctx
	};
	st->drained.run = on_drained;
	buf_init(&st->out, HTTP_STREAM_HIGH_BYTES + 2 * FLOW_SLACK_BYTES);
	reply_set_response(rq, status, r, UINT64_MAX);
}

static bool is_swallowed(const struct request *rq)
{
	return rq->is_head || !rq->stream.is_on || rq->stream.is_ended || rq->client_gone;
}

enum flow reply_stream_data(struct request *rq, struct bytes piece)
{
	struct reply_stream *st = &rq->stream;

	st->given += piece.len;
	if (is_swallowed(rq))
		return FLOW_MORE;
	buf_append(&st->out, piece);
	if (buf_err(&st->out)) {
		/* No memory, or the giver did not pause. */
		reply_stream_end(rq, false);
		return FLOW_MORE;
	}
	if (rq->state == REQUEST_SENDING)
		request_resume(rq);
	st->is_paused |= st->out.len >= HTTP_STREAM_HIGH_BYTES;
	return st->is_paused ? FLOW_PAUSE : FLOW_MORE;
}

void reply_stream_end(struct request *rq, bool complete)
{
	struct reply_stream *st = &rq->stream;

	if (!st->is_on || st->is_ended)
		return;
	if (complete && st->size != UINT64_MAX && st->given != st->size && !rq->is_head) {
		log_msg(LOG_WARN, "length", "%s: %llu bytes announced, %llu given",
			rq->route->operation, (unsigned long long)st->size,
			(unsigned long long)st->given);
		complete = false;
	}
	st->is_ended = true;
	st->is_complete = complete;
	if (rq->state == REQUEST_SENDING)
		request_resume(rq);
}

void reply_stream_abort(struct request *rq)
{
	request_cancel_op(rq);
	buf_reset(&rq->stream.out);
	reply_stream_end(rq, false);
}

void reply_stream_done(struct request *rq)
{
	if (!rq->stream.is_on)
		return;
	loop_task_stop(&rq->stream.drained);
	buf_done(&rq->stream.out);
}
