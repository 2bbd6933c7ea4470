#include "cmocka_all.h"

#include "pop3/maildrop.h"

static struct message_key uidl_key(const char *text)
{
	struct message_key k = { .kind = MESSAGE_KEY_UIDL };

	strncpy(k.text, text, sizeof k.text - 1);
	return k;
}

/* Numbers 1..n with these UIDLs (NULL: none); headers "A", "B", ... as given. */
static void fill(struct pop3_maildrop *m, const char *const *uidls, const char *headers)
{
	size_t nameless = 0;

	pop3_maildrop_init(m);
	for (uint32_t i = 0; headers[i]; i++) {
		assert_int_equal(pop3_maildrop_add(m, i + 1, 100 + i), ERR_OK);
		if (uidls[i])
			assert_int_equal(pop3_maildrop_set_uidl(m, i + 1, bytes_of_str(uidls[i])),
					 ERR_OK);
	}
	assert_int_equal(pop3_maildrop_begin_keys(m, &nameless), ERR_OK);
	for (size_t i = 0; i < m->count; i++) {
		if (m->at[i].key.text[0])
			continue;
		nameless--;
		assert_int_equal(pop3_message_set_header(m, &m->at[i], bytes_of(headers + i, 1)),
				 ERR_OK);
	}
	assert_int_equal(nameless, 0);
	assert_int_equal(pop3_maildrop_finish_keys(m), ERR_OK);
}

static void a_unique_uidl_is_the_key(void **state)
{
	static const char *const uidls[] = { "c", "a", "b" };
	struct message_key a = uidl_key("a"), x = uidl_key("x");
	struct pop3_maildrop m;

	(void)state;
	fill(&m, uidls, "ABC");
	assert_int_equal(pop3_maildrop_find(&m, &a)->number, 2);
	assert_null(pop3_maildrop_find(&m, &x));
	pop3_maildrop_done(&m);
}

static void doubles_and_missing_ones_are_known_by_their_headers(void **state)
{
	static const char *const uidls[] = { "same", "same", NULL, "own", NULL };
	struct pop3_maildrop m;

	(void)state;
	fill(&m, uidls, "ABCDC");
	for (size_t i = 0; i < m.count; i++) {
		assert_int_equal(m.at[i].key.kind, i == 3 ? MESSAGE_KEY_UIDL : MESSAGE_KEY_HASH);
		assert_ptr_equal(pop3_maildrop_find(&m, &m.at[i].key), &m.at[i]);
	}
	/* 3 and 5 have the same header: told apart by the ordinal. */
	assert_string_equal(m.at[2].key.text, m.at[4].key.text);
	assert_int_equal(m.at[2].key.uid, 1);
	assert_int_equal(m.at[4].key.uid, 2);
	assert_string_not_equal(m.at[0].key.text, m.at[1].key.text);
	pop3_maildrop_done(&m);
}

static void a_uidl_too_long_for_an_id_is_hashed(void **state)
{
	static char longest[UIDL_MAX_BYTES + 1], longer[UIDL_MAX_BYTES + 2];
	const char *const uidls[] = { longest, longer };
	struct pop3_maildrop m;

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	memset(longer, 'x', sizeof longer - 1);
	fill(&m, uidls, "AB");
	assert_int_equal(m.at[0].key.kind, MESSAGE_KEY_UIDL);
	assert_int_equal(m.at[1].key.kind, MESSAGE_KEY_HASH);
	pop3_maildrop_done(&m);
}

static void numbers_must_ascend(void **state)
{
	struct pop3_maildrop m;

	(void)state;
	pop3_maildrop_init(&m);
	assert_int_equal(pop3_maildrop_add(&m, 2, 1), ERR_OK);
	assert_int_equal(pop3_maildrop_add(&m, 2, 1), ERR_PROTO);
	assert_int_equal(pop3_maildrop_add(&m, 1, 1), ERR_PROTO);
	assert_int_equal(pop3_maildrop_add(&m, 7, 1), ERR_OK);
	assert_non_null(pop3_maildrop_by_number(&m, 7));
	assert_null(pop3_maildrop_by_number(&m, 3));
	assert_int_equal(pop3_maildrop_set_uidl(&m, 3, BYTES_LIT("x")), ERR_OK);
	pop3_maildrop_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unique_uidl_is_the_key),
		cmocka_unit_test(doubles_and_missing_ones_are_known_by_their_headers),
		cmocka_unit_test(a_uidl_too_long_for_an_id_is_hashed),
		cmocka_unit_test(numbers_must_ascend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
