#include "cmocka_all.h"

#include <stdlib.h>

#include "model/message_id.h"

static struct account_id ada(void)
{
	return account_id_of(BYTES_LIT("imap"), BYTES_LIT("mail.example.org"),
			     BYTES_LIT("ada@example.org"));
}

/* The digests were made with sha256sum and base64: clients keep these ids. */
static void account_and_folder_ids_never_change(void **state)
{
	struct account_id account = ada();
	struct folder_id inbox = folder_id_of(&account, BYTES_LIT("INBOX"));

	(void)state;
	assert_string_equal(account.text, "sdajle0YZ9_t");
	assert_string_equal(inbox.text, "0Fe1lf_VrfoY");
}

static void pieces_of_an_account_are_not_run_together(void **state)
{
	struct account_id a = account_id_of(BYTES_LIT("imap"), BYTES_LIT("ab"), BYTES_LIT("c"));
	struct account_id b = account_id_of(BYTES_LIT("imap"), BYTES_LIT("a"), BYTES_LIT("bc"));

	(void)state;
	assert_string_not_equal(a.text, b.text);
}

static void only_the_whole_name_inbox_is_taken_in_any_case(void **state)
{
	struct account_id account = ada();
	struct folder_id upper = folder_id_of(&account, BYTES_LIT("INBOX"));
	struct folder_id mixed = folder_id_of(&account, BYTES_LIT("inBox"));
	struct folder_id child = folder_id_of(&account, BYTES_LIT("INBOX.Sent"));
	struct folder_id other = folder_id_of(&account, BYTES_LIT("inbox.Sent"));

	(void)state;
	assert_true(folder_id_equal(&upper, &mixed));
	assert_false(folder_id_equal(&child, &other));
}

static void folder_ids_are_twelve_characters_of_base64url(void **state)
{
	struct folder_id id;

	(void)state;
	assert_true(folder_id_parse(BYTES_LIT("RQ2dsumWSJ-_"), &id));
	assert_string_equal(id.text, "RQ2dsumWSJ-_");
	assert_false(folder_id_parse(BYTES_LIT("RQ2dsumWSJ"), &id));
	assert_false(folder_id_parse(BYTES_LIT("RQ2dsumWSJS77"), &id));
	assert_false(folder_id_parse(BYTES_LIT("RQ2dsumWSJ+/"), &id));
	assert_false(folder_id_parse(BYTES_LIT("RQ2dsumWSJ\0S"), &id));
}

static void check_both_ways(const char *text)
{
	struct message_id id;
	char again[ID_TEXT_MAX + 1];

	if (message_id_parse(bytes_of_str(text), &id) != ERR_OK)
		fail_msg("%s was refused", text);
	message_id_format(&id, again);
	assert_string_equal(again, text);
}

static void every_kind_of_message_id_reads_as_it_was_written(void **state)
{
	(void)state;
	check_both_ways("RQ2dsumWSJS7.snbj7y.7qy");
	check_both_ways("RQ2dsumWSJS7.1.1");
	check_both_ways("RQ2dsumWSJS7.1z141z3.1z141z3");
	check_both_ways("RQ2dsumWSJS7.p.d2hhdA");
	check_both_ways("RQ2dsumWSJS7.h.abc-_-0");
	check_both_ways("RQ2dsumWSJS7.h.---zz");
	check_both_ways("RQ2dsumWSJS7.0h.7");
	check_both_ways("RQ2dsumWSJS7.0p.d2hhd");
}

static void uidvalidities_that_look_like_pop3_marks_stay_numbers(void **state)
{
	struct message_id id = { { "RQ2dsumWSJS7" }, { MESSAGE_KEY_UID, 25, 600, "" } }, back;
	char text[ID_TEXT_MAX + 1];

	(void)state;
	message_id_format(&id, text);
	assert_int_equal(message_id_parse(bytes_of_str(text), &back), ERR_OK);
	assert_true(message_id_equal(&id, &back));
	assert_int_equal(back.key.uidvalidity, 25);
}

static void the_longest_uidl_fits(void **state)
{
	struct message_id id = { { "RQ2dsumWSJS7" }, { MESSAGE_KEY_UIDL, 0, 0, "" } }, back;
	char text[ID_TEXT_MAX + 1];

	(void)state;
	memset(id.key.text, '~', UIDL_MAX_BYTES);
	message_id_format(&id, text);
	assert_int_equal(message_id_parse(bytes_of_str(text), &back), ERR_OK);
	assert_true(message_id_equal(&id, &back));
}

static void what_would_not_be_written_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"RQ2dsumWSJS7",
		"RQ2dsumWSJS7.1",
		"RQ2dsumWSJS7.1.",
		"RQ2dsumWSJS7.01.1",
		"RQ2dsumWSJS7.1.01",
		"RQ2dsumWSJS7.0.1",
		"RQ2dsumWSJS7.1.0",
		"RQ2dsumWSJS7.1.1.",
		"RQ2dsumWSJS7.1.1.1",
		"RQ2dsumWSJS7.1.A",
		"RQ2dsumWSJS7.1z141z4.1",
		"RQ2dsumWSJS7.1.10000000",
		"RQ2dsumWSJS7.p.",
		"RQ2dsumWSJS7.p.d2hhdA==",
		"RQ2dsumWSJS7.p.d2hhdB",
		"RQ2dsumWSJS7.p.IA",
		"RQ2dsumWSJS7.h.abc",
		"RQ2dsumWSJS7.h.-1",
		"RQ2dsumWSJS7.h.abc-01",
		"RQ2dsumWSJS7.h.a.b-1",
		"RQ2dsumWSJS7.00h.7",
		"RQ2dsumWSJS7.0a.7",
		"RQ2dsumWSJS.1.1",
		" RQ2dsumWSJS7.1.1",
	};
	struct message_id id = { { "kept" }, { 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (message_id_parse(bytes_of_str(bad[i]), &id) != ERR_INVALID)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_string_equal(id.folder.text, "kept");
}

static void uidls_are_printable_and_short(void **state)
{
	(void)state;
	assert_true(message_uidl_is_valid(BYTES_LIT("QhdPYR:00WBw1Ph7x7")));
	assert_false(message_uidl_is_valid(BYTES_LIT("")));
	assert_false(message_uidl_is_valid(BYTES_LIT("a b")));
	assert_false(message_uidl_is_valid(BYTES_LIT("a\x7f")));
	assert_false(message_uidl_is_valid(BYTES_LIT(
		"12345678901234567890123456789012345678901234567890123456789012345678901")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(account_and_folder_ids_never_change),
		cmocka_unit_test(pieces_of_an_account_are_not_run_together),
		cmocka_unit_test(only_the_whole_name_inbox_is_taken_in_any_case),
		cmocka_unit_test(folder_ids_are_twelve_characters_of_base64url),
		cmocka_unit_test(every_kind_of_message_id_reads_as_it_was_written),
		cmocka_unit_test(uidvalidities_that_look_like_pop3_marks_stay_numbers),
		cmocka_unit_test(the_longest_uidl_fits),
		cmocka_unit_test(what_would_not_be_written_is_refused),
		cmocka_unit_test(uidls_are_printable_and_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
