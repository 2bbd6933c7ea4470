#include "pop3/reader.h"

#define CR 0x0d
#define LF 0x0a

void pop3_reader_init(struct pop3_reader *r, size_t line_max_bytes)
{
	*r = (struct pop3_reader){ .body = POP3_BODY_NONE };
	buf_init(&r->line, line_max_bytes);
}

void pop3_reader_done(struct pop3_reader *r)
{
	buf_done(&r->line);
}

void pop3_reader_body(struct pop3_reader *r, enum pop3_body kind)
{
	r->body = kind;
	r->at = POP3_AT_START;
}

/* Adds to r->line up to the next LF. */
static void collect(struct pop3_reader *r, struct bytes *in)
{
	size_t n = bytes_index(*in, LF);

	if (n < in->len)
		n++;
	buf_append(&r->line, bytes_first(*in, n));
	*in = bytes_skip(*in, n);
	r->failed = buf_err(&r->line) != ERR_OK;
}

static enum pop3_event next_line(struct pop3_reader *r, struct bytes *in, struct bytes *ret_piece)
{
	struct bytes line;

	while (!bytes_ends_with(buf_bytes(&r->line), BYTES_LIT("\r\n"))) {
		if (in->len == 0)
			return POP3_MORE;
		collect(r, in);
		if (r->failed)
			return POP3_TOO_LONG;
	}
	line = buf_bytes(&r->line);
	line.len -= 2;
	r->is_line_given = true;
	*ret_piece = line;
	if (r->body == POP3_BODY_NONE)
		return POP3_STATUS;
	if (bytes_equal_str(line, ".")) {
		r->body = POP3_BODY_NONE;
		return POP3_END;
	}
	if (line.len && line.at[0] == '.')
		*ret_piece = bytes_skip(line, 1);
	return POP3_LINE;
}

/* What a dot at the start of a line is: true with an event to give. */
static bool after_dot(struct pop3_reader *r, struct bytes *in, enum pop3_event *ret,
		      struct bytes *ret_piece)
{
	if (r->at == POP3_AFTER_DOT) {
		if (in->at[0] != CR) {
			/* The first dot was stuffing: drop it. */
			r->at = POP3_IN_LINE;
			return false;
		}
		*in = bytes_skip(*in, 1);
		r->at = POP3_AFTER_DOT_CR;
		return false;
	}
	if (in->at[0] == LF) {
		*in = bytes_skip(*in, 1);
		r->body = POP3_BODY_NONE;
		*ret = POP3_END;
		return true;
	}
	/* A stuffed line that begins with CR: give the CR that was held back. */
	r->at = POP3_AFTER_CR;
	*ret = POP3_DATA;
	*ret_piece = BYTES_LIT("\r");
	return true;
}

/* Octets as far as they are sure to be data: up to a line that begins with a dot. */
static struct bytes take_line_part(struct pop3_reader *r, struct bytes *in)
{
	size_t n = 0;

	while (n < in->len) {
		size_t lf = n + bytes_index(bytes_skip(*in, n), LF);
		bool after_cr = lf ? in->at[lf - 1] == CR : r->at == POP3_AFTER_CR;

		if (lf == in->len) {
			r->at = after_cr ? POP3_AFTER_CR : POP3_IN_LINE;
			return *in;
		}
		n = lf + 1;
		r->at = after_cr ? POP3_AT_START : POP3_IN_LINE;
		if (after_cr && n < in->len && in->at[n] == '.')
			break;
	}
	return bytes_first(*in, n);
}

static enum pop3_event next_data(struct pop3_reader *r, struct bytes *in, struct bytes *ret_piece)
{
	enum pop3_event event;

	while (in->len) {
		switch (r->at) {
		case POP3_AT_START:
			r->at = in->at[0] == '.' ? POP3_AFTER_DOT : POP3_IN_LINE;
			if (r->at == POP3_AFTER_DOT)
				*in = bytes_skip(*in, 1);
			break;
		case POP3_AFTER_DOT:
		case POP3_AFTER_DOT_CR:
			if (after_dot(r, in, &event, ret_piece))
				return event;
			break;
		case POP3_IN_LINE:
		case POP3_AFTER_CR:
			*ret_piece = take_line_part(r, in);
			*in = bytes_skip(*in, ret_piece->len);
			return POP3_DATA;
		}
	}
	return POP3_MORE;
}

enum pop3_event pop3_reader_next(struct pop3_reader *r, struct bytes *in, struct bytes *ret_piece)
{
	if (r->failed)
		return POP3_TOO_LONG;
	if (r->is_line_given) {
		buf_reset(&r->line);
		r->is_line_given = false;
	}
	if (in->len == 0)
		return POP3_MORE;
	return r->body == POP3_BODY_DATA ? next_data(r, in, ret_piece)
					 : next_line(r, in, ret_piece);
}
