#include "mailstore/fake_data.h"

static void fail(const struct mail_request *rq, enum err e)
{
	struct fault f = fault_of(e);

	mail_request_fail(rq, &f);
}

static bool is_below(struct bytes path, struct bytes parent)
{
	return path.len > parent.len && bytes_starts_with(path, parent) &&
	       path.at[parent.len] == '/';
}

static void rename_folder(struct fake_data *d, struct fake_folder *f, struct bytes from,
			  struct bytes to)
{
	struct bytes rest = bytes_skip(f->info.path, from.len);
	const char *path = arena_printf(d->mem, "%.*s%.*s", BYTES_FMT(to), BYTES_FMT(rest));
	struct bytes name;

	f->info.path = bytes_of_str(path);
	name = f->info.path;
	while (bytes_index(name, '/') < name.len)
		name = bytes_skip(name, bytes_index(name, '/') + 1);
	f->info.name = name;
}

static enum err rename_all(struct fake_data *d, struct bytes from, struct bytes to)
{
	struct bytes old = arena_bytes(d->mem, from);

	if (fake_data_find(d, to))
		return ERR_EXISTS;
	for (size_t i = 0; i < d->count; i++) {
		struct fake_folder *f = &d->folders[i];

		if (f->exists && (bytes_equal(f->info.path, old) || is_below(f->info.path, old)))
			rename_folder(d, f, old, to);
	}
	return ERR_OK;
}

static enum err change_folder(struct fake_data *d, const struct mail_request *rq)
{
	struct fake_folder *f = fake_data_find(d, rq->path);

	if (rq->arg.change.kind == FOLDER_CREATE) {
		if (f)
			return ERR_EXISTS;
		fake_data_add_folder(d, rq->path)->info.is_subscribed = false;
		return ERR_OK;
	}
	if (!f)
		return ERR_NOT_FOUND;
	d->folders_version++;
	switch (rq->arg.change.kind) {
	case FOLDER_RENAME: return rename_all(d, rq->path, rq->arg.change.new_path);
	case FOLDER_DELETE:
		if (bytes_equal_str_nocase(rq->path, "INBOX"))
			return ERR_DENIED;
		f->exists = false;
		break;
	case FOLDER_SUBSCRIBE: f->info.is_subscribed = true; break;
	case FOLDER_UNSUBSCRIBE: f->info.is_subscribed = false; break;
	case FOLDER_CREATE: break;
	}
	return ERR_OK;
}

static void add_all(struct keywords *to, struct arena *mem, const struct keywords *add)
{
	to->system |= add->system;
	for (size_t i = 0; i < add->custom.count; i++)
		fake_add_keyword(to, mem, add->custom.at[i]);
}

static void set_keywords(struct fake_data *d, struct fake_folder *f, struct fake_message *m,
			 const struct mail_request *rq, struct change_result *r)
{
	const struct keywords *remove = &rq->arg.flags.remove;
	uint64_t unchanged_since = rq->arg.flags.unchanged_since;

	if (unchanged_since && m->modseq > unchanged_since) {
		r->status = CHANGE_FAILED;
		r->fault = fault_of(ERR_CONFLICT);
		return;
	}
	add_all(&m->keywords, d->mem, &rq->arg.flags.add);
	m->keywords.system &= ~remove->system;
	for (size_t i = 0; i < remove->custom.count; i++)
		keywords_remove(&m->keywords, remove->custom.at[i]);
	m->modseq = ++f->modseq;
	r->has_keywords = true;
	add_all(&r->keywords, rq->call.mem, &m->keywords);
}

/* What a server told of a message before it was moved. */
static const struct mail_item *seen(const struct mail_request *rq, const struct fake_message *m)
{
	struct mail_item *item =
		rq->count <= CHANGE_SEEN_MAX ? ARENA_NEW(rq->call.mem, struct mail_item) : NULL;
	struct bytes body;

	if (!item)
		return NULL;
	add_all(&item->keywords, rq->call.mem, &m->keywords);
	item->received_at = m->received_at;
	item->size = m->raw.len;
	item->header = arena_bytes(rq->call.mem, fake_split_header(m->raw, &body));
	return item;
}

static void transfer(struct fake_data *d, struct fake_folder *f, struct fake_folder *to,
		     struct fake_message *m, const struct mail_request *rq, struct change_result *r)
{
	struct fake_message copy = *m;
	bool remove = rq->verb == MAIL_MOVE && !d->half_moves;
	uint32_t uid = m->uid;

	r->has_keywords = true;
	add_all(&r->keywords, rq->call.mem, &m->keywords);
	r->has_new_key = true;
	r->new_key = (struct message_key){ .kind = MESSAGE_KEY_UID,
					   .uidvalidity = to->uidvalidity,
					   .uid = fake_folder_add(d, to, copy.raw, &copy.keywords,
								  copy.received_at) };
	if (remove)
		fake_folder_remove(f, uid);
	r->expunged = remove;
}

/* Marked \Deleted it is not found, except by who removes it or the mark. */
static bool is_hidden(const struct fake_message *m, const struct mail_request *rq)
{
	unsigned named = 0;

	if (rq->verb == MAIL_SET_KEYWORDS)
		named = rq->arg.flags.add.system | rq->arg.flags.remove.system;
	return m->keywords.system & KEYWORD_DELETED && rq->verb != MAIL_EXPUNGE &&
	       !(named & KEYWORD_DELETED);
}

static void change_one(struct fake_data *d, struct fake_folder *f, struct fake_folder *to,
		       const struct mail_request *rq, const struct message_key *key,
		       struct change_result *r)
{
	struct fake_message *m = fake_folder_find(f, key->uid);

	if (!m || key->uidvalidity != f->uidvalidity || !to || is_hidden(m, rq)) {
		r->status = to ? CHANGE_NOT_FOUND : CHANGE_FAILED;
		r->fault = fault_of(ERR_NOT_FOUND);
		return;
	}
	if (rq->verb == MAIL_SET_KEYWORDS) {
		set_keywords(d, f, m, rq, r);
	} else if (rq->verb == MAIL_EXPUNGE) {
		m->keywords.system |= KEYWORD_DELETED;
		r->expunged = d->uid_expunge;
		if (r->expunged)
			fake_folder_remove(f, key->uid);
	} else {
		transfer(d, f, to, m, rq, r);
	}
}

void fake_look_before(struct fake_data *d, const struct mail_request *rq,
		      struct change_result *results)
{
	bool is_append = rq->verb == MAIL_APPEND;
	bool is_transfer = rq->verb == MAIL_COPY || rq->verb == MAIL_MOVE;
	struct fake_folder *f = fake_data_find(d, rq->path);
	struct fake_folder *to = is_transfer ? fake_data_find(d, rq->arg.to) : f;
	struct fake_message *m;

	if (!f || !to || !(is_append || is_transfer))
		return;
	for (size_t i = 0; i < (is_append ? 1 : rq->count); i++) {
		m = is_append ? NULL : fake_folder_find(f, rq->keys[i].uid);
		results[i].uidvalidity_before = to->uidvalidity;
		results[i].uidnext_before = to->uidnext;
		results[i].seen = m ? seen(rq, m) : NULL;
	}
}

static void append(struct fake_data *d, struct fake_folder *f, const struct mail_request *rq)
{
	const struct mail_source *src = &rq->arg.append.source;
	uint8_t *raw = arena_alloc(d->mem, src->size_bytes);
	struct change_result *r = ARENA_NEW(rq->call.mem, struct change_result);
	uint64_t at = 0;

	while (raw && at < src->size_bytes) {
		size_t n = src->read(src->ctx, at, raw + at, src->size_bytes - at);

		if (!n) {
			fail(rq, ERR_INTERNAL);
			return;
		}
		at += n;
	}
	if (!raw || !r) {
		fail(rq, ERR_NOMEM);
		return;
	}
	fake_look_before(d, rq, r);
	r->has_new_key = true;
	r->new_key.uidvalidity = f->uidvalidity;
	r->new_key.uid = fake_folder_add(d, f, bytes_of(raw, src->size_bytes),
					 &rq->arg.append.keywords, rq->arg.append.received_at);
	rq->cb.changes(rq->ctx, NULL, r, 1);
}

/* The first key that is the same as the i-th. */
static size_t first_of(const struct mail_request *rq, size_t i)
{
	size_t j = 0;

	while (rq->keys[j].uid != rq->keys[i].uid ||
	       rq->keys[j].uidvalidity != rq->keys[i].uidvalidity)
		j++;
	return j;
}

void fake_run_change(struct fake_data *d, const struct mail_request *rq)
{
	struct fake_folder *f, *to = NULL;
	struct change_result *results;

	if (rq->verb == MAIL_CHANGE_FOLDER) {
		struct fault fault = fault_of(change_folder(d, rq));

		rq->cb.done(rq->ctx, fault.err ? &fault : NULL);
		return;
	}
	f = fake_data_find(d, rq->path);
	if (rq->verb == MAIL_COPY || rq->verb == MAIL_MOVE)
		to = fake_data_find(d, rq->arg.to);
	else
		to = f;
	if (!f) {
		fail(rq, ERR_NOT_FOUND);
		return;
	}
	if (rq->verb == MAIL_APPEND) {
		append(d, f, rq);
		return;
	}
	results = ARENA_ARRAY(rq->call.mem, rq->count, struct change_result);
	if (!results) {
		fail(rq, ERR_NOMEM);
		return;
	}
	fake_look_before(d, rq, results);
	for (size_t i = 0; i < rq->count; i++) {
		size_t twin = first_of(rq, i);

		if (twin == i)
			change_one(d, f, to, rq, &rq->keys[i], &results[i]);
		else
			results[i] = results[twin];
	}
	rq->cb.changes(rq->ctx, NULL, results, rq->count);
}
