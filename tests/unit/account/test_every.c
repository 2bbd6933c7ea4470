/*
 * What holds for every operation of an account, however it ends: its callback runs
 * exactly once and never inside the starting call, or, cancelled after any turn of
 * the loop, never; the server may fail, vanish or be silent at every step, memory
 * may run out anywhere. Nothing is left under way, nothing leaks (ASan).
 */
#include "kit.h"

#include "base/buf.h"

#define TURNS_MAX 200

struct world {
	struct kit k;
	struct account *a;
	struct call call;
	struct answer answer;
	char first[ID_TEXT_MAX + 1], second[ID_TEXT_MAX + 1], draft[ID_TEXT_MAX + 1];
	struct bytes ids[3];
	struct keywords none;
};

static const char mixed[] =
	"From: a@example.net\r\nSubject: x\r\nMessage-ID: <m@x>\r\n"
	"Content-Type: multipart/mixed; boundary=B\r\n\r\n"
	"--B\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
	"--B\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
	"\r\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYX\r\n--B--\r\n";

static void put(struct world *w, const char *folder, uint32_t uidvalidity, char *to)
{
	struct message_id id = { .key = { .kind = MESSAGE_KEY_UID, .uidvalidity = uidvalidity } };

	id.folder = folder_id_of(account_id(w->a), bytes_of_str(folder));
	id.key.uid = fake_add_message(w->k.server, folder, bytes_of_str(mixed), NULL, 1);
	message_id_format(&id, to);
}

static void begin(struct world *w)
{
	struct fake_server *s;

	*w = (struct world){ .answer = { 0 } };
	kit_init(&w->k);
	kit_start(&w->k);
	w->a = kit_account(&w->k);
	s = w->k.server;
	fake_server_caps(s)->counts_in_list = false;
	fake_set_chunk(s, 16);
	fake_add_folder(s, "Drafts", FOLDER_ROLE_DRAFTS);
	fake_add_folder(s, "Work", FOLDER_ROLE_NONE);
	fake_add_folder(s, "Work/Old", FOLDER_ROLE_NONE);
	fake_set_uidvalidity(s, "INBOX", 70);
	fake_set_uidvalidity(s, "Work", 71);
	fake_set_uidvalidity(s, "Drafts", 72);
	put(w, "INBOX", 70, w->first);
	put(w, "Work", 71, w->second);
	put(w, "Drafts", 72, w->draft);
	w->ids[0] = bytes_of_str(w->first);
	w->ids[1] = bytes_of_str(w->second);
	w->ids[2] = BYTES_LIT("AAAAAAAAAAAA.1.1");
	w->call = kit_call(&w->k);
}

static void end(struct world *w)
{
	kit_turn(&w->k, 3);
	if (w->answer.account)
		account_unref(w->answer.account);
	account_unref(w->a);
	kit_turn(&w->k, 3);
	kit_done(&w->k);
}

/* --- the operations ------------------------------------------------------------ */

static const struct mail_query newest = { .sort = SORT_ADDED,
					  .descending = true,
					  .window.limit = 10 };
static const struct list_options with_previews = { .preview = true };
static const struct content_range whole;

static struct op *start_login(struct world *w)
{
	static const struct credentials c = { .username = { (const uint8_t *)"bob", 3 },
					      .password = { (const uint8_t *)"pb", 2 } };

	fake_add_user(w->k.server, "bob", "pb", NULL);
	return account_login(w->k.hub, w->call, &w->k.where, &c, kit_on_account, &w->answer);
}

static struct op *start_capabilities(struct world *w)
{
	return account_capabilities(w->a, w->call, kit_on_caps, &w->answer);
}

static struct op *start_list_folders(struct world *w)
{
	return account_list_folders(w->a, w->call, kit_on_folders, &w->answer);
}

static struct op *start_get_folder(struct world *w)
{
	return account_get_folder(w->a, w->call, BYTES_LIT("drafts"), kit_on_folder, &w->answer);
}

static struct op *start_create_folder(struct world *w)
{
	return account_create_folder(w->a, w->call, BYTES_LIT("new"), BYTES_LIT("drafts"),
				     kit_on_folder, &w->answer);
}

static struct op *start_edit_folder(struct world *w)
{
	struct folder_id id = folder_id_of(account_id(w->a), BYTES_LIT("Work"));
	struct folder_edit e = { .name = BYTES_LIT("Play"), .set_subscribed = true };

	return account_edit_folder(w->a, w->call, arena_bytes(w->k.mem, bytes_of_str(id.text)), &e,
				   kit_on_edited, &w->answer);
}

static struct op *start_delete_folder(struct world *w)
{
	struct folder_id id = folder_id_of(account_id(w->a), BYTES_LIT("Work/Old"));

	return account_delete_folder(w->a, w->call, arena_bytes(w->k.mem, bytes_of_str(id.text)),
				     kit_on_done, &w->answer);
}

static struct op *start_empty_folder(struct world *w)
{
	return account_empty_folder(w->a, w->call, BYTES_LIT("drafts"), true, kit_on_count,
				    &w->answer);
}

static struct op *start_list_messages(struct world *w)
{
	return account_list_messages(w->a, w->call, BYTES_LIT("drafts"), &newest, &with_previews,
				     kit_on_list, &w->answer);
}

static struct op *start_search(struct world *w)
{
	return account_search(w->a, w->call, NULL, 0, &newest, &with_previews, kit_on_list,
			      &w->answer);
}

static struct op *start_get_summaries(struct world *w)
{
	return account_get_summaries(w->a, w->call, w->ids, 3, &with_previews, kit_on_list,
				     &w->answer);
}

static struct op *start_get_message(struct world *w)
{
	static const struct message_options o = { .body = BODY_BOTH,
						  .max_body_bytes = 1000,
						  .all_headers = true };

	return account_get_message(w->a, w->call, w->ids[1], &o, kit_on_message, &w->answer);
}

static void on_head(void *ctx, const struct content_head *head)
{
	(void)ctx;
	assert_false(kit_is_starting);
	assert_non_null(head);
}

static enum flow on_data(void *ctx, struct bytes data)
{
	assert_false(kit_is_starting);
	assert_int_equal(((struct answer *)ctx)->times, 0);
	assert_true(data.len > 0);
	return FLOW_MORE;
}

static const struct content_events events = { on_head, on_data, kit_on_done };

static struct op *start_part(struct world *w)
{
	return account_stream_part(w->a, w->call, w->ids[1], BYTES_LIT("2"), false, &whole, &events,
				   &w->answer);
}

/* Reaches beyond the end for all we know: two passes. */
static struct op *start_range(struct world *w)
{
	static const struct content_range r = { .has_range = true, .first = 3, .last = 20 };

	return account_stream_part(w->a, w->call, w->ids[1], BYTES_LIT("2"), false, &r, &events,
				   &w->answer);
}

static struct op *start_raw(struct world *w)
{
	return account_stream_raw(w->a, w->call, w->ids[1], &whole, &events, &w->answer);
}

static struct op *start_action(struct world *w, struct action action)
{
	return account_act(w->a, w->call, &action, w->ids, 3, kit_on_results, &w->answer);
}

static struct op *start_flag(struct world *w)
{
	return start_action(w, (struct action){ .kind = ACTION_FLAG, .add.system = KEYWORD_SEEN });
}

static struct op *start_move(struct world *w)
{
	return start_action(w, (struct action){ .kind = ACTION_MOVE,
						.folder = BYTES_LIT("drafts"),
						.add.system = KEYWORD_SEEN });
}

static struct op *start_copy(struct world *w)
{
	return start_action(w,
			    (struct action){ .kind = ACTION_COPY, .folder = BYTES_LIT("drafts") });
}

static struct op *start_delete(struct world *w)
{
	return start_action(w, (struct action){ .kind = ACTION_DELETE });
}

static struct op *start_destroy(struct world *w)
{
	struct action action = { .kind = ACTION_DELETE, .permanent = true, .expected = &w->none };

	return start_action(w, action);
}

static struct op *start_act_selected(struct world *w)
{
	static const struct action action = { .kind = ACTION_DELETE };

	return account_act_selected(w->a, w->call, &action, BYTES_LIT("inbox"), &newest,
				    kit_on_selected, &w->answer);
}

static size_t read_mixed(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	struct bytes rest = bytes_first(bytes_skip(bytes_of_str(mixed), (size_t)offset), max);

	(void)ctx;
	memcpy(to, rest.at, rest.len);
	return rest.len;
}

static struct op *start_append(struct world *w)
{
	static const struct mail_source source = { sizeof mixed - 1, read_mixed, NULL };

	return account_append(w->a, w->call, BYTES_NULL, &source, &w->none, bytes_of_str(w->draft),
			      kit_on_results, &w->answer);
}

typedef struct op *start_fn(struct world *w);

static start_fn *const operations[] = {
	start_login,         start_capabilities, start_list_folders,  start_get_folder,
	start_create_folder, start_edit_folder,  start_delete_folder, start_empty_folder,
	start_list_messages, start_search,       start_get_summaries, start_get_message,
	start_part,          start_range,        start_raw,           start_flag,
	start_move,          start_copy,         start_delete,        start_destroy,
	start_act_selected,  start_append,
};

#define OPERATIONS (sizeof operations / sizeof *operations)

static struct op *start(struct world *w, start_fn *fn)
{
	return KIT_START(fn(w));
}

static void finish(struct world *w)
{
	kit_wait(&w->k, &w->answer.done);
	kit_turn(&w->k, 5);
	assert_int_equal(w->answer.times, 1);
	end(w);
}

/* --- what holds ------------------------------------------------------------------ */

static void every_callback_runs_once_and_later(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++) {
		struct world w;

		begin(&w);
		start(&w, operations[i]);
		kit_wait(&w.k, &w.answer.done);
		if (w.answer.fault.err)
			fail_msg("operation %zu: %s %s", i, err_name(w.answer.fault.err),
				 w.answer.fault.code);
		finish(&w);
	}
}

/* With sessions that are open already, and without. */
static bool cancelled_after(start_fn *fn, unsigned turns, bool is_warm)
{
	struct world w;
	struct op *op;
	bool was_done;

	begin(&w);
	if (is_warm) {
		struct answer folders = { 0 };

		KIT_START(account_list_folders(w.a, w.call, kit_on_folders, &folders));
		kit_wait(&w.k, &folders.done);
	}
	op = start(&w, fn);
	for (unsigned i = 0; i < turns && !w.answer.done; i++)
		kit_turn(&w.k, 1);
	was_done = w.answer.done;
	if (!was_done) {
		op_cancel(op);
		kit_turn(&w.k, 10);
		assert_int_equal(w.answer.times, 0);
	}
	end(&w);
	return !was_done;
}

static void an_operation_can_be_cancelled_after_every_turn(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++)
		for (int is_warm = 0; is_warm < 2; is_warm++) {
			unsigned turns = 0;

			while (cancelled_after(operations[i], turns, is_warm)) {
				turns++;
				assert_true(turns < TURNS_MAX);
			}
		}
}

static void a_server_that_vanishes_after_any_turn_is_survived(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++)
		for (unsigned turns = 0, more = 1; more; turns++) {
			struct world w;

			begin(&w);
			start(&w, operations[i]);
			for (unsigned t = 0; t < turns && !w.answer.done; t++)
				kit_turn(&w.k, 1);
			more = !w.answer.done;
			assert_true(turns < TURNS_MAX);
			fake_drop_all(w.k.server);
			finish(&w);
		}
}

static void every_fault_at_every_step_ends_in_one_callback(void **state)
{
	const enum err errs[] = { ERR_NET,  ERR_TIMEOUT, ERR_PROTO,    ERR_DENIED,
				  ERR_BUSY, ERR_UNKNOWN, ERR_NOT_FOUND };

	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++)
		for (int verb = MAIL_OPEN; verb < MAIL_VERBS; verb++)
			for (size_t e = 0; e < sizeof errs / sizeof *errs; e++) {
				struct fault fault = fault_of(errs[e]);
				struct world w;

				begin(&w);
				fake_fail_next(w.k.server, (enum mail_verb)verb, &fault);
				start(&w, operations[i]);
				finish(&w);
			}
}

static void a_silent_server_ends_in_a_timeout(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++)
		for (int verb = MAIL_OPEN; verb < MAIL_VERBS; verb++) {
			struct world w;

			begin(&w);
			w.call.deadline_ms = clock_monotonic_ms() + 10;
			fake_hold(w.k.server, (enum mail_verb)verb);
			start(&w, operations[i]);
			finish(&w);
		}
}

/* Whatever is allocated, it ends with a result or with ERR_NOMEM. */
static void memory_may_run_out_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPERATIONS; i++)
		for (size_t max = 0; max < 60000; max += max < 8000 ? 512 : 4096) {
			struct world w;
			struct op *op;

			begin(&w);
			w.call.mem = arena_new(max);
			kit_is_starting = true;
			op = operations[i](&w);
			kit_is_starting = false;
			if (op)
				kit_wait(&w.k, &w.answer.done);
			kit_turn(&w.k, 5);
			assert_int_equal(w.answer.times, op != NULL);
			arena_free(w.call.mem);
			end(&w);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_callback_runs_once_and_later),
		cmocka_unit_test(an_operation_can_be_cancelled_after_every_turn),
		cmocka_unit_test(a_server_that_vanishes_after_any_turn_is_survived),
		cmocka_unit_test(every_fault_at_every_step_ends_in_one_callback),
		cmocka_unit_test(a_silent_server_ends_in_a_timeout),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
