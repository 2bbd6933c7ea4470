/* Extensions against servers that say what a test wants of them. */
#include "store_test.h"

static void open(struct store_test *t, const char *script)
{
	store_test_begin(t, script, NULL);
	assert_int_equal(store_test_open(t), ERR_OK);
}

static void end(struct store_test *t)
{
	assert_true(script_is_done(t->script));
	store_test_end(t);
}

/* --- BINARY ----------------------------------------------------------------------------- */

static enum err part_size(struct store_test *t, const char *part_id)
{
	struct message_key key = store_test_key(77, 5);

	(void)mailstore_part_size(t->ms, store_test_call(t), BYTES_LIT("INBOX"), &key,
				  bytes_of_str(part_id), store_test_on_size, t);
	store_test_wait(t);
	return t->fault.err;
}

static enum err stream(struct store_test *t, struct mail_section section)
{
	struct message_key key = store_test_key(77, 5);

	buf_reset(&t->stream);
	(void)mailstore_stream(t->ms, store_test_call(t), BYTES_LIT("INBOX"), &key, &section,
			       store_test_on_data, store_test_on_done, t);
	store_test_wait(t);
	return t->fault.err;
}

static void the_server_decodes_what_it_can(void **state)
{
	struct mail_section range = { .section = BYTES_LIT("2"),
				      .first = 2,
				      .length = 5,
				      .whole_known = true,
				      .whole_bytes = 12,
				      .is_decoded = true };
	struct mail_section unknown = { .section = BYTES_LIT("3"), .is_decoded = true };
	struct mail_section nil = { .section = BYTES_LIT("4"), .is_decoded = true };
	struct store_test t;

	(void)state;
	open(&t, "binary");
	assert_int_equal(part_size(&t, "2"), ERR_OK);
	assert_int_equal(t.size_bytes, 12);
	assert_int_equal(stream(&t, range), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t.stream), "a\r\n\\b");
	assert_int_equal(part_size(&t, "3"), ERR_UNSUPPORTED);
	assert_int_equal(stream(&t, unknown), ERR_UNSUPPORTED);
	assert_int_equal(stream(&t, nil), ERR_UNSUPPORTED);
	nil.is_decoded = false;
	assert_int_equal(stream(&t, nil), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t.stream), "abc");
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_decodes_what_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
