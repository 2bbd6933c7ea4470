#include "imap/framer.h"

#include <stdlib.h>

#include "model/keywords.h"
#include "model/part.h"

enum state {
	STATE_LINE,
	STATE_ASKED,  /* LITERAL was returned: stream or keep? */
	STATE_KEEP,   /* in a literal that is kept */
	STATE_STREAM, /* in a literal that is streamed */
	STATE_DONE,   /* RESPONSE was returned; its text is let go with the next call */
	STATE_BAD,
};

/*
 * The response so far stands either directly in the caller's bytes (`direct`,
 * within one call only) or in `kept`: what came whole in one slice is never
 * copied.
 */
struct imap_framer {
	struct imap_limits limits;
	enum state state;
	struct bytes direct;
	struct buf kept;
	bool is_kept;
	bool is_first_line, is_free_text;
	size_t line_start; /* in the text */
	size_t literal_count;
	uint64_t literal_left;
	bool is_literal8;
	uint64_t start, taken; /* offsets in the stream */
	struct imap_streamed streamed[IMAP_STREAMED_MAX];
	size_t streamed_count;
	enum err err;
	const char *reason;
	uint64_t fault;
};

const struct imap_limits imap_limits_default = {
	.line_bytes = 1024 * 1024,
	.number_line_bytes = 11 * 1024 * 1024,
	.response_bytes = 16 * 1024 * 1024,
	.literal_bytes = UINT64_C(4) * 1024 * 1024 * 1024,
	.ask_above_bytes = 64 * 1024,
	.literals = 100000,
	.items = 100000,
	.numbers = 2000000,
	.parts = PARTS_MAX,
	.part_depth = PART_DEPTH_MAX,
	.addresses = 10000,
	.flags = KEYWORDS_MAX,
};

struct imap_framer *imap_framer_new(const struct imap_limits *limits)
{
	struct imap_framer *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->limits = *limits;
	f->is_first_line = true;
	buf_init(&f->kept, limits->response_bytes);
	return f;
}

void imap_framer_free(struct imap_framer *f)
{
	if (!f)
		return;
	buf_done(&f->kept);
	free(f);
}

void imap_framer_ask_above(struct imap_framer *f, uint64_t bytes)
{
	f->limits.ask_above_bytes = bytes;
}

static struct bytes text_so_far(const struct imap_framer *f)
{
	return f->is_kept ? buf_bytes(&f->kept) : f->direct;
}

bool imap_framer_is_idle(const struct imap_framer *f)
{
	return f->state == STATE_DONE || (f->state == STATE_LINE && text_so_far(f).len == 0);
}

static void fail_at(struct imap_framer *f, enum err err, uint64_t offset, const char *reason)
{
	f->state = STATE_BAD;
	f->err = err;
	f->reason = reason;
	f->fault = offset;
}

/* Moves n bytes from the front of in to the text. */
static void take(struct imap_framer *f, struct bytes *in, size_t n)
{
	if (f->is_kept) {
		buf_append(&f->kept, bytes_first(*in, n));
		if (buf_err(&f->kept))
			fail_at(f, buf_err(&f->kept), f->taken, "memory is short");
	} else {
		if (f->direct.len == 0)
			f->direct.at = in->at;
		f->direct.len += n;
	}
	*in = bytes_skip(*in, n);
	f->taken += n;
}

/* The caller's bytes are about to go: keeps what stands in them. */
static void keep_direct(struct imap_framer *f)
{
	if (f->is_kept || f->direct.len == 0)
		return;
	buf_append(&f->kept, f->direct);
	if (buf_err(&f->kept))
		fail_at(f, buf_err(&f->kept), f->taken, "memory is short");
	f->direct = BYTES_NULL;
	f->is_kept = true;
}

static void begin_response(struct imap_framer *f)
{
	buf_reset(&f->kept);
	f->direct = BYTES_NULL;
	f->is_kept = false;
	f->is_first_line = true;
	f->is_free_text = false;
	f->line_start = 0;
	f->literal_count = 0;
	f->streamed_count = 0;
	f->start = f->taken;
	f->state = STATE_LINE;
}

/* Without CRLF or LF at the end. */
static struct bytes chop_line_end(struct bytes b)
{
	if (b.len && b.at[b.len - 1] == '\n')
		b.len--;
	if (b.len && b.at[b.len - 1] == '\r')
		b.len--;
	return b;
}

/* A status response or a continuation request: the rest of the line is text. */
static bool is_free_text(struct bytes line)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE", "PREAUTH" };
	struct bytes word;

	if (line.len && line.at[0] == '+')
		return true;
	line = bytes_skip(line, bytes_index(line, ' '));
	while (line.len && line.at[0] == ' ')
		line = bytes_skip(line, 1);
	word = bytes_first(line, bytes_index(line, ' '));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (bytes_equal_str_nocase(word, words[i]))
			return true;
	return false;
}

/* ["~"] "{" number ["+"] "}" at the end of the line. False: no literal. */
static bool find_literal(struct bytes line, struct bytes *ret_digits, bool *ret_is_literal8)
{
	size_t end = line.len, from;

	if (end < 3 || line.at[end - 1] != '}')
		return false;
	end--;
	if (line.at[end - 1] == '+')
		end--;
	for (from = end; from && line.at[from - 1] >= '0' && line.at[from - 1] <= '9';)
		from--;
	if (from == end || from == 0 || line.at[from - 1] != '{')
		return false;
	*ret_digits = bytes_of(line.at + from, end - from);
	*ret_is_literal8 = from > 1 && line.at[from - 2] == '~';
	return true;
}

/* Numbers of messages, which may be as many as there are messages. */
static bool is_number_list(struct bytes head)
{
	static const char *const heads[] = { "* SEARCH ", "* SORT ", "* ESEARCH ", "* THREAD ",
					     "* VANISHED " };

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (bytes_starts_with_nocase(head, bytes_of_str(heads[i])))
			return true;
	return false;
}

/* How long this line may be, `in` being what of it has not been taken yet. */
static size_t line_limit(const struct imap_framer *f, struct bytes in)
{
	struct bytes text = text_so_far(f);
	uint8_t head[16] = { 0 };
	size_t have = text.len < sizeof head ? text.len : sizeof head;
	size_t more = in.len < sizeof head - have ? in.len : sizeof head - have;

	if (f->line_start || text.len + in.len <= f->limits.line_bytes)
		return f->limits.line_bytes;
	if (have)
		memcpy(head, text.at, have);
	if (more)
		memcpy(head + have, in.at, more);
	return is_number_list(bytes_of(head, sizeof head)) &&
			       f->limits.number_line_bytes > f->limits.line_bytes
		       ? f->limits.number_line_bytes
		       : f->limits.line_bytes;
}

/* Neither a line nor a response may grow past its limit: whichever comes first
 * in the stream is the one that is told, however the bytes were sliced. `n`
 * more bytes are about to be taken, the last one perhaps the line's LF. */
static bool check_line_limits(struct imap_framer *f, struct bytes in, size_t n, bool has_lf)
{
	size_t have = text_so_far(f).len;
	size_t line_end = f->line_start + line_limit(f, in);
	bool line_over = have + n - has_lf > line_end;
	bool response_over = have + n > f->limits.response_bytes;

	if (line_over && (!response_over || line_end <= f->limits.response_bytes))
		fail_at(f, ERR_TOO_BIG, f->taken + (line_end - have), "a line is too long");
	else if (response_over)
		fail_at(f, ERR_TOO_BIG, f->taken + (f->limits.response_bytes - have),
			"a response is too long");
	return f->state != STATE_BAD;
}

static void keep_literal(struct imap_framer *f)
{
	if (f->literal_left > f->limits.response_bytes - text_so_far(f).len)
		fail_at(f, ERR_TOO_BIG, f->taken, "a response is too long");
	else
		f->state = STATE_KEEP;
}

/* True: the line announced a literal, or was at fault. */
static bool begin_literal(struct imap_framer *f, struct bytes line)
{
	struct bytes text = text_so_far(f), digits;
	const uint8_t *line_end = text.at + text.len;

	if (f->is_free_text || !find_literal(line, &digits, &f->is_literal8))
		return false;
	if (!bytes_to_u64(digits, f->limits.literal_bytes, &f->literal_left)) {
		fail_at(f, ERR_TOO_BIG, f->taken - (uint64_t)(line_end - digits.at),
			"a literal is too long");
		return true;
	}
	if (++f->literal_count > f->limits.literals) {
		fail_at(f, ERR_TOO_BIG, f->taken, "a response has too many literals");
		return true;
	}
	if (f->literal_left && f->literal_left > f->limits.ask_above_bytes &&
	    f->streamed_count < IMAP_STREAMED_MAX)
		f->state = STATE_ASKED;
	else
		keep_literal(f);
	return true;
}

/* Takes up to the end of the line. */
static enum imap_framer_event take_line(struct imap_framer *f, struct bytes *in)
{
	size_t n = bytes_index(*in, '\n');
	bool has_lf = n < in->len;
	struct bytes text, line;

	n += has_lf;
	if (!check_line_limits(f, *in, n, has_lf))
		return IMAP_FRAMER_BAD;
	take(f, in, n);
	if (!has_lf || f->state == STATE_BAD)
		return IMAP_FRAMER_MORE;
	text = text_so_far(f);
	line = chop_line_end(bytes_skip(text, f->line_start));
	if (f->is_first_line && line.len == 0) {
		begin_response(f);
		return IMAP_FRAMER_MORE;
	}
	if (f->is_first_line)
		f->is_free_text = is_free_text(line);
	f->is_first_line = false;
	if (begin_literal(f, line))
		return f->state == STATE_ASKED ? IMAP_FRAMER_LITERAL : IMAP_FRAMER_MORE;
	f->state = STATE_DONE;
	return IMAP_FRAMER_RESPONSE;
}

static void take_kept_literal(struct imap_framer *f, struct bytes *in)
{
	size_t n = f->literal_left < in->len ? (size_t)f->literal_left : in->len;

	take(f, in, n);
	f->literal_left -= n;
	if (f->literal_left || f->state == STATE_BAD)
		return;
	f->line_start = text_so_far(f).len;
	f->state = STATE_LINE;
}

static enum imap_framer_event take_data(struct imap_framer *f, struct bytes *in,
					struct imap_frame *ret)
{
	size_t n = f->literal_left < in->len ? (size_t)f->literal_left : in->len;

	if (n == 0)
		return IMAP_FRAMER_MORE;
	ret->data = bytes_first(*in, n);
	*in = bytes_skip(*in, n);
	f->taken += n;
	f->literal_left -= n;
	ret->literal_bytes = f->literal_left;
	if (f->literal_left == 0) {
		f->line_start = text_so_far(f).len;
		f->state = STATE_LINE;
	}
	return IMAP_FRAMER_DATA;
}

void imap_framer_stream(struct imap_framer *f)
{
	if (f->state != STATE_ASKED)
		return;
	f->streamed[f->streamed_count++] = (struct imap_streamed){
		.offset = text_so_far(f).len,
		.size_bytes = f->literal_left,
	};
	f->state = STATE_STREAM;
}

/* One step; MORE means: look again if there is input left. */
static enum imap_framer_event step(struct imap_framer *f, struct bytes *in, struct imap_frame *ret)
{
	switch (f->state) {
	case STATE_LINE: return take_line(f, in);
	case STATE_KEEP: take_kept_literal(f, in); return IMAP_FRAMER_MORE;
	case STATE_STREAM: return take_data(f, in, ret);
	case STATE_ASKED: keep_literal(f); return IMAP_FRAMER_MORE;
	case STATE_DONE: begin_response(f); return IMAP_FRAMER_MORE;
	case STATE_BAD: break;
	}
	return IMAP_FRAMER_BAD;
}

/* A literal of no octets, and the decision on one, need no input to go on. */
static bool needs_input(const struct imap_framer *f)
{
	return f->state == STATE_LINE || f->state == STATE_STREAM || f->state == STATE_DONE ||
	       (f->state == STATE_KEEP && f->literal_left);
}

static void fill_frame(struct imap_framer *f, enum imap_framer_event event, struct imap_frame *ret)
{
	ret->offset = f->start;
	if (event == IMAP_FRAMER_RESPONSE) {
		ret->text = chop_line_end(text_so_far(f));
		ret->streamed = f->streamed;
		ret->streamed_count = f->streamed_count;
	} else if (event == IMAP_FRAMER_LITERAL) {
		ret->text = text_so_far(f);
		ret->literal_bytes = f->literal_left;
		ret->is_literal8 = f->is_literal8;
	} else if (event == IMAP_FRAMER_BAD) {
		ret->offset = f->fault;
		ret->err = f->err;
		ret->reason = f->reason;
	}
}

enum imap_framer_event imap_framer_next(struct imap_framer *f, struct bytes *in,
					struct imap_frame *ret)
{
	enum imap_framer_event event = IMAP_FRAMER_MORE;

	*ret = (struct imap_frame){ 0 };
	while (event == IMAP_FRAMER_MORE && f->state != STATE_BAD && (in->len || !needs_input(f)))
		event = step(f, in, ret);
	if (event != IMAP_FRAMER_RESPONSE && f->state != STATE_BAD)
		keep_direct(f);
	if (f->state == STATE_BAD)
		event = IMAP_FRAMER_BAD;
	fill_frame(f, event, ret);
	return event;
}
