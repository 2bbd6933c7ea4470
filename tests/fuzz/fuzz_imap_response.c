/*
 * The bytes of a server: framed whole and in slices that the input decides,
 * which must give the same; each response is parsed and all of it looked at.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "imap/response.h"
#include "json.h"

#define ASK_ABOVE_BYTES 8
#define ARENA_BYTES     (64 * 1024 * 1024)

static void parse(const struct imap_frame *frame)
{
	struct arena *mem = arena_new(ARENA_BYTES);
	struct imap_frame exact = *frame;
	struct imap_parse_fault fault = { 0 };
	struct imap_response r;
	uint8_t *copy = fuzz_copy(frame->text);

	exact.text.at = copy;
	if (imap_parse(&exact, &imap_limits_default, mem, &r, &fault) == ERR_OK)
		json_decref(json_of_data(&r));
	else
		fuzz_check(fault.reason && fault.offset <= exact.text.len);
	arena_free(mem);
	free(copy);
}

/* An event as bytes. Pieces of data are joined, for they may differ. */
static void note(struct buf *log, enum imap_framer_event event, const struct imap_frame *frame)
{
	if (event == IMAP_FRAMER_DATA) {
		buf_append(log, frame->data);
		return;
	}
	buf_printf(log, "\n%d %llu %llu %d %d %zu ", event, (unsigned long long)frame->offset,
		   (unsigned long long)frame->literal_bytes, frame->is_literal8, frame->err,
		   frame->streamed_count);
	for (size_t i = 0; i < frame->streamed_count; i++)
		buf_printf(log, "%zu ", frame->streamed[i].offset);
	buf_append(log, frame->text);
}

static bool feed(struct imap_framer *f, struct bytes in, struct buf *log, bool is_whole)
{
	uint8_t *copy = fuzz_copy(in);
	enum imap_framer_event event;
	struct imap_frame frame;

	in.at = copy;
	while ((event = imap_framer_next(f, &in, &frame)) != IMAP_FRAMER_MORE) {
		note(log, event, &frame);
		if (event == IMAP_FRAMER_BAD)
			break;
		if (event == IMAP_FRAMER_LITERAL && frame.literal_bytes % 2)
			imap_framer_stream(f);
		if (event == IMAP_FRAMER_RESPONSE && is_whole)
			parse(&frame);
	}
	free(copy);
	return event == IMAP_FRAMER_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size }, slices;
	struct imap_limits limits = imap_limits_default;
	struct imap_framer *whole, *sliced;
	struct buf a, b;
	bool goes_on = true;

	if (size < 4)
		return 0;
	slices = bytes_first(in, 4);
	in = bytes_skip(in, 4);
	limits.ask_above_bytes = slices.at[3] & 1 ? ASK_ABOVE_BYTES : UINT64_MAX;
	limits.line_bytes = 1000;
	limits.response_bytes = 5000;
	whole = imap_framer_new(&limits);
	sliced = imap_framer_new(&limits);
	buf_init(&a, SIZE_MAX);
	buf_init(&b, SIZE_MAX);
	feed(whole, in, &a, true);
	for (size_t i = 0; in.len && goes_on; i++) {
		struct bytes slice = bytes_first(in, slices.at[i % slices.len] % 64 + 1U);

		goes_on = feed(sliced, slice, &b, false);
		in = bytes_skip(in, slice.len);
	}
	fuzz_check(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
	buf_done(&a);
	buf_done(&b);
	imap_framer_free(whole);
	imap_framer_free(sliced);
	return 0;
}
