/* The data of every response but FETCH. */
#include "json.h"

static json_t *of_number(uint64_t n)
{
	return json_of_u64(n);
}

static json_t *of_delimiter(char c)
{
	return c ? json_of_bytes(bytes_of(&c, 1)) : json_null();
}

static void set_code_data(json_t *o, const struct imap_text *t)
{
	if (t->code == IMAP_CODE_APPENDUID || t->code == IMAP_CODE_COPYUID)
		json_object_set_new(o, "uidvalidity", of_number(t->uidvalidity));
	if (t->code == IMAP_CODE_COPYUID)
		json_object_set_new(o, "sourceUids", json_of_set(&t->source_uids));
	if (t->uids.count)
		json_object_set_new(o, "uids", json_of_set(&t->uids));
	if (t->code == IMAP_CODE_PERMANENTFLAGS)
		json_object_set_new(o, "flags", json_of_flags(&t->flags));
	if (t->words.count)
		json_object_set_new(o, "words", json_of_bytes_list(&t->words));
	if (t->number)
		json_object_set_new(o, "number", of_number(t->number));
	if (!bytes_is_null(t->code_args))
		json_object_set_new(o, "args", json_of_bytes(t->code_args));
}

static json_t *of_text(const struct imap_text *t)
{
	json_t *o = json_object();

	set_code_data(o, t);
	json_object_set_new(o, "text", json_of_bytes(t->text));
	return o;
}

static json_t *of_list(const struct imap_list *l)
{
	json_t *o = json_object();

	json_object_set_new(o, "attributes", json_of_bytes_list(&l->names));
	json_object_set_new(o, "delimiter", of_delimiter(l->delimiter));
	json_object_set_new(o, "mailbox", json_of_bytes(l->mailbox));
	if (l->has_childinfo)
		json_object_set_new(o, "childinfo", json_true());
	if (!bytes_is_null(l->old_name))
		json_object_set_new(o, "oldName", json_of_bytes(l->old_name));
	return o;
}

static json_t *of_status(const struct imap_status_data *s)
{
	const struct {
		unsigned bit;
		const char *name;
		uint64_t value;
	} items[] = {
		{ IMAP_STATUS_MESSAGES, "MESSAGES", s->messages },
		{ IMAP_STATUS_RECENT, "RECENT", s->recent },
		{ IMAP_STATUS_UIDNEXT, "UIDNEXT", s->uidnext },
		{ IMAP_STATUS_UIDVALIDITY, "UIDVALIDITY", s->uidvalidity },
		{ IMAP_STATUS_UNSEEN, "UNSEEN", s->unseen },
		{ IMAP_STATUS_DELETED, "DELETED", s->deleted },
		{ IMAP_STATUS_SIZE, "SIZE", s->size_bytes },
		{ IMAP_STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ", s->highestmodseq },
		{ IMAP_STATUS_DELETED_STORAGE, "DELETED-STORAGE", s->deleted_storage },
		{ IMAP_STATUS_APPENDLIMIT, "APPENDLIMIT", s->append_limit_bytes },
	};
	json_t *o = json_object();

	json_object_set_new(o, "mailbox", json_of_bytes(s->mailbox));
	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		if (s->has & items[i].bit)
			json_object_set_new(o, items[i].name, of_number(items[i].value));
	if (s->has & IMAP_STATUS_MAILBOXID)
		json_object_set_new(o, "MAILBOXID", json_of_bytes(s->mailbox_id));
	return o;
}

static json_t *of_search(const struct imap_search *s)
{
	json_t *o = json_object(), *numbers = json_array();

	for (size_t i = 0; i < s->numbers.count; i++)
		json_array_append_new(numbers, json_integer(s->numbers.at[i]));
	json_object_set_new(o, "numbers", numbers);
	if (s->has_modseq)
		json_object_set_new(o, "modseq", of_number(s->modseq));
	return o;
}

static json_t *of_esearch(const struct imap_esearch *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "tag", json_of_bytes(e->tag));
	json_object_set_new(o, "uid", json_boolean(e->is_uid));
	if (e->has & IMAP_ESEARCH_MIN)
		json_object_set_new(o, "min", of_number(e->min));
	if (e->has & IMAP_ESEARCH_MAX)
		json_object_set_new(o, "max", of_number(e->max));
	if (e->has & IMAP_ESEARCH_COUNT)
		json_object_set_new(o, "count", of_number(e->count));
	if (e->has & IMAP_ESEARCH_ALL)
		json_object_set_new(o, "all", json_of_set(&e->all));
	if (e->has & IMAP_ESEARCH_MODSEQ)
		json_object_set_new(o, "modseq", of_number(e->modseq));
	if (e->has & IMAP_ESEARCH_PARTIAL) {
		json_object_set_new(o, "partialFirst", json_integer(e->partial_first));
		json_object_set_new(o, "partialLast", json_integer(e->partial_last));
		json_object_set_new(o, "partial", json_of_set(&e->partial));
	}
	return o;
}

/* Each node with the index of its parent, for threads may be too deep to nest. */
static json_t *of_thread(const struct imap_thread *t)
{
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < t->count; i++) {
		o = json_object();
		json_object_set_new(o, "number",
				    t->at[i].number ? of_number(t->at[i].number) : json_null());
		json_object_set_new(o, "parent",
				    t->at[i].parent == UINT32_MAX ? json_null()
								  : of_number(t->at[i].parent));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *of_namespaces(const struct imap_namespace_list *l)
{
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < l->count; i++) {
		o = json_object();
		json_object_set_new(o, "prefix", json_of_bytes(l->at[i].prefix));
		json_object_set_new(o, "delimiter", of_delimiter(l->at[i].delimiter));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *of_namespace(const struct imap_namespaces *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "personal", of_namespaces(&n->personal));
	json_object_set_new(o, "other", of_namespaces(&n->other));
	json_object_set_new(o, "shared", of_namespaces(&n->shared));
	return o;
}

static json_t *of_pairs(const struct imap_pair_list *l)
{
	json_t *list = json_array(), *o;

	for (size_t i = 0; i < l->count; i++) {
		o = json_object();
		json_object_set_new(o, "name", json_of_bytes(l->at[i].name));
		json_object_set_new(o, "value", json_of_bytes(l->at[i].value));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *of_quota(const struct imap_quota *q)
{
	json_t *o = json_object(), *list = json_array(), *one;

	json_object_set_new(o, "root", json_of_bytes(q->root));
	for (size_t i = 0; i < q->count; i++) {
		one = json_object();
		json_object_set_new(one, "name", json_of_bytes(q->at[i].name));
		json_object_set_new(one, "usage", of_number(q->at[i].usage));
		json_object_set_new(one, "limit", of_number(q->at[i].limit));
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "resources", list);
	return o;
}

static json_t *of_quota_root(const struct imap_quota_root *q)
{
	json_t *o = json_object();

	json_object_set_new(o, "mailbox", json_of_bytes(q->mailbox));
	json_object_set_new(o, "roots", json_of_bytes_list(&q->roots));
	return o;
}

static json_t *of_rights(const struct imap_response *r)
{
	const struct imap_rights *rights = &r->rights;
	json_t *o = json_object();

	json_object_set_new(o, "mailbox", json_of_bytes(rights->mailbox));
	if (r->kind == IMAP_ACL) {
		json_object_set_new(o, "entries", of_pairs(&rights->acl));
		return o;
	}
	json_object_set_new(o, "rights", json_of_bytes(rights->rights));
	if (r->kind == IMAP_LISTRIGHTS) {
		json_object_set_new(o, "identifier", json_of_bytes(rights->identifier));
		json_object_set_new(o, "optional", json_of_bytes_list(&rights->optional));
	}
	return o;
}

static json_t *of_vanished(const struct imap_vanished *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "earlier", json_boolean(v->is_earlier));
	json_object_set_new(o, "uids", json_of_set(&v->uids));
	return o;
}

static json_t *of_unknown(const struct imap_response *r)
{
	json_t *o = json_object();

	if (r->has_number)
		json_object_set_new(o, "number", of_number(r->number));
	json_object_set_new(o, "rest", json_of_bytes(r->rest));
	return o;
}

json_t *json_of_data(const struct imap_response *r)
{
	switch (r->kind) {
	case IMAP_CONTINUE:
	case IMAP_TAGGED:
	case IMAP_UNTAGGED: return of_text(&r->text);
	case IMAP_CAPABILITY:
	case IMAP_ENABLED: return json_of_bytes_list(&r->words);
	case IMAP_FLAGS: return json_of_flags(&r->flags);
	case IMAP_LIST:
	case IMAP_LSUB:
	case IMAP_XLIST: return of_list(&r->list);
	case IMAP_STATUS: return of_status(&r->folder);
	case IMAP_SEARCH:
	case IMAP_SORT: return of_search(&r->search);
	case IMAP_ESEARCH: return of_esearch(&r->esearch);
	case IMAP_THREAD: return of_thread(&r->thread);
	case IMAP_NAMESPACE: return of_namespace(&r->namespaces);
	case IMAP_ID: return of_pairs(&r->id);
	case IMAP_QUOTA: return of_quota(&r->quota);
	case IMAP_QUOTAROOT: return of_quota_root(&r->quota_root);
	case IMAP_ACL:
	case IMAP_MYRIGHTS:
	case IMAP_LISTRIGHTS: return of_rights(r);
	case IMAP_VANISHED: return of_vanished(&r->vanished);
	case IMAP_EXISTS:
	case IMAP_RECENT: return of_number(r->number);
	case IMAP_EXPUNGE: return of_number(r->seq.n);
	case IMAP_FETCH: return json_of_fetch(&r->fetch);
	case IMAP_UNKNOWN:
	case IMAP_KINDS: break;
	}
	return of_unknown(r);
}
