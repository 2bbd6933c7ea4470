#include "imap_test.h"

#include "imap/name.h"
#include "model/folder_name.h"

/* Whatever a server calls a folder, it gets the same name back. */
static struct bytes both_ways(const char *name, char delimiter, bool is_utf8)
{
	struct bytes raw = bytes_of_str(name), path;
	struct buf again;

	buf_init(&again, 10000);
	path = imap_name_decode(imap_test_mem, raw, delimiter, is_utf8);
	assert_false(bytes_is_null(path));
	assert_true(bytes_is_utf8(path));
	assert_int_equal(imap_name_encode(&again, path, is_utf8), ERR_OK);
	if (!bytes_equal(buf_bytes(&again), raw))
		fail_msg("\"%s\" became \"%.*s\"", name, BYTES_FMT(buf_bytes(&again)));
	buf_done(&again);
	return path;
}

static void good_names_are_decoded(void **state)
{
	(void)state;
	assert_bytes_equal_str(both_ways("INBOX/Entw&APw-rfe", '/', false), "INBOX/Entwürfe");
	assert_bytes_equal_str(both_ways("A&-B", '/', false), "A&B");
	assert_bytes_equal_str(both_ways("Entwürfe/A&B", '/', true), "Entwürfe/A&B");
	assert_bytes_equal_str(both_ways("", '/', false), "");
}

static void bad_names_come_back_as_they_were(void **state)
{
	static const char *const names[] = {
		"A&B",    "caf&AOk",      "Entw\xc3\xbcrfe", "\xe4",   "a\tb",
		"&AGE-",  "&AOQ-&APY-",   "&2D0-",           "/",      "//&/&-/",
		"&",      "&/&AOQ-/x",    "\xff\xfe/&-",     "&AOQ/-", "&,dA-" /* U+FDD0 */,
		"a\r\nb", "\xef\xb7\x90",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)both_ways(names[i], '/', false);
		(void)both_ways(names[i], '/', true);
		(void)both_ways(names[i], 0, false);
		(void)both_ways(names[i], 'A', false);
		(void)both_ways(names[i], '-', false);
	}
}

/* Or a folder would not stand below its parent. */
static void only_the_bad_components_are_kept_raw(void **state)
{
	struct bytes path = both_ways("Entw&APw-rfe/A&B/&AOQ-", '/', false);

	(void)state;
	assert_true(bytes_starts_with(path, BYTES_LIT("Entwürfe/A")));
	assert_true(bytes_ends_with(path, BYTES_LIT("B/ä")));
	assert_int_equal(path.len, strlen("Entwürfe/AB/ä") + FOLDER_NAME_RAW_BYTES);
}

static void what_is_no_path_is_refused(void **state)
{
	struct buf to;

	(void)state;
	buf_init(&to, 10000);
	assert_int_equal(imap_name_encode(&to, BYTES_LIT("\xe4"), false), ERR_INVALID);
	assert_int_equal(imap_name_encode(&to, BYTES_LIT("\xe4"), true), ERR_INVALID);
	assert_int_equal(imap_name_encode(&to, bytes_of("a\0b", 3), true), ERR_INVALID);
	buf_done(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(good_names_are_decoded),
		imap_test(bad_names_come_back_as_they_were),
		imap_test(only_the_bad_components_are_kept_raw),
		imap_test(what_is_no_path_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
