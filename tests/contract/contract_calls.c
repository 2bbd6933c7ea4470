#include "contract_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmocka_all.h"

const struct contract *contract_now;

#define TIMEOUT_MS 30000
#define HURRY_MS   6000

/* --- waiting -------------------------------------------------------------------------- */

struct call contract_call(struct contract_test *t)
{
	t->is_done = false;
	t->fault = fault_of(ERR_OK);
	return (struct call){ .mem = t->mem, .deadline_ms = clock_monotonic_ms() + TIMEOUT_MS };
}

void contract_wait(struct contract_test *t)
{
	uint64_t limit = clock_monotonic_ms() + 2 * TIMEOUT_MS;

	while (!t->is_done) {
		loop_turn(t->contract->loop, 100);
		assert_true(clock_monotonic_ms() < limit);
	}
}

static void done(struct contract_test *t, const struct fault *fault)
{
	assert_false(t->is_done);
	t->is_done = true;
	if (fault)
		t->fault = *fault;
}

static enum err result(struct contract_test *t, struct op *op)
{
	assert_non_null(op);
	assert_false(t->is_done);
	contract_wait(t);
	return t->fault.err;
}

static void on_done(void *ctx, const struct fault *fault)
{
	done(ctx, fault);
}

static void on_folders(void *ctx, const struct fault *fault, const struct folder_list *folders)
{
	struct contract_test *t = ctx;
	struct folder_list *copy = ARENA_NEW(t->mem, struct folder_list);

	if (folders)
		*copy = *folders;
	t->folders = copy;
	done(t, fault);
}

static void on_status(void *ctx, const struct fault *fault, const struct folder_status *status)
{
	struct contract_test *t = ctx;

	if (status)
		t->status = *status;
	done(t, fault);
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct contract_test *t = ctx;

	t->page = page ? *page : (struct mail_page){ 0 };
	done(t, fault);
}

static void on_items(void *ctx, const struct fault *fault, const struct mail_item *items,
		     size_t count)
{
	struct contract_test *t = ctx;

	t->items = items;
	t->count = count;
	done(t, fault);
}

static void on_sections(void *ctx, const struct fault *fault, const struct bytes *values,
			size_t count)
{
	struct contract_test *t = ctx;

	t->values = values;
	t->count = count;
	done(t, fault);
}

static void on_size(void *ctx, const struct fault *fault, uint64_t size_bytes)
{
	struct contract_test *t = ctx;

	t->size_bytes = size_bytes;
	done(t, fault);
}

static void on_changes(void *ctx, const struct fault *fault, const struct change_result *results,
		       size_t count)
{
	struct contract_test *t = ctx;

	t->changes = results;
	t->count = count;
	done(t, fault);
}

static enum flow on_data(void *ctx, struct bytes data)
{
	struct contract_test *t = ctx;

	assert_false(t->is_done);
	buf_append(&t->stream, data);
	return FLOW_MORE;
}

/* --- calls ------------------------------------------------------------------------------ */

enum err contract_open(struct contract_test *t, struct mailstore *ms, const char *password)
{
	struct credentials c = { .username = bytes_of_str(t->contract->username),
				 .password = bytes_of_str(password) };

	return result(t, mailstore_open(ms, contract_call(t), &c, on_done, t));
}

enum err contract_ping(struct contract_test *t)
{
	return result(t, mailstore_ping(t->ms, contract_call(t), on_done, t));
}

enum err contract_list(struct contract_test *t)
{
	return result(t, mailstore_list_folders(t->ms, contract_call(t), on_folders, t));
}

const struct folder *contract_folder(struct contract_test *t, struct bytes path)
{
	assert_int_equal(contract_list(t), ERR_OK);
	for (size_t i = 0; i < t->folders->count; i++) {
		if (bytes_equal(t->folders->at[i].path, path))
			return &t->folders->at[i];
	}
	return NULL;
}

enum err contract_status(struct contract_test *t, struct bytes path)
{
	return result(t, mailstore_status(t->ms, contract_call(t), path, on_status, t));
}

enum err contract_glance(struct contract_test *t, struct bytes path)
{
	return result(t, mailstore_glance(t->ms, contract_call(t), path, on_status, t));
}

enum err contract_change(struct contract_test *t, enum folder_change_kind what, struct bytes path,
			 struct bytes to)
{
	return result(t,
		      mailstore_change_folder(t->ms, contract_call(t), what, path, to, on_done, t));
}

enum err contract_query(struct contract_test *t, const struct mail_query *q, unsigned want)
{
	return result(t, mailstore_query(t->ms, contract_call(t), t->path, q, want, on_page, t));
}

enum err contract_fetch(struct contract_test *t, struct bytes path, const struct message_key *keys,
			size_t count, unsigned want)
{
	return result(
		t, mailstore_fetch(t->ms, contract_call(t), path, keys, count, want, on_items, t));
}

enum err contract_sections(struct contract_test *t, const struct message_key *key,
			   const struct bytes *names, size_t count, uint64_t max_bytes)
{
	return result(t, mailstore_sections(t->ms, contract_call(t), t->path, key, names, count,
					    max_bytes, on_sections, t));
}

enum err contract_part_size(struct contract_test *t, const struct message_key *key,
			    const char *part_id)
{
	return result(t, mailstore_part_size(t->ms, contract_call(t), t->path, key,
					     bytes_of_str(part_id), 16, on_size, t));
}

enum err contract_stream(struct contract_test *t, const struct message_key *key,
			 const struct mail_section *section)
{
	buf_reset(&t->stream);
	return result(t, mailstore_stream(t->ms, contract_call(t), t->path, key, section, on_data,
					  on_done, t));
}

struct keywords contract_parse_keywords(struct contract_test *t, const char *text)
{
	struct keywords k = { 0 };
	struct bytes rest = bytes_of_str(text), name;

	while (bytes_split(&rest, ' ', &name)) {
		if (name.len)
			assert_true(keywords_add(&k, t->mem, name));
	}
	return k;
}

enum err contract_keywords_if(struct contract_test *t, const struct message_key *keys, size_t count,
			      const char *add, const char *remove, uint64_t unchanged_since)
{
	struct keywords plus = contract_parse_keywords(t, add);
	struct keywords minus = contract_parse_keywords(t, remove);

	return result(t, mailstore_set_keywords(t->ms, contract_call(t), t->path, keys, count,
						&plus, &minus, unchanged_since, on_changes, t));
}

enum err contract_keywords(struct contract_test *t, const struct message_key *keys, size_t count,
			   const char *add, const char *remove)
{
	return contract_keywords_if(t, keys, count, add, remove, 0);
}

enum err contract_copy(struct contract_test *t, const struct message_key *keys, size_t count,
		       struct bytes to)
{
	return result(t, mailstore_copy(t->ms, contract_call(t), t->path, keys, count, to,
					on_changes, t));
}

enum err contract_move(struct contract_test *t, const struct message_key *keys, size_t count,
		       struct bytes to)
{
	return result(t, mailstore_move(t->ms, contract_call(t), t->path, keys, count, to,
					on_changes, t));
}

enum err contract_expunge(struct contract_test *t, const struct message_key *keys, size_t count)
{
	struct call call = contract_call(t);
	enum err e;

	/* It stays until it may log in again, as far as there is time. */
	if (mailstore_caps(t->ms)->login_delay_s)
		call.deadline_ms = clock_monotonic_ms() + HURRY_MS;
	e = result(t, mailstore_expunge(t->ms, call, t->path, keys, count, on_changes, t));
	if (!mailstore_is_open(t->ms))
		contract_renew(t);
	return e;
}

/* --- where nothing can be appended ---------------------------------------------------------- */

static void close_conversation(struct contract_test *t)
{
	mailstore_free(t->ms);
	t->ms = NULL;
}

/* A maildrop may still be in use by the conversation that was just ended. */
void contract_renew(struct contract_test *t)
{
	uint64_t limit = clock_monotonic_ms() + TIMEOUT_MS;

	do {
		close_conversation(t);
		assert_true(clock_monotonic_ms() < limit);
		t->ms = t->contract->connect(t->contract->ctx);
	} while (contract_open(t, t->ms, t->contract->password) != ERR_OK);
}

/* The keys of all, oldest first. */
static const struct mail_item *all_items(struct contract_test *t)
{
	struct mail_query q = { .window.limit = 5000 };

	assert_int_equal(contract_query(t, &q, MAIL_FLAGS), ERR_OK);
	assert_int_equal(t->page.count, t->page.total);
	return t->page.items;
}

/* Puts them behind those that are there, and gives the key of each. */
static struct message_key *deliver(struct contract_test *t, const struct bytes *raws, size_t count)
{
	struct message_key *keys = ARENA_ARRAY(t->mem, count, struct message_key);
	const struct mail_item *items;
	size_t before;

	(void)all_items(t);
	before = t->page.count;
	close_conversation(t);
	assert_true(t->contract->deliver(t->contract->ctx, raws, count));
	contract_renew(t);
	items = all_items(t);
	assert_int_equal(t->page.count, before + count);
	for (size_t i = 0; i < count; i++)
		keys[i] = items[before + i].key;
	return keys;
}

static enum err deliver_one(struct contract_test *t, struct bytes raw, const char *keywords)
{
	struct message_key *key = deliver(t, &raw, 1);
	struct change_result *done = ARENA_NEW(t->mem, struct change_result);

	assert_int_equal(contract_keywords(t, key, 1, keywords, ""), ERR_OK);
	*done = (struct change_result){ .has_new_key = true, .new_key = *key };
	t->changes = done;
	t->count = 1;
	return ERR_OK;
}

static struct message_key *deliver_many(struct contract_test *t, unsigned count)
{
	struct bytes *raws = ARENA_ARRAY(t->mem, count, struct bytes);
	struct message_key *keys, *odd = ARENA_ARRAY(t->mem, count, struct message_key);
	unsigned seen = 0;

	for (unsigned n = 1; n <= count; n++)
		raws[n - 1] = contract_message(t, n);
	keys = deliver(t, raws, count);
	for (unsigned n = 1; n <= count; n += 2)
		odd[seen++] = keys[n - 1];
	assert_int_equal(contract_keywords(t, odd, seen, "$seen", ""), ERR_OK);
	return keys;
}

bool contract_marks_deleted(const struct contract_test *t)
{
	return mailstore_caps(t->ms)->flags == MAILSTORE_FLAGS_SERVER;
}

struct message_key contract_stranger(const struct message_key *key, uint32_t n)
{
	struct message_key other = *key;

	if (key->kind == MESSAGE_KEY_UID)
		other.uid += n;
	else
		(void)snprintf(other.text, sizeof(other.text), "stranger-%u", n);
	return other;
}

/* --- calls that bring bytes ------------------------------------------------------------------ */

static size_t read_bytes(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	const struct bytes *raw = ctx;
	struct bytes piece = bytes_first(bytes_skip(*raw, offset), max);

	memcpy(to, piece.at, piece.len);
	return piece.len;
}

enum err contract_append(struct contract_test *t, struct bytes path, struct bytes raw,
			 const char *keywords, int64_t received_at)
{
	if (!mailstore_caps(t->ms)->append)
		return deliver_one(t, raw, keywords);

	struct keywords k = contract_parse_keywords(t, keywords);
	struct mail_source source = { raw.len, read_bytes, &raw };

	return result(t, mailstore_append(t->ms, contract_call(t), path, &source, &k, received_at,
					  on_changes, t));
}

enum err contract_find(struct contract_test *t, struct bytes path, uint32_t first_uid,
		       struct bytes raw)
{
	struct mail_source source = { raw.len, read_bytes, &raw };

	return result(t, mailstore_find(t->ms, contract_call(t), path, first_uid, &source,
					on_changes, t));
}

/* --- content ------------------------------------------------------------------------------ */

/* 2026-01-01 and n hours. */
int64_t contract_received_at(unsigned n)
{
	return 1767225600 + (int64_t)n * 3600;
}

static struct bytes plain_message(struct contract_test *t, unsigned n)
{
	const char *text = arena_printf(
		t->mem,
		"From: \"Plain %u\" <plain%u@example.org>\r\n"
		"To: other@example.org\r\n"
		"Subject: number %u\r\n"
		"Date: Thu, 01 Jan 2026 %02u:00:00 +0000\r\n"
		"Message-ID: <contract-%u@example.org>\r\n"
		"In-Reply-To: <contract-1@example.org>\r\n"
		"\r\n"
		"Nothing but text %u, and some more of it to be larger than others: %0*u\r\n",
		n, n, n, 23 - n % 24, n, n, (int)n * 100, 0);

	assert_non_null(text);
	return bytes_of_str(text);
}

struct bytes contract_message(struct contract_test *t, unsigned n)
{
	if (n % 5 == 0)
		return plain_message(t, n);

	const char *text = arena_printf(t->mem,
					"From: \"Sender %u\" <sender%u@example.org>\r\n"
					"To: reader@example.org\r\n"
					"Subject: number %u\r\n"
					"Date: Thu, 01 Jan 2026 %02u:00:00 +0000\r\n"
					"Message-ID: <contract-%u@example.org>\r\n"
					"X-Number: %u\r\n"
					"MIME-Version: 1.0\r\n"
					"Content-Type: multipart/mixed; boundary=\"cut here\"\r\n"
					"\r\n"
					"--cut here\r\n"
					"Content-Type: text/plain; charset=utf-8\r\n"
					"Content-Transfer-Encoding: 8bit\r\n"
					"\r\n"
					"The text of message %u: na\303\257ve.\r\n"
					"\r\n"
					"--cut here\r\n"
					"Content-Type: application/octet-stream; name=data.bin\r\n"
					"Content-Disposition: attachment; filename=data.bin\r\n"
					"Content-Transfer-Encoding: base64\r\n"
					"\r\n"
					"aGVsbG8gd29ybGQ=\r\n"
					"--cut here--\r\n",
					n, n, n, n % 24, n, n, n);

	assert_non_null(text);
	return bytes_of_str(text);
}

/* Up to the empty line; false when that has come. */
static bool take_field(struct bytes *rest, struct bytes *ret_line)
{
	return bytes_split(rest, '\n', ret_line) && ret_line->len > 1;
}

bool contract_is_written(const struct contract_test *t, struct bytes got, struct bytes raw)
{
	struct bytes want, line;

	if (mailstore_caps(t->ms)->append)
		return bytes_equal(got, raw);
	while (take_field(&raw, &want)) {
		do {
			if (!take_field(&got, &line))
				return false;
		} while (!bytes_equal(line, want));
	}
	while (take_field(&got, &line))
		;
	return bytes_equal(got, raw);
}

struct message_key *contract_fill(struct contract_test *t, unsigned count)
{
	struct message_key *keys = ARENA_ARRAY(t->mem, count, struct message_key);

	if (!mailstore_caps(t->ms)->append)
		return deliver_many(t, count);
	for (unsigned n = 1; n <= count; n++) {
		assert_int_equal(contract_append(t, t->path, contract_message(t, n),
						 n % 2 ? "$seen" : "", contract_received_at(n)),
				 ERR_OK);
		assert_int_equal(t->changes[0].status, CHANGE_DONE);
		assert_true(t->changes[0].has_new_key);
		keys[n - 1] = t->changes[0].new_key;
	}
	return keys;
}

/* A server may write the names of fields as they were asked for. */
static struct bytes number_in(struct bytes header)
{
	struct bytes rest = bytes_skip(header, bytes_find(header, BYTES_LIT(": number ")) + 9);

	return bytes_first(rest, bytes_index(rest, '\r'));
}

void contract_assert_page(const struct contract_test *t, const char *want)
{
	struct buf got;

	buf_init(&got, 1 << 20);
	for (size_t i = 0; i < t->page.count; i++) {
		if (i)
			buf_append_byte(&got, ' ');
		buf_append(&got, number_in(t->page.items[i].header));
	}
	buf_append_byte(&got, '\0');
	assert_string_equal((const char *)buf_bytes(&got).at, want);
	buf_done(&got);
}

/* --- each test ------------------------------------------------------------------------------ */

static struct bytes new_folder(struct contract_test *t, const char *what)
{
	static unsigned number;
	const char *path =
		arena_printf(t->mem, "%scontract %s %d-%u", mailstore_caps(t->ms)->personal_prefix,
			     what, getpid(), ++number);

	assert_int_equal(contract_change(t, FOLDER_CREATE, bytes_of_str(path), BYTES_NULL), ERR_OK);
	return bytes_of_str(path);
}

/* The one folder of those that have no others, emptied. */
static void take_inbox(struct contract_test *t)
{
	const struct mail_item *items;
	struct message_key *keys;

	t->path = BYTES_LIT("INBOX");
	items = all_items(t);
	keys = ARENA_ARRAY(t->mem, t->page.count, struct message_key);
	for (size_t i = 0; i < t->page.count; i++)
		keys[i] = items[i].key;
	if (t->page.count)
		assert_int_equal(contract_expunge(t, keys, t->page.count), ERR_OK);
	(void)all_items(t);
	assert_int_equal(t->page.total, 0);
}

int contract_setup(void **state)
{
	struct contract_test *t = calloc(1, sizeof(*t));

	t->contract = contract_now;
	if (contract_now->empty)
		assert_true(contract_now->empty(contract_now->ctx));
	t->mem = arena_new(256u << 20);
	buf_init(&t->stream, 64u << 20);
	t->ms = contract_now->connect(contract_now->ctx);
	*state = t;
	if (contract_open(t, t->ms, contract_now->password) != ERR_OK) {
		print_error("cannot log in: %s %s\n", err_name(t->fault.err), t->fault.text);
		return -1;
	}
	if (mailstore_caps(t->ms)->folders) {
		t->path = new_folder(t, "one");
		t->other = new_folder(t, "two");
	} else {
		take_inbox(t);
	}
	return 0;
}

static bool remove_folders(struct contract_test *t)
{
	if (!mailstore_is_open(t->ms) && contract_open(t, t->ms, contract_now->password) != ERR_OK)
		return false;
	(void)contract_change(t, FOLDER_DELETE, t->path, BYTES_NULL);
	(void)contract_change(t, FOLDER_DELETE, t->other, BYTES_NULL);
	return true;
}

int contract_teardown(void **state)
{
	struct contract_test *t = *state;

	if (!contract_now->is_throwaway && !bytes_is_null(t->other) && !remove_folders(t))
		return -1;
	mailstore_free(t->ms);
	buf_done(&t->stream);
	arena_free(t->mem);
	free(t);
	return 0;
}
