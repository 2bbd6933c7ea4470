#include "mailstore/fake_data.h"

#include <stdlib.h>

static bool is_visible(const struct fake_message *m)
{
	return !(m->keywords.system & KEYWORD_DELETED);
}

static void fail(const struct mail_request *rq, enum err e)
{
	struct fault f = fault_of(e);

	mail_request_fail(rq, &f);
}

struct folder_status fake_status(const struct fake_data *d, const struct fake_folder *f,
				 bool counts_deleted)
{
	struct folder_status st = { .uidvalidity = f->uidvalidity,
				    .uidnext = f->uidnext,
				    .highestmodseq = d->has_modseqs ? f->modseq : 0 };

	for (size_t i = 0; i < f->count; i++) {
		if (!counts_deleted && !is_visible(&f->messages[i]))
			continue;
		st.total++;
		st.unread += !(f->messages[i].keywords.system & KEYWORD_SEEN);
	}
	return st;
}

static void run_list(struct fake_data *d, const struct mail_request *rq)
{
	struct folder_list l = { ARENA_ARRAY(rq->call.mem, d->count, struct folder), 0 };

	for (size_t i = 0; l.at && i < d->count; i++) {
		struct folder_status st = fake_status(d, &d->folders[i], false);
		struct folder *f = &l.at[l.count];

		if (!d->folders[i].exists)
			continue;
		*f = d->folders[i].info;
		f->path = arena_bytes(rq->call.mem, f->path);
		f->name = arena_bytes(rq->call.mem, f->name);
		f->has_counts = f->is_selectable;
		f->total = st.total;
		f->unread = st.unread;
		l.count++;
	}
	rq->cb.folders(rq->ctx, NULL, &l);
}

struct mail_item fake_item(struct arena *mem, const struct fake_data *d,
			   const struct fake_folder *f, const struct fake_message *m, unsigned want)
{
	struct bytes body;
	struct mail_item item = {
		.key = { .kind = MESSAGE_KEY_UID, .uidvalidity = f->uidvalidity, .uid = m->uid }
	};

	if (want & MAIL_FLAGS) {
		if (!keywords_copy(&m->keywords, mem, &item.keywords))
			item.keywords = (struct keywords){ 0 };
		item.modseq = d->has_modseqs ? m->modseq : 0;
	}
	if (want & MAIL_DATES) {
		item.received_at = m->received_at;
		item.size = m->raw.len;
	}
	if (want & MAIL_STRUCTURE && !d->hides_structure)
		item.structure = fake_structure(mem, arena_bytes(mem, m->raw));
	if (want & (MAIL_HEADER_SUMMARY | MAIL_HEADER_ALL))
		item.header = arena_bytes(mem, fake_split_header(m->raw, &body));
	return item;
}

static void run_fetch(const struct fake_data *d, struct fake_folder *f,
		      const struct mail_request *rq)
{
	struct mail_item *items = ARENA_ARRAY(rq->call.mem, rq->count, struct mail_item);
	size_t n = 0;

	for (size_t i = 0; items && i < rq->count; i++) {
		const struct fake_message *m = fake_folder_find(f, rq->keys[i].uid);

		if (m && rq->keys[i].uidvalidity == f->uidvalidity && is_visible(m))
			items[n++] = fake_item(rq->call.mem, d, f, m, rq->arg.read.want);
	}
	rq->cb.items(rq->ctx, NULL, items, n);
}

/* --- query ------------------------------------------------------------------ */

static bool contains_nocase(struct bytes hay, struct bytes needle)
{
	for (size_t i = 0; i + needle.len <= hay.len; i++) {
		if (bytes_equal_nocase(bytes_of(hay.at + i, needle.len), needle))
			return true;
	}
	return false;
}

static bool field_contains(struct bytes header, const char *field, struct bytes text)
{
	return contains_nocase(fake_header_field(header, bytes_of_str(field)), text);
}

static bool has_attachment(const struct fake_message *m)
{
	return contains_nocase(m->raw, BYTES_LIT("Content-Disposition: attachment"));
}

static bool in_thread(struct bytes header, struct bytes id)
{
	return field_contains(header, "Message-ID", id) ||
	       field_contains(header, "References", id) ||
	       field_contains(header, "In-Reply-To", id);
}

static bool matches_header(const struct mail_filter *fi, struct bytes header, struct bytes body)
{
	switch (fi->kind) {
	case FILTER_FROM: return field_contains(header, "From", fi->text);
	case FILTER_TO: return field_contains(header, "To", fi->text);
	case FILTER_CC: return field_contains(header, "Cc", fi->text);
	case FILTER_BCC: return field_contains(header, "Bcc", fi->text);
	case FILTER_SUBJECT: return field_contains(header, "Subject", fi->text);
	case FILTER_BODY: return contains_nocase(body, fi->text);
	case FILTER_THREAD: return in_thread(header, fi->text);
	case FILTER_HEADER: {
		struct bytes value = fake_header_field(header, fi->name);

		return !bytes_is_null(value) && contains_nocase(value, fi->text);
	}
	case FILTER_TEXT:
	case FILTER_AFTER:
	case FILTER_BEFORE:
	case FILTER_MIN_SIZE:
	case FILTER_MAX_SIZE:
	case FILTER_KEYWORD:
	case FILTER_NOT_KEYWORD:
	case FILTER_ATTACHMENT: break;
	}
	return false;
}

static bool matches(const struct mail_filter *fi, const struct fake_message *m)
{
	struct bytes body, header = fake_split_header(m->raw, &body);

	switch (fi->kind) {
	case FILTER_TEXT: return contains_nocase(m->raw, fi->text);
	case FILTER_AFTER: return m->received_at >= fi->number;
	case FILTER_BEFORE: return m->received_at < fi->number;
	case FILTER_MIN_SIZE: return (int64_t)m->raw.len >= fi->number;
	case FILTER_MAX_SIZE: return (int64_t)m->raw.len <= fi->number;
	case FILTER_KEYWORD: return keywords_has(&m->keywords, fi->text);
	case FILTER_NOT_KEYWORD: return !keywords_has(&m->keywords, fi->text);
	case FILTER_ATTACHMENT: return has_attachment(m) == (fi->number != 0);
	case FILTER_FROM:
	case FILTER_TO:
	case FILTER_CC:
	case FILTER_BCC:
	case FILTER_SUBJECT:
	case FILTER_BODY:
	case FILTER_HEADER:
	case FILTER_THREAD: break;
	}
	return matches_header(fi, header, body);
}

/* qsort() has no context: what it compares by is in the rows. */
struct row {
	const struct fake_message *m;
	int64_t number;
	struct bytes text;
	bool descending;
};

static int compare_rows(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int order = (a->number > b->number) - (a->number < b->number);

	if (!order)
		order = bytes_compare(a->text, b->text);
	if (!order)
		order = (a->m->uid > b->m->uid) - (a->m->uid < b->m->uid);
	return a->descending ? -order : order;
}

static struct row row_of(const struct fake_message *m, const struct mail_query *q)
{
	struct row r = { .m = m, .descending = q->descending, .text = BYTES_LIT("") };
	struct bytes body, header = fake_split_header(m->raw, &body);

	switch (q->sort) {
	case SORT_ADDED: break;
	case SORT_RECEIVED: r.number = m->received_at; break;
	case SORT_SENT: r.text = fake_header_field(header, BYTES_LIT("Date")); break;
	case SORT_SIZE: r.number = (int64_t)m->raw.len; break;
	case SORT_SUBJECT: r.text = fake_header_field(header, BYTES_LIT("Subject")); break;
	case SORT_FROM: r.text = fake_header_field(header, BYTES_LIT("From")); break;
	}
	return r;
}

/* The filtered and sorted folder. */
static struct row *select_rows(struct fake_folder *f, const struct mail_request *rq,
			       size_t *ret_count)
{
	const struct mail_query *q = &rq->arg.read.query;
	struct row *rows = ARENA_ARRAY(rq->call.mem, f->count, struct row);
	size_t n = 0;

	for (size_t i = 0; rows && i < f->count; i++) {
		bool ok = is_visible(&f->messages[i]);

		for (size_t j = 0; ok && j < q->filter_count; j++)
			ok = matches(&q->filters[j], &f->messages[i]);
		if (ok)
			rows[n++] = row_of(&f->messages[i], q);
	}
	if (n)
		qsort(rows, n, sizeof(*rows), compare_rows);
	*ret_count = n;
	return rows;
}

/* The row that a cursor stands for, whether there still is such a message or not. */
static struct row cursor_row(const struct mail_query *q, const struct fake_message *m)
{
	struct row r = { .m = m, .descending = q->descending, .text = BYTES_LIT("") };
	bool is_negative = q->window.sort_value.len && q->window.sort_value.at[0] == '-';
	uint64_t n = 0;

	if (q->sort != SORT_RECEIVED && q->sort != SORT_SIZE) {
		r.text = q->sort == SORT_ADDED ? r.text : q->window.sort_value;
		return r;
	}
	(void)bytes_to_u64(bytes_skip(q->window.sort_value, is_negative), INT64_MAX, &n);
	r.number = is_negative ? -(int64_t)n : (int64_t)n;
	return r;
}

/* Where a window that follows a key begins: by the key's own row if it is there,
 * else by the sort value that the cursor carries and the UID. */
static bool window_start(const struct row *rows, size_t count, const struct mail_query *q,
			 size_t *ret)
{
	const struct mail_window *w = &q->window;
	struct fake_message gone = { .uid = w->key.uid };
	struct row cursor = cursor_row(q, &gone);
	size_t i;

	if (w->kind == WINDOW_POSITION) {
		*ret = w->position < count ? w->position : count;
		return true;
	}
	for (i = 0; i < count; i++) {
		if (rows[i].m->uid == w->key.uid) {
			*ret = w->kind == WINDOW_ANCHOR ? i : i + 1;
			return true;
		}
	}
	for (i = 0; i < count && compare_rows(&rows[i], &cursor) < 0;)
		i++;
	*ret = i;
	return w->kind == WINDOW_AFTER;
}

static void run_query(const struct fake_data *d, struct fake_folder *f,
		      const struct mail_request *rq)
{
	const struct mail_query *q = &rq->arg.read.query;
	struct mail_page page = { .uidvalidity = f->uidvalidity,
				  .uidnext = f->uidnext,
				  .highestmodseq = d->has_modseqs ? f->modseq : 0 };
	size_t count, start;
	struct row *rows;

	if (q->window.uidvalidity && q->window.uidvalidity != f->uidvalidity) {
		fail(rq, ERR_CONFLICT);
		return;
	}
	rows = select_rows(f, rq, &count);
	if (!window_start(rows, count, q, &start)) {
		fail(rq, ERR_NOT_FOUND);
		return;
	}
	page.total = (uint32_t)count;
	page.position = (uint32_t)start;
	page.count = count - start < q->window.limit ? count - start : q->window.limit;
	page.has_more = start + page.count < count;
	page.items = ARENA_ARRAY(rq->call.mem, page.count, struct mail_item);
	for (size_t i = 0; page.items && i < page.count; i++)
		page.items[i] = fake_item(rq->call.mem, d, f, rows[start + i].m, rq->arg.read.want);
	rq->cb.page(rq->ctx, NULL, &page);
}

static void run_sections(struct fake_folder *f, const struct mail_request *rq)
{
	const struct message_key *key = &rq->arg.sections.key;
	const struct fake_message *m = fake_folder_find(f, key->uid);
	struct bytes *values = ARENA_ARRAY(rq->call.mem, rq->count, struct bytes);

	if (!m || key->uidvalidity != f->uidvalidity || !is_visible(m)) {
		fail(rq, ERR_NOT_FOUND);
		return;
	}
	for (size_t i = 0; values && i < rq->count; i++) {
		struct bytes b = fake_section(rq->call.mem, m->raw, rq->arg.sections.names[i]);

		b = bytes_first(b, rq->arg.sections.max_bytes);
		values[i] = arena_bytes(rq->call.mem, b);
	}
	rq->cb.sections(rq->ctx, NULL, values, rq->count);
}

static bool is_same(struct bytes raw, const struct mail_source *src, uint8_t *copy)
{
	uint64_t at = 0;

	while (raw.len == src->size_bytes && at < raw.len) {
		size_t n = src->read(src->ctx, at, copy, raw.len - at);

		if (!n || memcmp(copy, raw.at + at, n) != 0)
			return false;
		at += n;
	}
	return raw.len == src->size_bytes;
}

static void run_find(struct fake_folder *f, const struct mail_request *rq)
{
	const struct mail_source *src = &rq->arg.find.source;
	uint8_t *copy = arena_alloc(rq->call.mem, src->size_bytes);
	struct change_result *r = ARENA_NEW(rq->call.mem, struct change_result);

	if (!copy || !r) {
		fail(rq, ERR_NOMEM);
		return;
	}
	*r = (struct change_result){ .status = CHANGE_NOT_FOUND, .fault.err = ERR_NOT_FOUND };
	for (size_t i = 0; i < f->count; i++) {
		if (f->messages[i].uid < rq->arg.find.first_uid ||
		    !is_same(f->messages[i].raw, src, copy))
			continue;
		*r = (struct change_result){ .status = CHANGE_DONE, .has_new_key = true };
		r->new_key.uidvalidity = f->uidvalidity;
		r->new_key.uid = f->messages[i].uid;
	}
	rq->cb.changes(rq->ctx, NULL, r, 1);
}

void fake_run_read(struct fake_data *d, const struct mail_request *rq)
{
	struct fake_folder *f;
	struct folder_status st;

	if (rq->verb == MAIL_LIST_FOLDERS) {
		run_list(d, rq);
		return;
	}
	f = fake_data_find(d, rq->path);
	if (!f || !f->info.is_selectable) {
		fail(rq, ERR_NOT_FOUND);
		return;
	}
	switch (rq->verb) {
	case MAIL_STATUS:
		st = fake_status(d, f, rq->arg.is_glance);
		rq->cb.status(rq->ctx, NULL, &st);
		break;
	case MAIL_QUERY: run_query(d, f, rq); break;
	case MAIL_FETCH: run_fetch(d, f, rq); break;
	case MAIL_SECTIONS: run_sections(f, rq); break;
	case MAIL_FIND: run_find(f, rq); break;
	case MAIL_PART_SIZE: fail(rq, ERR_UNSUPPORTED); break;
	case MAIL_OPEN:
	case MAIL_PING:
	case MAIL_LIST_FOLDERS:
	case MAIL_CHANGE_FOLDER:
	case MAIL_QUOTA:
	case MAIL_STREAM:
	case MAIL_SET_KEYWORDS:
	case MAIL_COPY:
	case MAIL_MOVE:
	case MAIL_EXPUNGE:
	case MAIL_APPEND:
	case MAIL_SYNC:
	case MAIL_WATCH:
	case MAIL_VERBS: fail(rq, ERR_INTERNAL); break;
	}
}
