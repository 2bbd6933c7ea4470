/* What the tests of the parser share. */
#ifndef UNIT_IMAP_TEST_H
#define UNIT_IMAP_TEST_H

#include "cmocka_all.h"

#include "imap/response.h"

/* Parses one response, given without its line end, with the memory of the test
 * (see imap_test_setup); `limits` may be NULL. */
enum err imap_test_parse(struct bytes text, const struct imap_limits *limits,
			 struct imap_response *ret, struct imap_parse_fault *ret_fault);
/* As above; fails the test when it does not parse. */
struct imap_response imap_test_parse_str(const char *text);
/* Fails the test unless this is malformed, at this position. */
void imap_test_malformed(const char *text, size_t offset);

/* "1:3,5" */
void imap_test_assert_set(const struct imap_set *set, const char *want);
/* "a|b|c" */
void imap_test_assert_list(const struct bytes_list *list, const char *want);

/* The arena of the running test; for cmocka_unit_test_setup_teardown. */
extern struct arena *imap_test_mem;
int imap_test_setup(void **state);
int imap_test_teardown(void **state);

#define imap_test(f) cmocka_unit_test_setup_teardown(f, imap_test_setup, imap_test_teardown)

#endif
