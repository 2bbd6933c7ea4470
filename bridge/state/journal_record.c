#include "state/journal_record.h"

#include <assert.h>

#include "base/hash.h"

#define CHECKSUM_BYTES 8
#define HEAD_BYTES     (4 + CHECKSUM_BYTES)

/* --- writing ---------------------------------------------------------------------- */

static void put_number(struct buf *to, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_append_byte(to, (uint8_t)(n >> 8 * i));
}

static void put_text(struct buf *to, struct bytes text)
{
	assert(text.len <= UINT8_MAX);
	buf_append_byte(to, (uint8_t)text.len);
	buf_append(to, text);
}

static void put_payload(struct buf *to, const struct journal_record *r)
{
	buf_append_byte(to, (uint8_t)r->type);
	put_number(to, r->id, 8);
	put_number(to, (uint64_t)r->at_ms, 8);
	if (r->type == JOURNAL_RECORD_INTENT) {
		buf_append_byte(to, (uint8_t)r->intent.kind);
		put_text(to, r->intent.account);
		put_text(to, r->intent.key);
		put_text(to, r->intent.print);
	} else {
		buf_append_byte(to, !bytes_is_null(r->answer));
		buf_append(to, r->answer);
	}
}

static struct hash_sha256 checksum(struct bytes length, struct bytes payload)
{
	const struct bytes pieces[] = { length, payload };

	return hash_sha256_of(pieces, 2);
}

/* Whole or not at all, also when memory is short. */
static void append_both(struct buf *to, struct bytes head, struct bytes payload)
{
	uint8_t *at = buf_reserve(to, head.len + payload.len);

	if (!at)
		return;
	memcpy(at, head.at, head.len);
	memcpy(at + head.len, payload.at, payload.len);
	buf_commit(to, head.len + payload.len);
}

void journal_record_write(struct buf *to, const struct journal_record *r)
{
	struct hash_sha256 sum;
	struct buf payload, head;

	buf_init(&payload, JOURNAL_RECORD_MAX_BYTES);
	buf_init(&head, HEAD_BYTES);
	put_payload(&payload, r);
	put_number(&head, buf_bytes(&payload).len, 4);
	sum = checksum(buf_bytes(&head), buf_bytes(&payload));
	buf_append(&head, bytes_of(sum.at, CHECKSUM_BYTES));
	if (buf_err(&payload) || buf_err(&head))
		(void)buf_reserve(to, SIZE_MAX); /* fails it */
	else
		append_both(to, buf_bytes(&head), buf_bytes(&payload));
	buf_done(&payload);
	buf_done(&head);
}

/* --- reading ---------------------------------------------------------------------- */

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

/* Of `most` bytes at most; nothing is null. */
static bool take_text(struct bytes *rest, size_t most, struct bytes *ret)
{
	uint64_t len;

	if (!take_number(rest, 1, &len) || len > most || !take(rest, (size_t)len, ret))
		return false;
	if (len == 0)
		*ret = BYTES_NULL;
	return true;
}

static bool read_intent(struct bytes *rest, struct journal_intent *ret)
{
	uint64_t kind;

	if (!take_number(rest, 1, &kind) || !take_text(rest, JOURNAL_ACCOUNT_MAX, &ret->account) ||
	    !take_text(rest, JOURNAL_DIGEST_BYTES, &ret->key) ||
	    !take_text(rest, JOURNAL_DIGEST_BYTES, &ret->print))
		return false;
	ret->kind = (enum journal_kind)kind;
	return rest->len == 0;
}

static bool read_outcome(struct bytes *rest, struct bytes *ret_answer)
{
	uint64_t has_answer;

	if (!take_number(rest, 1, &has_answer) || has_answer > 1)
		return false;
	*ret_answer = has_answer ? *rest : BYTES_NULL;
	return has_answer || rest->len == 0;
}

static bool read_payload(struct bytes rest, struct journal_record *ret)
{
	struct journal_record r = { .type = 0 };
	uint64_t type, at_ms;
	bool ok;

	if (!take_number(&rest, 1, &type) || !take_number(&rest, 8, &r.id) ||
	    !take_number(&rest, 8, &at_ms))
		return false;
	r.type = (enum journal_record_type)type;
	r.at_ms = (int64_t)at_ms;
	ok = type == JOURNAL_RECORD_INTENT    ? read_intent(&rest, &r.intent)
	     : type == JOURNAL_RECORD_OUTCOME ? read_outcome(&rest, &r.answer)
					      : false;
	if (ok)
		*ret = r;
	return ok;
}

bool journal_record_read(struct bytes *rest, struct journal_record *ret)
{
	struct bytes left = *rest, length = bytes_first(left, 4), sum, payload;
	struct hash_sha256 expected;
	uint64_t n;

	if (!take_number(&left, 4, &n) || n > JOURNAL_RECORD_MAX_BYTES ||
	    !take(&left, CHECKSUM_BYTES, &sum) || !take(&left, (size_t)n, &payload))
		return false;
	expected = checksum(length, payload);
	if (!bytes_equal(sum, bytes_of(expected.at, CHECKSUM_BYTES)) || !read_payload(payload, ret))
		return false;
	*rest = left;
	return true;
}
