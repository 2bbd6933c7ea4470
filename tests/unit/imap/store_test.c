#include "store_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static void on_end(void *ctx, const struct fault *fault)
{
	struct store_test *t = ctx;

	assert_false(t->has_ended);
	t->has_ended = true;
	t->end = *fault;
}

void store_test_begin(struct store_test *t, const char *name, const struct script_faults *faults)
{
	const char *dir = getenv("MAILBRIDGE_TRANSCRIPTS");
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/imap/session/%s.txt",
		       dir ? dir : "tests/transcripts", name);
	store_test_begin_file(t, path, faults);
}

void store_test_begin_file(struct store_test *t, const char *path,
			   const struct script_faults *faults)
{
	struct imap_server server = { .host = "mail.example.org",
				      .port = 143,
				      .tls = IMAP_TLS_NONE,
				      .allow_cleartext_login = true };
	int fd;

	*t = (struct store_test){ .timeout_ms = 5000 };
	t->loop = loop_new();
	t->mem = arena_new(64u << 20);
	buf_init(&t->stream, 64u << 20);
	t->script = script_start(t->loop, path, faults, &fd);
	t->ms = imap_store_new_on_fd(t->loop, fd, &server);
	assert_non_null(t->ms);
	mailstore_on_end(t->ms, on_end, t);
}

void store_test_end(struct store_test *t)
{
	if (script_fault(t->script))
		fail_msg("%s", script_fault(t->script));
	mailstore_free(t->ms);
	script_free(t->script);
	buf_done(&t->stream);
	arena_free(t->mem);
	loop_free(t->loop);
}

struct call store_test_call(struct store_test *t)
{
	t->is_done = false;
	t->fault = fault_of(ERR_OK);
	return (struct call){ .mem = t->mem, .deadline_ms = clock_monotonic_ms() + t->timeout_ms };
}

void store_test_wait(struct store_test *t)
{
	uint64_t limit = clock_monotonic_ms() + 20000;

	while (!t->is_done) {
		loop_turn(t->loop, 100);
		if (script_fault(t->script))
			fail_msg("%s", script_fault(t->script));
		assert_true(clock_monotonic_ms() < limit);
	}
}

void store_test_settle(struct store_test *t)
{
	for (int i = 0; i < 50; i++)
		loop_turn(t->loop, 1);
}

static void done(struct store_test *t, const struct fault *fault)
{
	assert_false(t->is_done);
	t->is_done = true;
	if (fault)
		t->fault = *fault;
}

void store_test_on_done(void *ctx, const struct fault *fault)
{
	done(ctx, fault);
}

void store_test_on_folders(void *ctx, const struct fault *fault, const struct folder_list *folders)
{
	struct store_test *t = ctx;

	if (folders) {
		struct folder_list *copy = ARENA_NEW(t->mem, struct folder_list);

		*copy = *folders;
		t->folders = copy;
	}
	done(t, fault);
}

void store_test_on_status(void *ctx, const struct fault *fault, const struct folder_status *status)
{
	struct store_test *t = ctx;

	if (status)
		t->status = *status;
	done(t, fault);
}

void store_test_on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct store_test *t = ctx;

	if (page)
		t->page = *page;
	done(t, fault);
}

void store_test_on_items(void *ctx, const struct fault *fault, const struct mail_item *items,
			 size_t count)
{
	struct store_test *t = ctx;

	t->items = items;
	t->count = count;
	done(t, fault);
}

void store_test_on_sections(void *ctx, const struct fault *fault, const struct bytes *values,
			    size_t count)
{
	struct store_test *t = ctx;

	t->values = values;
	t->count = count;
	done(t, fault);
}

void store_test_on_size(void *ctx, const struct fault *fault, uint64_t size_bytes)
{
	struct store_test *t = ctx;

	t->size_bytes = size_bytes;
	done(t, fault);
}

void store_test_on_changes(void *ctx, const struct fault *fault,
			   const struct change_result *results, size_t count)
{
	struct store_test *t = ctx;

	t->changes = results;
	t->count = count;
	done(t, fault);
}

void store_test_on_quota(void *ctx, const struct fault *fault, const struct mailstore_quota *quota)
{
	struct store_test *t = ctx;

	if (quota)
		t->quota = *quota;
	done(t, fault);
}

enum flow store_test_on_data(void *ctx, struct bytes data)
{
	struct store_test *t = ctx;

	assert_false(t->is_done);
	buf_append(&t->stream, data);
	return FLOW_MORE;
}

enum err store_test_open(struct store_test *t)
{
	struct credentials c = { .username = BYTES_LIT("alice"), .password = BYTES_LIT("secret") };

	(void)mailstore_open(t->ms, store_test_call(t), &c, store_test_on_done, t);
	store_test_wait(t);
	return t->fault.err;
}

enum err store_test_list(struct store_test *t)
{
	(void)mailstore_list_folders(t->ms, store_test_call(t), store_test_on_folders, t);
	store_test_wait(t);
	return t->fault.err;
}

enum err store_test_status(struct store_test *t, const char *path)
{
	(void)mailstore_status(t->ms, store_test_call(t), bytes_of_str(path), store_test_on_status,
			       t);
	store_test_wait(t);
	return t->fault.err;
}

enum err store_test_page(struct store_test *t, const char *path, const struct mail_query *q,
			 unsigned want)
{
	(void)mailstore_query(t->ms, store_test_call(t), bytes_of_str(path), q, want,
			      store_test_on_page, t);
	store_test_wait(t);
	return t->fault.err;
}

struct message_key store_test_key(uint32_t uidvalidity, uint32_t uid)
{
	return (struct message_key){ .kind = MESSAGE_KEY_UID,
				     .uidvalidity = uidvalidity,
				     .uid = uid };
}

enum err store_test_fetch(struct store_test *t, const char *path, const uint32_t *uids,
			  size_t count, uint32_t uidvalidity, unsigned want)
{
	struct message_key *keys = ARENA_ARRAY(t->mem, count, struct message_key);

	for (size_t i = 0; i < count; i++)
		keys[i] = store_test_key(uidvalidity, uids[i]);
	(void)mailstore_fetch(t->ms, store_test_call(t), bytes_of_str(path), keys, count, want,
			      store_test_on_items, t);
	store_test_wait(t);
	return t->fault.err;
}

void store_test_assert_uids(const struct store_test *t, const char *want)
{
	char got[4096] = "";
	size_t n = 0;

	for (size_t i = 0; i < t->page.count; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%u", i ? " " : "",
				      t->page.items[i].key.uid);
	assert_string_equal(got, want);
}
