/* Modified UTF-7: what is decoded is encoded to the same bytes, and the other
 * way round. */
#include "fuzz.h"

#include "imap/utf7.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size }, decoded;
	struct arena *mem = arena_new(16 * 1024 * 1024);
	struct buf encoded;

	buf_init(&encoded, SIZE_MAX);
	if (imap_utf7_decode(mem, in, &decoded)) {
		fuzz_check(imap_utf7_encode(&encoded, decoded) == ERR_OK);
		fuzz_check(bytes_equal(buf_bytes(&encoded), in));
	} else {
		fuzz_check(bytes_equal(decoded, in));
	}
	buf_reset(&encoded);
	if (imap_utf7_encode(&encoded, in) == ERR_OK) {
		fuzz_check(imap_utf7_decode(mem, buf_bytes(&encoded), &decoded));
		fuzz_check(bytes_equal(decoded, in));
	}
	buf_done(&encoded);
	arena_free(mem);
	return 0;
}
