#include "mailstore_contract.h"

#include <stdio.h>

#include "base/clock.h"
#include "cmocka_all.h"
#include "contract_calls.h"
#include "contract_names.h"
#include "contract_search.h"
#include "contract_watch.h"

static const struct mailstore_caps *caps(const struct contract_test *t)
{
	return mailstore_caps(t->ms);
}

/* --- the conversation -------------------------------------------------------------------- */

static void a_wrong_password_is_refused(void **state)
{
	struct contract_test *t = *state;
	struct mailstore *ms = t->contract->connect(t->contract->ctx);

	assert_int_equal(contract_open(t, ms, "not the password"), ERR_AUTH);
	assert_false(mailstore_is_open(ms));
	mailstore_free(ms);
}

static void it_knows_what_is_selected(void **state)
{
	struct contract_test *t = *state;

	assert_int_equal(contract_query(t, &(struct mail_query){ .window.limit = 1 }, MAIL_FLAGS),
			 ERR_OK);
	assert_true(bytes_equal(mailstore_selected(t->ms), t->path));
	assert_int_equal(contract_ping(t), ERR_OK);
}

/* --- folders ------------------------------------------------------------------------------- */

static void folders_are_made_renamed_and_deleted(void **state)
{
	struct contract_test *t = *state;
	struct bytes renamed =
		bytes_of_str(arena_printf(t->mem, "%.*s \303\274ber", BYTES_FMT(t->other)));
	const struct folder *f = contract_folder(t, t->other);

	if (!caps(t)->folders) {
		assert_int_equal(contract_change(t, FOLDER_CREATE, renamed, BYTES_NULL),
				 ERR_UNSUPPORTED);
		assert_int_equal(t->folders->count, 1);
		assert_true(t->folders->at[0].is_selectable);
		return;
	}
	assert_non_null(f);
	assert_true(f->is_selectable);
	assert_int_equal(contract_change(t, FOLDER_CREATE, t->other, BYTES_NULL), ERR_EXISTS);
	assert_int_equal(contract_change(t, FOLDER_SUBSCRIBE, t->other, BYTES_NULL), ERR_OK);
	assert_true(contract_folder(t, t->other)->is_subscribed);
	assert_int_equal(contract_change(t, FOLDER_UNSUBSCRIBE, t->other, BYTES_NULL), ERR_OK);
	assert_false(contract_folder(t, t->other)->is_subscribed);

	/* Selected, it is renamed all the same. */
	assert_int_equal(contract_status(t, t->other), ERR_OK);
	assert_int_equal(contract_change(t, FOLDER_RENAME, t->other, renamed), ERR_OK);
	assert_null(contract_folder(t, t->other));
	assert_non_null(contract_folder(t, renamed));
	assert_int_equal(contract_status(t, renamed), ERR_OK);
	assert_int_equal(contract_change(t, FOLDER_DELETE, renamed, BYTES_NULL), ERR_OK);
	assert_null(contract_folder(t, renamed));
}

/* A server may have no use for some characters, and says so. */
static void odd_names_are_kept_or_refused(void **state)
{
	static const char *const names[] = { "a \"b\" \\c", "d & e {5} &-" };
	struct contract_test *t = *state;
	struct bytes path = t->other;

	if (!caps(t)->folders)
		skip();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes odd = bytes_of_str(
			arena_printf(t->mem, "%.*s %s", BYTES_FMT(t->other), names[i]));
		enum err e = contract_change(t, FOLDER_RENAME, path, odd);

		if (e == ERR_OK)
			path = odd;
		else
			assert_true(e == ERR_UNSUPPORTED || e == ERR_INVALID);
		assert_non_null(contract_folder(t, path));
		assert_int_equal(contract_status(t, path), ERR_OK);
	}
}

static void a_folder_that_is_not_there_is_told(void **state)
{
	struct contract_test *t = *state;
	struct bytes nowhere =
		bytes_of_str(arena_printf(t->mem, "%.*s nowhere", BYTES_FMT(t->other)));
	struct message_key key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 1, .uid = 1 };

	assert_int_equal(contract_status(t, nowhere), ERR_NOT_FOUND);
	assert_int_not_equal(contract_glance(t, nowhere), ERR_OK);
	assert_int_equal(contract_fetch(t, nowhere, &key, 1, MAIL_FLAGS), ERR_NOT_FOUND);
	if (caps(t)->append)
		assert_int_equal(contract_append(t, nowhere, contract_message(t, 1), "", 0),
				 ERR_NOT_FOUND);
	assert_true(mailstore_is_open(t->ms));
	assert_int_equal(contract_status(t, t->path), ERR_OK);
}

static void numbers_leave_out_what_is_marked_deleted(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 4);

	assert_int_equal(contract_status(t, t->path), ERR_OK);
	assert_int_equal(t->status.total, 4);
	assert_int_equal(t->status.unread, 2);
	assert_int_equal(t->status.uidvalidity, keys[0].uidvalidity);
	assert_true(t->status.uidnext > keys[3].uid || caps(t)->has_names);
	if (!contract_marks_deleted(t))
		return;
	assert_int_equal(contract_keywords(t, &keys[1], 1, "$deleted", ""), ERR_OK);
	assert_int_equal(contract_status(t, t->path), ERR_OK);
	assert_int_equal(t->status.total, 3);
	assert_int_equal(t->status.unread, 1);
}

static void a_glance_sees_whether_something_has_happened(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys;
	struct folder_status before;

	if (!caps(t)->folders)
		skip();
	keys = contract_fill(t, 4);
	assert_int_equal(contract_keywords(t, &keys[1], 1, "$deleted", ""), ERR_OK);
	assert_int_equal(contract_status(t, t->path), ERR_OK);
	before = t->status;
	assert_int_equal(contract_fetch(t, t->other, keys, 1, MAIL_FLAGS), ERR_OK);
	assert_int_equal(contract_glance(t, t->path), ERR_OK);
	assert_true(bytes_equal(mailstore_selected(t->ms), t->other));
	assert_int_equal(t->status.uidvalidity, before.uidvalidity);
	assert_int_equal(t->status.uidnext, before.uidnext);
	assert_true(t->status.highestmodseq >= before.highestmodseq);
	assert_int_equal(t->status.total, 4);
	assert_int_equal(t->status.unread, 2);
	before = t->status;
	assert_int_equal(contract_glance(t, t->path), ERR_OK);
	assert_memory_equal(&t->status, &before, sizeof before);
	assert_int_equal(contract_append(t, t->path, contract_message(t, 9), "$flagged", 0),
			 ERR_OK);
	assert_int_equal(contract_glance(t, t->path), ERR_OK);
	assert_true(t->status.uidnext > before.uidnext);
	assert_true(!before.highestmodseq || t->status.highestmodseq > before.highestmodseq);
	assert_int_equal(t->status.total, 5);
}

/* --- reading --------------------------------------------------------------------------------- */

static void a_message_reads_as_it_was_written(void **state)
{
	struct contract_test *t = *state;
	struct bytes raw = contract_message(t, 7), end = BYTES_LIT("\r\n\r\n");
	const struct mail_item *item;

	assert_int_equal(contract_append(t, t->path, raw, "$flagged", contract_received_at(7)),
			 ERR_OK);
	assert_int_equal(contract_fetch(t, t->path, &t->changes[0].new_key, 1, MAIL_SUMMARY),
			 ERR_OK);
	assert_int_equal(t->count, 1);
	item = &t->items[0];
	assert_true(item->keywords.system & KEYWORD_FLAGGED);
	assert_false(item->keywords.system & KEYWORD_SEEN);
	assert_int_equal(item->received_at, contract_received_at(7));
	if (!caps(t)->sizes_are_estimates)
		assert_int_equal(item->size, raw.len);
	assert_true(bytes_find(item->header, BYTES_LIT("number 7\r\n")) < item->header.len);
	assert_non_null(item->structure);
	assert_bytes_equal_str(item->structure->type, "multipart/mixed");
	assert_int_equal(item->structure->child_count, 2);
	assert_bytes_equal_str(item->structure->children[0].type, "text/plain");
	assert_bytes_equal_str(item->structure->children[0].part_id, "1");
	assert_bytes_equal_str(item->structure->children[1].disposition, "attachment");
	assert_int_equal(item->structure->children[1].encoding, PART_ENCODING_BASE64);
	assert_int_equal(item->structure->children[1].encoded_size, 16);

	assert_int_equal(contract_fetch(t, t->path, &item->key, 1, MAIL_HEADER_ALL), ERR_OK);
	assert_true(contract_is_written(t, t->items[0].header,
					bytes_first(raw, bytes_find(raw, end) + end.len)));
	assert_true(bytes_ends_with(t->items[0].header, BYTES_LIT("\r\n\r\n")));
}

/* By any way that leaves it out from then on. */
static void hide(struct contract_test *t, const struct message_key *key)
{
	if (contract_marks_deleted(t))
		assert_int_equal(contract_keywords(t, key, 1, "$deleted", ""), ERR_OK);
	else
		assert_int_equal(contract_expunge(t, key, 1), ERR_OK);
}

static struct message_key of_another_uidvalidity(const struct message_key *key)
{
	struct message_key other = *key;

	if (key->kind != MESSAGE_KEY_UID)
		return contract_stranger(key, 9999);
	other.uidvalidity++;
	return other;
}

static void what_is_gone_is_left_out_of_a_fetch(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 3), asked[5];

	memcpy(asked, keys, 3 * sizeof(*keys));
	hide(t, &keys[1]);
	asked[3] = contract_stranger(&keys[2], 100);
	asked[4] = of_another_uidvalidity(&keys[2]);
	assert_int_equal(contract_fetch(t, t->path, asked, 5, MAIL_FLAGS), ERR_OK);
	assert_int_equal(t->count, 2);
	assert_int_equal(contract_fetch(t, t->path, asked, 0, MAIL_FLAGS), ERR_OK);
	assert_int_equal(t->count, 0);
}

static void sections_and_streams_give_the_bytes(void **state)
{
	struct contract_test *t = *state;
	struct bytes raw = contract_message(t, 3);
	const struct bytes names[] = { BYTES_LIT("2"), BYTES_LIT("1"), BYTES_LIT("HEADER") };
	struct mail_section whole = { .section = BYTES_LIT(""), .whole_known = true };
	struct mail_section part = { .section = BYTES_LIT("2"), .first = 4, .length = 6 };
	struct message_key key, gone;

	assert_int_equal(contract_append(t, t->path, raw, "", contract_received_at(3)), ERR_OK);
	key = t->changes[0].new_key;
	gone = contract_stranger(&key, 50);
	assert_int_equal(contract_sections(t, &key, names, 3, 10), ERR_OK);
	assert_bytes_equal_str(t->values[0], "aGVsbG8gd2");
	assert_bytes_equal_str(t->values[1], "The text o");
	assert_bytes_equal_str(t->values[2], "From: \"Sen");
	assert_int_equal(contract_sections(t, &gone, names, 3, 10), ERR_NOT_FOUND);

	whole.whole_bytes = raw.len;
	assert_int_equal(contract_stream(t, &key, &whole), ERR_OK);
	assert_true(contract_is_written(t, buf_bytes(&t->stream), raw));
	assert_int_equal(contract_stream(t, &key, &part), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t->stream), "bG8gd2");
	assert_int_equal(contract_stream(t, &gone, &whole), ERR_NOT_FOUND);
	assert_int_equal(contract_fetch(t, t->path, &key, 1, MAIL_FLAGS), ERR_OK);
	assert_false(t->items[0].keywords.system & KEYWORD_SEEN);
}

static void parts_are_decoded_where_the_server_can(void **state)
{
	struct contract_test *t = *state;
	struct mail_section part = { .section = BYTES_LIT("2"),
				     .first = 6,
				     .length = 3,
				     .whole_known = true,
				     .whole_bytes = 11,
				     .is_decoded = true };
	struct message_key key;

	assert_int_equal(contract_append(t, t->path, contract_message(t, 3), "", 0), ERR_OK);
	key = t->changes[0].new_key;
	if (!mailstore_caps(t->ms)->decodes) {
		assert_int_equal(contract_part_size(t, &key, "2"), ERR_UNSUPPORTED);
		return;
	}
	assert_int_equal(contract_part_size(t, &key, "2"), ERR_OK);
	assert_int_equal(t->size_bytes, 11);
	assert_int_equal(contract_stream(t, &key, &part), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t->stream), "wor");
	part.first = part.length = 0;
	assert_int_equal(contract_stream(t, &key, &part), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&t->stream), "hello world");
	key = contract_stranger(&key, 50);
	assert_int_not_equal(contract_part_size(t, &key, "2"), ERR_OK);
}

static void a_large_message_streams(void **state)
{
	struct contract_test *t = *state;
	struct mail_section whole = { .section = BYTES_LIT("") };
	struct buf raw;

	buf_init(&raw, 8u << 20);
	buf_append_str(&raw, "From: a@example.org\r\nSubject: large\r\n\r\n");
	for (unsigned i = 0; i < 50000; i++)
		buf_printf(&raw, "line %u of a long text that goes on\r\n", i);
	assert_int_equal(buf_err(&raw), ERR_OK);
	assert_int_equal(contract_append(t, t->path, buf_bytes(&raw), "", 0), ERR_OK);
	assert_int_equal(contract_stream(t, &t->changes[0].new_key, &whole), ERR_OK);
	assert_true(contract_is_written(t, buf_bytes(&t->stream), buf_bytes(&raw)));
	buf_done(&raw);
}

/* --- pages ---------------------------------------------------------------------------------------
 */

static struct mail_query window(enum mail_window_kind kind, bool descending, uint32_t limit)
{
	return (struct mail_query){ .descending = descending,
				    .window = { .kind = kind, .limit = limit } };
}

static void pages_go_both_ways(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 9);
	struct mail_query q = window(WINDOW_POSITION, true, 4);

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "9 8 7 6");
	assert_int_equal(t->page.total, 9);
	assert_int_equal(t->page.position, 0);
	assert_true(t->page.has_more);
	q.window.position = 6;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "3 2 1");
	assert_false(t->page.has_more);
	q.window.position = 100;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "");
	assert_int_equal(t->page.total, 9);

	q = window(WINDOW_AFTER, false, 3);
	q.window.key = keys[4];
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "6 7 8");
	assert_int_equal(t->page.position, 5);
	q = window(WINDOW_ANCHOR, true, 2);
	q.window.key = keys[4];
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "5 4");
	assert_int_equal(t->page.position, 4);
}

static void pages_are_stable_while_mail_comes_and_goes(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 8);
	struct mail_query q = window(WINDOW_POSITION, true, 3);

	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "8 7 6");
	assert_int_equal(contract_append(t, t->path, contract_message(t, 9), "", 0), ERR_OK);
	assert_int_equal(contract_expunge(t, &keys[5], 1), ERR_OK); /* 6: the cursor's own */
	hide(t, &keys[3]);                                          /* 4 */
	q = window(WINDOW_AFTER, true, 3);
	q.window.key = keys[5];
	q.window.uidvalidity = keys[5].uidvalidity;
	if (caps(t)->has_names) {
		/* Without its number nobody knows where it was. */
		assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_CONFLICT);
		q.window.key = keys[6];
	}
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "5 3 2");
	assert_int_equal(t->page.total, 7);
	assert_int_equal(t->page.position, 3);
	q.window.kind = WINDOW_ANCHOR;
	q.window.key = keys[5];
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_NOT_FOUND);
	if (caps(t)->has_names)
		return;
	q.window.uidvalidity++;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_CONFLICT);
}

static void another_conversation_sees_what_changes(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 3);
	struct mail_query q = window(WINDOW_POSITION, true, 10);
	struct mailstore *first = t->ms, *second;

	if (caps(t)->sessions_max == 1)
		skip();
	second = t->contract->connect(t->contract->ctx);
	assert_int_equal(contract_open(t, second, t->contract->password), ERR_OK);
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	t->ms = second;
	assert_int_equal(contract_expunge(t, &keys[0], 1), ERR_OK);
	assert_int_equal(contract_keywords(t, &keys[1], 1, "$flagged", "$seen"), ERR_OK);
	assert_int_equal(contract_append(t, t->path, contract_message(t, 4), "", 0), ERR_OK);
	t->ms = first;
	assert_int_equal(contract_query(t, &q, MAIL_SUMMARY), ERR_OK);
	contract_assert_page(t, "4 3 2");
	assert_int_equal(t->page.items[2].keywords.system, KEYWORD_FLAGGED);
	mailstore_free(second);
}

/* --- changes
 * --------------------------------------------------------------------------------------- */

static void keywords_are_added_and_removed(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 3), asked[3];
	const char *add = caps(t)->custom_keywords ? "$flagged todo" : "$flagged";

	memcpy(asked, keys, sizeof(asked));
	asked[1] = contract_stranger(&keys[2], 9);
	assert_int_equal(contract_keywords(t, asked, 3, add, "$seen"), ERR_OK);
	assert_int_equal(t->count, 3);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_int_equal(t->changes[1].status, CHANGE_NOT_FOUND);
	assert_int_equal(t->changes[2].status, CHANGE_DONE);
	assert_true(t->changes[0].has_keywords);
	assert_int_equal(t->changes[0].keywords.system, KEYWORD_FLAGGED);
	if (caps(t)->custom_keywords)
		assert_true(keywords_has(&t->changes[0].keywords, BYTES_LIT("todo")));
	/* Once more changes nothing and is no failure. */
	assert_int_equal(contract_keywords(t, keys, 1, add, "$seen"), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	asked[0] = of_another_uidvalidity(&keys[0]);
	assert_int_equal(contract_keywords(t, asked, 1, add, ""), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
}

static void keywords_are_set_on_a_condition(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 2);
	uint64_t seen[2];

	if (!caps(t)->changes)
		return;
	assert_int_equal(contract_fetch(t, t->path, keys, 2, MAIL_FLAGS | MAIL_MODSEQ), ERR_OK);
	for (int i = 0; i < 2; i++)
		seen[message_key_equal(&t->items[i].key, &keys[1])] = t->items[i].modseq;
	assert_true(seen[0] && seen[1]);
	assert_int_equal(contract_keywords_if(t, keys, 1, "$flagged", "$seen", seen[0]), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_int_equal(t->changes[0].keywords.system, KEYWORD_FLAGGED);
	assert_int_equal(contract_keywords_if(t, keys, 1, "$answered", "", seen[0]), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_FAILED);
	assert_int_equal(t->changes[0].fault.err, ERR_CONFLICT);
	assert_int_equal(contract_keywords_if(t, &keys[1], 1, "", "$seen", seen[1]), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	keys[0] = contract_stranger(&keys[1], 9);
	assert_int_equal(contract_keywords_if(t, keys, 1, "$seen", "", seen[0]), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
}

static unsigned count_in(struct contract_test *t, struct bytes path)
{
	assert_int_equal(contract_status(t, path), ERR_OK);
	return t->status.total;
}

static void what_a_store_cannot_it_says(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 1);
	struct bytes raw = contract_message(t, 1), to = BYTES_LIT("Elsewhere");

	if (!caps(t)->move)
		assert_int_equal(contract_move(t, keys, 1, to), ERR_UNSUPPORTED);
	if (!caps(t)->folders)
		assert_int_equal(contract_copy(t, keys, 1, to), ERR_UNSUPPORTED);
	if (!caps(t)->append)
		assert_int_equal(contract_find(t, t->path, 1, raw), ERR_UNSUPPORTED);
	assert_int_equal(contract_ping(t), ERR_OK);
	assert_int_equal(count_in(t, t->path), 1);
}

/* Two messages, and another folder to bring them to. */
static struct message_key *two_and_elsewhere(struct contract_test *t)
{
	if (!caps(t)->move)
		skip();
	return contract_fill(t, 2);
}

static void copies_go_where_they_say(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = two_and_elsewhere(t), asked[3];
	const struct mail_item *seen;
	struct message_key copy;
	uint32_t before;
	bool has_key;

	memcpy(asked, keys, 2 * sizeof(*keys));
	asked[2] = keys[0];
	asked[2].uid += 77;
	assert_int_equal(contract_copy(t, asked, 3, t->other), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_int_equal(t->changes[1].status, CHANGE_DONE);
	assert_int_equal(t->changes[2].status, CHANGE_NOT_FOUND);
	has_key = t->changes[1].has_new_key;
	copy = t->changes[1].new_key;
	before = t->changes[1].uidnext_before;
	assert_true(before && t->changes[1].uidvalidity_before);
	seen = t->changes[1].seen;
	assert_non_null(seen);
	assert_true(bytes_find(seen->header, BYTES_LIT("number 2\r\n")) < seen->header.len);
	assert_int_equal(seen->size, contract_message(t, 2).len);
	assert_int_equal(count_in(t, t->path), 2);
	assert_int_equal(count_in(t, t->other), 2);
	if (!has_key)
		return;
	assert_true(copy.uid >= before);
	assert_int_equal(contract_fetch(t, t->other, &copy, 1, MAIL_SUMMARY), ERR_OK);
	assert_int_equal(t->count, 1);
	assert_true(bytes_find(t->items[0].header, BYTES_LIT("number 2\r\n")) <
		    t->items[0].header.len);
}

static void a_move_leaves_nothing_behind(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys, asked[3];

	if (!caps(t)->move)
		skip();
	keys = contract_fill(t, 3);
	asked[0] = keys[2];
	asked[1] = keys[0];
	asked[2] = keys[0];
	assert_int_equal(contract_move(t, asked, 3, t->other), ERR_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(t->changes[i].status, CHANGE_DONE);
	assert_true(t->changes[0].expunged);
	assert_int_equal(count_in(t, t->path), 1);
	assert_int_equal(count_in(t, t->other), 2);
	assert_int_equal(contract_move(t, asked, 1, t->other), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
	assert_int_equal(count_in(t, t->other), 2);
}

static void what_is_marked_deleted_is_not_there_to_be_moved(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = two_and_elsewhere(t);

	assert_int_equal(contract_keywords(t, keys, 1, "$deleted", ""), ERR_OK);
	assert_int_equal(contract_move(t, keys, 2, t->other), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
	assert_int_equal(t->changes[1].status, CHANGE_DONE);
	assert_int_equal(count_in(t, t->other), 1);
}

static void a_move_to_nowhere_moves_nothing(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = two_and_elsewhere(t);
	struct bytes nowhere =
		bytes_of_str(arena_printf(t->mem, "%.*s nowhere", BYTES_FMT(t->other)));

	assert_int_equal(contract_move(t, keys, 2, nowhere), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_FAILED);
	assert_int_equal(t->changes[0].fault.err, ERR_NOT_FOUND);
	assert_int_equal(t->changes[1].status, CHANGE_FAILED);
	assert_int_equal(count_in(t, t->path), 2);
}

static void expunge_takes_exactly_these(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 4);

	/* What somebody else has marked must survive. */
	if (contract_marks_deleted(t))
		assert_int_equal(contract_keywords(t, &keys[1], 1, "$deleted", ""), ERR_OK);
	assert_int_equal(contract_expunge(t, &keys[2], 1), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_int_equal(t->changes[0].expunged, caps(t)->uid_expunge);
	if (contract_marks_deleted(t)) {
		assert_int_equal(contract_keywords(t, &keys[1], 1, "$flagged", ""), ERR_OK);
		assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
	}
	assert_int_equal(contract_keywords(t, &keys[1], 1, "", "$deleted"), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_int_equal(count_in(t, t->path), 3);
	/* Now nothing but ours is marked: it goes on any server. */
	assert_int_equal(contract_expunge(t, &keys[2], 1), ERR_OK);
	assert_int_equal(contract_expunge(t, &keys[3], 1), ERR_OK);
	assert_true(t->changes[0].status == CHANGE_DONE);
	assert_int_equal(count_in(t, t->path), 2);
	assert_int_equal(contract_expunge(t, &keys[3], 1), ERR_OK);
	assert_true(t->changes[0].status == CHANGE_NOT_FOUND || !caps(t)->uid_expunge);
}

static void an_append_is_found_again(void **state)
{
	struct contract_test *t = *state;
	struct bytes raw = contract_message(t, 5), twin = contract_message(t, 6);
	uint32_t before;
	struct message_key key;

	if (!caps(t)->append)
		skip();
	(void)contract_fill(t, 2);
	assert_int_equal(contract_append(t, t->path, raw, "$draft", contract_received_at(5)),
			 ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_true(t->changes[0].has_new_key);
	key = t->changes[0].new_key;
	before = t->changes[0].uidnext_before;
	assert_true(before && before <= key.uid);
	assert_int_equal(contract_find(t, t->path, before, raw), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_DONE);
	assert_int_equal(t->changes[0].new_key.uid, key.uid);
	assert_int_equal(contract_find(t, t->path, before, twin), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
	assert_int_equal(contract_find(t, t->path, key.uid + 1, raw), ERR_OK);
	assert_int_equal(t->changes[0].status, CHANGE_NOT_FOUND);
}

static void many_messages_go_in_few_commands(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 30);
	struct message_key *asked = ARENA_ARRAY(t->mem, 3000, struct message_key);

	/* A hundred times more than there are, in a bad order. */
	for (unsigned i = 0; i < 3000; i++) {
		asked[i] = keys[(i * 7) % 30];
		if (i >= 30)
			asked[i] = contract_stranger(&keys[29], 2 * i);
	}
	assert_int_equal(contract_keywords(t, asked, 3000, "$answered", ""), ERR_OK);
	assert_int_equal(t->count, 3000);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(t->changes[i].status, i < 30 ? CHANGE_DONE : CHANGE_NOT_FOUND);
}

/* --- operations together
 * ----------------------------------------------------------------------------- */

static unsigned answers;

static void count_answer(void *ctx, const struct fault *fault, const struct mail_item *items,
			 size_t count)
{
	(void)ctx;
	(void)items;
	assert_null(fault);
	assert_int_equal(count, 1);
	answers++;
}

static void operations_run_in_order_and_can_be_cancelled(void **state)
{
	struct contract_test *t = *state;
	struct message_key *keys = contract_fill(t, 5);
	struct op *ops[5];

	answers = 0;
	for (int i = 0; i < 5; i++)
		ops[i] = mailstore_fetch(t->ms, contract_call(t), t->path, &keys[i], 1,
					 MAIL_SUMMARY, count_answer, t);
	op_cancel(ops[1]);
	op_cancel(ops[4]);
	while (answers < 3)
		loop_turn(t->contract->loop, 100);
	assert_int_equal(contract_ping(t), ERR_OK);
	assert_int_equal(answers, 3);
}

#define contract_test_of(f) cmocka_unit_test_setup_teardown(f, contract_setup, contract_teardown)

int mailstore_contract_run(const struct contract *c)
{
	const struct CMUnitTest tests[] = {
		contract_test_of(a_wrong_password_is_refused),
		contract_test_of(it_knows_what_is_selected),
		contract_test_of(folders_are_made_renamed_and_deleted),
		contract_test_of(odd_names_are_kept_or_refused),
		contract_test_of(a_folder_that_is_not_there_is_told),
		contract_test_of(numbers_leave_out_what_is_marked_deleted),
		contract_test_of(a_glance_sees_whether_something_has_happened),
		contract_test_of(a_message_reads_as_it_was_written),
		contract_test_of(what_is_gone_is_left_out_of_a_fetch),
		contract_test_of(sections_and_streams_give_the_bytes),
		contract_test_of(parts_are_decoded_where_the_server_can),
		contract_test_of(a_large_message_streams),
		contract_test_of(pages_go_both_ways),
		contract_test_of(pages_are_stable_while_mail_comes_and_goes),
		contract_test_of(another_conversation_sees_what_changes),
		contract_test_of(keywords_are_added_and_removed),
		contract_test_of(keywords_are_set_on_a_condition),
		contract_test_of(what_a_store_cannot_it_says),
		contract_test_of(copies_go_where_they_say),
		contract_test_of(a_move_leaves_nothing_behind),
		contract_test_of(what_is_marked_deleted_is_not_there_to_be_moved),
		contract_test_of(a_move_to_nowhere_moves_nothing),
		contract_test_of(expunge_takes_exactly_these),
		contract_test_of(an_append_is_found_again),
		contract_test_of(many_messages_go_in_few_commands),
		contract_test_of(operations_run_in_order_and_can_be_cancelled),
		contract_test_of(filters_find_what_they_say),
		contract_test_of(instants_are_exact),
		contract_test_of(filters_are_combined_and_paged),
		contract_test_of(words_to_look_for_are_only_words),
		contract_test_of(words_are_found_in_any_charset),
		contract_test_of(orders_go_both_ways),
		contract_test_of(a_sorted_page_goes_on_behind_a_message_that_is_gone),
	};
	const struct CMUnitTest keeping_up[] = {
		contract_test_of(a_sync_from_nothing_is_whole),
		contract_test_of(a_sync_tells_what_has_changed_since),
		contract_test_of(a_sync_of_another_uidvalidity_is_whole),
		contract_test_of(a_sync_of_an_unknown_folder_is_refused),
		contract_test_of(a_watch_tells_what_another_does),
		contract_test_of(nothing_is_lost_between_a_sync_and_a_watch),
		contract_test_of(a_look_answers_after_what_it_found),
		contract_test_of(a_cancelled_watch_leaves_the_conversation_usable),
		contract_test_of(a_watch_keeps_up_with_many_changes),
		contract_test_of(a_watch_that_polls_tells_as_well),
		contract_test_of(a_watch_tells_about_other_folders),
		contract_test_of(a_watch_of_an_unknown_folder_is_refused),
		contract_test_of(who_keeps_up_is_never_wrong),
	};
	const struct CMUnitTest by_name[] = {
		contract_test_of(a_sync_by_name_is_whole),
		contract_test_of(changes_by_name_outlive_the_conversation),
		contract_test_of(an_unknown_past_is_told_whole),
		contract_test_of(a_maildrop_cannot_be_watched),
	};
	int failed;

	contract_now = c;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	failed += cmocka_run_group_tests(keeping_up, NULL, NULL);
	failed += cmocka_run_group_tests(by_name, NULL, NULL);
	return failed;
}
