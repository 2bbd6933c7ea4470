/* net/deflate, and streams that have begun to deflate; zlib plays the server. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "client.h"
#include "net/deflate.h"

static int new_loop(void **state)
{
	*state = loop_new();
	return *state ? 0 : -1;
}

static int free_loop(void **state)
{
	loop_free(*state);
	return 0;
}

/* What a server would send for `clear`, flushed. */
static void compress_for_client(struct bytes clear, struct buf *to)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)clear.at;
	z.avail_in = (uInt)clear.len;
	do {
		z.next_out = buf_reserve(to, 4096);
		z.avail_out = 4096;
		deflate(&z, Z_SYNC_FLUSH);
		buf_commit(to, 4096 - z.avail_out);
	} while (z.avail_out == 0);
	deflateEnd(&z);
}

/* What a server would make of what the client sent. */
static void check_inflates_to(struct bytes compressed, struct bytes want)
{
	uint8_t *clear = malloc(want.len + 1);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)compressed.at,
		       .avail_in = (uInt)compressed.len,
		       .next_out = clear,
		       .avail_out = (uInt)want.len + 1 };

	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	inflate(&z, Z_SYNC_FLUSH);
	assert_int_equal(z.avail_in, 0);
	assert_true(bytes_equal(bytes_of(clear, want.len + 1 - z.avail_out), want));
	inflateEnd(&z);
	free(clear);
}

static struct bytes new_text(size_t n)
{
	uint8_t *at = malloc(n);

	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)("FETCH (FLAGS ())\r\n"[i % 18] + (int)(i * i >> 9) % 3);
	return bytes_of(at, n);
}

static void free_text(struct bytes b)
{
	free((void *)(uintptr_t)b.at);
}

/* --- the module --------------------------------------------------------------------- */

static void what_is_written_comes_out_at_the_other_end(void **state)
{
	struct bytes text = new_text(300000);
	struct deflate *d = deflate_new();
	struct buf out;

	(void)state;
	buf_init(&out, 1000000);
	for (size_t at = 0; at < text.len; at += 777)
		assert_int_equal(deflate_write(d, bytes_first(bytes_skip(text, at), 777), &out),
				 ERR_OK);
	assert_int_equal(deflate_flush(d, &out), ERR_OK);
	assert_true(out.len < text.len / 2);
	check_inflates_to(buf_bytes(&out), text);
	/* Nothing new, nothing to flush. */
	buf_reset(&out);
	assert_int_equal(deflate_flush(d, &out), ERR_OK);
	assert_int_equal(out.len, 0);
	buf_done(&out);
	deflate_free(d);
	free_text(text);
}

/* Feeds in pieces of `step` and reads into a buffer of `size`. */
static void check_reading(struct bytes compressed, struct bytes want, size_t step, size_t size)
{
	struct deflate *d = deflate_new();
	uint8_t *to = malloc(size);
	struct buf got;

	buf_init(&got, want.len + 1);
	for (size_t at = 0; at < compressed.len; at += step) {
		assert_int_equal(deflate_feed(d, bytes_first(bytes_skip(compressed, at), step)),
				 ERR_OK);
		while (deflate_has_input(d)) {
			size_t n = 0;

			assert_int_equal(deflate_read(d, to, size, &n), ERR_OK);
			buf_append(&got, bytes_of(to, n));
		}
	}
	assert_true(bytes_equal(buf_bytes(&got), want));
	buf_done(&got);
	free(to);
	deflate_free(d);
}

static void how_input_is_sliced_does_not_matter(void **state)
{
	struct bytes text = new_text(50000);
	struct buf compressed;

	(void)state;
	buf_init(&compressed, 1000000);
	compress_for_client(text, &compressed);
	check_reading(buf_bytes(&compressed), text, 1, 1);
	check_reading(buf_bytes(&compressed), text, 1, 4096);
	check_reading(buf_bytes(&compressed), text, 100000, 1);
	check_reading(buf_bytes(&compressed), text, 313, 1000);
	buf_done(&compressed);
	free_text(text);
}

static void a_bomb_is_given_up(void **state)
{
	static uint8_t zeros[1024 * 1024];
	uint8_t out[16 * 1024];
	struct deflate *d = deflate_new();
	struct buf compressed;
	enum err e = ERR_OK;
	uint64_t total = 0;
	size_t n = 0;

	(void)state;
	buf_init(&compressed, 1000000);
	compress_for_client(bytes_of(zeros, sizeof zeros), &compressed);
	/* The same stored megabyte again and again: each is a whole flush. */
	while (e == ERR_OK && total < 2ull * DEFLATE_SPARE_BYTES) {
		assert_int_equal(deflate_feed(d, buf_bytes(&compressed)), ERR_OK);
		while (e == ERR_OK && deflate_has_input(d)) {
			e = deflate_read(d, out, sizeof out, &n);
			total += n;
		}
	}
	assert_int_equal(e, ERR_TOO_BIG);
	assert_true(total >= DEFLATE_SPARE_BYTES);
	buf_done(&compressed);
	deflate_free(d);
}

static void what_is_not_deflate_is_an_error(void **state)
{
	struct deflate *d = deflate_new();
	uint8_t out[100];
	size_t n;

	(void)state;
	assert_int_equal(deflate_feed(d, BYTES_LIT("\xff\xff\xff\xff")), ERR_OK);
	assert_int_equal(deflate_read(d, out, sizeof out, &n), ERR_PROTO);
	deflate_free(d);
	/* A final block: the peer says that nothing will follow, for ever. */
	d = deflate_new();
	assert_int_equal(deflate_feed(d, BYTES_LIT("\x03\x00")), ERR_OK);
	assert_int_equal(deflate_read(d, out, sizeof out, &n), ERR_PROTO);
	deflate_free(d);
}

/* --- streams -------------------------------------------------------------------------- */

static int pair(struct client *c, struct loop *l)
{
	int p[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
	assert_int_equal(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
	client_init(c, l, p[0], 100000);
	return p[1];
}

/* Writes all of it, the loop reading meanwhile. */
static void say(struct client *c, int fd, struct bytes data)
{
	for (int i = 0; i < CLIENT_TURNS_MAX && data.len > 0; i++) {
		ssize_t n = write(fd, data.at, data.len);

		if (n > 0)
			data = bytes_skip(data, (size_t)n);
		loop_turn(c->loop, 1);
	}
	assert_int_equal(data.len, 0);
}

static void bytes_behind_the_ok_belong_to_the_inflater(void **state)
{
	struct client c;
	int server = pair(&c, *state);
	struct buf compressed;
	struct bytes left;

	buf_init(&compressed, 10000);
	compress_for_client(BYTES_LIT("* first\r\n* second\r\n"), &compressed);
	left = bytes_first(buf_bytes(&compressed), 5);
	assert_int_equal(stream_start_deflate(c.stream, left), ERR_OK);
	assert_int_equal(c.got.len, 0);
	say(&c, server, bytes_skip(buf_bytes(&compressed), 5));
	client_wait_text(&c, "* first\r\n* second\r\n");
	/* Twice is a mistake. */
	assert_int_equal(stream_start_deflate(c.stream, BYTES_NULL), ERR_INTERNAL);
	buf_done(&compressed);
	client_done(&c);
	close(server);
}

static void what_was_queued_before_goes_out_in_clear(void **state)
{
	struct client c;
	int server = pair(&c, *state);
	uint8_t got[1000];
	ssize_t n = 0;

	assert_int_equal(stream_write(c.stream, BYTES_LIT("clear")), ERR_OK);
	assert_int_equal(stream_start_deflate(c.stream, BYTES_NULL), ERR_OK);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("a NOOP\r\n")), ERR_OK);
	assert_int_equal(stream_write(c.stream, BYTES_LIT("b NOOP\r\n")), ERR_OK);
	for (int i = 0; i < CLIENT_TURNS_MAX && c.drained == 0; i++)
		loop_turn(*state, 5);
	n = read(server, got, sizeof got);
	assert_true(n > 5);
	assert_memory_equal(got, "clear", 5);
	check_inflates_to(bytes_of(got + 5, (size_t)n - 5), BYTES_LIT("a NOOP\r\nb NOOP\r\n"));
	client_done(&c);
	close(server);
}

static void a_pause_stops_the_inflater_as_well(void **state)
{
	static uint8_t zeros[4 * 1024 * 1024];
	struct client c;
	int server = pair(&c, *state);
	struct buf compressed;

	buf_init(&compressed, 100000);
	compress_for_client(bytes_of(zeros, sizeof zeros), &compressed);
	assert_int_equal(stream_start_deflate(c.stream, BYTES_NULL), ERR_OK);
	c.pause = true;
	say(&c, server, buf_bytes(&compressed));
	for (int i = 0; i < CLIENT_TURNS_MAX && c.got.len == 0; i++)
		loop_turn(*state, 5);
	for (int i = 0; i < 5; i++) {
		size_t before = c.got.len;

		stream_resume(c.stream);
		loop_turn(*state, 1);
		loop_turn(*state, 0);
		assert_true(c.got.len > before);
		assert_true(c.got.len - before <= FLOW_SLACK_BYTES);
	}
	c.pause = false;
	stream_resume(c.stream);
	client_wait_bytes(&c, sizeof zeros);
	assert_int_equal(c.got.len, sizeof zeros);
	/* In pieces and turns, however well it was compressed. */
	assert_true(c.pieces_max <= FLOW_SLACK_BYTES);
	buf_done(&compressed);
	client_done(&c);
	close(server);
}

static void broken_data_ends_the_stream(void **state)
{
	struct client c;
	int server = pair(&c, *state);

	assert_int_equal(stream_start_deflate(c.stream, BYTES_NULL), ERR_OK);
	say(&c, server, BYTES_LIT("\xff\xff\xff"));
	client_wait_closed(&c, ERR_PROTO, "compressed data is broken");
	client_done(&c);
	close(server);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, new_loop, free_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_comes_out_at_the_other_end),
		cmocka_unit_test(how_input_is_sliced_does_not_matter),
		cmocka_unit_test(a_bomb_is_given_up),
		cmocka_unit_test(what_is_not_deflate_is_an_error),
		ON_LOOP(bytes_behind_the_ok_belong_to_the_inflater),
		ON_LOOP(what_was_queued_before_goes_out_in_clear),
		ON_LOOP(a_pause_stops_the_inflater_as_well),
		ON_LOOP(broken_data_ends_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
