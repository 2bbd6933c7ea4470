/* What is kept under an Idempotency-Key: whatever the store holds is read without harm, and
 * written again it is the same. */
#include "fuzz.h"

#include "endpoint/idempotency_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(bytes_of(data, size));
	struct idempotency_record r;
	struct buf b;

	buf_init(&b, size + 1);
	if (idempotency_record_read(bytes_of(copy, size), &r)) {
		idempotency_record_write(&b, &r);
		fuzz_check(buf_err(&b) == ERR_OK);
		fuzz_check(bytes_equal(buf_bytes(&b), bytes_of(copy, size)));
	}
	buf_done(&b);
	free(copy);
	return 0;
}
