/* Transcripts: whatever passes, however it is cut, the server's octets keep their
 * number and their line ends. The input is pieces: a byte that says whose and how
 * long (up to 63), then the piece. */
#include "fuzz.h"

#include "base/buf.h"
#include "net/tap.h"

static void on_write(void *ctx, struct bytes text)
{
	buf_append(ctx, text);
}

/* Gives the pieces to the tap; what the server said is gathered in *said. */
static void play(struct tap *t, struct bytes in, bool bytewise, struct buf *said)
{
	while (in.len > 0) {
		bool outgoing = in.at[0] & 0x80;
		struct bytes piece = bytes_first(bytes_skip(in, 1), in.at[0] & 0x3f);

		in = bytes_skip(in, 1 + piece.len);
		if (!outgoing)
			buf_append(said, piece);
		for (size_t step = bytewise ? 1 : piece.len; piece.len > 0;
		     piece = bytes_skip(piece, step))
			tap_data(t, outgoing, bytes_first(piece, step));
	}
}

static void server_octets(struct bytes transcript, struct buf *to)
{
	struct bytes line;

	while (bytes_split(&transcript, '\n', &line)) {
		struct bytes text = bytes_skip(line, line.len > 2 && line.at[2] == ' ' ? 3 : 2);
		bool escaped = bytes_starts_with(line, BYTES_LIT("S-"));

		if (!escaped && !bytes_starts_with(line, BYTES_LIT("S:")))
			continue;
		for (size_t i = 0; i < text.len; i++) {
			uint8_t c = text.at[i];

			if (escaped && c == '\\') {
				fuzz_check(i + 1 < text.len);
				c = text.at[++i];
				c = c == 'r' ? '\r' : c == 'n' ? '\n' : c;
			}
			buf_append_byte(to, c);
		}
		if (!escaped)
			buf_append_str(to, "\r\n");
	}
}

static void check(enum tap_protocol protocol, struct bytes in, bool bytewise)
{
	struct buf transcript, said, octets;
	struct tap *t;

	buf_init(&transcript, SIZE_MAX);
	buf_init(&said, SIZE_MAX);
	buf_init(&octets, SIZE_MAX);
	t = tap_new(protocol, "ada", on_write, &transcript);
	fuzz_check(t);
	play(t, in, bytewise, &said);
	tap_free(t);
	server_octets(buf_bytes(&transcript), &octets);
	fuzz_check(octets.len == said.len);
	buf_done(&transcript);
	buf_done(&said);
	buf_done(&octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	for (int i = 0; i < 4; i++)
		check(i & 1 ? TAP_POP3 : TAP_IMAP, in, i & 2);
	return 0;
}
