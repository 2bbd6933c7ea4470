#include "cmocka_all.h"

#include <stdio.h>

#include "model/folder.h"

static void role_aliases_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = FOLDER_ROLE_INBOX; i < FOLDER_ROLES; i++) {
		const char *name = folder_role_name((enum folder_role)i);

		assert_non_null(name);
		assert_int_equal(folder_role_parse(bytes_of_str(name)), i);
	}
	assert_null(folder_role_name(FOLDER_ROLE_NONE));
	assert_int_equal(folder_role_parse(BYTES_LIT("Inbox")), FOLDER_ROLE_NONE);
	assert_int_equal(folder_role_parse(BYTES_LIT("")), FOLDER_ROLE_NONE);
}

static void the_inbox_is_listed_first_and_roles_before_the_rest(void **state)
{
	(void)state;
	for (unsigned i = FOLDER_ROLE_INBOX; i < FOLDER_ROLES; i++) {
		assert_true(folder_sort_order((enum folder_role)i) <
			    folder_sort_order(FOLDER_ROLE_NONE));
		assert_true(folder_sort_order((enum folder_role)i) >=
			    folder_sort_order(FOLDER_ROLE_INBOX));
	}
	assert_int_equal(folder_sort_order(FOLDER_ROLE_INBOX), 10);
}

static void check_guess(const char *name, const char *want)
{
	const char *got = folder_role_name(folder_role_guess(bytes_of_str(name)));

	if (strcmp(got ? got : "none", want) != 0)
		fail_msg("\"%s\" was taken for %s, not %s", name, got ? got : "none", want);
}

static void knows_the_names_that_mail_programs_use(void **state)
{
	static const char *const want[][2] = {
		{ "INBOX", "inbox" },
		{ "Inbox", "inbox" },
		{ "Sent Items", "sent" },
		{ "INBOX.Sent", "sent" },
		{ "INBOX/Sent Messages", "sent" },
		{ "Deleted Items", "trash" },
		{ "Bulk Mail", "junk" },
		{ "Junk E-mail", "junk" },
		{ "JUNK", "junk" },
		{ "[Gmail]/Sent Mail", "sent" },
		{ "[Google Mail]/Bin", "trash" },
		{ "[Gmail]/All Mail", "all" },
		{ "[Gmail]/Starred", "flagged" },
		{ "[Gmail]/Wichtig", "important" },
		{ "[Gmail]/Вся почта", "all" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		check_guess(want[i][0], want[i][1]);
}

/* As their users spell them: with capitals and accents. */
static void knows_names_in_many_languages(void **state)
{
	static const char *const want[][2] = {
		{ "Entwürfe", "drafts" },
		{ "Gesendete Objekte", "sent" },
		{ "Gelöschte Elemente", "trash" },
		{ "PAPIERKORB", "trash" },
		{ "Unerwünscht", "junk" },
		{ "Éléments envoyés", "sent" },
		{ "E\xcc\x81le\xcc\x81ments envoye\xcc\x81s", "sent" },
		{ "Messages supprimés", "trash" },
		{ "Indésirables", "junk" },
		{ "Borradores", "drafts" },
		{ "Correo no deseado", "junk" },
		{ "Posta inviata", "sent" },
		{ "Cestino", "trash" },
		{ "Lixo Eletrônico", "junk" },
		{ "Itens Excluídos", "trash" },
		{ "Verzonden items", "sent" },
		{ "Ongewenste e-mail", "junk" },
		{ "Skräppost", "junk" },
		{ "Søppelpost", "junk" },
		{ "Uønsket e-mail", "junk" },
		{ "Lähetetyt", "sent" },
		{ "Wysłane", "sent" },
		{ "Elementy usunięte", "trash" },
		{ "Odeslaná pošta", "sent" },
		{ "Koš", "trash" },
		{ "Отправленные", "sent" },
		{ "Удалённые", "trash" },
		{ "Черновики", "drafts" },
		{ "Корзина", "trash" },
		{ "Надіслані", "sent" },
		{ "Gönderilmiş Öğeler", "sent" },
		{ "Çöp Kutusu", "trash" },
		{ "ΑΠΕΣΤΑΛΜΈΝΑ", "sent" },
		{ "Πρόχειρα", "drafts" },
		{ "Elküldött elemek", "sent" },
		{ "Levélszemét", "junk" },
		{ "Elemente trimise", "sent" },
		{ "Coș de gunoi", "trash" },
		{ "Ciorne", "drafts" },
		{ "送信済みアイテム", "sent" },
		{ "迷惑メール", "junk" },
		{ "已发送", "sent" },
		{ "垃圾郵件", "junk" },
		{ "보낸편지함", "sent" },
		{ "휴지통", "trash" },
		{ "العناصر المحذوفة", "trash" },
		{ "דואר זבל", "junk" },
		{ "Thư đã gửi", "sent" },
		{ "Thùng rác", "trash" },
		{ "Arkiv", "archive" },
		{ "Архив", "archive" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		check_guess(want[i][0], want[i][1]);
}

static void other_names_are_folders_like_any_other(void **state)
{
	char longest[300];

	(void)state;
	check_guess("", "none");
	check_guess("INBOX.", "none");
	check_guess("Customers/Sent", "none");
	check_guess("Sent to Bob", "none");
	check_guess("sent|drafts", "none");
	check_guess("|", "none");
	check_guess("Important", "none");
	check_guess("\xff\xfe", "none");
	check_guess("Sent\xcc", "none");
	memset(longest, 'x', sizeof longest);
	assert_int_equal(folder_role_guess(bytes_of(longest, sizeof longest)), FOLDER_ROLE_NONE);
}

static void finds_folders_by_id_role_and_path(void **state)
{
	struct folder folders[] = {
		{ .id = { "aaaaaaaaaaaa" }, .path = BYTES_LIT("INBOX"), .role = FOLDER_ROLE_INBOX },
		{ .id = { "bbbbbbbbbbbb" }, .path = BYTES_LIT("Work") },
	};
	struct folder_list l = { folders, 2 };

	(void)state;
	assert_ptr_equal(folder_list_by_id(&l, &folders[1].id), &folders[1]);
	assert_null(folder_list_by_id(&l, &(struct folder_id){ "cccccccccccc" }));
	assert_ptr_equal(folder_list_by_role(&l, FOLDER_ROLE_INBOX), &folders[0]);
	assert_null(folder_list_by_role(&l, FOLDER_ROLE_NONE));
	assert_null(folder_list_by_role(&l, FOLDER_ROLE_TRASH));
	assert_ptr_equal(folder_list_by_path(&l, BYTES_LIT("inbox")), &folders[0]);
	assert_ptr_equal(folder_list_by_path(&l, BYTES_LIT("Work")), &folders[1]);
	assert_null(folder_list_by_path(&l, BYTES_LIT("work")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(role_aliases_go_both_ways),
		cmocka_unit_test(the_inbox_is_listed_first_and_roles_before_the_rest),
		cmocka_unit_test(knows_the_names_that_mail_programs_use),
		cmocka_unit_test(knows_names_in_many_languages),
		cmocka_unit_test(other_names_are_folders_like_any_other),
		cmocka_unit_test(finds_folders_by_id_role_and_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
