/* A stream between a loop and a socket pair, step by step as the input says. What
 * the server writes comes out whole and in order, what the client writes goes in
 * whole and in order; a stream that has begun to inflate survives anything. */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

#define OUT_MAX_BYTES 1000

struct world {
	struct loop *loop;
	struct stream *stream;
	int server;
	bool pauses;    /* answer the next piece with FLOW_PAUSE */
	bool is_paused; /* and so nothing may come */
	bool is_closed;
	bool deflates;
	struct buf said, got;      /* by the server, to the client */
	struct buf written, heard; /* by the client, to the server */
};

static enum flow on_data(void *ctx, struct bytes data)
{
	struct world *w = ctx;

	fuzz_check(!w->is_closed && data.len > 0);
	fuzz_check(!w->is_paused);
	buf_append(&w->got, data);
	w->is_paused = w->pauses;
	return w->pauses ? FLOW_PAUSE : FLOW_MORE;
}

static void on_closed(void *ctx, const struct fault *fault)
{
	struct world *w = ctx;

	fuzz_check(!w->is_closed && fault->err != ERR_OK);
	w->is_closed = true;
}

static const struct stream_events events = { .on_data = on_data, .on_closed = on_closed };

static void set_up(struct world *w)
{
	int p[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) == 0);
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	w->server = p[1];
	w->loop = loop_new();
	w->stream = stream_new(w->loop, p[0], OUT_MAX_BYTES, &events, w);
	fuzz_check(w->stream);
	buf_init(&w->said, SIZE_MAX);
	buf_init(&w->got, 512 * 1024 * 1024);
	buf_init(&w->written, SIZE_MAX);
	buf_init(&w->heard, SIZE_MAX);
}

static void tear_down(struct world *w)
{
	stream_free(w->stream);
	loop_free(w->loop);
	close(w->server);
	buf_done(&w->said);
	buf_done(&w->got);
	buf_done(&w->written);
	buf_done(&w->heard);
}

static void server_says(struct world *w, struct bytes piece)
{
	ssize_t n = send(w->server, piece.at, piece.len, MSG_NOSIGNAL);

	if (n > 0)
		buf_append(&w->said, bytes_first(piece, (size_t)n));
}

static void server_listens(struct world *w)
{
	uint8_t chunk[4096];
	ssize_t n;

	while ((n = read(w->server, chunk, sizeof chunk)) > 0)
		buf_append(&w->heard, bytes_of(chunk, (size_t)n));
}

static void client_writes(struct world *w, struct bytes piece)
{
	enum err e = stream_write(w->stream, piece);

	fuzz_check(e == ERR_OK || w->is_closed || e == ERR_TOO_BIG || e == ERR_NET);
	if (e == ERR_OK)
		buf_append(&w->written, piece);
}

static void resume(struct world *w)
{
	w->is_paused = false;
	w->pauses = false;
	stream_resume(w->stream);
}

static void begin_to_deflate(struct world *w, struct bytes leftover)
{
	enum err e = stream_start_deflate(w->stream, leftover);

	fuzz_check((e == ERR_OK) == (!w->is_closed && !w->deflates));
	w->deflates = w->deflates || e == ERR_OK;
}

/* One step: its kind in the upper bits, in the lower the length of its piece. */
static struct bytes step(struct world *w, struct bytes in)
{
	struct bytes piece = bytes_first(bytes_skip(in, 1), in.at[0] & 0x1f);

	switch (in.at[0] >> 5) {
	case 0:
	case 1: server_says(w, piece); break;
	case 2: client_writes(w, piece); break;
	case 3: w->pauses = true; return bytes_skip(in, 1);
	case 4: resume(w); return bytes_skip(in, 1);
	case 5: loop_turn(w->loop, 0); return bytes_skip(in, 1);
	case 6: server_listens(w); return bytes_skip(in, 1);
	default: begin_to_deflate(w, piece); break;
	}
	return bytes_skip(in, 1 + piece.len);
}

static void check_end(struct world *w)
{
	resume(w);
	for (int i = 0; i < 3; i++) {
		loop_turn(w->loop, 0);
		server_listens(w);
	}
	if (w->deflates)
		return;
	fuzz_check(!w->is_closed);
	fuzz_check(bytes_equal(buf_bytes(&w->got), buf_bytes(&w->said)));
	fuzz_check(bytes_equal(buf_bytes(&w->heard), buf_bytes(&w->written)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { 0 };
	struct bytes in = { data, size };

	set_up(&w);
	while (in.len > 0)
		in = step(&w, in);
	check_end(&w);
	tear_down(&w);
	return 0;
}
