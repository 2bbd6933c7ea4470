#include "state/journal_record.h"

#include <assert.h>

#include "base/hash.h"
#include "base/pack.h"

#define CHECKSUM_BYTES 8
#define HEAD_BYTES     (4 + CHECKSUM_BYTES)

/* --- writing ---------------------------------------------------------------------- */

static void put_text(struct buf *to, struct bytes text)
{
	assert(text.len <= UINT8_MAX);
	buf_append_byte(to, (uint8_t)text.len);
	buf_append(to, text);
}

static void put_payload(struct buf *to, const struct journal_record *r)
{
	buf_append_byte(to, (uint8_t)r->type);
	pack_number(to, r->id, 8);
	pack_number(to, (uint64_t)r->at_ms, 8);
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
	pack_number(&head, buf_bytes(&payload).len, 4);
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

/* Of `most` bytes at most; nothing is null. */
static struct bytes take_text(struct unpack *from, size_t most)
{
	struct bytes text = unpack_bytes(from, unpack_number(from, 1));

	from->is_bad = from->is_bad || text.len > most;
	return text.len ? text : BYTES_NULL;
}

static bool read_intent(struct unpack *from, struct journal_intent *ret)
{
	ret->kind = (enum journal_kind)unpack_number(from, 1);
	ret->account = take_text(from, JOURNAL_ACCOUNT_MAX);
	ret->key = take_text(from, JOURNAL_DIGEST_BYTES);
	ret->print = take_text(from, JOURNAL_DIGEST_BYTES);
	return !from->is_bad && from->rest.len == 0;
}

static bool read_outcome(struct unpack *from, struct bytes *ret_answer)
{
	uint64_t has_answer = unpack_number(from, 1);

	if (from->is_bad || has_answer > 1)
		return false;
	*ret_answer = has_answer ? from->rest : BYTES_NULL;
	return has_answer || from->rest.len == 0;
}

static bool read_payload(struct bytes payload, struct journal_record *ret)
{
	struct unpack from = { .rest = payload };
	struct journal_record r = { .type = (enum journal_record_type)unpack_number(&from, 1) };
	bool ok;

	r.id = unpack_number(&from, 8);
	r.at_ms = (int64_t)unpack_number(&from, 8);
	ok = r.type == JOURNAL_RECORD_INTENT    ? read_intent(&from, &r.intent)
	     : r.type == JOURNAL_RECORD_OUTCOME ? read_outcome(&from, &r.answer)
						: false;
	if (ok)
		*ret = r;
	return ok;
}

bool journal_record_read(struct bytes *rest, struct journal_record *ret)
{
	struct unpack from = { .rest = *rest };
	struct bytes length = bytes_first(from.rest, 4), sum, payload;
	struct hash_sha256 expected;
	uint64_t n = unpack_number(&from, 4);

	sum = unpack_bytes(&from, CHECKSUM_BYTES);
	payload = unpack_bytes(&from, n);
	if (from.is_bad || n > JOURNAL_RECORD_MAX_BYTES)
		return false;
	expected = checksum(length, payload);
	if (!bytes_equal(sum, bytes_of(expected.at, CHECKSUM_BYTES)) || !read_payload(payload, ret))
		return false;
	*rest = from.rest;
	return true;
}
