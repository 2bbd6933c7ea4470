#include "dialogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "mime/headers.h"

#define UIDS_MAX 32

struct dialogue {
	struct store_test t;
	const char *path;
	bool is_cut;
	uint32_t uidvalidity;
	struct buf said; /* what the last operation gave, a line each */
	struct bytes source;
};

/* The next word; null at the end. Between quotes it may be empty. */
static struct bytes word(struct dialogue *d, struct bytes *rest)
{
	struct bytes part;

	*rest = bytes_trim(*rest);
	if (!rest->len)
		return BYTES_NULL;
	if (rest->at[0] != '"') {
		(void)bytes_split(rest, ' ', &part);
		return part;
	}
	*rest = bytes_skip(*rest, 1);
	if (!bytes_split(rest, '"', &part))
		fail_msg("%s: a quote is not closed", d->path);
	return part.at ? part : BYTES_LIT("");
}

static struct bytes unescaped(struct dialogue *d, struct bytes text)
{
	uint8_t *to = arena_alloc(d->t.mem, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c == '\\' && i + 1 < text.len) {
			c = text.at[++i];
			c = c == 'r' ? '\r' : c == 'n' ? '\n' : c;
		}
		to[n++] = c;
	}
	return bytes_of(to, n);
}

static size_t keys_of(struct dialogue *d, struct bytes uids, struct message_key *keys)
{
	struct bytes part;
	size_t n = 0;
	uint64_t uid;

	while (n < UIDS_MAX && bytes_split(&uids, ',', &part)) {
		assert_true(bytes_to_u64(part, UINT32_MAX, &uid));
		keys[n++] = store_test_key(d->uidvalidity, (uint32_t)uid);
	}
	return n;
}

/* --- what came of it ------------------------------------------------------------ */

static void say_text(struct buf *to, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c == '\r' || c == '\n')
			buf_append_str(to, c == '\r' ? "\\r" : "\\n");
		else
			buf_append_byte(to, c);
	}
}

static void say_keywords(struct buf *to, const struct keywords *k)
{
	const char *comma = "";

	buf_append_byte(to, '[');
	for (unsigned bit = 1; bit <= KEYWORD_DELETED; bit <<= 1) {
		if (!(k->system & bit))
			continue;
		buf_printf(to, "%s%s", comma, keywords_system_name(bit));
		comma = " ";
	}
	for (size_t i = 0; i < k->custom.count; i++) {
		buf_printf(to, "%s%.*s", comma, BYTES_FMT(k->custom.at[i]));
		comma = " ";
	}
	buf_append_byte(to, ']');
}

static void say_part(struct buf *to, const struct part *p)
{
	buf_append(to, p->type);
	for (size_t i = 0; i < p->child_count; i++) {
		buf_append_byte(to, i ? ' ' : '(');
		say_part(to, &p->children[i]);
	}
	if (p->child_count)
		buf_append_byte(to, ')');
	if (p->message_body) {
		buf_append_byte(to, '<');
		say_part(to, p->message_body);
		buf_append_byte(to, '>');
	}
}

static void say_item(struct dialogue *d, const struct mail_item *item)
{
	struct buf *to = &d->said;
	struct headers h = { 0 };
	char date[32];

	buf_printf(to, "%u ", item->key.uid);
	if (item->is_unreadable) {
		buf_append_str(to, "unreadable\n");
		return;
	}
	message_format_utc(item->received_at, date);
	say_keywords(to, &item->keywords);
	buf_printf(to, " %llu %s", (unsigned long long)item->size, date);
	if (item->header.len &&
	    mime_headers_decode(d->t.mem, item->header, BYTES_NULL, &h) == ERR_OK)
		buf_printf(to, " \"%.*s\"", BYTES_FMT(h.subject));
	if (h.from.count)
		buf_printf(to, " %.*s", BYTES_FMT(h.from.at[0].email));
	if (item->structure) {
		buf_append_byte(to, ' ');
		say_part(to, item->structure);
	}
	if (item->email_id.len)
		buf_printf(to, " id=%.*s", BYTES_FMT(item->email_id));
	if (item->thread_id.len)
		buf_printf(to, " thread=%.*s", BYTES_FMT(item->thread_id));
	buf_append_byte(to, '\n');
}

static void say_folders(struct dialogue *d)
{
	static const char *const spaces[] = { "", " of-another", " shared" };

	for (size_t i = 0; i < d->t.folders->count; i++) {
		const struct folder *f = &d->t.folders->at[i];
		const char *role = folder_role_name(f->role);

		buf_printf(&d->said, "%.*s", BYTES_FMT(f->path));
		if (role)
			buf_printf(&d->said, " =%s", role);
		if (f->has_counts)
			buf_printf(&d->said, " %u/%u", f->unread, f->total);
		buf_printf(&d->said, "%s%s%s%s\n", f->is_selectable ? "" : " noselect",
			   f->is_subscribed ? " subscribed" : "", f->has_children ? " parent" : "",
			   spaces[f->name_space]);
	}
}

static void say_page(struct dialogue *d)
{
	const struct mail_page *p = &d->t.page;

	buf_printf(&d->said, "%u in all%s%s\n", p->total, p->has_more ? ", more" : "",
		   p->is_incomplete ? ", incomplete" : "");
	for (size_t i = 0; i < p->count; i++)
		say_item(d, &p->items[i]);
	d->uidvalidity = p->uidvalidity;
}

static void say_fault(struct buf *to, const struct fault *f)
{
	buf_append_str(to, err_name(f->err));
	if (f->code[0])
		buf_printf(to, " [%s]", f->code);
	if (f->text[0])
		buf_printf(to, " %s", f->text);
	if (f->retry_after_s)
		buf_printf(to, " (again in %u s)", f->retry_after_s);
}

static void say_changes(struct dialogue *d)
{
	static const char *const names[] = {
		[CHANGE_DONE] = "done",
		[CHANGE_NOT_FOUND] = "not-found",
		[CHANGE_FAILED] = "failed",
		[CHANGE_UNKNOWN] = "unknown",
	};

	for (size_t i = 0; i < d->t.count; i++) {
		const struct change_result *r = &d->t.changes[i];

		buf_append_str(&d->said, names[r->status]);
		if (r->status == CHANGE_FAILED || r->status == CHANGE_UNKNOWN) {
			buf_append_byte(&d->said, ' ');
			say_fault(&d->said, &r->fault);
		}
		if (r->status == CHANGE_DONE && r->has_keywords) {
			buf_append_byte(&d->said, ' ');
			say_keywords(&d->said, &r->keywords);
		}
		if (r->has_new_key)
			buf_printf(&d->said, " as %u.%u", r->new_key.uidvalidity, r->new_key.uid);
		buf_append_str(&d->said, r->expunged ? " expunged\n" : "\n");
	}
}

/* --- operations ------------------------------------------------------------------- */

static void ask_open(struct dialogue *d, struct bytes rest)
{
	static const struct credentials with_password = { .username = BYTES_LIT("alice"),
							  .password = BYTES_LIT("secret") };
	static const struct credentials with_token = { .username = BYTES_LIT("alice"),
						       .access_token = BYTES_LIT("token") };
	bool has_token = bytes_equal_str(word(d, &rest), "token");

	(void)mailstore_open(d->t.ms, store_test_call(&d->t),
			     has_token ? &with_token : &with_password, store_test_on_done, &d->t);
}

static void ask_page(struct dialogue *d, struct bytes rest, enum mail_sort sort)
{
	struct bytes path = word(d, &rest);
	struct mail_query q = { .descending = true, .sort = sort };
	uint64_t limit;

	assert_true(bytes_to_u64(word(d, &rest), 1000, &limit));
	q.window.limit = (uint32_t)limit;
	(void)mailstore_query(d->t.ms, store_test_call(&d->t), path, &q, MAIL_SUMMARY,
			      store_test_on_page, &d->t);
}

static struct mail_filter filter_of(struct dialogue *d, struct bytes kind, struct bytes text)
{
	static const struct {
		const char *name;
		enum mail_filter_kind kind;
	} kinds[] = {
		{ "text", FILTER_TEXT },       { "from", FILTER_FROM },
		{ "to", FILTER_TO },           { "subject", FILTER_SUBJECT },
		{ "body", FILTER_BODY },       { "after", FILTER_AFTER },
		{ "keyword", FILTER_KEYWORD }, { "header", FILTER_HEADER },
		{ "thread", FILTER_THREAD },   { "minSize", FILTER_MIN_SIZE },
	};
	struct mail_filter f = { .text = text };
	struct bytes name;

	(void)bytes_split(&kind, ':', &name);
	f.name = kind;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!bytes_equal_str(name, kinds[i].name))
			continue;
		f.kind = kinds[i].kind;
		if (f.kind == FILTER_AFTER || f.kind == FILTER_MIN_SIZE)
			f.number = strtoll((const char *)text.at, NULL, 10);
		return f;
	}
	fail_msg("%s: no kind of filter: %.*s", d->path, BYTES_FMT(name));
	return f;
}

static void ask_find(struct dialogue *d, struct bytes rest)
{
	struct bytes path = word(d, &rest), kind = word(d, &rest), text = word(d, &rest);
	struct mail_filter *filter = ARENA_NEW(d->t.mem, struct mail_filter);
	struct mail_query q = {
		.filters = filter, .filter_count = 1, .descending = true, .window.limit = 10
	};

	*filter = filter_of(d, kind, text);
	(void)mailstore_query(d->t.ms, store_test_call(&d->t), path, &q, MAIL_FLAGS | MAIL_DATES,
			      store_test_on_page, &d->t);
}

static void ask_stream(struct dialogue *d, struct bytes rest)
{
	struct bytes path = word(d, &rest);
	struct mail_section s = { 0 };
	struct message_key key;

	assert_int_equal(keys_of(d, word(d, &rest), &key), 1);
	s.section = word(d, &rest);
	assert_true(bytes_to_u64(word(d, &rest), 1u << 30, &s.whole_bytes));
	s.whole_known = s.whole_bytes != 0;
	buf_reset(&d->t.stream);
	(void)mailstore_stream(d->t.ms, store_test_call(&d->t), path, &key, &s, store_test_on_data,
			       store_test_on_done, &d->t);
}

static void ask_flag(struct dialogue *d, struct bytes path, const struct message_key *keys,
		     size_t count, struct bytes rest)
{
	struct keywords add = { 0 }, remove = { 0 };
	struct bytes name;

	while (!bytes_is_null(name = word(d, &rest)))
		assert_true(keywords_add(name.at[0] == '+' ? &add : &remove, d->t.mem,
					 bytes_skip(name, 1)));
	(void)mailstore_set_keywords(d->t.ms, store_test_call(&d->t), path, keys, count, &add,
				     &remove, 0, store_test_on_changes, &d->t);
}

/* Those that name messages. */
static void ask_messages(struct dialogue *d, struct bytes what, struct bytes rest)
{
	struct message_key *keys = ARENA_ARRAY(d->t.mem, UIDS_MAX, struct message_key);
	struct bytes path = word(d, &rest);
	size_t count = keys_of(d, word(d, &rest), keys);
	struct call call = store_test_call(&d->t);

	if (bytes_equal_str(what, "flag"))
		ask_flag(d, path, keys, count, rest);
	else if (bytes_equal_str(what, "fetch"))
		(void)mailstore_fetch(d->t.ms, call, path, keys, count, MAIL_FLAGS | MAIL_DATES,
				      store_test_on_items, &d->t);
	else if (bytes_equal_str(what, "copy"))
		(void)mailstore_copy(d->t.ms, call, path, keys, count, word(d, &rest),
				     store_test_on_changes, &d->t);
	else if (bytes_equal_str(what, "move"))
		(void)mailstore_move(d->t.ms, call, path, keys, count, word(d, &rest),
				     store_test_on_changes, &d->t);
	else
		(void)mailstore_expunge(d->t.ms, call, path, keys, count, store_test_on_changes,
					&d->t);
}

static size_t read_source(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	const struct dialogue *d = ctx;
	struct bytes part = bytes_first(bytes_skip(d->source, (size_t)offset), max);

	memcpy(to, part.at, part.len);
	return part.len;
}

static void ask_append(struct dialogue *d, struct bytes rest)
{
	struct bytes path = word(d, &rest), flags = word(d, &rest), flag;
	struct keywords k = { 0 };
	struct mail_source source = { .read = read_source, .ctx = d };

	while (bytes_split(&flags, ',', &flag))
		if (flag.len)
			assert_true(keywords_add(&k, d->t.mem, flag));
	d->source = unescaped(d, word(d, &rest));
	source.size_bytes = d->source.len;
	(void)mailstore_append(d->t.ms, store_test_call(&d->t), path, &source, &k, 0,
			       store_test_on_changes, &d->t);
}

static bool ask_change(struct dialogue *d, struct bytes what, struct bytes rest)
{
	static const char *const names[] = {
		[FOLDER_CREATE] = "create",           [FOLDER_RENAME] = "rename",
		[FOLDER_DELETE] = "delete",           [FOLDER_SUBSCRIBE] = "subscribe",
		[FOLDER_UNSUBSCRIBE] = "unsubscribe",
	};
	struct bytes path = word(d, &rest), to = word(d, &rest);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!bytes_equal_str(what, names[i]))
			continue;
		(void)mailstore_change_folder(d->t.ms, store_test_call(&d->t),
					      (enum folder_change_kind)i, path, to,
					      store_test_on_done, &d->t);
		return true;
	}
	return false;
}

static bool is_one_of(struct bytes what, const char *names)
{
	struct bytes all = bytes_of_str(names), name;

	while (bytes_split(&all, ' ', &name))
		if (bytes_equal(what, name))
			return true;
	return false;
}

/* Starts the operation. */
static void ask(struct dialogue *d, struct bytes what, struct bytes rest)
{
	if (bytes_equal_str(what, "open"))
		ask_open(d, rest);
	else if (bytes_equal_str(what, "list"))
		(void)mailstore_list_folders(d->t.ms, store_test_call(&d->t), store_test_on_folders,
					     &d->t);
	else if (bytes_equal_str(what, "status"))
		(void)mailstore_status(d->t.ms, store_test_call(&d->t), word(d, &rest),
				       store_test_on_status, &d->t);
	else if (bytes_equal_str(what, "page"))
		ask_page(d, rest, SORT_ADDED);
	else if (bytes_equal_str(what, "sort"))
		ask_page(d, rest, SORT_RECEIVED);
	else if (bytes_equal_str(what, "find"))
		ask_find(d, rest);
	else if (bytes_equal_str(what, "stream"))
		ask_stream(d, rest);
	else if (bytes_equal_str(what, "append"))
		ask_append(d, rest);
	else if (bytes_equal_str(what, "quota"))
		(void)mailstore_quota(d->t.ms, store_test_call(&d->t), store_test_on_quota, &d->t);
	else if (bytes_equal_str(what, "ping"))
		(void)mailstore_ping(d->t.ms, store_test_call(&d->t), store_test_on_done, &d->t);
	else if (is_one_of(what, "fetch flag copy move expunge"))
		ask_messages(d, what, rest);
	else if (!ask_change(d, what, rest))
		fail_msg("%s: nobody knows how to %.*s", d->path, BYTES_FMT(what));
}

static void say(struct dialogue *d, struct bytes what)
{
	const struct mailstore_quota *q = &d->t.quota;

	if (d->t.fault.err) {
		say_fault(&d->said, &d->t.fault);
		buf_append_byte(&d->said, '\n');
	} else if (bytes_equal_str(what, "list")) {
		say_folders(d);
	} else if (is_one_of(what, "page sort find")) {
		say_page(d);
	} else if (bytes_equal_str(what, "status")) {
		d->uidvalidity = d->t.status.uidvalidity;
		buf_printf(&d->said, "%u/%u\n", d->t.status.unread, d->t.status.total);
	} else if (bytes_equal_str(what, "fetch")) {
		for (size_t i = 0; i < d->t.count; i++)
			say_item(d, &d->t.items[i]);
	} else if (bytes_equal_str(what, "stream")) {
		say_text(&d->said, buf_bytes(&d->t.stream));
		buf_append_byte(&d->said, '\n');
	} else if (is_one_of(what, "flag copy move expunge append")) {
		say_changes(d);
	} else if (bytes_equal_str(what, "quota") && q->is_known) {
		buf_printf(&d->said, "%llu of %llu\n", (unsigned long long)q->used_bytes,
			   (unsigned long long)q->limit_bytes);
	} else {
		buf_append_str(&d->said, "ok\n");
	}
}

/* --- the play ------------------------------------------------------------------------ */

static void expect_end(struct dialogue *d)
{
	uint64_t limit = clock_monotonic_ms() + 20000;

	while (!d->t.has_ended) {
		loop_turn(d->t.loop, 100);
		assert_true(clock_monotonic_ms() < limit);
	}
	say_fault(&d->said, &d->t.end);
	buf_append_byte(&d->said, '\n');
}

/* Its last line may still be on the way. */
static void expect_done(struct dialogue *d)
{
	uint64_t limit = clock_monotonic_ms() + 10000;

	while (!script_is_done(d->t.script) && clock_monotonic_ms() < limit)
		loop_turn(d->t.loop, 50);
	if (!script_is_done(d->t.script))
		fail_msg("%s: the conversation was not played to its end", d->path);
}

static void compare(struct dialogue *d, struct bytes action)
{
	struct bytes said = buf_bytes(&d->said), want, line;

	while (script_note(d->t.script, 'R', &want)) {
		line = BYTES_LIT("nothing");
		if (!bytes_split(&said, '\n', &line) || !bytes_equal(line, want))
			fail_msg("%s: %.*s:\n  gave %.*s\n  want %.*s\nin all\n%.*s", d->path,
				 BYTES_FMT(action), BYTES_FMT(line), BYTES_FMT(want),
				 BYTES_FMT(buf_bytes(&d->said)));
	}
	if (bytes_split(&said, '\n', &line) && line.len)
		fail_msg("%s: %.*s: gave also %.*s\nin all\n%.*s", d->path, BYTES_FMT(action),
			 BYTES_FMT(line), BYTES_FMT(buf_bytes(&d->said)));
}

static void act(struct dialogue *d, struct bytes action)
{
	struct bytes rest = action, what = word(d, &rest);

	buf_reset(&d->said);
	if (bytes_equal_str(what, "ended")) {
		if (!d->is_cut)
			expect_end(d);
	} else {
		ask(d, what, rest);
		store_test_wait(&d->t);
		say(d, what);
	}
	if (!d->is_cut)
		compare(d, action);
}

void dialogue_play(const char *path, const struct script_faults *faults)
{
	struct dialogue *d = calloc(1, sizeof(*d));
	struct bytes note;

	assert_non_null(d);
	d->path = path;
	d->is_cut = faults && faults->is_cut;
	buf_init(&d->said, 1 << 20);
	store_test_begin_file(&d->t, path, faults);
	d->t.timeout_ms = 15000;
	for (;;) {
		if (script_note(d->t.script, 'A', &note))
			act(d, note);
		else if (!d->is_cut || !script_note(d->t.script, 'R', &note))
			break;
	}
	if (!d->is_cut)
		expect_done(d);
	store_test_end(&d->t);
	buf_done(&d->said);
	free(d);
}

uint64_t dialogue_server_bytes(const char *path)
{
	struct loop *l = loop_new();
	int fd;
	struct script *s = script_start(l, path, NULL, &fd);
	uint64_t n = script_server_bytes(s);

	script_free(s);
	close(fd);
	loop_free(l);
	return n;
}
