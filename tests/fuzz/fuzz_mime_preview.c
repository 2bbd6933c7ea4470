/* Text or HTML (the first bit says which) becomes a preview. */
#include "fuzz.h"

#include "mime/html_text.h"
#include "mime/preview.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(1 << 20);
	struct bytes text = bytes_skip(bytes_of(data, size), 1), preview;
	struct buf plain;

	if (size && bytes_is_utf8(text)) {
		fuzz_check(mime_preview(mem, text, data[0] & 1, &preview) == ERR_OK);
		fuzz_check(bytes_is_utf8(preview) && preview.len <= MIME_PREVIEW_MAX_BYTES);
		fuzz_check(bytes_equal(bytes_trim(preview), preview));
		buf_init(&plain, 100);
		fuzz_check(mime_html_text(text, &plain) == ERR_OK);
		fuzz_check(bytes_is_utf8(buf_bytes(&plain)));
		buf_done(&plain);
	}
	arena_free(mem);
	return 0;
}
