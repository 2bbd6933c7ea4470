#include "endpoint/idempotency_record.h"

#define VERSION 1

static void put_number(struct buf *to, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_append_byte(to, (uint8_t)(n >> 8 * i));
}

static void put_text(struct buf *to, struct bytes text)
{
	text = bytes_first(text, UINT16_MAX);
	put_number(to, text.len, 2);
	buf_append(to, text);
}

void idempotency_record_write(struct buf *to, const struct idempotency_record *r)
{
	buf_append_byte(to, VERSION);
	buf_append_byte(to, (uint8_t)r->state);
	buf_append(to, bytes_of(r->process, sizeof r->process));
	buf_append(to, bytes_of(r->print, sizeof r->print));
	put_number(to, (uint64_t)r->created_ms, 8);
	put_number(to, (uint64_t)r->until_ms, 8);
	put_number(to, r->status, 2);
	put_text(to, r->location);
	put_text(to, r->type);
	buf_append(to, r->body);
}

static bool take(struct bytes *rest, size_t n, struct bytes *ret)
{
	if (rest->len < n)
		return false;
	*ret = bytes_first(*rest, n);
	*rest = bytes_skip(*rest, n);
	return true;
}

static bool take_number(struct bytes *rest, unsigned bytes, uint64_t *ret)
{
	struct bytes b;
	uint64_t n = 0;

	if (!take(rest, bytes, &b))
		return false;
	for (unsigned i = 0; i < bytes; i++)
		n |= (uint64_t)b.at[i] << 8 * i;
	*ret = n;
	return true;
}

/* Empty is null. */
static bool take_text(struct bytes *rest, struct bytes *ret)
{
	uint64_t len;

	if (!take_number(rest, 2, &len) || !take(rest, (size_t)len, ret))
		return false;
	if (len == 0)
		*ret = BYTES_NULL;
	return true;
}

static bool take_into(struct bytes *rest, uint8_t *to, size_t n)
{
	struct bytes b;

	if (!take(rest, n, &b))
		return false;
	memcpy(to, b.at, n);
	return true;
}

static bool take_answer(struct bytes *rest, struct idempotency_record *r)
{
	uint64_t status;

	if (!take_number(rest, 2, &status) || !take_text(rest, &r->location) ||
	    !take_text(rest, &r->type))
		return false;
	r->status = (unsigned)status;
	r->body = *rest;
	return r->state != IDEMPOTENCY_DONE || (status >= 200 && status <= 599);
}

bool idempotency_record_read(struct bytes from, struct idempotency_record *ret)
{
	struct idempotency_record r = { .status = 0 };
	uint64_t version, state, created_ms, until_ms;

	if (!take_number(&from, 1, &version) || version != VERSION ||
	    !take_number(&from, 1, &state) || state < IDEMPOTENCY_RUNNING ||
	    state > IDEMPOTENCY_UNKNOWN || !take_into(&from, r.process, sizeof r.process) ||
	    !take_into(&from, r.print, sizeof r.print) || !take_number(&from, 8, &created_ms) ||
	    !take_number(&from, 8, &until_ms))
		return false;
	r.state = (enum idempotency_state)state;
	r.created_ms = (int64_t)created_ms;
	r.until_ms = (int64_t)until_ms;
	if (!take_answer(&from, &r))
		return false;
	*ret = r;
	return true;
}
