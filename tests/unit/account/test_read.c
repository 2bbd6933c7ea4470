#include "kit.h"

static const char mixed[] = "From: =?utf-8?q?Bj=C3=B6rn?= <b@example.net>\r\n"
			    "To: ada@example.org\r\n"
			    "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
			    "Date: Sat, 21 Nov 2026 21:58:07 +0100\r\n"
			    "Message-ID: <m1@example.net>\r\n"
			    "References: <root@example.net> <m0@example.net>\r\n"
			    "X-Odd: =?utf-8?q?=E2=82=AC?=\r\n"
			    "MIME-Version: 1.0\r\n"
			    "Content-Type: multipart/mixed; boundary=B\r\n"
			    "\r\n"
			    "--B\r\n"
			    "Content-Type: multipart/alternative; boundary=A\r\n"
			    "\r\n"
			    "--A\r\n"
			    "Content-Type: text/plain; charset=iso-8859-1\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n"
			    "\r\n"
			    "Hallo Welt, sch=F6n.\r\n"
			    "--A\r\n"
			    "Content-Type: text/html; charset=utf-8\r\n"
			    "\r\n"
			    "<p>Hallo <b>Welt</b></p>\r\n"
			    "--A--\r\n"
			    "--B\r\n"
			    "Content-Type: application/octet-stream; name=\"data.bin\"\r\n"
			    "Content-Disposition: attachment; filename=\"data.bin\"\r\n"
			    "Content-Transfer-Encoding: base64\r\n"
			    "\r\n"
			    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\r\n"
			    "GBkaGxwdHh8gISIjJCUmJygpKissLS4v\r\n"
			    "--B--\r\n";

struct world {
	struct kit k;
	struct account *a;
};

static void begin(struct world *w)
{
	kit_init(&w->k);
	kit_start(&w->k);
	w->a = kit_account(&w->k);
}

static void end(struct world *w)
{
	account_unref(w->a);
	kit_done(&w->k);
}

static void fill(struct world *w, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		char raw[200];

		snprintf(raw, sizeof raw,
			 "From: a@example.net\r\nSubject: number %u\r\nMessage-ID: <n%u@x>\r\n\r\n"
			 "text %u\r\n",
			 i, i, i);
		fake_add_message(w->k.server, "INBOX", bytes_of_str(raw), i % 2 ? "$seen" : NULL,
				 1000 + (int64_t)i);
	}
}

/* --- lists ------------------------------------------------------------ */

static struct mail_query newest(uint32_t limit)
{
	return (struct mail_query){ .sort = SORT_ADDED, .descending = true, .window.limit = limit };
}

static struct answer list(struct world *w, const char *folder, const struct mail_query *q)
{
	struct answer got = { 0 };

	KIT_START(account_list_messages(w->a, kit_call(&w->k), bytes_of_str(folder), q,
					&(struct list_options){ 0 }, kit_on_list, &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static void the_newest_come_first_with_where_the_list_stands(void **state)
{
	struct mail_query q = newest(10);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 25);
	got = list(&w, "inbox", &q);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.list->count, 10);
	assert_int_equal(got.list->total, 25);
	assert_int_equal(got.list->position, 0);
	assert_true(got.list->has_more);
	assert_true(bytes_is_null(got.list->next_sort_value));
	assert_true(bytes_starts_with(got.list->state, BYTES_LIT("s1.")));
	assert_bytes_equal_str(got.list->at[0].headers.subject, "number 25");
	assert_bytes_equal_str(got.list->at[9].headers.subject, "number 16");
	assert_int_equal(got.list->at[0].received_at, 1025);
	assert_int_equal(got.list->at[0].keywords.system, KEYWORD_SEEN);
	assert_true(bytes_is_null(got.list->at[0].preview));
	end(&w);
}

static void a_list_can_be_walked_by_cursor_and_by_position(void **state)
{
	struct mail_query q = newest(7);
	struct answer got;
	struct world w;
	unsigned seen = 0;

	(void)state;
	begin(&w);
	fill(&w, 25);
	do {
		got = list(&w, "inbox", &q);
		for (size_t i = 0; i < got.list->count; i++)
			assert_int_equal(got.list->at[i].id.key.uid, 25 - seen++);
		q.window.kind = WINDOW_AFTER;
		q.window.key = got.list->at[got.list->count - 1].id.key;
		q.window.uidvalidity = got.list->uidvalidity;
		/* New mail changes nothing of what follows. */
		fake_add_message(w.k.server, "INBOX", BYTES_LIT("Subject: new\r\n\r\n"), NULL, 9);
	} while (got.list->has_more);
	assert_int_equal(seen, 25);
	q = newest(2);
	q.window.position = 5;
	got = list(&w, "inbox", &q);
	assert_int_equal(got.list->position, 5);
	assert_int_equal(got.list->count, 2);
	end(&w);
}

static void a_cursor_of_another_uidvalidity_has_expired(void **state)
{
	struct mail_query q = newest(7);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 5);
	q.window.uidvalidity = 4711;
	got = list(&w, "inbox", &q);
	assert_int_equal(got.fault.err, ERR_CONFLICT);
	assert_string_equal(got.fault.code, "cursor-expired");
	q = newest(7);
	q.window.kind = WINDOW_ANCHOR;
	q.window.key.uid = 99;
	got = list(&w, "inbox", &q);
	assert_int_equal(got.fault.err, ERR_NOT_FOUND);
	assert_string_equal(got.fault.code, "message-not-found");
	end(&w);
}

static void a_folder_that_has_gone_since_it_was_listed_is_not_found(void **state)
{
	struct fault gone = fault_from_server(ERR_NOT_FOUND, "imap", BYTES_LIT("NONEXISTENT"),
					      BYTES_LIT("Mailbox doesn't exist"));
	struct mail_query q = newest(7);
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	fake_add_folder(w.k.server, "Drafts", FOLDER_ROLE_DRAFTS);
	assert_int_equal(list(&w, "drafts", &q).fault.err, ERR_OK);
	fake_fail_next(w.k.server, MAIL_QUERY, &gone);
	got = list(&w, "drafts", &q);
	assert_string_equal(got.fault.code, "folder-not-found");
	assert_string_equal(got.fault.protocol, "");
	assert_string_equal(got.fault.text, "Mailbox doesn't exist");
	/* The list of folders is looked at anew. */
	assert_int_equal(fake_calls(w.k.server, MAIL_LIST_FOLDERS), 1);
	assert_int_equal(list(&w, "drafts", &q).fault.err, ERR_OK);
	assert_int_equal(fake_calls(w.k.server, MAIL_LIST_FOLDERS), 2);
	end(&w);
}

static void a_folder_without_messages_of_its_own_cannot_be_listed(void **state)
{
	struct mail_query q = newest(7);
	struct answer got, folders = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	fake_add_folder(w.k.server, "up", FOLDER_ROLE_NONE)->is_selectable = false;
	KIT_START(account_list_folders(w.a, kit_call(&w.k), kit_on_folders, &folders));
	kit_wait(&w.k, &folders.done);
	got = list(&w, folder_list_by_path(folders.folders, BYTES_LIT("up"))->id.text, &q);
	assert_int_equal(got.fault.err, ERR_UNSUPPORTED);
	assert_string_equal(got.fault.code, "not-supported");
	end(&w);
}

static void previews_are_fetched_together_when_asked_for(void **state)
{
	const char *html = "Subject: h\r\nContent-Type: text/html\r\n\r\n"
			   "<style>p{}</style><p>Hello <b>there</b></p>\r\n";
	const char *none = "Subject: n\r\nContent-Type: image/png\r\n\r\nx\r\n";
	struct mail_query q = newest(10);
	struct answer got = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 3);
	fake_add_message(w.k.server, "INBOX", bytes_of_str(html), NULL, 1);
	fake_add_message(w.k.server, "INBOX", bytes_of_str(none), NULL, 1);
	KIT_START(account_list_messages(w.a, kit_call(&w.k), BYTES_LIT("inbox"), &q,
					&(struct list_options){ .preview = true }, kit_on_list,
					&got));
	kit_wait(&w.k, &got.done);
	assert_int_equal(got.list->count, 5);
	assert_bytes_equal_str(got.list->at[0].preview, "");
	assert_bytes_equal_str(got.list->at[1].preview, "Hello there");
	assert_bytes_equal_str(got.list->at[2].preview, "text 3");
	assert_int_equal(fake_calls(w.k.server, MAIL_SECTIONS), 4);
	end(&w);
}

static void a_preview_that_cannot_be_had_spoils_nothing(void **state)
{
	struct fault lost = fault_with_text(ERR_NET, "reset");
	struct mail_query q = newest(10);
	struct answer got = { 0 };
	struct world w;

	(void)state;
	begin(&w);
	fill(&w, 3);
	fake_fail_next(w.k.server, MAIL_SECTIONS, &lost);
	KIT_START(account_list_messages(w.a, kit_call(&w.k), BYTES_LIT("inbox"), &q,
					&(struct list_options){ .preview = true }, kit_on_list,
					&got));
	kit_wait(&w.k, &got.done);
	assert_int_equal(got.fault.err, ERR_OK);
	assert_int_equal(got.list->count, 3);
	assert_true(bytes_is_null(got.list->at[0].preview));
	end(&w);
}

/* --- one message ------------------------------------------------------ */

static const char *put(struct world *w, const char *raw)
{
	struct mail_query q = newest(1);
	char *id = arena_alloc(w->k.mem, ID_TEXT_MAX + 1);
	struct answer got;

	fake_add_message(w->k.server, "INBOX", bytes_of_str(raw), "$flagged todo", 4242);
	got = list(w, "inbox", &q);
	message_id_format(&got.list->at[0].id, id);
	return id;
}

static struct answer get(struct world *w, const char *id, struct message_options o)
{
	struct answer got = { 0 };

	if (!o.max_body_bytes)
		o.max_body_bytes = 100000;
	KIT_START(account_get_message(w->a, kit_call(&w->k), bytes_of_str(id), &o, kit_on_message,
				      &got));
	kit_wait(&w->k, &got.done);
	return got;
}

static void a_message_comes_decoded(void **state)
{
	const struct message *m;
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	got = get(&w, put(&w, mixed), (struct message_options){ .body = BODY_BOTH });
	assert_int_equal(got.fault.err, ERR_OK);
	m = got.message;
	assert_bytes_equal_str(m->summary.headers.subject, "Grüße");
	assert_bytes_equal_str(m->summary.headers.from.at[0].name, "Björn");
	assert_int_equal(m->summary.keywords.system, KEYWORD_FLAGGED);
	assert_int_equal(m->summary.keywords.custom.count, 1);
	assert_true(m->summary.has_attachment);
	assert_true(bytes_starts_with(m->summary.thread_id, BYTES_LIT("r.")));
	assert_int_equal(m->view.attachment_count, 1);
	assert_bytes_equal_str(m->view.attachments[0]->name, "data.bin");
	/* HTML values only when asked for raw. */
	assert_int_equal(m->body_value_count, 1);
	assert_bytes_equal_str(m->body_values[0].part_id, "1.1");
	assert_bytes_equal_str(m->body_values[0].value, "Hallo Welt, schön.");
	assert_false(m->body_values[0].is_encoding_problem);
	assert_false(m->body_values[0].is_truncated);
	assert_false(m->has_headers);
	end(&w);
}

static void only_the_texts_asked_for_are_fetched(void **state)
{
	struct answer got;
	struct world w;
	const char *id;

	(void)state;
	begin(&w);
	id = put(&w, mixed);
	got = get(&w, id, (struct message_options){ .body = BODY_NONE });
	assert_int_equal(got.message->body_value_count, 0);
	assert_int_equal(fake_calls(w.k.server, MAIL_SECTIONS), 0);
	got = get(&w, id, (struct message_options){ .body = BODY_HTML });
	assert_int_equal(got.message->body_value_count, 0);
	assert_int_equal(fake_calls(w.k.server, MAIL_SECTIONS), 0);
	got = get(&w, id, (struct message_options){ .body = BODY_HTML, .want_html_raw = true });
	assert_int_equal(got.message->body_value_count, 1);
	assert_bytes_equal_str(got.message->body_values[0].value, "<p>Hallo <b>Welt</b></p>");
	got = get(&w, id, (struct message_options){ .body = BODY_BOTH, .want_html_raw = true });
	assert_int_equal(got.message->body_value_count, 2);
	assert_int_equal(fake_calls(w.k.server, MAIL_SECTIONS), 2);
	end(&w);
}

static void a_long_text_is_cut_at_a_character(void **state)
{
	struct answer got;
	struct world w;

	(void)state;
	begin(&w);
	got = get(&w, put(&w, mixed),
		  (struct message_options){ .body = BODY_TEXT, .max_body_bytes = 16 });
	assert_bytes_equal_str(got.message->body_values[0].value, "Hallo Welt, sch");
	assert_true(got.message->body_values[0].is_truncated);
	end(&w);
}

static void header_fields_come_when_asked_for(void **state)
{
	struct bytes names[] = { BYTES_LIT("x-odd"), BYTES_LIT("X-None") };
	struct answer got;
	struct world w;
	const char *id;

	(void)state;
	begin(&w);
	id = put(&w, mixed);
	got = get(&w, id, (struct message_options){ .all_headers = true });
	assert_true(got.message->has_headers);
	assert_int_equal(got.message->header_field_count, 9);
	got = get(&w, id, (struct message_options){ .header_names = { names, 2 } });
	assert_int_equal(got.message->header_field_count, 1);
	assert_bytes_equal_str(got.message->header_fields[0].name, "X-Odd");
	assert_bytes_equal_str(got.message->header_fields[0].value, "€");
	end(&w);
}

static void whatever_is_wrong_with_an_id_the_message_is_not_found(void **state)
{
	char other[ID_TEXT_MAX + 1];
	struct message_id id = { .key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 1, .uid = 1 } };
	const char *bad[] = { "", "x", "AAAAAAAAAAAA.1.1", "AAAAAAAAAAAA.1.0", "inbox.1.1", other };
	struct world w;

	(void)state;
	begin(&w);
	put(&w, mixed);
	id.folder = folder_id_of(account_id(w.a), BYTES_LIT("INBOX"));
	id.key.uidvalidity = 4711; /* not the folder's */
	message_id_format(&id, other);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct answer got = get(&w, bad[i], (struct message_options){ 0 });

		assert_int_equal(got.fault.err, ERR_NOT_FOUND);
		assert_string_equal(got.fault.code, "message-not-found");
	}
	end(&w);
}

static void a_message_shows_though_the_server_cannot_say_what_it_is_made_of(void **state)
{
	const struct message *m;
	struct answer got;
	struct world w;
	const char *id;

	(void)state;
	begin(&w);
	id = put(&w, mixed);
	fake_hide_structure(w.k.server);
	got = get(&w, id, (struct message_options){ .body = BODY_BOTH, .want_html_raw = true });
	assert_int_equal(got.fault.err, ERR_OK);
	m = got.message;
	assert_true(m->summary.has_attachment);
	assert_int_equal(m->view.attachment_count, 1);
	assert_int_equal(m->body_value_count, 2);
	assert_bytes_equal_str(m->body_values[0].value, "Hallo Welt, schön.");
	assert_bytes_equal_str(m->summary.headers.subject, "Grüße");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_come_first_with_where_the_list_stands),
		cmocka_unit_test(a_list_can_be_walked_by_cursor_and_by_position),
		cmocka_unit_test(a_cursor_of_another_uidvalidity_has_expired),
		cmocka_unit_test(a_folder_that_has_gone_since_it_was_listed_is_not_found),
		cmocka_unit_test(a_folder_without_messages_of_its_own_cannot_be_listed),
		cmocka_unit_test(previews_are_fetched_together_when_asked_for),
		cmocka_unit_test(a_preview_that_cannot_be_had_spoils_nothing),
		cmocka_unit_test(a_message_comes_decoded),
		cmocka_unit_test(only_the_texts_asked_for_are_fetched),
		cmocka_unit_test(a_long_text_is_cut_at_a_character),
		cmocka_unit_test(header_fields_come_when_asked_for),
		cmocka_unit_test(a_message_shows_though_the_server_cannot_say_what_it_is_made_of),
		cmocka_unit_test(whatever_is_wrong_with_an_id_the_message_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
