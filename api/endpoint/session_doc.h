/* The session object, as POST /v1/sessions and GET /v1/session answer it. */
#ifndef ENDPOINT_SESSION_DOC_H
#define ENDPOINT_SESSION_DOC_H

#include "endpoint/user.h"

struct session_doc {
	const struct app *app;
	const struct account *account;
	const struct app_server *server;
	const struct auth_session *session; /* NULL under Basic */
	const struct mailstore_caps *caps;
	const struct mailstore_quota *quota;
	bool has_token; /* the answer has the member `token`; null when it is in a cookie */
	struct bytes token;
};

void session_doc_write(struct buf *to, const struct session_doc *d);

/* Sets the cookie that carries a token, or (with a null one) removes it. */
void session_set_cookie(struct request *rq, struct bytes token);

#endif
