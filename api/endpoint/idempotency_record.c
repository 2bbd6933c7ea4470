#include "endpoint/idempotency_record.h"

#include "base/pack.h"

#define VERSION 1

static void put_text(struct buf *to, struct bytes text)
{
	text = bytes_first(text, UINT16_MAX);
	pack_number(to, text.len, 2);
	buf_append(to, text);
}

void idempotency_record_write(struct buf *to, const struct idempotency_record *r)
{
	buf_append_byte(to, VERSION);
	buf_append_byte(to, (uint8_t)r->state);
	buf_append(to, bytes_of(r->process, sizeof r->process));
	buf_append(to, bytes_of(r->print, sizeof r->print));
	pack_number(to, (uint64_t)r->created_ms, 8);
	pack_number(to, (uint64_t)r->until_ms, 8);
	pack_number(to, r->status, 2);
	put_text(to, r->location);
	put_text(to, r->type);
	buf_append(to, r->body);
}

/* Empty is null. */
static struct bytes take_text(struct unpack *from)
{
	struct bytes text = unpack_bytes(from, unpack_number(from, 2));

	return text.len ? text : BYTES_NULL;
}

static void take_into(struct unpack *from, uint8_t *to, size_t n)
{
	struct bytes b = unpack_bytes(from, n);

	if (b.len)
		memcpy(to, b.at, n);
}

static void take_answer(struct unpack *from, struct idempotency_record *r)
{
	r->status = (unsigned)unpack_number(from, 2);
	r->location = take_text(from);
	r->type = take_text(from);
	r->body = from->rest;
	from->is_bad = from->is_bad ||
		       (r->state == IDEMPOTENCY_DONE && (r->status < 200 || r->status > 599));
}

bool idempotency_record_read(struct bytes from, struct idempotency_record *ret)
{
	struct unpack u = { .rest = from };
	struct idempotency_record r = { .status = 0 };
	uint64_t version = unpack_number(&u, 1), state = unpack_number(&u, 1);

	if (version != VERSION || state < IDEMPOTENCY_RUNNING || state > IDEMPOTENCY_UNKNOWN)
		return false;
	r.state = (enum idempotency_state)state;
	take_into(&u, r.process, sizeof r.process);
	take_into(&u, r.print, sizeof r.print);
	r.created_ms = (int64_t)unpack_number(&u, 8);
	r.until_ms = (int64_t)unpack_number(&u, 8);
	take_answer(&u, &r);
	if (!u.is_bad)
		*ret = r;
	return !u.is_bad;
}
