/*
 * The responses that ruby/net-imap tests itself with, each with what that
 * library makes of it (net-imap.json of the corpus). Compared
 * is everything that both know.
 */
#include "imap_test.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "imap/date.h"

static json_t *cases;
static const char *case_name; /* of the case that is being looked at */

static int load_corpus(void **state)
{
	const char *folder = getenv("MAILBRIDGE_CORPUS");
	char path[4096];
	json_error_t error;

	(void)state;
	snprintf(path, sizeof path, "%s/net-imap.json", folder ? folder : "../shared/corpus");
	cases = json_load_file(path, 0, &error);
	return 0;
}

static int forget_corpus(void **state)
{
	(void)state;
	json_decref(cases);
	return 0;
}

static void need_corpus(void)
{
	if (cases)
		return;
	print_message("SKIPPED: the corpus is not there (MAILBRIDGE_CORPUS)\n");
	skip();
}

/* --- comparing ------------------------------------------------------------- */

static json_t *get(json_t *o, const char *key)
{
	return json_object_get(o, key);
}

static bool is_class(json_t *o, const char *name)
{
	const char *is = json_string_value(get(o, "_"));

	return is && strcmp(is, name) == 0;
}

static struct bytes text_of(json_t *want)
{
	if (json_is_object(want))
		want = get(want, "value");
	return json_is_string(want) ? bytes_of(json_string_value(want), json_string_length(want))
				    : BYTES_NULL;
}

static void same_text(const char *what, struct bytes got, json_t *want)
{
	if (!bytes_equal(got, text_of(want)) || bytes_is_null(got) != json_is_null(want))
		fail_msg("%s: %s is \"%.*s\", not \"%.*s\"", case_name, what, BYTES_FMT(got),
			 BYTES_FMT(text_of(want)));
}

static void same_text_nocase(const char *what, struct bytes got, json_t *want)
{
	if (!bytes_equal_nocase(got, text_of(want)))
		fail_msg("%s: %s is \"%.*s\", not \"%.*s\"", case_name, what, BYTES_FMT(got),
			 BYTES_FMT(text_of(want)));
}

static void same_number(const char *what, uint64_t got, json_t *want)
{
	if ((json_int_t)got != json_integer_value(want))
		fail_msg("%s: %s is %llu", case_name, what, (unsigned long long)got);
}

/* Symbols stand for what begins with a backslash, ":Seen" for "\Seen". */
static void same_words(const char *what, const struct bytes_list *got, json_t *want)
{
	if (got->count != json_array_size(want))
		fail_msg("%s: %zu %s, not %zu", case_name, got->count, what, json_array_size(want));
	for (size_t i = 0; i < got->count; i++) {
		struct bytes word = text_of(json_array_get(want, i)), is = got->at[i];

		if (word.len && word.at[0] == ':' && is.len && is.at[0] == '\\')
			word = bytes_skip(word, 1), is = bytes_skip(is, 1);
		if (!bytes_equal_nocase(is, word))
			fail_msg("%s: %s[%zu] is \"%.*s\"", case_name, what, i, BYTES_FMT(is));
	}
}

static void same_flags(const struct imap_flags *got, json_t *want)
{
	size_t n = json_array_size(want);

	for (size_t i = 0; i < n; i++) {
		if (!bytes_equal_str(text_of(json_array_get(want, i)), ":*"))
			continue;
		assert_true(got->is_extensible);
		want = json_copy(want);
		json_array_remove(want, i);
		same_words("flags", &got->names, want);
		json_decref(want);
		return;
	}
	assert_false(got->is_extensible);
	same_words("flags", &got->names, want);
}

/* The other library keeps sets as written. */
static void same_set(const char *what, const struct imap_set *got, json_t *want)
{
	struct bytes rest = text_of(get(want, "string")), one, first;
	uint64_t a, b;

	for (size_t i = 0; bytes_split(&rest, ',', &one); i++) {
		assert_true(i < got->count);
		bytes_split(&one, ':', &first);
		assert_true(bytes_to_u64(first, UINT32_MAX, &a));
		b = a;
		if (!bytes_is_null(one))
			assert_true(bytes_to_u64(one, UINT32_MAX, &b));
		if (got->at[i].first != (a < b ? a : b) || got->at[i].last != (a < b ? b : a))
			fail_msg("%s: %s[%zu] is %u:%u", case_name, what, i, got->at[i].first,
				 got->at[i].last);
	}
}

/* --- by kind --------------------------------------------------------------- */

static void same_code(const struct imap_text *got, json_t *want)
{
	json_t *data = get(want, "data");

	same_text_nocase("code", got->code_name, get(want, "name"));
	if (is_class(data, "Net::IMAP::InvalidParseData"))
		return;
	assert_int_not_equal(got->code, IMAP_CODE_OTHER);
	if (json_is_integer(data))
		same_number("code", got->number, data);
	if (is_class(data, "Net::IMAP::AppendUIDData") ||
	    is_class(data, "Net::IMAP::CopyUIDData")) {
		same_number("uidvalidity", got->uidvalidity, get(data, "uidvalidity"));
		same_set("assigned", &got->uids, get(data, "assigned_uids"));
	}
	if (is_class(data, "Net::IMAP::CopyUIDData"))
		same_set("source", &got->source_uids, get(data, "source_uids"));
	if (is_class(data, "Net::IMAP::SequenceSet"))
		same_set("set", &got->uids, data);
	if (got->code == IMAP_CODE_MAILBOXID)
		same_text("mailboxid", got->words.at[0], data);
	if (got->code == IMAP_CODE_PERMANENTFLAGS)
		same_flags(&got->flags, data);
	else if (json_is_array(data))
		same_words("words", &got->words, data);
}

static void same_status(const struct imap_response *r, json_t *want)
{
	json_t *data = get(want, "data");

	if (r->kind == IMAP_TAGGED)
		same_text("tag", r->tag, get(want, "tag"));
	same_text("text", r->text.text, get(data, "text"));
	if (json_is_null(get(data, "code")))
		assert_int_equal(r->text.code, IMAP_CODE_NONE);
	else
		same_code(&r->text, get(data, "code"));
}

static void same_list(const struct imap_list *l, json_t *data)
{
	same_words("attributes", &l->names, get(data, "attr"));
	same_text("delimiter", bytes_of(&l->delimiter, 1), get(data, "delim"));
	same_text("name", l->mailbox, get(data, "name"));
}

static void same_folder_status(const struct imap_status_data *s, json_t *data)
{
	json_t *attr = get(data, "attr");

	same_text("mailbox", s->mailbox, get(data, "mailbox"));
	if (get(attr, "MESSAGES"))
		same_number("messages", s->messages, get(attr, "MESSAGES"));
	if (get(attr, "UIDNEXT"))
		same_number("uidnext", s->uidnext, get(attr, "UIDNEXT"));
	if (get(attr, "UIDVALIDITY"))
		same_number("uidvalidity", s->uidvalidity, get(attr, "UIDVALIDITY"));
	if (get(attr, "HIGHESTMODSEQ"))
		same_number("modseq", s->highestmodseq, get(attr, "HIGHESTMODSEQ"));
	if (get(attr, "DELETED"))
		same_number("deleted", s->deleted, get(attr, "DELETED"));
	if (get(attr, "DELETED-STORAGE"))
		same_number("storage", s->deleted_storage, get(attr, "DELETED-STORAGE"));
	if (get(attr, "MAILBOXID"))
		same_text("mailboxid", s->mailbox_id, get(attr, "MAILBOXID"));
}

static void same_search(const struct imap_search *s, json_t *data)
{
	json_t *numbers = json_is_array(data) ? data : get(data, "internal");
	json_t *ivars = get(data, "ivars"), *modseq = get(ivars, ":@modseq");

	assert_int_equal(s->numbers.count, json_array_size(numbers));
	for (size_t i = 0; i < s->numbers.count; i++)
		same_number("number", s->numbers.at[i], json_array_get(numbers, i));
	if (s->has_modseq)
		same_number("modseq", s->modseq, modseq ? modseq : get(ivars, "@modseq"));
}

static void same_return_data(const struct imap_esearch *e, const char *name, json_t *value)
{
	if (strcmp(name, "MIN") == 0)
		same_number("min", e->min, value);
	else if (strcmp(name, "MAX") == 0)
		same_number("max", e->max, value);
	else if (strcmp(name, "COUNT") == 0)
		same_number("count", e->count, value);
	else if (strcmp(name, "MODSEQ") == 0)
		same_number("modseq", e->modseq, value);
	else if (strcmp(name, "ALL") == 0)
		same_set("all", &e->all, value);
	else if (strcmp(name, "PARTIAL") == 0 && !json_is_null(get(value, "results")))
		same_set("partial", &e->partial, get(value, "results"));
	else if (strcmp(name, "PARTIAL") != 0)
		fail_msg("%s: %s", case_name, name);
}

static void same_esearch(const struct imap_esearch *e, json_t *data)
{
	json_t *one;
	size_t i;
	unsigned bits = e->has, count = 0;

	same_text("tag", e->tag, get(data, "tag"));
	assert_int_equal(e->is_uid, json_is_true(get(data, "uid")));
	json_array_foreach(get(data, "data"), i, one) same_return_data(
		e, json_string_value(json_array_get(one, 0)), json_array_get(one, 1));
	for (; bits; bits &= bits - 1)
		count++;
	assert_int_equal(count, i);
}

/* Depth first from `at`; returns the index behind the subtree. */
static size_t same_thread(const struct imap_thread *t, size_t at, uint32_t parent, json_t *want)
{
	json_t *child;
	size_t i, next = at + 1;

	assert_true(at < t->count);
	same_number("thread", t->at[at].number, get(want, "seqno"));
	assert_int_equal(t->at[at].parent, parent);
	json_array_foreach(get(want, "children"), i, child) next =
		same_thread(t, next, (uint32_t)at, child);
	return next;
}

static void same_threads(const struct imap_thread *t, json_t *data)
{
	json_t *one;
	size_t i, at = 0;

	json_array_foreach(data, i, one) at = same_thread(t, at, UINT32_MAX, one);
	assert_int_equal(at, t->count);
}

static void same_namespaces(const struct imap_namespace_list *l, json_t *want)
{
	assert_int_equal(l->count, json_array_size(want));
	for (size_t i = 0; i < l->count; i++) {
		same_text("prefix", l->at[i].prefix, get(json_array_get(want, i), "prefix"));
		same_text("delimiter", bytes_of(&l->at[i].delimiter, 1),
			  get(json_array_get(want, i), "delim"));
	}
}

static void same_id(const struct imap_pair_list *l, json_t *data)
{
	assert_int_equal(l->count, json_object_size(data));
	for (size_t i = 0; i < l->count; i++) {
		char *name = bytes_dup_str(l->at[i].name);

		same_text(name, l->at[i].value, get(data, name));
		free(name);
	}
}

static void same_acl(const struct imap_rights *a, json_t *data)
{
	assert_int_equal(a->acl.count, json_array_size(data));
	for (size_t i = 0; i < a->acl.count; i++) {
		same_text("user", a->acl.at[i].name, get(json_array_get(data, i), "user"));
		same_text("rights", a->acl.at[i].value, get(json_array_get(data, i), "rights"));
		same_text("mailbox", a->mailbox, get(json_array_get(data, i), "mailbox"));
	}
}

static void same_quota(const struct imap_quota *q, json_t *data)
{
	uint64_t usage, limit;

	same_text("root", q->root, get(data, "mailbox"));
	assert_int_equal(q->count, 1);
	assert_true(bytes_to_u64(text_of(get(data, "usage")), UINT64_MAX, &usage));
	assert_true(bytes_to_u64(text_of(get(data, "quota")), UINT64_MAX, &limit));
	assert_int_equal(q->at[0].usage, usage);
	assert_int_equal(q->at[0].limit, limit);
}

static void same_unknown(const struct imap_response *r, json_t *want)
{
	json_t *data = get(want, "data");

	same_text("name", r->name, get(want, "name"));
	if (json_is_integer(data))
		same_number("number", r->number, data);
	if (get(data, "number"))
		same_number("number", r->number, get(data, "number"));
	if (get(data, "unparsed_data"))
		same_text("rest", r->rest, get(data, "unparsed_data"));
}

/* --- FETCH ----------------------------------------------------------------- */

static void same_addresses(const char *what, const struct imap_address_list *l, json_t *want)
{
	if (l->count != json_array_size(want))
		fail_msg("%s: %zu %s", case_name, l->count, what);
	for (size_t i = 0; i < l->count; i++) {
		json_t *one = json_array_get(want, i);

		same_text("name", l->at[i].name, get(one, "name"));
		same_text("route", l->at[i].route, get(one, "route"));
		same_text("mailbox", l->at[i].mailbox, get(one, "mailbox"));
		same_text("host", l->at[i].host, get(one, "host"));
	}
}

static void same_envelope(const struct imap_envelope *e, json_t *want)
{
	same_text("date", e->date, get(want, "date"));
	same_text("subject", e->subject, get(want, "subject"));
	same_addresses("from", &e->from, get(want, "from"));
	same_addresses("sender", &e->sender, get(want, "sender"));
	same_addresses("reply-to", &e->reply_to, get(want, "reply_to"));
	same_addresses("to", &e->to, get(want, "to"));
	same_addresses("cc", &e->cc, get(want, "cc"));
	same_addresses("bcc", &e->bcc, get(want, "bcc"));
	same_text("in-reply-to", e->in_reply_to, get(want, "in_reply_to"));
	same_text("message-id", e->message_id, get(want, "message_id"));
}

static void same_params(const struct param_list *l, json_t *want)
{
	const char *key;
	json_t *value;
	size_t count = 0;

	json_object_foreach(want, key, value)
	{
		char name[100];

		snprintf(name, sizeof name, "%s", key);
		same_text(key, part_param(l, name), value);
		count++;
	}
	assert_int_equal(l->count, count);
}

static void same_type(const struct part *p, json_t *want)
{
	struct buf type;

	buf_init(&type, 1000);
	buf_append(&type, text_of(get(want, "media_type")));
	buf_append_str(&type, "/");
	buf_append(&type, text_of(get(want, "subtype")));
	if (!bytes_equal_nocase(p->type, buf_bytes(&type)))
		fail_msg("%s: type is %.*s", case_name, BYTES_FMT(p->type));
	buf_done(&type);
}

static void same_part(const struct part *p, json_t *want)
{
	json_t *dsp = get(want, "disposition"), *parts = get(want, "parts");

	same_type(p, want);
	same_params(&p->params, get(want, "param"));
	if (json_is_object(dsp)) {
		same_text_nocase("disposition", p->disposition, get(dsp, "dsp_type"));
		same_params(&p->disposition_params, get(dsp, "param"));
	} else {
		assert_true(bytes_is_null(p->disposition));
	}
	if (json_is_array(get(want, "language")))
		same_words("language", &p->language, get(want, "language"));
	assert_int_equal(p->is_multipart, is_class(want, "Net::IMAP::BodyTypeMultipart"));
	assert_int_equal(p->child_count, json_array_size(parts));
	for (size_t i = 0; i < p->child_count; i++)
		same_part(&p->children[i], json_array_get(parts, i));
	if (p->is_multipart)
		return;
	same_number("size", p->encoded_size, get(want, "size"));
	same_text("description", p->description, get(want, "description"));
	assert_int_equal(p->message_body != NULL, json_is_object(get(want, "body")));
	if (p->message_body)
		same_part(p->message_body, get(want, "body"));
}

/* Their names of sections are as written, "BODY[HEADER.FIELDS (Foo)]", but
 * without quotes. */
static void same_section(const struct imap_fetch *f, const char *name, json_t *want)
{
	assert_int_equal(f->body_count, 1);
	if (strchr(name, '[')) {
		struct bytes section = bytes_of_str(strchr(name, '[') + 1);

		section.len = bytes_index(section, ']');
		if (!bytes_equal(f->bodies[0].section, section) &&
		    bytes_index(f->bodies[0].section, '"') == f->bodies[0].section.len)
			fail_msg("%s: section", case_name);
	}
	same_text(name, f->bodies[0].data, want);
}

static void same_item(const struct imap_fetch *f, const char *name, json_t *want)
{
	char date[IMAP_DATE_TIME_BYTES];

	if (strcmp(name, "UID") == 0) {
		same_number(name, f->uid, want);
	} else if (strcmp(name, "FLAGS") == 0) {
		same_flags(&f->flags, want);
	} else if (strcmp(name, "RFC822.SIZE") == 0) {
		same_number(name, f->size_bytes, want);
	} else if (strcmp(name, "MODSEQ") == 0) {
		same_number(name, f->modseq, want);
	} else if (strcmp(name, "X-GM-MSGID") == 0) {
		same_number(name, f->gm_msgid, want);
	} else if (strcmp(name, "X-GM-THRID") == 0) {
		same_number(name, f->gm_thrid, want);
	} else if (strcmp(name, "X-GM-LABELS") == 0) {
		same_words(name, &f->gm_labels, want);
	} else if (strcmp(name, "EMAILID") == 0) {
		same_text(name, f->email_id, want);
	} else if (strcmp(name, "THREADID") == 0) {
		same_text(name, f->thread_id, want);
	} else if (strcmp(name, "ENVELOPE") == 0) {
		same_envelope(f->envelope, want);
	} else if (strcmp(name, "BODY") == 0 || strcmp(name, "BODYSTRUCTURE") == 0) {
		assert_non_null(f->structure);
		same_part(f->structure, want);
	} else if (strcmp(name, "INTERNALDATE") == 0) {
		assert_true(imap_date_time_format(&f->internal_date, date));
		same_text(name, bytes_of_str(date), want);
	} else {
		same_section(f, name, want);
	}
}

static void same_fetch(const struct imap_fetch *f, json_t *data)
{
	const char *name;
	json_t *value;

	if (get(data, "seqno"))
		same_number("seq", f->seq.n, get(data, "seqno"));
	if (get(data, "uid"))
		same_number("uid", f->uid, get(data, "uid"));
	json_object_foreach(get(data, "attr"), name, value) same_item(f, name, value);
}

/* --- all of them ----------------------------------------------------------- */

static void same_response(const struct imap_response *r, json_t *want)
{
	json_t *data = get(want, "data");

	switch ((int)r->kind) {
	case IMAP_CONTINUE:
	case IMAP_TAGGED:
	case IMAP_UNTAGGED: same_status(r, want); return;
	case IMAP_CAPABILITY:
	case IMAP_ENABLED: same_words("words", &r->words, data); return;
	case IMAP_FLAGS: same_flags(&r->flags, data); return;
	case IMAP_LIST:
	case IMAP_LSUB:
	case IMAP_XLIST: same_list(&r->list, data); return;
	case IMAP_STATUS: same_folder_status(&r->folder, data); return;
	case IMAP_SEARCH: same_search(&r->search, data); return;
	case IMAP_ESEARCH: same_esearch(&r->esearch, data); return;
	case IMAP_THREAD: same_threads(&r->thread, data); return;
	case IMAP_NAMESPACE:
		same_namespaces(&r->namespaces.personal, get(data, "personal"));
		same_namespaces(&r->namespaces.other, get(data, "other"));
		same_namespaces(&r->namespaces.shared, get(data, "shared"));
		return;
	case IMAP_ID: same_id(&r->id, data); return;
	case IMAP_QUOTA: same_quota(&r->quota, data); return;
	case IMAP_QUOTAROOT:
		same_text("mailbox", r->quota_root.mailbox, get(data, "mailbox"));
		same_words("roots", &r->quota_root.roots, get(data, "quotaroots"));
		return;
	case IMAP_ACL: same_acl(&r->rights, data); return;
	case IMAP_VANISHED:
		assert_int_equal(r->vanished.is_earlier, json_is_true(get(data, "earlier")));
		same_set("uids", &r->vanished.uids, get(data, "uids"));
		return;
	case IMAP_EXISTS:
	case IMAP_RECENT: same_number("number", r->number, data); return;
	case IMAP_EXPUNGE: same_number("seq", r->seq.n, data); return;
	case IMAP_FETCH: same_fetch(&r->fetch, data); return;
	case IMAP_UNKNOWN: same_unknown(r, want); return;
	default: fail_msg("%s: kind %s", case_name, imap_kind_name(r->kind));
	}
}

/* The file writes each byte of a response as the character of that number. */
static struct bytes raw_of(json_t *one)
{
	struct bytes text = text_of(get(one, "response_latin1"));
	uint8_t *to = arena_alloc(imap_test_mem, text.len);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c >= 0x80)
			c = (uint8_t)(c << 6 | (text.at[++i] & 0x3f));
		to[n++] = c;
	}
	return bytes_of(to, n);
}

/* Framed and parsed; false when it is malformed. */
static bool understand(struct bytes raw, struct imap_response *ret)
{
	struct imap_framer *f = imap_framer_new(&imap_limits_default);
	struct imap_frame frame;
	bool good = imap_framer_next(f, &raw, &frame) == IMAP_FRAMER_RESPONSE;

	if (good) {
		assert_int_equal(raw.len, 0);
		good = imap_test_parse(frame.text, NULL, ret, NULL) == ERR_OK;
	}
	imap_framer_free(f);
	return good && !(ret->kind == IMAP_FETCH && ret->fetch.fault.reason);
}

static void every_response_means_what_it_means_to_net_imap(void **state)
{
	size_t i, compared = 0;
	json_t *one;

	(void)state;
	need_corpus();
	json_array_foreach(cases, i, one)
	{
		struct imap_response r;
		bool is_bad = json_is_string(get(one, "error"));

		case_name = json_string_value(get(one, "name"));
		if (understand(raw_of(one), &r) == is_bad)
			fail_msg("%s was %s", case_name, is_bad ? "taken" : "refused");
		if (is_bad)
			continue;
		same_response(&r, get(one, "expected"));
		compared++;
	}
	print_message("%zu responses compared\n", compared);
	assert_true(compared > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(every_response_means_what_it_means_to_net_imap),
	};

	return cmocka_run_group_tests(tests, load_corpus, forget_corpus);
}
