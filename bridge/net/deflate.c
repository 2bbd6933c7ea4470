#include "net/deflate.h"

#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

#define OUT_WINDOW_BITS (-12) /* negative: raw */
#define OUT_MEM_LEVEL   5
#define IN_WINDOW_BITS  (-15)
#define OUT_STEP_BYTES  512
#define FEED_MAX_BYTES  (1024 * 1024)

struct deflate {
	z_stream out, in;
	struct buf input;   /* not yet inflated */
	bool more;          /* the last read was cut by its size: more may come */
	bool written;       /* something may be inside until the next flush */
	uint64_t in_bytes;  /* inflated from */
	uint64_t out_bytes; /* inflated to */
};

struct deflate *deflate_new(void)
{
	struct deflate *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	buf_init(&d->input, FEED_MAX_BYTES);
	if (deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, OUT_WINDOW_BITS, OUT_MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(d);
		return NULL;
	}
	if (inflateInit2(&d->in, IN_WINDOW_BITS) != Z_OK) {
		deflateEnd(&d->out);
		free(d);
		return NULL;
	}
	return d;
}

void deflate_free(struct deflate *d)
{
	if (!d)
		return;
	deflateEnd(&d->out);
	inflateEnd(&d->in);
	buf_done(&d->input);
	free(d);
}

/* Runs until zlib has taken all and has nothing more to give. */
static enum err run_out(struct deflate *d, struct bytes data, int flush, struct buf *to)
{
	/* zlib's type has no const; it does not write there */
	d->out.next_in = (Bytef *)(uintptr_t)data.at;
	d->out.avail_in = (uInt)data.len;
	do {
		d->out.next_out = buf_reserve(to, OUT_STEP_BYTES);
		if (!d->out.next_out)
			return buf_err(to);
		d->out.avail_out = OUT_STEP_BYTES;
		deflate(&d->out, flush); /* Z_BUF_ERROR: there was nothing to do */
		buf_commit(to, OUT_STEP_BYTES - d->out.avail_out);
	} while (d->out.avail_out == 0 || d->out.avail_in > 0);
	return ERR_OK;
}

enum err deflate_write(struct deflate *d, struct bytes data, struct buf *to)
{
	d->written = d->written || data.len > 0;
	while (data.len > 0) {
		struct bytes piece = bytes_first(data, INT_MAX);
		enum err e = run_out(d, piece, Z_NO_FLUSH, to);

		if (e)
			return e;
		data = bytes_skip(data, piece.len);
	}
	return ERR_OK;
}

enum err deflate_flush(struct deflate *d, struct buf *to)
{
	if (!d->written)
		return ERR_OK;
	d->written = false;
	return run_out(d, BYTES_NULL, Z_SYNC_FLUSH, to);
}

enum err deflate_feed(struct deflate *d, struct bytes data)
{
	buf_append(&d->input, data);
	return buf_err(&d->input);
}

bool deflate_has_input(const struct deflate *d)
{
	return d->input.len > 0 || d->more;
}

enum err deflate_read(struct deflate *d, uint8_t *to, size_t size, size_t *ret_n)
{
	struct bytes input = buf_bytes(&d->input);
	size_t taken, n;
	int rc;

	d->in.next_in = (Bytef *)(uintptr_t)input.at;
	d->in.avail_in = (uInt)input.len;
	d->in.next_out = to;
	d->in.avail_out = (uInt)size;
	rc = inflate(&d->in, Z_NO_FLUSH);
	taken = input.len - d->in.avail_in;
	n = size - d->in.avail_out;
	d->in_bytes += taken;
	d->out_bytes += n;
	d->more = d->in.avail_out == 0;
	buf_consume(&d->input, taken);
	if (d->input.len == 0)
		buf_done(&d->input); /* idle streams keep nothing */
	if (rc == Z_MEM_ERROR)
		return ERR_NOMEM;
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return ERR_PROTO;
	if (d->out_bytes > DEFLATE_SPARE_BYTES + DEFLATE_RATIO * d->in_bytes)
		return ERR_TOO_BIG;
	*ret_n = n;
	return ERR_OK;
}
