/* Modified UTF-7: what is decoded is encoded to the same bytes, and the other
 * way round. And every name that has no NUL comes back from its path. */
#include "fuzz.h"

#include "imap/name.h"
#include "imap/utf7.h"

static void check_name(struct arena *mem, struct bytes in, bool is_utf8)
{
	struct bytes name = bytes_skip(in, 1), path;
	struct buf again;

	if (!in.len || bytes_index(name, 0) < name.len)
		return;
	buf_init(&again, SIZE_MAX);
	path = imap_name_decode(mem, name, (char)in.at[0], is_utf8);
	fuzz_check(!bytes_is_null(path) && bytes_is_utf8(path));
	fuzz_check(imap_name_encode(&again, path, is_utf8) == ERR_OK);
	fuzz_check(bytes_equal(buf_bytes(&again), name));
	buf_done(&again);
}

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
	check_name(mem, in, false);
	check_name(mem, in, true);
	arena_free(mem);
	return 0;
}
