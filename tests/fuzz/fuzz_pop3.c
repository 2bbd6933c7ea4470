/* POP3 answers: whatever the slicing, the same events; every line parser takes
 * every line. The first byte says how the rest is sliced. */
#include "fuzz.h"

#include <stdlib.h>

#include "base/buf.h"
#include "pop3/parse.h"
#include "pop3/reader.h"

static void parse_line(struct bytes line)
{
	struct pop3_caps caps = pop3_caps_none();
	struct pop3_status status;
	struct bytes text;
	uint32_t number;
	uint64_t size;

	if (pop3_status_parse(line, &status)) {
		(void)pop3_status_err(&status, ERR_REFUSED);
		(void)pop3_greeting_timestamp(status.text);
	}
	pop3_caps_add(&caps, line, &text);
	if (pop3_listing_parse(line, &number, &size))
		fuzz_check(number > 0);
	if (pop3_uidl_parse(line, &number, &text))
		fuzz_check(number > 0 && text.len > 0);
	(void)pop3_stat_parse(line, &number, &size);
}

/* The events as text; pieces of one message are one event. */
static void run(struct bytes in, size_t slice_bytes, struct buf *out)
{
	enum pop3_event event, last = POP3_MORE;
	enum pop3_body body = POP3_BODY_NONE;
	struct pop3_reader r;
	struct bytes piece;

	pop3_reader_init(&r, 200);
	while (in.len) {
		struct bytes slice = bytes_first(in, slice_bytes);

		in = bytes_skip(in, slice.len);
		while ((event = pop3_reader_next(&r, &slice, &piece)) != POP3_MORE) {
			if (event != POP3_DATA || last != POP3_DATA)
				buf_printf(out, "<%d>", (int)event);
			last = event;
			if (event == POP3_TOO_LONG)
				break;
			if (event != POP3_END)
				buf_append(out, piece);
			if (event == POP3_STATUS || event == POP3_LINE)
				parse_line(piece);
			if (event == POP3_STATUS && bytes_starts_with(piece, BYTES_LIT("+OK"))) {
				body = body == POP3_BODY_DATA ? POP3_BODY_NONE : body + 1;
				pop3_reader_body(&r, body);
			}
		}
		if (last == POP3_TOO_LONG)
			break;
	}
	pop3_reader_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_skip(bytes_of(data, size), 1);
	struct buf whole, sliced;

	if (size == 0)
		return 0;
	buf_init(&whole, SIZE_MAX);
	buf_init(&sliced, SIZE_MAX);
	run(in, SIZE_MAX, &whole);
	run(in, data[0] % 16 + 1, &sliced);
	fuzz_check(bytes_equal(buf_bytes(&whole), buf_bytes(&sliced)));
	buf_done(&whole);
	buf_done(&sliced);
	return 0;
}
