#include "endpoint/filters.h"

#include "base/hash.h"
#include "http/query.h"

/* --- reading the form ------------------------------------------------------ */

#define FIELD(member) offsetof(struct filter_form, member)

const struct json_member filter_members[] = {
	{ "folderId", JSON_KIND_TEXT, FIELD(folder), .is_required = true,
	  .given_offset = JSON_NOT_MARKED },
	{ "text", JSON_KIND_TEXT, FIELD(text), .given_offset = JSON_NOT_MARKED },
	{ "from", JSON_KIND_TEXT, FIELD(from), .given_offset = JSON_NOT_MARKED },
	{ "to", JSON_KIND_TEXT, FIELD(to), .given_offset = JSON_NOT_MARKED },
	{ "cc", JSON_KIND_TEXT, FIELD(cc), .given_offset = JSON_NOT_MARKED },
	{ "subject", JSON_KIND_TEXT, FIELD(subject), .given_offset = JSON_NOT_MARKED },
	{ "body", JSON_KIND_TEXT, FIELD(body), .given_offset = JSON_NOT_MARKED },
	{ "header", JSON_KIND_TEXTS, FIELD(header), .given_offset = JSON_NOT_MARKED,
	  .max = FILTER_HEADERS_MAX },
	{ "after", JSON_KIND_TEXT, FIELD(after), .given_offset = JSON_NOT_MARKED, .max = 64 },
	{ "before", JSON_KIND_TEXT, FIELD(before), .given_offset = JSON_NOT_MARKED, .max = 64 },
	{ "minSize", JSON_KIND_UINT, FIELD(min_size), .given_offset = FIELD(has_min_size),
	  .max = INT64_MAX },
	{ "maxSize", JSON_KIND_UINT, FIELD(max_size), .given_offset = FIELD(has_max_size),
	  .max = INT64_MAX },
	{ "hasKeyword", JSON_KIND_TEXT, FIELD(has_keyword), .given_offset = JSON_NOT_MARKED,
	  .max = KEYWORD_MAX_BYTES },
	{ "notKeyword", JSON_KIND_TEXT, FIELD(not_keyword), .given_offset = JSON_NOT_MARKED,
	  .max = KEYWORD_MAX_BYTES },
	{ "unseen", JSON_KIND_BOOL, FIELD(unseen), .given_offset = FIELD(unseen_given) },
	{ "flagged", JSON_KIND_BOOL, FIELD(flagged), .given_offset = FIELD(flagged_given) },
	{ "hasAttachment", JSON_KIND_BOOL, FIELD(has_attachment),
	  .given_offset = FIELD(has_attachment_given) },
	{ "thread", JSON_KIND_TEXT, FIELD(thread), .given_offset = JSON_NOT_MARKED },
	{ 0 },
};

static void read_texts(struct request *rq, struct filter_form *f)
{
	f->text = request_param(rq, "text");
	f->from = request_param(rq, "from");
	f->to = request_param(rq, "to");
	f->cc = request_param(rq, "cc");
	f->subject = request_param(rq, "subject");
	f->body = request_param(rq, "body");
	f->after = request_param(rq, "after");
	f->before = request_param(rq, "before");
	f->has_keyword = request_param(rq, "hasKeyword");
	f->not_keyword = request_param(rq, "notKeyword");
	f->thread = request_param(rq, "thread");
}

/* One more than the maximum, so that too many show. */
static void read_headers(struct request *rq, struct filter_form *f)
{
	struct bytes value;

	f->header.at = ARENA_ARRAY(request_arena(rq), FILTER_HEADERS_MAX + 1, struct bytes);
	while (f->header.at && f->header.count <= FILTER_HEADERS_MAX &&
	       !bytes_is_null(value = request_param_nth(rq, "header", f->header.count)))
		f->header.at[f->header.count++] = value;
}

void filters_from_params(struct request *rq, struct filter_form *ret)
{
	struct filter_form f = {
		.min_size = request_param_uint(rq, "minSize", 0),
		.max_size = request_param_uint(rq, "maxSize", 0),
		.has_min_size = request_has_param(rq, "minSize"),
		.has_max_size = request_has_param(rq, "maxSize"),
		.unseen = request_param_bool(rq, "unseen", false),
		.flagged = request_param_bool(rq, "flagged", false),
		.has_attachment = request_param_bool(rq, "hasAttachment", false),
		.unseen_given = request_has_param(rq, "unseen"),
		.flagged_given = request_has_param(rq, "flagged"),
		.has_attachment_given = request_has_param(rq, "hasAttachment"),
	};

	read_texts(rq, &f);
	read_headers(rq, &f);
	*ret = f;
}

/* --- building -------------------------------------------------------------- */

struct builder {
	struct arena *mem;
	struct mail_filter *at;
	size_t count;
	filter_fault_fn *fault;
	void *ctx;
	bool failed;
};

static void fail(struct builder *b, const char *name, const char *detail)
{
	b->failed = true;
	b->fault(b->ctx, name, detail);
}

static void add(struct builder *b, const char *name, struct mail_filter f)
{
	if (b->failed)
		return;
	if (b->count == MAIL_FILTERS_MAX)
		fail(b, name, "Too many words and filters; 32 are the most.");
	else
		b->at[b->count++] = f;
}

/* The next word, or what stands between quotation marks; null at the end. */
static struct bytes next_word(struct bytes *rest)
{
	struct bytes word;

	*rest = bytes_trim(*rest);
	if (rest->len == 0)
		return BYTES_NULL;
	if (rest->at[0] == '"') {
		*rest = bytes_skip(*rest, 1);
		word = bytes_first(*rest, bytes_index(*rest, '"'));
	} else {
		word = bytes_first(*rest, bytes_index(*rest, ' '));
	}
	*rest = bytes_skip(*rest, word.len + 1);
	return word;
}

static void add_words(struct builder *b, enum mail_filter_kind kind, const char *name,
		      struct bytes text)
{
	struct bytes rest = text, word;
	size_t before = b->count;

	if (bytes_is_null(text))
		return;
	while (!b->failed && !bytes_is_null(word = next_word(&rest)))
		if (word.len)
			add(b, name, (struct mail_filter){ .kind = kind, .text = word });
	if (b->count == before && !b->failed)
		fail(b, name, "Give a word to look for.");
}

/* field-name of RFC 5322 §3.6.8 */
static bool is_field_name(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] >= 0x7f)
			return false;
	return name.len > 0;
}

static void add_headers(struct builder *b, const struct bytes_list *l)
{
	if (l->count > FILTER_HEADERS_MAX) {
		fail(b, "header", "At most 8 of them.");
		return;
	}
	for (size_t i = 0; i < l->count && !b->failed; i++) {
		size_t colon = bytes_index(l->at[i], ':');
		struct bytes name = bytes_trim(bytes_first(l->at[i], colon));

		if (!is_field_name(name))
			fail(b, "header", "The name of a header field, a colon, and what it has.");
		else
			add(b, "header",
			    (struct mail_filter){
				    .kind = FILTER_HEADER,
				    .name = name,
				    .text = bytes_trim(bytes_skip(l->at[i], colon + 1)) });
	}
}

/* Whole seconds are what a mail server knows: both bounds are rounded up. */
static void add_instant(struct builder *b, enum mail_filter_kind kind, const char *name,
			struct bytes text)
{
	int64_t ms;

	if (bytes_is_null(text))
		return;
	if (query_to_instant(text, &ms))
		add(b, name,
		    (struct mail_filter){ .kind = kind,
					  .number = ms / 1000 + (ms > 0 && ms % 1000 != 0) });
	else
		fail(b, name, "A date and time like 2026-11-21T20:00:00Z.");
}

static void add_number(struct builder *b, enum mail_filter_kind kind, const char *name, bool given,
		       uint64_t n)
{
	if (given)
		add(b, name, (struct mail_filter){ .kind = kind, .number = (int64_t)n });
}

static void add_keyword(struct builder *b, enum mail_filter_kind kind, const char *name,
			struct bytes keyword)
{
	struct keywords lower = { 0 };

	if (bytes_is_null(keyword))
		return;
	if (!keywords_name_is_valid(keyword)) {
		fail(b, name, "A keyword like $flagged or todo.");
		return;
	}
	/* The set has it in lower case, under the name of the API. */
	if (!keywords_add(&lower, b->mem, keyword))
		return;
	keyword = lower.custom.count ? lower.custom.at[0]
				     : bytes_of_str(keywords_system_name(lower.system));
	add(b, name, (struct mail_filter){ .kind = kind, .text = keyword });
}

static void add_flag(struct builder *b, const char *name, bool given, bool has, unsigned bit)
{
	if (given)
		add(b, name,
		    (struct mail_filter){ .kind = has ? FILTER_KEYWORD : FILTER_NOT_KEYWORD,
					  .text = bytes_of_str(keywords_system_name(bit)) });
}

bool filters_thread(struct bytes thread_id, struct arena *mem, struct mail_filter *ret)
{
	struct mail_filter f = { .kind = FILTER_THREAD };
	struct bytes rest = bytes_skip(thread_id, 2);
	struct buf root;
	bool ok;

	if (rest.len == 0 || thread_id.at[1] != '.')
		return false;
	f.name = bytes_first(thread_id, 1);
	f.text = rest;
	if (bytes_equal_str(f.name, "r")) {
		buf_init(&root, ID_TEXT_MAX);
		ok = hash_base64url_decode(&root, rest) && bytes_is_utf8(buf_bytes(&root));
		f.name = BYTES_NULL;
		f.text = arena_bytes(mem, buf_bytes(&root));
		buf_done(&root);
	} else {
		ok = bytes_equal_str(f.name, "g") || bytes_equal_str(f.name, "o") ||
		     bytes_equal_str(f.name, "h");
	}
	if (ok)
		*ret = f;
	return ok;
}

static void add_thread(struct builder *b, struct bytes thread_id)
{
	struct mail_filter f;

	if (bytes_is_null(thread_id))
		return;
	if (filters_thread(thread_id, b->mem, &f))
		add(b, "thread", f);
	else
		fail(b, "thread",
		     "A threadId that can be searched for; others have GET "
		     "/v1/threads/{threadId}.");
}

bool filters_build(const struct filter_form *f, struct arena *mem, struct mail_query *q,
		   filter_fault_fn *fault, void *ctx)
{
	struct builder b = { .mem = mem, .fault = fault, .ctx = ctx };

	b.at = ARENA_ARRAY(mem, MAIL_FILTERS_MAX, struct mail_filter);
	if (!b.at)
		return false;
	add_words(&b, FILTER_TEXT, "text", f->text);
	add_words(&b, FILTER_FROM, "from", f->from);
	add_words(&b, FILTER_TO, "to", f->to);
	add_words(&b, FILTER_CC, "cc", f->cc);
	add_words(&b, FILTER_SUBJECT, "subject", f->subject);
	add_words(&b, FILTER_BODY, "body", f->body);
	add_headers(&b, &f->header);
	add_instant(&b, FILTER_AFTER, "after", f->after);
	add_instant(&b, FILTER_BEFORE, "before", f->before);
	add_number(&b, FILTER_MIN_SIZE, "minSize", f->has_min_size, f->min_size);
	add_number(&b, FILTER_MAX_SIZE, "maxSize", f->has_max_size, f->max_size);
	add_keyword(&b, FILTER_KEYWORD, "hasKeyword", f->has_keyword);
	add_keyword(&b, FILTER_NOT_KEYWORD, "notKeyword", f->not_keyword);
	add_flag(&b, "unseen", f->unseen_given, !f->unseen, KEYWORD_SEEN);
	add_flag(&b, "flagged", f->flagged_given, f->flagged, KEYWORD_FLAGGED);
	add_number(&b, FILTER_ATTACHMENT, "hasAttachment", f->has_attachment_given,
		   f->has_attachment);
	add_thread(&b, f->thread);
	q->filters = b.at;
	q->filter_count = b.count;
	return !b.failed && !arena_failed(mem);
}
