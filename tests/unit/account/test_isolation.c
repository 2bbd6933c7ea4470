/*
 * Nothing of one account ever shows in another: many users of one server, each with
 * mail that carries his name, doing random things at the same time over few
 * sessions, some of them giving up or losing their connection.
 */
#include "kit.h"

#define USERS  8
#define ROUNDS 400
#define SEED   20261121u

struct user {
	struct kit *k;
	struct fake_server *server; /* his own mail */
	struct account *a;
	struct account_server where;
	char name[32], mark[32], id[ID_TEXT_MAX + 1];
	struct op *op;
	struct arena *mem;
	unsigned done, cancelled;
};

static uint32_t dice(void)
{
	static uint32_t x = SEED;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static struct mailstore *connect_own(void *ctx)
{
	return fake_server_connect(((struct user *)ctx)->server);
}

static void begin(struct user *u, struct kit *k, unsigned n)
{
	struct message_id id = { .key = { .kind = MESSAGE_KEY_UID, .uidvalidity = 70 } };
	struct credentials c;
	char raw[300];

	*u = (struct user){ .k = k, .server = fake_server_new(k->loop) };
	/* Half of them have a namesake with the same password on another server. */
	snprintf(u->name, sizeof u->name, "user%u", n % (USERS / 2));
	snprintf(u->mark, sizeof u->mark, "mark-of-%u-end", n);
	fake_add_user(u->server, u->name, "x", NULL);
	fake_add_folder(u->server, u->mark, FOLDER_ROLE_NONE);
	fake_set_uidvalidity(u->server, "INBOX", 70);
	snprintf(raw, sizeof raw,
		 "From: %s@x\r\nSubject: %s\r\nContent-Type: text/plain\r\n\r\n%s\r\n", u->mark,
		 u->mark, u->mark);
	for (int i = 0; i < 5; i++)
		id.key.uid = fake_add_message(u->server, "INBOX", bytes_of_str(raw), NULL, i);
	/* One host, one UIDVALIDITY, one UID. */
	u->where = k->where;
	u->where.name = n < USERS / 2 ? BYTES_LIT("one.example") : BYTES_LIT("two.example");
	u->where.connect = connect_own;
	u->where.ctx = u;
	c = kit_credentials(u->name, "x");
	u->a = account_get(k->hub, &u->where, &c);
	assert_non_null(u->a);
	id.folder = folder_id_of(account_id(u->a), BYTES_LIT("INBOX"));
	message_id_format(&id, u->id);
}

static void ended(struct user *u)
{
	u->op = NULL;
	u->done++;
}

static void is_own(const struct user *u, struct bytes text)
{
	if (bytes_find(text, bytes_of_str(u->mark)) == text.len)
		fail_msg("%s was shown \"%.*s\"", u->name, BYTES_FMT(text));
}

static void on_list(void *ctx, const struct fault *fault, const struct summary_list *list)
{
	struct user *u = ctx;

	ended(u);
	for (size_t i = 0; !fault && i < list->count; i++) {
		is_own(u, list->at[i].headers.subject);
		if (!bytes_is_null(list->at[i].preview))
			is_own(u, list->at[i].preview);
	}
}

static void on_message(void *ctx, const struct fault *fault, const struct message *m)
{
	struct user *u = ctx;

	ended(u);
	if (fault)
		return;
	is_own(u, m->summary.headers.subject);
	assert_int_equal(m->body_value_count, 1);
	is_own(u, m->body_values[0].value);
}

static void on_folders(void *ctx, const struct fault *fault, const struct folder_list *folders)
{
	struct user *u = ctx;

	ended(u);
	if (!fault)
		assert_non_null(folder_list_by_path(folders, bytes_of_str(u->mark)));
}

static void on_head(void *ctx, const struct content_head *head)
{
	(void)ctx;
	(void)head;
}

static enum flow on_data(void *ctx, struct bytes data)
{
	is_own(ctx, data);
	return FLOW_MORE;
}

static void on_done(void *ctx, const struct fault *fault)
{
	(void)fault;
	ended(ctx);
}

static void on_foreign(void *ctx, const struct fault *fault, const struct message *m)
{
	(void)m;
	ended(ctx);
	assert_non_null(fault); /* another user's id */
}

static const struct content_events events = { on_head, on_data, on_done };

static struct op *start(struct user *u, struct user *other)
{
	static const struct mail_query q = { .sort = SORT_ADDED, .window.limit = 10 };
	static const struct list_options o = { .preview = true };
	static const struct message_options mo = { .body = BODY_TEXT, .max_body_bytes = 1000 };
	static const struct content_range whole;
	struct call call = kit_call(u->k);

	arena_free(u->mem);
	call.mem = u->mem = arena_new(1 << 20);
	switch (dice() % 7) {
	case 0: return account_list_folders(u->a, call, on_folders, u);
	case 1: return account_list_messages(u->a, call, BYTES_LIT("inbox"), &q, &o, on_list, u);
	case 2: return account_search(u->a, call, NULL, 0, &q, &o, on_list, u);
	case 3: return account_get_message(u->a, call, bytes_of_str(u->id), &mo, on_message, u);
	case 4: return account_stream_raw(u->a, call, bytes_of_str(u->id), &whole, &events, u);
	case 5:
		return account_stream_part(u->a, call, bytes_of_str(u->id), BYTES_LIT("1"), false,
					   &whole, &events, u);
	default:
		return account_get_message(u->a, call, bytes_of_str(other->id), &mo,
					   other == u ? on_message : on_foreign, u);
	}
}

static void step(struct user *users)
{
	struct user *u = &users[dice() % USERS];

	if (u->op && dice() % 4 == 0) {
		op_cancel(u->op);
		u->op = NULL;
		u->cancelled++;
	} else if (!u->op) {
		u->op = start(u, &users[dice() % USERS]);
	}
	if (dice() % 16 == 0)
		fake_drop_all(users[dice() % USERS].server);
	kit_turn(u->k, dice() % 3);
}

static void nothing_of_one_account_shows_in_another(void **state)
{
	struct user users[USERS];
	unsigned done = 0, cancelled = 0;
	struct kit k;

	(void)state;
	kit_init(&k);
	k.limits.sessions_per_account = 2;
	k.limits.logins_per_host = 3;
	kit_start(&k);
	for (unsigned i = 0; i < USERS; i++)
		begin(&users[i], &k, i);
	for (unsigned i = 0; i < ROUNDS * USERS; i++)
		step(users);
	for (unsigned i = 0; i < USERS; i++) {
		op_cancel(users[i].op);
		account_unref(users[i].a);
		arena_free(users[i].mem);
		done += users[i].done;
		cancelled += users[i].cancelled;
	}
	assert_true(done > ROUNDS);
	assert_true(cancelled > ROUNDS / 10);
	kit_turn(&k, 3);
	kit_done(&k);
	for (unsigned i = 0; i < USERS; i++)
		fake_server_free(users[i].server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_one_account_shows_in_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
