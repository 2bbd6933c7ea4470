#include "user_strings.h"

#include "base/clock.h"

static void done(struct run *r, const struct fault *fault)
{
	assert_false(r->is_done);
	r->is_done = true;
	if (fault)
		r->fault = *fault;
}

static void on_done(void *ctx, const struct fault *fault)
{
	done(ctx, fault);
}

static void on_status(void *ctx, const struct fault *fault, const struct folder_status *status)
{
	(void)status;
	done(ctx, fault);
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	(void)page;
	done(ctx, fault);
}

static void on_sections(void *ctx, const struct fault *fault, const struct bytes *values,
			size_t count)
{
	(void)values;
	(void)count;
	done(ctx, fault);
}

/* A change that was refused is a result. */
static void on_changes(void *ctx, const struct fault *fault, const struct change_result *results,
		       size_t count)
{
	if (!fault && count && results[0].fault.err)
		fault = &results[0].fault;
	done(ctx, fault);
}

static enum flow on_data(void *ctx, struct bytes data)
{
	(void)ctx;
	(void)data;
	return FLOW_MORE;
}

static struct call call_of(struct run *r)
{
	return (struct call){ .mem = r->mem, .deadline_ms = clock_monotonic_ms() + 60000 };
}

static const struct message_key seven = { .kind = MESSAGE_KEY_UID, .uidvalidity = 1, .uid = 7 };

static void start_status(struct run *r, struct bytes s)
{
	(void)mailstore_status(r->ms, call_of(r), s, on_status, r);
}

static void start_page(struct run *r, struct bytes s)
{
	const struct mail_query q = { .window.limit = 5 };

	(void)mailstore_query(r->ms, call_of(r), s, &q, MAIL_FLAGS, on_page, r);
}

static void change(struct run *r, enum folder_change_kind kind, struct bytes path, struct bytes to)
{
	(void)mailstore_change_folder(r->ms, call_of(r), kind, path, to, on_done, r);
}

static void start_create(struct run *r, struct bytes s)
{
	change(r, FOLDER_CREATE, s, BYTES_NULL);
}

static void start_rename(struct run *r, struct bytes s)
{
	change(r, FOLDER_RENAME, s, BYTES_LIT("other"));
}

static void start_rename_to(struct run *r, struct bytes s)
{
	change(r, FOLDER_RENAME, BYTES_LIT("other"), s);
}

static void start_delete(struct run *r, struct bytes s)
{
	change(r, FOLDER_DELETE, s, BYTES_NULL);
}

static void start_subscribe(struct run *r, struct bytes s)
{
	change(r, FOLDER_SUBSCRIBE, s, BYTES_NULL);
}

static void start_copy(struct run *r, struct bytes s)
{
	(void)mailstore_copy(r->ms, call_of(r), BYTES_LIT("INBOX"), &seven, 1, s, on_changes, r);
}

static void start_move(struct run *r, struct bytes s)
{
	(void)mailstore_move(r->ms, call_of(r), BYTES_LIT("INBOX"), &seven, 1, s, on_changes, r);
}

static void flag(struct run *r, struct bytes add, struct bytes remove)
{
	struct keywords plus = { 0 }, minus = { 0 };

	/* As nobody above does it: the names are not looked at first. */
	if (!bytes_is_null(add))
		assert_true(keywords_add(&plus, r->mem, add));
	if (!bytes_is_null(remove))
		assert_true(keywords_add(&minus, r->mem, remove));
	(void)mailstore_set_keywords(r->ms, call_of(r), BYTES_LIT("INBOX"), &seven, 1, &plus,
				     &minus, 0, on_changes, r);
}

static void start_flag(struct run *r, struct bytes s)
{
	flag(r, s, BYTES_NULL);
}

static void start_unflag(struct run *r, struct bytes s)
{
	flag(r, BYTES_NULL, s);
}

static size_t read_octets(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	const struct run *r = ctx;
	struct bytes part = bytes_first(bytes_skip(r->octets, (size_t)offset), max);

	memcpy(to, part.at, part.len);
	return part.len;
}

static void append(struct run *r, struct bytes path, struct bytes keyword, struct bytes octets)
{
	struct mail_source source = { octets.len, read_octets, r };
	struct keywords k = { 0 };

	if (!bytes_is_null(keyword))
		assert_true(keywords_add(&k, r->mem, keyword));
	r->octets = octets;
	(void)mailstore_append(r->ms, call_of(r), path, &source, &k, 0, on_changes, r);
}

static void start_append_to(struct run *r, struct bytes s)
{
	append(r, s, BYTES_NULL, BYTES_LIT("x\r\n"));
}

static void start_append_flag(struct run *r, struct bytes s)
{
	append(r, BYTES_LIT("other"), s, BYTES_LIT("x\r\n"));
}

static void append_behind(struct run *r, const char *start, struct bytes s)
{
	struct buf b;
	uint8_t *copy;

	buf_init(&b, 1 << 20);
	buf_append_str(&b, start);
	buf_append(&b, s);
	copy = arena_alloc(r->mem, b.len);
	memcpy(copy, b.at, b.len);
	append(r, BYTES_LIT("other"), BYTES_NULL, bytes_of(copy, b.len));
	buf_done(&b);
}

static void start_append_body(struct run *r, struct bytes s)
{
	append_behind(r, "Subject: x\r\n\r\n", s);
}

/* RFC 6855 §4 has another form for these. */
static void start_append_header(struct run *r, struct bytes s)
{
	append_behind(r, "Subject: \xc3\xbc", s);
}

static void find(struct run *r, enum mail_filter_kind kind, struct bytes name, struct bytes text)
{
	struct mail_filter *f = ARENA_NEW(r->mem, struct mail_filter);
	struct mail_query q = { .filters = f, .filter_count = 1, .window.limit = 5 };

	*f = (struct mail_filter){ .kind = kind, .name = name, .text = text };
	(void)mailstore_query(r->ms, call_of(r), BYTES_LIT("INBOX"), &q, MAIL_FLAGS, on_page, r);
}

#define FIND(function, kind)                                                                       \
	static void function(struct run *r, struct bytes s)                                        \
	{                                                                                          \
		find(r, kind, BYTES_NULL, s);                                                      \
	}
FIND(find_text, FILTER_TEXT)
FIND(find_from, FILTER_FROM)
FIND(find_to, FILTER_TO)
FIND(find_cc, FILTER_CC)
FIND(find_bcc, FILTER_BCC)
FIND(find_subject, FILTER_SUBJECT)
FIND(find_body, FILTER_BODY)
FIND(find_keyword, FILTER_KEYWORD)
FIND(find_not_keyword, FILTER_NOT_KEYWORD)
FIND(find_thread, FILTER_THREAD)

static void find_header_name(struct run *r, struct bytes s)
{
	find(r, FILTER_HEADER, s, BYTES_LIT("text"));
}

static void find_header_value(struct run *r, struct bytes s)
{
	find(r, FILTER_HEADER, BYTES_LIT("List-Id"), s);
}

static void find_gmail_thread(struct run *r, struct bytes s)
{
	find(r, FILTER_THREAD, BYTES_LIT("g"), s);
}

static void find_object_thread(struct run *r, struct bytes s)
{
	find(r, FILTER_THREAD, BYTES_LIT("o"), s);
}

static void start_stream(struct run *r, struct bytes s)
{
	struct mail_section section = { .section = s, .first = 5, .length = 10 };

	(void)mailstore_stream(r->ms, call_of(r), BYTES_LIT("INBOX"), &seven, &section, on_data,
			       on_done, r);
}

static void start_sections(struct run *r, struct bytes s)
{
	struct bytes *sections = ARENA_ARRAY(r->mem, 2, struct bytes);

	sections[0] = BYTES_LIT("1");
	sections[1] = s;
	(void)mailstore_sections(r->ms, call_of(r), BYTES_LIT("INBOX"), &seven, sections, 2, 100,
				 on_sections, r);
}

static void log_in(struct run *r, struct bytes username, struct bytes password, struct bytes token)
{
	r->credentials = (struct credentials){ username, password, token };
	(void)mailstore_open(r->ms, call_of(r), &r->credentials, on_done, r);
}

static void log_in_user(struct run *r, struct bytes s)
{
	log_in(r, s, BYTES_LIT("secret"), BYTES_NULL);
}

static void log_in_password(struct run *r, struct bytes s)
{
	log_in(r, BYTES_LIT("alice"), s, BYTES_NULL);
}

static void log_in_token_user(struct run *r, struct bytes s)
{
	log_in(r, s, BYTES_NULL, BYTES_LIT("token"));
}

static void log_in_token(struct run *r, struct bytes s)
{
	log_in(r, BYTES_LIT("alice"), BYTES_NULL, s);
}

const struct place user_string_places[] = {
	{ "status", start_status, CODED_MAILBOX },
	{ "page", start_page, CODED_MAILBOX },
	{ "create", start_create, CODED_MAILBOX },
	{ "rename", start_rename, CODED_MAILBOX },
	{ "rename to", start_rename_to, CODED_MAILBOX },
	{ "delete", start_delete, CODED_MAILBOX },
	{ "subscribe", start_subscribe, CODED_MAILBOX },
	{ "copy to", start_copy, CODED_MAILBOX },
	{ "move to", start_move, CODED_MAILBOX },
	{ "append to", start_append_to, CODED_MAILBOX },
	{ "append flag", start_append_flag, CODED_KEYWORD },
	{ "append body", start_append_body, CODED_AS_IS, .has_no_nul = true },
	{ "append header", start_append_header, CODED_AS_IS, .has_no_nul = true },
	{ "flag", start_flag, CODED_KEYWORD },
	{ "unflag", start_unflag, CODED_KEYWORD },
	{ "text", find_text, CODED_AS_IS, .takes_all_but_nul = true },
	{ "from", find_from, CODED_AS_IS, .takes_all_but_nul = true },
	{ "to", find_to, CODED_AS_IS, .takes_all_but_nul = true },
	{ "cc", find_cc, CODED_AS_IS, .takes_all_but_nul = true },
	{ "bcc", find_bcc, CODED_AS_IS, .takes_all_but_nul = true },
	{ "subject", find_subject, CODED_AS_IS, .takes_all_but_nul = true },
	{ "body", find_body, CODED_AS_IS, .takes_all_but_nul = true },
	{ "header name", find_header_name, CODED_AS_IS, .takes_all_but_nul = true },
	{ "header value", find_header_value, CODED_AS_IS, .takes_all_but_nul = true },
	{ "keyword", find_keyword, CODED_KEYWORD },
	{ "not keyword", find_not_keyword, CODED_KEYWORD },
	{ "thread", find_thread, CODED_AS_IS, .takes_all_but_nul = true },
	{ "gmail thread", find_gmail_thread, CODED_KEYWORD },
	{ "object thread", find_object_thread, CODED_KEYWORD },
	{ "stream", start_stream, CODED_SECTION, .word = "7.77" },
	{ "sections", start_sections, CODED_SECTION, .word = "7.77" },
	{ "login user", log_in_user, CODED_AS_IS, .auth = "" },
	{ "login password", log_in_password, CODED_AS_IS, .auth = "" },
	{ "plain user", log_in_user, CODED_BASE64, .auth = " AUTH=PLAIN SASL-IR" },
	{ "plain password", log_in_password, CODED_BASE64, .auth = " AUTH=PLAIN SASL-IR" },
	{ "plain user later", log_in_user, CODED_BASE64, .auth = " AUTH=PLAIN" },
	{ "plain password later", log_in_password, CODED_BASE64, .auth = " AUTH=PLAIN" },
	{ "token user", log_in_token_user, CODED_BASE64, .auth = " AUTH=XOAUTH2 SASL-IR" },
	{ "token", log_in_token, CODED_BASE64, .auth = " AUTH=XOAUTH2" },
};
const size_t user_string_place_count = sizeof(user_string_places) / sizeof(user_string_places[0]);

const struct place user_string_at_gmail = { "gmail text", find_text, CODED_GMAIL };

void user_string_log_in(struct run *r)
{
	log_in(r, BYTES_LIT("alice"), BYTES_LIT("secret"), BYTES_NULL);
}
