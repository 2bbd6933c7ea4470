/* sequence-set and plain lists of numbers, RFC 9051 §9. */
#include "imap/reader.h"

/* seq-number = nz-number / "*" */
static uint32_t read_seq(struct imap_reader *r)
{
	const uint8_t *at = r->at;
	uint32_t n;

	if (imap_try(r, '*'))
		return UINT32_MAX;
	n = imap_read_u32(r);
	if (n == 0 && imap_reader_ok(r)) {
		r->at = at;
		imap_fail(r, "0 in a set of message numbers");
	}
	return n;
}

void imap_read_set(struct imap_reader *r, struct imap_set *ret)
{
	struct imap_vec v = { 0 };
	struct imap_range range, *to;

	do {
		range.first = range.last = read_seq(r);
		if (imap_try(r, ':'))
			range.last = read_seq(r);
		to = IMAP_VEC_ADD(r, &v, struct imap_range, r->limits->numbers);
		if (!to)
			break;
		*to = range;
		if (range.first > range.last)
			*to = (struct imap_range){ range.last, range.first };
	} while (imap_try(r, ','));
	ret->at = v.at;
	ret->count = v.count;
}

void imap_read_numbers(struct imap_reader *r, struct imap_numbers *ret)
{
	struct imap_vec v = { 0 };
	uint32_t *to;

	imap_skip_spaces(r);
	while (imap_peek(r) != -1 && imap_peek(r) != '(') {
		to = IMAP_VEC_ADD(r, &v, uint32_t, r->limits->numbers);
		if (!to)
			break;
		*to = imap_read_u32(r);
		if (imap_peek(r) != -1)
			imap_expect_space(r);
	}
	ret->at = v.at;
	ret->count = v.count;
}
