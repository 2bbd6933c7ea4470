/* /v1/messages/{messageId}: one message as it is read. */
#include "json/message.h"

#include <inttypes.h>

#include "base/hash.h"
#include "endpoint/endpoint.h"
#include "endpoint/etag.h"
#include "endpoint/user.h"

#define DOC_MAX_BYTES           (64 << 20)
#define BODY_VALUE_MAX_BYTES    (1 << 20)
#define BODY_VALUE_BYTES        (256 << 10)
#define HEADER_NAMES_MAX        50
#define HEADER_NAMES_TEXT_BYTES 1000

const struct param_spec get_message_params[] = {
	{ "body", PARAM_ENUM, .choices = "text,html,both,none" },
	{ "html", PARAM_ENUM, .choices = "safe,raw" },
	{ "maxBodyBytes", PARAM_UINT, .min = 1, .max = BODY_VALUE_MAX_BYTES,
	  .hint = "maxBodyBytes is 1 to 1048576." },
	{ "headers", PARAM_TEXT, .max = HEADER_NAMES_TEXT_BYTES,
	  .hint = "headers is all, or names of header fields with commas between them." },
	{ 0 },
};

static enum body_choice body_choice_of(const struct request *rq)
{
	struct bytes text = request_param(rq, "body");

	if (bytes_equal_str(text, "text"))
		return BODY_TEXT;
	if (bytes_equal_str(text, "html"))
		return BODY_HTML;
	return bytes_equal_str(text, "none") ? BODY_NONE : BODY_BOTH;
}

/* field-name = 1*ftext (RFC 5322 §3.6.8) */
static bool is_field_name(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= ' ' || name.at[i] >= 0x7f || name.at[i] == ':')
			return false;
	return name.len > 0;
}

/* False: some name is none, or there are too many. */
static bool read_header_names(struct request *rq, struct message_options *o)
{
	struct bytes rest = request_param(rq, "headers"), name;

	if (bytes_equal_str(rest, "all")) {
		o->all_headers = true;
		return true;
	}
	o->header_names.at = ARENA_ARRAY(request_arena(rq), HEADER_NAMES_MAX, struct bytes);
	while (o->header_names.at && bytes_split(&rest, ',', &name)) {
		name = bytes_trim(name);
		if (!is_field_name(name) || o->header_names.count == HEADER_NAMES_MAX)
			return false;
		o->header_names.at[o->header_names.count++] = name;
	}
	return true;
}

struct reading {
	struct request *rq;
	struct message_options options;
	struct bytes asked; /* what the representation of an unchanging message depends on */
};

/* Another release may write it in another way. */
static struct bytes what_is_asked(struct request *rq, const struct message_options *o)
{
	struct bytes id = request_path_param(rq, "messageId");

	return bytes_of_str(
		arena_printf(request_arena(rq), MAILBRIDGE_VERSION " %.*s %d %d %" PRIu64 " %.*s",
			     BYTES_FMT(id), o->body, o->want_html_raw, o->max_body_bytes,
			     BYTES_FMT(request_param(rq, "headers"))));
}

static void on_message(void *ctx, const struct fault *fault, const struct message *message)
{
	struct reading *r = ctx;
	struct json_writer w;
	struct buf body;
	char etag[ETAG_MESSAGE_MAX];

	if (!answer_took(r->rq, fault))
		return;
	buf_init(&body, DOC_MAX_BYTES);
	w = json_writer_of(&body);
	json_message(&w, message);
	/* Without UIDs names are only as good as the server makes them. */
	etag_of_message(&message->summary.keywords,
			message->summary.id.key.kind == MESSAGE_KEY_UID ? r->asked
									: buf_bytes(&body),
			etag);
	reply_json(r->rq, 200, &body, bytes_of_str(etag));
}

/* Nobody need ask the server for what the client has already. */
static bool is_unchanged(struct reading *r)
{
	struct request *rq = r->rq;
	struct keywords k;
	char etag[ETAG_MESSAGE_MAX];

	if (bytes_is_null(request_header(rq, "If-None-Match")) ||
	    !account_keywords_now(user_account(rq), request_arena(rq),
				  request_path_param(rq, "messageId"), &k))
		return false;
	etag_of_message(&k, r->asked, etag);
	return reply_unchanged(rq, bytes_of_str(etag));
}

void get_message(struct request *rq)
{
	struct reading *r = ARENA_NEW(request_arena(rq), struct reading);
	struct message_options *o;
	struct problem p;

	if (!r) {
		request_wait(rq, NULL);
		return;
	}
	r->rq = rq;
	o = &r->options;
	o->body = body_choice_of(rq);
	o->max_body_bytes = request_param_uint(rq, "maxBodyBytes", BODY_VALUE_BYTES);
	o->want_html_raw = bytes_equal_str(request_param(rq, "html"), "raw");
	if (!read_header_names(rq, o)) {
		p = problem_of("invalid-request");
		problem_add_parameter(&p, "headers", "invalid-value",
				      "headers is all, or up to %d names of header fields with "
				      "commas between them.",
				      HEADER_NAMES_MAX);
		reply_problem(rq, &p);
		return;
	}
	r->asked = what_is_asked(rq, o);
	if (arena_failed(request_arena(rq)))
		request_wait(rq, NULL);
	else if (!is_unchanged(r))
		request_wait(rq, account_get_message(user_account(rq), request_call(rq),
						     request_path_param(rq, "messageId"), o,
						     on_message, r));
}
