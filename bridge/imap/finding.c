/*
 * Which message has exactly these bytes: among those from a UID on, the sizes
 * decide first, then the octets are compared as they stream in.
 */
#include "imap/append.h"

/* So many of the same size are looked into, from the newest down. */
#define CANDIDATES_MAX 20
/* By which a message grows where the server adds fields to it. */
#define ADDED_BYTES_MAX 200

static struct imap_finding *finding_of(const struct imap_exchange *x)
{
	return x->owner;
}

static void compare_next(struct imap_finding *f);

/* --- octets ------------------------------------------------------------------------------ */

static void compare_octets(struct imap_finding *f, struct bytes data)
{
	uint8_t piece[4096];

	while (data.len && !f->differs) {
		size_t max = data.len < sizeof(piece) ? data.len : sizeof(piece);
		size_t n = 0;

		if (f->compared + max <= f->source.size_bytes)
			n = f->source.read(f->source.ctx, f->compared, piece, max);
		if (n == 0 || memcmp(piece, data.at, n) != 0) {
			f->differs = true;
			return;
		}
		f->compared += n;
		data = bytes_skip(data, n);
	}
}

/* What an mbox keeps in the header: a message is the same without these lines. */
static bool is_own_field(struct bytes head)
{
	static const struct bytes names[] = { BYTES_LIT("X-IMAPbase:"), BYTES_LIT("X-UID:"),
					      BYTES_LIT("Status:") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal_nocase(bytes_first(head, names[i].len), names[i]))
			return true;
	}
	return false;
}

static void compare_head(struct imap_finding *f, bool is_end)
{
	struct bytes head = bytes_of(f->head, f->head_len);

	f->is_own_line = f->is_within_line ? f->is_own_line : is_own_field(head);
	if (!f->is_own_line)
		compare_octets(f, head);
	if (is_end && !f->is_within_line && bytes_equal_str(head, "\r\n"))
		f->is_in_header = false;
	f->is_within_line = !is_end;
	f->head_len = 0;
}

static void compare_lines(struct imap_finding *f, struct bytes data)
{
	while (data.len && f->is_in_header) {
		uint8_t c = data.at[0];

		f->head[f->head_len++] = c;
		if (c == '\n' || f->head_len == sizeof(f->head))
			compare_head(f, c == '\n');
		data = bytes_skip(data, 1);
	}
	compare_octets(f, data);
}

static bool on_literal(struct imap_exchange *x, struct bytes so_far, uint64_t size_bytes)
{
	(void)x;
	(void)size_bytes;
	return bytes_find(so_far, BYTES_LIT("BODY[]")) < so_far.len;
}

static enum flow on_data(struct imap_exchange *x, struct bytes data, uint64_t left_bytes)
{
	(void)left_bytes;
	compare_lines(finding_of(x), data);
	return FLOW_MORE;
}

static bool wants_body(const struct imap_exchange *x, const struct imap_response *r)
{
	const struct imap_finding *f = finding_of(x);

	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.uid == f->candidates[f->count] && r->fetch.body_count;
}

static void take_body(struct imap_exchange *x, const struct imap_response *r)
{
	if (!r->fetch.bodies[0].is_streamed)
		compare_lines(finding_of(x), r->fetch.bodies[0].data);
}

static void on_compared(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_finding *f = finding_of(x);

	(void)imap_op_answered(&f->base, NULL);
	if (reply->status == IMAP_OK && !f->differs && f->compared == f->source.size_bytes)
		f->found(f, f->candidates[f->count]);
	else
		compare_next(f);
}

static void compare_next(struct imap_finding *f)
{
	struct imap_section whole = { .item = "BODY.PEEK" };
	struct imap_exchange *x;

	if (f->count == 0) {
		f->found(f, 0);
		return;
	}
	f->count--;
	f->compared = 0;
	f->differs = f->is_own_line = f->is_within_line = false;
	f->is_in_header = f->base.store->session->quirks.adds_fields;
	f->head_len = 0;
	x = imap_op_command(&f->base, "UID FETCH", on_compared);
	if (x) {
		x->wants = wants_body;
		x->take = take_body;
		x->on_literal = on_literal;
		x->on_data = on_data;
		imap_command_number(&x->command, f->candidates[f->count]);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_section(&x->command, &whole);
		imap_command_close(&x->command);
	}
	imap_op_send(&f->base, x);
	if (!f->base.pending)
		f->found(f, 0);
}

/* --- sizes ------------------------------------------------------------------------------- */

static bool wants_size(const struct imap_exchange *x, const struct imap_response *r)
{
	return r->kind == IMAP_FETCH && r->fetch.has & IMAP_FETCH_UID &&
	       r->fetch.has & IMAP_FETCH_SIZE && r->fetch.uid >= finding_of(x)->first_uid;
}

static uint64_t added_bytes_max(const struct imap_finding *f)
{
	return f->base.store->session->quirks.adds_fields ? ADDED_BYTES_MAX : 0;
}

static void take_size(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_finding *f = finding_of(x);

	if (r->fetch.size_bytes < f->source.size_bytes ||
	    r->fetch.size_bytes - f->source.size_bytes > added_bytes_max(f))
		return;
	if (f->count == CANDIDATES_MAX)
		memmove(f->candidates, f->candidates + 1, --f->count * sizeof(*f->candidates));
	f->candidates[f->count++] = r->fetch.uid;
}

static void on_answer(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_finding *f = finding_of(x);

	if (!imap_op_answered(&f->base, reply))
		return;
	if (f->base.fault.err)
		f->found(f, 0);
	else
		compare_next(f);
}

void imap_finding_start(struct imap_finding *f)
{
	struct imap_op *op = &f->base;
	struct imap_range range = { f->first_uid, UINT32_MAX };
	struct imap_exchange *x;

	/* On a folder that is selected, new messages show only after NOOP. */
	if (imap_op_is_selected(op))
		imap_op_send(op, imap_op_command(op, "NOOP", on_answer));
	else
		imap_op_select(op, NULL);
	f->candidates = ARENA_ARRAY(op->rq.call.mem, CANDIDATES_MAX, uint32_t);
	x = imap_op_command(op, "UID FETCH", on_answer);
	if (x && !f->candidates)
		x->command.err = ERR_NOMEM;
	if (x) {
		x->wants = wants_size;
		x->take = take_size;
		imap_command_set(&x->command, &(struct imap_set){ &range, 1 });
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UID");
		imap_command_word(&x->command, "RFC822.SIZE");
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
	if (!op->pending)
		f->found(f, 0);
}
