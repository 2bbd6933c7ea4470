/* "charset<LF>bytes": whatever the charset, UTF-8 comes out, no more of it than
 * there is room for, and with less room the beginning of the same. */
#include "fuzz.h"

#include "mime/charset.h"

#define ROOM_BYTES 37

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size), name;
	struct charset_result result, narrow_result;
	struct buf all, narrow;

	if (!bytes_split(&rest, '\n', &name) || bytes_is_null(rest))
		return 0;
	buf_init(&all, 1 << 24);
	buf_init(&narrow, ROOM_BYTES);
	fuzz_check(charset_to_utf8(name, rest, false, &all, &result) == ERR_OK);
	fuzz_check(charset_to_utf8(name, rest, false, &narrow, &narrow_result) == ERR_OK);
	fuzz_check(!result.is_truncated);
	fuzz_check(bytes_is_utf8(buf_bytes(&all)) && bytes_is_utf8(buf_bytes(&narrow)));
	fuzz_check(bytes_starts_with(buf_bytes(&all), buf_bytes(&narrow)));
	fuzz_check(narrow_result.is_truncated || all.len == narrow.len);
	buf_done(&all);
	buf_done(&narrow);
	return 0;
}
