/*
 * …/raw, …/parts/{partId}, …/parts/{partId}/message: content as a stream, as
 * fast as the client takes it, in constant memory.
 */
#include <inttypes.h>
#include <stdio.h>

#include "account/account.h"
#include "base/hash.h"
#include "endpoint/endpoint.h"
#include "endpoint/user.h"

#define DOWNLOAD_TIMEOUT_MS (15 * 60 * 1000)
#define ETAG_BYTES          15 /* of a digest */
#define ETAG_CHARS          20 /* of its base64url */

struct download {
	struct request *rq;
	struct op *op;
	const char *name; /* for the file, where the message has none; or NULL */
	char etag[ETAG_CHARS + 1];
	struct content_range range;
	bool has_head;
	bool is_over; /* answered without content: 304, HEAD */
};

/* --- head ------------------------------------------------------------------ */

/* type "/" subtype of RFC 9110 §8.3.1; mail may claim anything. */
static bool is_media_type(struct bytes type)
{
	size_t slashes = 0;

	for (size_t i = 0; i < type.len; i++) {
		uint8_t c = type.at[i];

		if (c == '/')
			slashes++;
		else if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"[]?={}", c))
			return false;
	}
	return slashes == 1 && type.at[0] != '/' && type.at[type.len - 1] != '/' && type.len < 128;
}

/* A charset's name, as RFC 2978 §2.3 has it. */
static bool is_charset(struct bytes charset)
{
	for (size_t i = 0; i < charset.len; i++)
		if (charset.at[i] <= ' ' || charset.at[i] >= 0x7f ||
		    strchr("\"\\;,()<>@/[]?=", charset.at[i]))
			return false;
	return charset.len > 0 && charset.len < 64;
}

static const char *content_type_of(struct request *rq, const struct content_head *h)
{
	const char *type;

	if (!is_media_type(h->type))
		return "application/octet-stream";
	if (is_charset(h->charset))
		type = arena_printf(request_arena(rq), "%.*s; charset=%.*s", BYTES_FMT(h->type),
				    BYTES_FMT(h->charset));
	else
		type = arena_str(request_arena(rq), h->type);
	return type ? type : "application/octet-stream";
}

/* What a browser may show by itself: nothing that could run. */
static bool is_inline_type(struct bytes type)
{
	static const char *const types[] = { "image/png",  "image/jpeg", "image/gif",
					     "image/webp", "image/avif", "text/plain" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (bytes_equal_str(type, types[i]))
			return true;
	return bytes_starts_with(type, BYTES_LIT("audio/")) ||
	       bytes_starts_with(type, BYTES_LIT("video/"));
}

static void put_validators(struct download *d)
{
	char etag[sizeof d->etag + 2];

	snprintf(etag, sizeof etag, "\"%s\"", d->etag);
	reply_header(d->rq, "ETag", bytes_of_str(etag));
	reply_header(d->rq, "Cache-Control", BYTES_LIT("private, max-age=31536000, immutable"));
}

static void put_content_fields(struct download *d, const struct content_head *h)
{
	struct bytes file = bytes_is_null(h->name) ? bytes_of_str(d->name) : h->name;

	/* Mail is somebody else's: whatever it is, it does not run here. */
	reply_header(d->rq, "Content-Security-Policy", BYTES_LIT("default-src 'none'; sandbox"));
	reply_header(d->rq, "Accept-Ranges", BYTES_LIT("bytes"));
	reply_disposition(d->rq, is_inline_type(h->type) ? "inline" : "attachment", file);
}

static void put_content_range(struct request *rq, const struct content_head *h)
{
	char whole[24] = "*", text[96];

	if (h->is_size_exact)
		snprintf(whole, sizeof whole, "%" PRIu64, h->size_bytes);
	snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%s", h->first, h->last, whole);
	reply_header(rq, "Content-Range", bytes_of_str(text));
}

static void on_drain(void *ctx)
{
	op_resume(((struct download *)ctx)->op);
}

static void answer_content(struct download *d, const struct content_head *h)
{
	uint64_t size = h->is_size_exact ? h->size_bytes : UINT64_MAX;

	put_content_fields(d, h);
	if (h->is_partial) {
		put_content_range(d->rq, h);
		size = h->last - h->first + 1;
	}
	reply_stream(d->rq, h->is_partial ? 206 : 200, content_type_of(d->rq, h), size, on_drain,
		     d);
	if (request_is_head(d->rq)) {
		d->is_over = true;
		reply_stream_end(d->rq, true);
	}
}

static void on_head(void *ctx, const struct content_head *h)
{
	struct download *d = ctx;

	d->has_head = true;
	put_validators(d);
	if (request_if_none_match(d->rq, bytes_of_str(d->etag))) {
		answer_content(d, h);
	} else {
		d->is_over = true;
		reply_empty(d->rq, 304);
	}
}

/* --- content --------------------------------------------------------------- */

/* After a 304 or to a HEAD nothing more is wanted: the request is at its end,
 * and cancels what is left of the operation. */
static enum flow on_data(void *ctx, struct bytes data)
{
	struct download *d = ctx;

	return d->is_over ? FLOW_PAUSE : reply_stream_data(d->rq, data);
}

static void on_done(void *ctx, const struct fault *fault)
{
	struct download *d = ctx;

	request_op_done(d->rq);
	if (d->is_over)
		return;
	if (!d->has_head)
		answer_fault(d->rq, fault);
	else
		reply_stream_end(d->rq, fault == NULL);
}

/* RFC 9110 §15.5.17: how much there is, so that the client can ask again. */
static void on_outside(void *ctx, uint64_t size_bytes)
{
	struct download *d = ctx;
	char text[32];

	snprintf(text, sizeof text, "bytes */%" PRIu64, size_bytes);
	reply_header(d->rq, "Content-Range", bytes_of_str(text));
}

static const struct content_events events = { on_head, on_data, on_done, on_outside };

/* One representation for ever: a message never changes under its id. */
static void set_etag(struct download *d)
{
	const struct bytes pieces[] = { bytes_of_str(request_route(d->rq)->operation),
					request_path_param(d->rq, "messageId"), BYTES_LIT("/"),
					request_path_param(d->rq, "partId") };
	struct hash_sha256 h = hash_sha256_of(pieces, sizeof pieces / sizeof *pieces);

	hash_base64url_str(d->etag, sizeof d->etag, bytes_of(h.at, ETAG_BYTES));
}

static void set_range(struct download *d)
{
	struct reply_range r;

	if (request_range(d->rq, &r) && request_if_range(d->rq, bytes_of_str(d->etag)))
		d->range = (struct content_range){ true, r.is_suffix, r.first, r.last };
}

static struct download *download_new(struct request *rq, const char *name)
{
	struct download *d = ARENA_NEW(request_arena(rq), struct download);

	if (!d) {
		request_wait(rq, NULL);
		return NULL;
	}
	*d = (struct download){ .rq = rq, .name = name };
	set_etag(d);
	set_range(d);
	request_set_bulk(rq);
	request_extend_deadline(rq, DOWNLOAD_TIMEOUT_MS);
	return d;
}

static void start(struct download *d, struct op *op)
{
	d->op = op;
	request_wait(d->rq, op);
}

void get_raw(struct request *rq)
{
	struct download *d = download_new(rq, "message.eml");

	if (d)
		start(d, account_stream_raw(user_account(rq), request_call(rq),
					    request_path_param(rq, "messageId"), &d->range, &events,
					    d));
}

static void stream_part(struct request *rq, bool nested, const char *name)
{
	struct download *d = download_new(rq, name);

	if (d)
		start(d, account_stream_part(user_account(rq), request_call(rq),
					     request_path_param(rq, "messageId"),
					     request_path_param(rq, "partId"), nested, &d->range,
					     &events, d));
}

void get_part(struct request *rq)
{
	stream_part(rq, false, NULL);
}

void get_part_message(struct request *rq)
{
	stream_part(rq, true, "message.eml");
}
