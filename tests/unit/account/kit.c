#include "kit.h"

#include "base/log.h"

bool kit_is_starting;

struct op *kit_started(struct op *op)
{
	kit_is_starting = false;
	assert_non_null(op);
	return op;
}

static struct mailstore *connect_fake(void *ctx)
{
	struct kit *k = ctx;

	return fake_server_connect(k->server);
}

void kit_init(struct kit *k)
{
	log_set_level(LOG_ERROR);
	*k = (struct kit){ .loop = loop_new() };
	assert_non_null(k->loop);
	k->server = fake_server_new(k->loop);
	assert_non_null(k->server);
	fake_add_user(k->server, KIT_USER, KIT_PASSWORD, NULL);
	k->mem = arena_new(64u << 20);
	k->where = (struct account_server){ .name = BYTES_LIT("example.org"),
					    .protocol = BYTES_LIT("imap"),
					    .incoming_key = BYTES_LIT("mail.example.org:993:tls"),
					    .connect = connect_fake,
					    .ctx = k };
}

void kit_start(struct kit *k)
{
	k->hub = account_hub_new(&(struct account_setup){ .loop = k->loop, .limits = k->limits });
	assert_non_null(k->hub);
}

void kit_done(struct kit *k)
{
	kit_done_hub(k);
	kit_done_server(k);
}

void kit_done_hub(struct kit *k)
{
	struct account_hub_stats stats = account_hub_stats(k->hub);

	assert_int_equal(stats.sessions_busy, 0);
	assert_int_equal(stats.queued, 0);
	account_hub_free(k->hub);
}

void kit_done_server(struct kit *k)
{
	assert_int_equal(fake_sessions_open(k->server), 0);
	fake_server_free(k->server);
	arena_free(k->mem);
	loop_free(k->loop);
}

struct credentials kit_credentials(const char *user, const char *password)
{
	return (struct credentials){ .username = bytes_of_str(user),
				     .password = bytes_of_str(password) };
}

struct call kit_call(struct kit *k)
{
	return (struct call){ .mem = k->mem,
			      .deadline_ms = clock_monotonic_ms() + KIT_DEADLINE_MS,
			      .cls = CALL_INTERACTIVE };
}

struct call kit_bulk_call(struct kit *k)
{
	struct call call = kit_call(k);

	call.cls = CALL_BULK;
	return call;
}

void kit_wait(struct kit *k, const bool *flag)
{
	uint64_t end = clock_monotonic_ms() + 2 * KIT_DEADLINE_MS;

	while (!*flag) {
		if (clock_monotonic_ms() > end)
			fail_msg("what the test waits for did not happen");
		loop_turn(k->loop, 50);
	}
}

void kit_wait_count(struct kit *k, const unsigned *count, unsigned want)
{
	uint64_t end = clock_monotonic_ms() + 2 * KIT_DEADLINE_MS;

	while (*count < want) {
		if (clock_monotonic_ms() > end)
			fail_msg("only %u of %u came", *count, want);
		loop_turn(k->loop, 50);
	}
}

void kit_turn(struct kit *k, unsigned turns)
{
	while (turns--)
		loop_turn(k->loop, 0);
}

struct account *kit_account(struct kit *k)
{
	struct credentials c = kit_credentials(KIT_USER, KIT_PASSWORD);
	struct account *a = account_get(k->hub, &k->where, &c);

	assert_non_null(a);
	return a;
}

/* --- callbacks -------------------------------------------------------- */

static struct answer *note(void *ctx, const struct fault *fault)
{
	struct answer *a = ctx;

	assert_false(kit_is_starting);
	assert_int_equal(a->times, 0);
	a->times++;
	a->done = true;
	if (fault) {
		assert_int_not_equal(fault->err, ERR_OK);
		a->fault = *fault;
	}
	if (a->order)
		a->place = ++*a->order;
	return a;
}

void kit_on_done(void *ctx, const struct fault *fault)
{
	note(ctx, fault);
}

void kit_on_account(void *ctx, const struct fault *fault, struct account *account)
{
	struct answer *a = note(ctx, fault);

	assert_true((account == NULL) == (fault != NULL));
	a->account = account;
}

void kit_on_caps(void *ctx, const struct fault *fault, const struct mailstore_caps *caps,
		 const struct mailstore_quota *quota)
{
	struct answer *a = note(ctx, fault);

	if (!fault) {
		assert_non_null(caps);
		a->number = quota->limit_bytes;
	}
}

void kit_on_folders(void *ctx, const struct fault *fault, const struct folder_list *folders)
{
	note(ctx, fault)->folders = folders;
}

void kit_on_folder(void *ctx, const struct fault *fault, const struct folder *folder)
{
	struct answer *a = note(ctx, fault);

	if (!fault)
		a->folder = *folder;
}

void kit_on_edited(void *ctx, const struct fault *fault, const struct folder *folder,
		   const struct folder_id *previous)
{
	struct answer *a = note(ctx, fault);

	(void)previous;
	if (!fault)
		a->folder = *folder;
}

void kit_on_count(void *ctx, const struct fault *fault, uint64_t count)
{
	note(ctx, fault)->number = count;
}

void kit_on_list(void *ctx, const struct fault *fault, const struct summary_list *list)
{
	note(ctx, fault)->list = list;
}

void kit_on_message(void *ctx, const struct fault *fault, const struct message *message)
{
	note(ctx, fault)->message = message;
}

void kit_on_results(void *ctx, const struct fault *fault, const struct message_result *results,
		    size_t count)
{
	struct answer *a = note(ctx, fault);

	a->results = results;
	a->count = count;
}

void kit_on_selected(void *ctx, const struct fault *fault, uint64_t done,
		     const struct message_result *failures, size_t count)
{
	struct answer *a = note(ctx, fault);

	a->number = done;
	a->results = failures;
	a->count = count;
}
