#include "imap_test.h"

#include <stdio.h>
#include <stdlib.h>

struct arena *imap_test_mem;

int imap_test_setup(void **state)
{
	(void)state;
	imap_test_mem = arena_new(64UL * 1024 * 1024);
	return imap_test_mem ? 0 : -1;
}

int imap_test_teardown(void **state)
{
	(void)state;
	arena_free(imap_test_mem);
	imap_test_mem = NULL;
	return 0;
}

/* A copy of exactly its size on the heap, so that reading past the end shows. */
enum err imap_test_parse(struct bytes text, const struct imap_limits *limits,
			 struct imap_response *ret, struct imap_parse_fault *ret_fault)
{
	struct imap_frame frame = { .text = arena_bytes(imap_test_mem, text) };
	uint8_t *exact = malloc(text.len ? text.len : 1);
	struct arena *mem = arena_new(64UL * 1024 * 1024);
	enum err err;

	if (text.len)
		memcpy(exact, text.at, text.len);
	frame.text.at = exact;
	err = imap_parse(&frame, limits ? limits : &imap_limits_default, mem, ret, ret_fault);
	free(exact);
	arena_free(mem);
	if (err)
		return err;
	/* Again from bytes that live as long as the test. */
	frame.text = arena_bytes(imap_test_mem, text);
	return imap_parse(&frame, limits ? limits : &imap_limits_default, imap_test_mem, ret,
			  ret_fault);
}

struct imap_response imap_test_parse_str(const char *text)
{
	struct imap_parse_fault fault = { 0 };
	struct imap_response r;

	if (imap_test_parse(bytes_of_str(text), NULL, &r, &fault) != ERR_OK)
		fail_msg("%s\nat %zu: %s", text, fault.offset, fault.reason);
	return r;
}

void imap_test_malformed(const char *text, size_t offset)
{
	struct imap_parse_fault fault = { 0 };
	struct imap_response r;
	enum err err = imap_test_parse(bytes_of_str(text), NULL, &r, &fault);

	if (err != ERR_PROTO)
		fail_msg("%s\nwas taken (%s)", text, err_name(err));
	if (fault.offset != offset)
		fail_msg("%s\nis at fault at %zu (%s), not at %zu", text, fault.offset,
			 fault.reason, offset);
	assert_non_null(fault.reason);
}

void imap_test_assert_set(const struct imap_set *set, const char *want)
{
	struct buf text;

	buf_init(&text, 100000);
	for (size_t i = 0; i < set->count; i++) {
		buf_append_str(&text, i ? "," : "");
		buf_append_u64(&text, set->at[i].first);
		if (set->at[i].first == set->at[i].last)
			continue;
		buf_append_str(&text, ":");
		if (set->at[i].last == UINT32_MAX)
			buf_append_str(&text, "*");
		else
			buf_append_u64(&text, set->at[i].last);
	}
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}

void imap_test_assert_list(const struct bytes_list *list, const char *want)
{
	struct buf text;

	buf_init(&text, 100000);
	for (size_t i = 0; i < list->count; i++) {
		buf_append_str(&text, i ? "|" : "");
		buf_append(&text, list->at[i]);
	}
	assert_bytes_equal_str(buf_bytes(&text), want);
	buf_done(&text);
}
