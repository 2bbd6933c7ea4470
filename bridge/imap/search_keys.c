/* From filters to search keys: RFC 9051 §6.4.4, Gmail's X-GM-EXT-1, RFC 8474. */
#include "imap/search.h"

#define DAY_S 86400

static bool is_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] >= 0x80)
			return false;
	}
	return true;
}

static bool is_gmail(const struct imap_session *s)
{
	return imap_session_can(s, IMAP_CAP_X_GM_EXT_1);
}

static bool is_size(const struct mail_filter *f)
{
	return f->kind == FILTER_MIN_SIZE || f->kind == FILTER_MAX_SIZE;
}

struct imap_search_plan imap_search_plan_of(const struct imap_session *s,
					    const struct mail_query *q)
{
	struct imap_search_plan plan = { 0 };

	for (size_t i = 0; i < q->filter_count; i++) {
		const struct mail_filter *f = &q->filters[i];

		plan.is_utf8 = plan.is_utf8 || !is_ascii(f->text);
		plan.has_dates =
			plan.has_dates || f->kind == FILTER_AFTER || f->kind == FILTER_BEFORE;
		plan.has_attachment =
			plan.has_attachment || (f->kind == FILTER_ATTACHMENT && !is_gmail(s));
		plan.has_digest = plan.has_digest || imap_local_is_digest(f);
		plan.has_sizes = plan.has_sizes || (is_size(f) && s->quirks.has_other_sizes);
	}
	plan.is_local_text = plan.is_utf8 && s->refuses_charset;
	return plan;
}

void imap_search_charset(struct imap_exchange *x, const struct imap_search_plan *plan)
{
	/* Once UTF-8 is enabled CHARSET must not be sent (RFC 6855 §3). */
	if (!plan->is_utf8 || plan->is_local_text || x->session->encoding.is_utf8)
		return;
	imap_command_word(&x->command, "CHARSET");
	imap_command_word(&x->command, "UTF-8");
}

static void text_key(struct imap_command *c, const char *word, struct bytes text)
{
	imap_command_word(c, word);
	imap_command_string(c, text);
}

/* Gmail's own search, which knows words and languages; here as one phrase. */
static void gmail_key(struct imap_command *c, struct bytes text)
{
	struct buf phrase;

	buf_init(&phrase, text.len + 2);
	buf_append_byte(&phrase, '"');
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(&phrase, text.at[i] == '"' ? ' ' : text.at[i]);
	buf_append_byte(&phrase, '"');
	text_key(c, "X-GM-RAW", buf_bytes(&phrase));
	buf_done(&phrase);
}

static void header_key(struct imap_command *c, struct bytes name, struct bytes text)
{
	imap_command_word(c, "HEADER");
	imap_command_astring(c, name);
	imap_command_string(c, text);
}

/* Cut to what SEARCH can say: days, and a day more on either side, for nobody
 * knows in whose time zone the server counts. */
static void day_key(struct imap_command *c, const char *word, int64_t unix_s)
{
	imap_command_word(c, word);
	imap_command_date(c, unix_s);
}

static void keyword_key(struct imap_command *c, struct bytes name, bool has)
{
	static const struct {
		unsigned bit;
		const char *has, *has_not;
	} keys[] = {
		{ KEYWORD_SEEN, "SEEN", "UNSEEN" },
		{ KEYWORD_ANSWERED, "ANSWERED", "UNANSWERED" },
		{ KEYWORD_FLAGGED, "FLAGGED", "UNFLAGGED" },
		{ KEYWORD_DRAFT, "DRAFT", "UNDRAFT" },
		{ KEYWORD_DELETED, "DELETED", "UNDELETED" },
	};
	unsigned bit = keywords_system_bit(name);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].bit == bit) {
			imap_command_word(c, has ? keys[i].has : keys[i].has_not);
			return;
		}
	}
	imap_command_word(c, has ? "KEYWORD" : "UNKEYWORD");
	imap_command_atom(c, name);
}

/* The root of a thread stands in one of three fields. */
static void thread_key(struct imap_command *c, const struct mail_filter *f)
{
	if (bytes_equal_str(f->name, "g")) {
		imap_command_word(c, "X-GM-THRID");
		imap_command_atom(c, f->text);
	} else if (bytes_equal_str(f->name, "o")) {
		imap_command_word(c, "THREADID");
		imap_command_atom(c, f->text);
	} else {
		imap_command_word(c, "OR");
		header_key(c, BYTES_LIT("MESSAGE-ID"), f->text);
		imap_command_word(c, "OR");
		header_key(c, BYTES_LIT("REFERENCES"), f->text);
		header_key(c, BYTES_LIT("IN-REPLY-TO"), f->text);
	}
}

static void size_key(struct imap_command *c, const char *word, int64_t size)
{
	if (size < 0)
		return;
	imap_command_word(c, word);
	imap_command_number(c, (uint64_t)size);
}

static void other_key(struct imap_exchange *x, const struct mail_filter *f)
{
	struct imap_command *c = &x->command;

	switch (f->kind) {
	case FILTER_AFTER: day_key(c, "SINCE", f->number - DAY_S); break;
	case FILTER_BEFORE: day_key(c, "BEFORE", f->number + 2 * DAY_S); break;
	case FILTER_MIN_SIZE: size_key(c, "LARGER", f->number - 1); break;
	case FILTER_MAX_SIZE: size_key(c, "SMALLER", f->number + 1); break;
	case FILTER_KEYWORD: keyword_key(c, f->text, true); break;
	case FILTER_NOT_KEYWORD: keyword_key(c, f->text, false); break;
	case FILTER_THREAD: thread_key(c, f); break;
	case FILTER_ATTACHMENT:
		if (is_gmail(x->session))
			text_key(c, "X-GM-RAW",
				 f->number ? BYTES_LIT("has:attachment")
					   : BYTES_LIT("-has:attachment"));
		break;
	case FILTER_TEXT:
	case FILTER_FROM:
	case FILTER_TO:
	case FILTER_CC:
	case FILTER_BCC:
	case FILTER_SUBJECT:
	case FILTER_BODY:
	case FILTER_HEADER: break;
	}
}

static void key(struct imap_exchange *x, const struct mail_filter *f)
{
	struct imap_command *c = &x->command;

	switch (f->kind) {
	case FILTER_TEXT:
		if (is_gmail(x->session))
			gmail_key(c, f->text);
		else
			text_key(c, "TEXT", f->text);
		break;
	case FILTER_FROM: text_key(c, "FROM", f->text); break;
	case FILTER_TO: text_key(c, "TO", f->text); break;
	case FILTER_CC: text_key(c, "CC", f->text); break;
	case FILTER_BCC: text_key(c, "BCC", f->text); break;
	case FILTER_SUBJECT: text_key(c, "SUBJECT", f->text); break;
	case FILTER_BODY: text_key(c, "BODY", f->text); break;
	case FILTER_HEADER: header_key(c, f->name, f->text); break;
	case FILTER_AFTER:
	case FILTER_BEFORE:
	case FILTER_MIN_SIZE:
	case FILTER_MAX_SIZE:
	case FILTER_KEYWORD:
	case FILTER_NOT_KEYWORD:
	case FILTER_ATTACHMENT:
	case FILTER_THREAD: other_key(x, f); break;
	}
}

void imap_search_keys(struct imap_exchange *x, const struct mail_query *q,
		      const struct imap_search_plan *plan)
{
	imap_command_word(&x->command, "UNDELETED");
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct mail_filter *f = &q->filters[i];
		bool is_local = imap_local_is_digest(f) ||
				(plan->is_local_text && !is_ascii(f->text)) ||
				(plan->has_sizes && is_size(f));

		if (!is_local)
			key(x, f);
	}
}

static void days_around(struct imap_command *c, int64_t unix_s)
{
	imap_command_open(c);
	day_key(c, "SINCE", unix_s - DAY_S);
	day_key(c, "BEFORE", unix_s + 2 * DAY_S);
	imap_command_close(c);
}

static bool is_instant(const struct mail_filter *f)
{
	return f->kind == FILTER_AFTER || f->kind == FILTER_BEFORE;
}

void imap_search_uncertain_days(struct imap_exchange *x, const struct mail_query *q)
{
	size_t left = 0;

	for (size_t i = 0; i < q->filter_count; i++)
		left += is_instant(&q->filters[i]);
	/* a OR (b OR c), prefix as SEARCH has it. */
	for (size_t i = 0; i < q->filter_count; i++) {
		if (!is_instant(&q->filters[i]))
			continue;
		if (--left)
			imap_command_word(&x->command, "OR");
		days_around(&x->command, q->filters[i].number);
	}
}
