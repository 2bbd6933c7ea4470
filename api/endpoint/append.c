/* POST /v1/messages: a message/rfc822 is put into a folder. */
#include <assert.h>
#include <stdio.h>

#include "endpoint/endpoint.h"
#include "endpoint/idempotency.h"
#include "endpoint/keyword_patch.h"
#include "endpoint/result.h"
#include "endpoint/user.h"

const struct param_spec append_message_params[] = {
	{ "folderId", PARAM_TEXT, .max = ID_TEXT_MAX },
	{ "keywords", PARAM_TEXT, .max = 2000 },
	{ "replaces", PARAM_TEXT, .max = ID_TEXT_MAX },
	{ 0 },
};

struct appending {
	struct request *rq;
	struct mail_source source;
	struct bytes message; /* with CRLF line ends */
	struct buf converted; /* its memory, unless it is the body itself */
	struct keywords keywords;
};

/* --- the message ------------------------------------------------------------ */

static size_t read_message(void *ctx, uint64_t offset, uint8_t *to, size_t max)
{
	struct bytes rest =
		bytes_first(bytes_skip(((struct appending *)ctx)->message, offset), max);

	memcpy(to, rest.at, rest.len);
	return rest.len;
}

static bool has_bare_newline(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] == '\n' && (i == 0 || b.at[i - 1] != '\r'))
			return true;
	return false;
}

/* Mail has CRLF (RFC 5322 §2.1); what editors and scripts write has not. */
static void convert_newlines(struct buf *to, struct bytes b)
{
	while (b.len) {
		size_t n = bytes_index(b, '\n');
		bool ends_with_cr = n > 0 && b.at[n - 1] == '\r';

		buf_append(to, bytes_first(b, n));
		if (n < b.len)
			buf_append_str(to, ends_with_cr ? "\n" : "\r\n");
		b = bytes_skip(b, n + 1);
	}
}

static void release(void *ctx)
{
	buf_done(&((struct appending *)ctx)->converted);
}

static bool refuse(struct request *rq, struct problem p)
{
	reply_problem(rq, &p);
	return false;
}

static bool take_message(struct appending *a)
{
	struct bytes body = request_body(a->rq);
	uint64_t max = app_of(a->rq)->message_max_bytes;

	if (body.len == 0)
		return refuse(a->rq, problem_with("invalid-request", "The body is empty."));
	if (body.len > max)
		return refuse(a->rq, problem_with("too-large",
						  "A message may have at most %llu bytes here.",
						  (unsigned long long)max));
	if (bytes_index(body, '\0') < body.len)
		return refuse(a->rq, problem_with("invalid-request",
						  "The message has a NUL byte, which mail must not "
						  "have (RFC 5322 §2.2)."));
	a->message = body;
	if (has_bare_newline(body)) {
		buf_init(&a->converted, 2 * body.len);
		request_on_end(a->rq, release, a);
		convert_newlines(&a->converted, body);
		if (buf_err(&a->converted))
			return refuse(a->rq, problem_of("busy"));
		a->message = buf_bytes(&a->converted);
	}
	a->source = (struct mail_source){ a->message.len, read_message, a };
	return true;
}

/* --- keywords --------------------------------------------------------------- */

static bool take_keywords(struct appending *a)
{
	struct bytes rest = request_param(a->rq, "keywords"), name;
	struct problem p = problem_of("invalid-request");

	while (bytes_split(&rest, ',', &name)) {
		if (keywords_name_is_valid(name) && keywords_system_bit(name) != KEYWORD_DELETED &&
		    keywords_add(&a->keywords, request_arena(a->rq), name))
			continue;
		problem_add_parameter(&p, "keywords", "invalid-value",
				      "Keywords like $seen or todo, with commas between.");
		return refuse(a->rq, p);
	}
	return true;
}

/* --- the answer ------------------------------------------------------------- */

static void on_appended(void *ctx, const struct fault *fault, const struct message_result *results,
			size_t count)
{
	struct appending *a = ctx;
	char id[ID_TEXT_MAX + 1], location[ID_TEXT_MAX + 20];

	request_op_done(a->rq);
	if (fault) {
		answer_fault(a->rq, fault);
		return;
	}
	assert(count == 1); /* account.h promises one */
	if (results[0].status == CHANGE_DONE && results[0].has_id) {
		message_id_format(&results[0].id, id);
		snprintf(location, sizeof location, "/v1/messages/%s", id);
		reply_header(a->rq, "Location", bytes_of_str(location));
	}
	answer_result(a->rq, 201, &results[0]);
}

static void start(void *ctx)
{
	struct appending *a = ctx;
	struct request *rq = a->rq;
	request_set_bulk(rq);
	request_extend_deadline(rq, BULK_TIMEOUT_MS);
	request_wait(rq, account_append(user_account(rq), request_call(rq),
					request_param(rq, "folderId"), &a->source, &a->keywords,
					request_param(rq, "replaces"), on_appended, a));
}

void post_messages(struct request *rq)
{
	struct appending *a = ARENA_NEW(request_arena(rq), struct appending);

	if (!a) {
		request_wait(rq, NULL);
		return;
	}
	a->rq = rq;
	if (take_keywords(a) && take_message(a))
		idempotency_guard(
			rq, request_has_param(rq, "replaces") ? JOURNAL_REPLACE : JOURNAL_APPEND,
			start, a);
}
