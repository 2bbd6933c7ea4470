/* Transfer encodings: the first byte says which, the second where the input is
 * cut. In pieces or at once the result is the same. */
#include "fuzz.h"

#include "mime/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), first;
	struct mime_decoder d;
	struct buf whole, cut;
	bool is_problem;

	if (size < 2)
		return 0;
	in = bytes_skip(in, 2);
	buf_init(&whole, 1 << 24);
	buf_init(&cut, 1 << 24);
	fuzz_check(mime_decode_all((enum part_encoding)(data[0] % 4), in, &whole, &is_problem) ==
		   ERR_OK);
	mime_decoder_init(&d, (enum part_encoding)(data[0] % 4));
	while (in.len) {
		size_t before = cut.len;

		first = bytes_first(in, 1 + data[1] % 67);
		fuzz_check(mime_decoder_push(&d, first, &cut) == ERR_OK);
		fuzz_check(cut.len - before <= mime_decoder_bound(first.len));
		in = bytes_skip(in, first.len);
	}
	fuzz_check(mime_decoder_end(&d, &cut) == ERR_OK);
	fuzz_check(d.is_problem == is_problem);
	fuzz_check(bytes_equal(buf_bytes(&whole), buf_bytes(&cut)));
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
