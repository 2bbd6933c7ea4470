/* Compressed bytes from a server: any input is read or refused, and the same
 * whatever its slices and the reader's buffer. */
#include "fuzz.h"

#include "net/deflate.h"

#define CLEAR_MAX_BYTES (1024 * 1024)

/* Reads all that comes; the last error is the result. */
static enum err inflate_all(struct bytes in, size_t slice, size_t room, struct buf *clear)
{
	struct deflate *d = deflate_new();
	uint8_t *to = malloc(room);
	enum err e = ERR_OK;

	fuzz_check(d && to);
	while (in.len > 0 && e == ERR_OK && clear->len < CLEAR_MAX_BYTES) {
		fuzz_check(deflate_feed(d, bytes_first(in, slice)) == ERR_OK);
		in = bytes_skip(in, slice);
		while (e == ERR_OK && deflate_has_input(d) && clear->len < CLEAR_MAX_BYTES) {
			size_t n = 0;

			e = deflate_read(d, to, room, &n);
			fuzz_check(n <= room);
			buf_append(clear, bytes_of(to, n));
		}
	}
	free(to);
	deflate_free(d);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct buf whole, sliced;
	enum err e;

	buf_init(&whole, 2 * CLEAR_MAX_BYTES);
	buf_init(&sliced, 2 * CLEAR_MAX_BYTES);
	e = inflate_all(in, size + 1, 16 * 1024, &whole);
	fuzz_check(inflate_all(in, 7, 1000, &sliced) == e);
	if (e == ERR_OK && whole.len < CLEAR_MAX_BYTES)
		fuzz_check(bytes_equal(buf_bytes(&whole), buf_bytes(&sliced)));
	buf_done(&whole);
	buf_done(&sliced);
	return 0;
}
