/* The pages for people: what this is, and the API's reference. */
#include "endpoint/endpoint.h"
#include "endpoint/static_files.h"
#include "http/reply.h"
#include "http/request.h"

/* What a page may load: our own files and answers, nothing from elsewhere and
 * nothing inline. */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static void reply_named(struct request *rq, struct bytes name)
{
	const struct static_file *f = static_files;
	struct problem p = problem_of("not-found");

	while (f->name && !bytes_equal_str(name, f->name))
		f++;
	if (!f->name) {
		reply_problem(rq, &p);
		return;
	}
	reply_header(rq, "Cache-Control", BYTES_LIT("public, no-cache"));
	reply_header(rq, "Content-Security-Policy", BYTES_LIT(POLICY));
	reply_header(rq, "Referrer-Policy", BYTES_LIT("no-referrer"));
	reply_file(rq, &f->file);
}

void get_root(struct request *rq)
{
	reply_named(rq, BYTES_LIT("index.html"));
}

void get_docs(struct request *rq)
{
	reply_named(rq, BYTES_LIT("docs.html"));
}

/* Pages have paths of their own. */
void get_static(struct request *rq)
{
	struct bytes name = request_path_param(rq, "file");

	reply_named(rq, bytes_ends_with(name, BYTES_LIT(".html")) ? BYTES_LIT("") : name);
}
