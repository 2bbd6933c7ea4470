#include "live_kit.h"

#include "mailstore/fake_server.h"

#define STORY_MAX (64u << 20)

bool live_has_changes;

/* --- a codec: one line for each thing ---------------------------------- */

static void put_id(struct buf *to, const struct message_id *id)
{
	char text[ID_TEXT_MAX + 1];

	message_id_format(id, text);
	buf_append_str(to, text);
}

static void put_keywords(struct buf *to, const struct keywords *k)
{
	for (unsigned bit = 1; bit <= KEYWORD_DELETED; bit <<= 1)
		if (k->system & bit)
			buf_printf(to, " %s", keywords_system_name(bit));
	for (size_t i = 0; i < k->custom.count; i++)
		buf_printf(to, " %.*s", BYTES_FMT(k->custom.at[i]));
}

static void put_created(struct buf *to, const struct account_event *ev)
{
	const struct summary *s = ev->message;

	buf_append_str(to, "created ");
	put_id(to, &s->id);
	put_keywords(to, &s->keywords);
	buf_append_str(to, "\n");
	buf_printf(to, "preview %s|%.*s\n", bytes_is_null(s->preview) ? "null" : "text",
		   BYTES_FMT(s->preview));
	if (!ev->has_moved_from)
		return;
	buf_append_str(to, "moved-from ");
	put_id(to, &ev->moved_from);
	buf_append_str(to, "\n");
}

static void put_lists(struct buf *to, const struct account_event *ev)
{
	assert_true(ev->count <= EVENT_BATCH_MAX);
	for (size_t i = 0; i < ev->count; i++) {
		bool is_update = ev->type == EVENT_MESSAGE_UPDATED;

		buf_append_str(to, is_update ? "updated " : "deleted ");
		put_id(to, is_update ? &ev->updates[i].id : &ev->ids[i]);
		if (is_update)
			put_keywords(to, &ev->updates[i].keywords);
		buf_append_str(to, "\n");
	}
	for (size_t i = 0; i < ev->moved_count; i++) {
		buf_append_str(to, "moved-to ");
		put_id(to, &ev->moved[i].to);
		buf_append_str(to, "\n");
	}
}

static void put_folder(struct buf *to, const struct account_event *ev)
{
	const struct folder *f = ev->folder_now;

	buf_printf(to, "%s %s %.*s %u %u",
		   ev->type == EVENT_FOLDER_CREATED ? "folder-created" : "folder-updated",
		   f->id.text, BYTES_FMT(f->path), f->total, f->unread);
	if (ev->has_previous_id)
		buf_printf(to, " was %s", ev->previous_id.text);
	buf_append_str(to, "\n");
}

static bool put_event(void *ctx, struct buf *to, const struct account_event *ev)
{
	(void)ctx;
	switch (ev->type) {
	case EVENT_MESSAGE_CREATED: put_created(to, ev); break;
	case EVENT_MESSAGE_UPDATED:
	case EVENT_MESSAGE_DELETED: put_lists(to, ev); break;
	case EVENT_FOLDER_CREATED:
	case EVENT_FOLDER_UPDATED: put_folder(to, ev); break;
	case EVENT_FOLDER_DELETED: buf_printf(to, "folder-deleted %s\n", ev->folder.text); break;
	case EVENT_ACCOUNT_CONNECTED: buf_printf(to, "connected %s\n", ev->push); break;
	case EVENT_ACCOUNT_DISCONNECTED:
		buf_printf(to, "disconnected %s %s\n", ev->reason,
			   ev->retry_at ? "later" : "never");
		break;
	case EVENT_RESET: buf_printf(to, "reset %s %s\n", ev->folder.text, ev->reason); break;
	}
	return buf_err(to) == ERR_OK;
}

static bool put_summary(void *ctx, struct buf *to, const struct summary *s)
{
	(void)ctx;
	put_id(to, &s->id);
	return buf_err(to) == ERR_OK;
}

static bool put_preview(void *ctx, struct buf *to, struct bytes preview)
{
	(void)ctx;
	buf_append(to, preview);
	return buf_err(to) == ERR_OK;
}

const struct account_codec *live_codec(void)
{
	static const struct account_codec codec = { put_summary, put_preview, put_event, NULL };

	return &codec;
}

/* --- the world --------------------------------------------------------- */

void live_init(struct live *l)
{
	*l = (struct live){ .state_limits = { .max_bytes = 1u << 20, .max_entries = 1000 } };
	kit_init(&l->kit);
	fake_server_caps(l->kit.server)->push = MAILSTORE_PUSH_NOTIFY;
	fake_server_caps(l->kit.server)->changes = live_has_changes;
	l->kit.limits.watch_linger_ms = 1;
	l->kit.limits.watch_retry_ms = 5;
}

void live_start(struct live *l)
{
	if (!l->state) {
		l->state = state_memory_new(l->kit.loop, &l->state_limits);
		l->kit.hub = account_hub_new(&(struct account_setup){ .loop = l->kit.loop,
								      .limits = l->kit.limits,
								      .state = l->state,
								      .codec = live_codec() });
	}
	l->account = kit_account(&l->kit);
	account_hold(l->account);
}

void live_leave(struct live *l)
{
	uint64_t end = clock_monotonic_ms() + 2 * KIT_DEADLINE_MS;

	account_release(l->account);
	account_unref(l->account);
	l->account = NULL;
	while (account_hub_stats(l->kit.hub).watched) {
		assert_true(clock_monotonic_ms() < end);
		loop_turn(l->kit.loop, 10);
	}
}

void live_end(struct live *l)
{
	if (l->account)
		live_leave(l);
	kit_turn(&l->kit, 5);
	kit_done_hub(&l->kit);
	state_free(l->state);
	kit_done_server(&l->kit);
}

struct cursor_answer {
	bool done;
	struct fault fault;
	struct state_cursor top;
};

static void on_cursor(void *ctx, const struct fault *fault, struct state_cursor top)
{
	struct cursor_answer *a = ctx;

	assert_false(kit_is_starting);
	a->done = true;
	a->top = top;
	if (fault)
		a->fault = *fault;
}

struct fault live_cursor(struct live *l, struct account *a, struct state_cursor *ret)
{
	struct cursor_answer answer = { 0 };

	KIT_START(account_cursor(a, kit_call(&l->kit), on_cursor, &answer));
	kit_wait(&l->kit, &answer.done);
	*ret = answer.top;
	return answer.fault;
}

void live_watching(struct live *l)
{
	uint64_t end = clock_monotonic_ms() + 2 * KIT_DEADLINE_MS;

	while (!fake_watching(l->kit.server)) {
		assert_true(clock_monotonic_ms() < end);
		loop_turn(l->kit.loop, 10);
	}
}

const char *live_folder(struct live *l, const char *path)
{
	static struct folder_id id;

	id = folder_id_of(account_id(l->account), bytes_of_str(path));
	return id.text;
}

const char *live_id(struct live *l, const char *path, uint32_t uid)
{
	static char text[ID_TEXT_MAX + 1];
	struct fake_folder *f = fake_data_find(&l->kit.server->data, bytes_of_str(path));
	struct message_id id = { .key = { MESSAGE_KEY_UID, f->uidvalidity, uid, "" } };

	id.folder = folder_id_of(account_id(l->account), bytes_of_str(path));
	message_id_format(&id, text);
	return text;
}

uint32_t live_deliver(struct live *l, const char *path, const char *subject)
{
	char raw[512];

	snprintf(raw, sizeof raw,
		 "From: bob@example.org\r\nSubject: %s\r\nContent-Type: text/plain\r\n\r\n"
		 "Text of %s\r\n",
		 subject, subject);
	return fake_add_message(l->kit.server, path, bytes_of_str(raw), NULL, 1700000000);
}

/* --- what the server has ----------------------------------------------- */

static void describe(struct live *l, const struct fake_folder *f, const struct fake_message *m,
		     struct heard *ret)
{
	struct message_id id = { .key = { MESSAGE_KEY_UID, f->uidvalidity, m->uid, "" } };
	struct buf b;

	id.folder = folder_id_of(account_id(l->account), f->info.path);
	message_id_format(&id, ret->id);
	buf_init(&b, sizeof ret->keywords);
	put_keywords(&b, &m->keywords);
	snprintf(ret->keywords, sizeof ret->keywords, "%.*s", BYTES_FMT(buf_bytes(&b)));
	buf_done(&b);
}

/* --- the listener ------------------------------------------------------- */

static struct heard *find(const struct listener *r, const char *id)
{
	for (size_t i = r->count; i > 0; i--)
		if (strcmp(r->known[i - 1].id, id) == 0)
			return &r->known[i - 1];
	return NULL;
}

static void learn(struct listener *r, const struct heard *h)
{
	if (r->count == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 64;
		r->known = realloc(r->known, r->cap * sizeof *r->known);
		assert_non_null(r->known);
	}
	r->known[r->count++] = *h;
}

/* A folder, or with NULL all of them, as a list shows it. */
static void list(struct listener *r, const char *folder)
{
	struct fake_data *d = &r->live->kit.server->data;

	for (size_t i = 0; i < d->count; i++) {
		struct fake_folder *f = &d->folders[i];
		struct folder_id id = folder_id_of(account_id(r->live->account), f->info.path);

		if (!f->exists || (folder && strcmp(id.text, folder) != 0))
			continue;
		for (size_t n = 0; n < f->count; n++) {
			struct heard h;

			if (f->messages[n].keywords.system & KEYWORD_DELETED)
				continue;
			describe(r->live, f, &f->messages[n], &h);
			learn(r, &h);
		}
	}
}

static void forget_folder(struct listener *r, const char *folder)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (strncmp(r->known[i].id, folder, ID_BYTES) != 0)
			r->known[kept++] = r->known[i];
	r->count = kept;
}

static void hear_created(struct listener *r, const char *id, const char *keywords)
{
	struct heard h, *known = find(r, id);

	snprintf(h.id, sizeof h.id, "%s", id);
	snprintf(h.keywords, sizeof h.keywords, "%s", keywords);
	if (known && !r->is_lenient)
		fail_msg("told twice: %s\n%s", id, r->story);
	if (known)
		*known = h;
	else
		learn(r, &h);
}

static void hear_other(struct listener *r, const char *word, const char *id, const char *rest)
{
	struct heard *known = find(r, id);

	if (strcmp(word, "updated") == 0 || strcmp(word, "deleted") == 0) {
		if (!known && !r->is_lenient)
			fail_msg("%s, but was not there: %s\n%s", word, id, r->story);
		if (known && word[0] == 'u')
			snprintf(known->keywords, sizeof known->keywords, "%s", rest);
		else if (known)
			*known = r->known[--r->count];
	} else if (strcmp(word, "folder-deleted") == 0) {
		forget_folder(r, id);
	} else if (strcmp(word, "reset") == 0) {
		forget_folder(r, id);
		list(r, id);
		r->is_lenient = true;
	} else if (strcmp(word, "folder-updated") == 0 && strstr(rest, " was ")) {
		for (size_t i = 0; i < r->count; i++)
			if (strncmp(r->known[i].id, strstr(rest, " was ") + 5, ID_BYTES) == 0)
				memcpy(r->known[i].id, id, ID_BYTES);
	} else if (strcmp(word, "folder-created") == 0) {
		forget_folder(r, id);
		list(r, id);
		r->is_lenient = true;
	}
}

static void hear_line(struct listener *r, const char *line, size_t len)
{
	char text[1024], word[32], id[ID_TEXT_MAX + 1];
	const char *rest = text;
	size_t n;

	snprintf(text, sizeof text, "%.*s", (int)len, line);
	n = strcspn(rest, " ");
	snprintf(word, sizeof word, "%.*s", (int)n, rest);
	rest += n + (rest[n] == ' ');
	n = strcspn(rest, " ");
	snprintf(id, sizeof id, "%.*s", (int)n, rest);
	rest += n;
	if (strcmp(word, "created") == 0)
		hear_created(r, id, rest);
	else
		hear_other(r, word, id, rest);
}

static void keep_story(struct listener *r, struct bytes text)
{
	if (r->story_len + text.len + 1 > r->story_cap) {
		r->story_cap = 2 * (r->story_len + text.len + 1);
		assert_true(r->story_cap < STORY_MAX);
		r->story = realloc(r->story, r->story_cap);
		assert_non_null(r->story);
	}
	memcpy(r->story + r->story_len, text.at, text.len);
	r->story_len += text.len;
	r->story[r->story_len] = 0;
}

static void hear_entry(struct listener *r, struct bytes entry)
{
	enum account_event_type type;
	struct folder_id folder;
	struct bytes data, line;

	assert_true(account_entry_parse(entry, &type, &folder, &data));
	keep_story(r, data);
	while (bytes_split(&data, '\n', &line))
		if (line.len)
			hear_line(r, (const char *)line.at, line.len);
}

struct read_answer {
	struct listener *r;
	bool done, has_more;
};

static void on_read(void *ctx, enum err err, const struct state_entry *entries, size_t count,
		    struct state_cursor last, bool has_more)
{
	struct read_answer *a = ctx;

	if (err == ERR_NOT_FOUND)
		a->r->is_reset = true;
	else
		assert_int_equal(err, ERR_OK);
	for (size_t i = 0; i < count; i++) {
		assert_true(state_cursor_compare(a->r->at, entries[i].at) < 0);
		a->r->at = entries[i].at;
		hear_entry(a->r, entries[i].data);
	}
	a->r->at = last;
	a->has_more = has_more && !err;
	a->done = true;
}

void listener_hear(struct listener *r)
{
	struct read_answer a = { .r = r, .has_more = true };

	while (a.has_more) {
		struct kit *k = &r->live->kit;

		a.done = false;
		assert_non_null(state_log_read(r->live->state, kit_call(k),
					       bytes_of_str(account_id(r->live->account)->text),
					       r->at, 1000, 1u << 20, on_read, &a));
		kit_wait(k, &a.done);
	}
}

void listener_start(struct listener *r, struct live *l)
{
	*r = (struct listener){ .live = l };
	assert_int_equal(live_cursor(l, l->account, &r->at).err, ERR_OK);
	list(r, NULL);
	keep_story(r, BYTES_LIT(""));
}

void listener_done(struct listener *r)
{
	free(r->known);
	free(r->story);
}

void listener_forget_story(struct listener *r)
{
	r->story_len = 0;
	r->story[0] = 0;
}

bool listener_is_right(const struct listener *r)
{
	struct listener truth = { .live = r->live };
	bool is_right;

	list(&truth, NULL);
	is_right = truth.count == r->count;
	for (size_t i = 0; is_right && i < truth.count; i++) {
		const struct heard *h = find(r, truth.known[i].id);

		is_right = h && strcmp(h->keywords, truth.known[i].keywords) == 0;
	}
	free(truth.known);
	return is_right;
}

void listener_catch_up(struct listener *r)
{
	uint64_t end = clock_monotonic_ms() + KIT_DEADLINE_MS;

	listener_hear(r);
	while (!listener_is_right(r)) {
		if (clock_monotonic_ms() > end)
			fail_msg("the listener never learned it all:\n%s", r->story);
		loop_turn(r->live->kit.loop, 20);
		listener_hear(r);
	}
}

unsigned listener_count(const struct listener *r, const char *line)
{
	unsigned n = 0;

	for (const char *at = r->story; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		n += strncmp(at, line, strlen(line)) == 0;
	return n;
}

void listener_wait_for(struct listener *r, const char *line)
{
	uint64_t end = clock_monotonic_ms() + KIT_DEADLINE_MS;

	listener_hear(r);
	while (!listener_count(r, line)) {
		if (clock_monotonic_ms() > end)
			fail_msg("\"%s\" was never told:\n%s", line, r->story);
		loop_turn(r->live->kit.loop, 20);
		listener_hear(r);
	}
}
