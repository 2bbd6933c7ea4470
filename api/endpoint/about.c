/* The service itself: health, its OpenAPI document, what each problem means. */
#include "endpoint/app.h"
#include "endpoint/endpoint.h"
#include "endpoint/openapi_document.h"
#include "http/reply.h"
#include "json/writer.h"

#define DOC_MAX_BYTES (16 * 1024)

/* --- /health --------------------------------------------------------------- */

static void answer_status(struct request *rq, const char *status)
{
	struct json_writer w;
	struct buf body;

	buf_init(&body, DOC_MAX_BYTES);
	w = json_writer_of(&body);
	json_object_begin(&w);
	json_member_str(&w, "status", status);
	json_object_end(&w);
	reply_header(rq, "Cache-Control", BYTES_LIT("no-store"));
	reply_json(rq, 200, &body, BYTES_NULL);
}

void get_health_live(struct request *rq)
{
	answer_status(rq, "ok");
}

void get_health_ready(struct request *rq)
{
	const struct app *app = app_of(rq);
	const char *trouble = app->trouble ? app->trouble(app->trouble_ctx) : NULL;
	struct problem p;

	if (!trouble) {
		answer_status(rq, "ok");
		return;
	}
	p = problem_with("not-ready", "%s", trouble);
	reply_problem(rq, &p);
}

/* --- /openapi -------------------------------------------------------------- */

void get_openapi_json(struct request *rq)
{
	reply_header(rq, "Cache-Control", BYTES_LIT("public, no-cache"));
	reply_static(rq, "application/json", openapi_json(), bytes_of_str(openapi_etag()));
}

void get_openapi_yaml(struct request *rq)
{
	reply_header(rq, "Cache-Control", BYTES_LIT("public, no-cache"));
	reply_static(rq, "application/yaml", openapi_yaml(), bytes_of_str(openapi_etag()));
}

/* --- /problems/{code} ------------------------------------------------------ */

/* The table's texts are ours and hold nothing that HTML would mistake. */
static void put_page(struct buf *to, const struct problem_kind *k)
{
	buf_printf(to,
		   "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		   "<title>%s</title>\n<h1>%s</h1>\n<p>%s</p>\n"
		   "<p>Code <code>%s</code>, HTTP status %u.</p>\n</html>\n",
		   k->title, k->title, k->meaning, k->code, k->status);
}

void get_problem(struct request *rq)
{
	const struct problem_kind *k = problem_kind_find(request_path_param(rq, "code"));
	struct problem p;
	struct buf page;

	if (!k) {
		p = problem_of("not-found");
		reply_problem(rq, &p);
		return;
	}
	buf_init(&page, DOC_MAX_BYTES);
	put_page(&page, k);
	reply_header(rq, "Cache-Control", BYTES_LIT("public, max-age=3600"));
	reply_header(rq, "Content-Security-Policy", BYTES_LIT("default-src 'none'"));
	if (buf_err(&page) == ERR_OK)
		reply_bytes(rq, 200, "text/html; charset=utf-8", buf_bytes(&page));
	else
		request_wait(rq, NULL);
	buf_done(&page);
}
