/* The journal's records: whatever is in a file is read without harm; what was read can be
 * written, and is read back as itself. */
#include "fuzz.h"

#include "state/journal_record.h"

static void try_again(const struct journal_record *r)
{
	struct journal_record again;
	struct bytes rest;
	struct buf b;

	buf_init(&b, JOURNAL_RECORD_MAX_BYTES + 64);
	journal_record_write(&b, r);
	fuzz_check(buf_err(&b) == ERR_OK);
	rest = buf_bytes(&b);
	fuzz_check(journal_record_read(&rest, &again));
	fuzz_check(rest.len == 0);
	fuzz_check(again.type == r->type && again.id == r->id && again.at_ms == r->at_ms);
	fuzz_check(bytes_equal(again.intent.account, r->intent.account));
	fuzz_check(bytes_equal(again.intent.key, r->intent.key));
	fuzz_check(bytes_equal(again.answer, r->answer));
	buf_done(&b);
}

/* Nobody guesses a checksum: the input as an intent's texts, or an answer. */
static void try_made(struct bytes input)
{
	struct journal_record r = { .type = JOURNAL_RECORD_OUTCOME, .id = 7, .answer = input };
	struct bytes rest = input;

	r.answer = bytes_first(input, JOURNAL_ANSWER_MAX_BYTES);
	try_again(&r);
	r = (struct journal_record){ .type = JOURNAL_RECORD_INTENT, .id = 8, .at_ms = -1 };
	r.intent.kind = JOURNAL_APPEND;
	r.intent.account = bytes_first(rest, JOURNAL_ACCOUNT_MAX);
	rest = bytes_skip(rest, JOURNAL_ACCOUNT_MAX);
	r.intent.key = bytes_first(rest, JOURNAL_DIGEST_BYTES);
	try_again(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(bytes_of(data, size));
	struct bytes rest = bytes_of(copy, size);
	struct journal_record r;

	while (journal_record_read(&rest, &r))
		try_again(&r);
	try_made(bytes_of(copy, size));
	free(copy);
	return 0;
}
