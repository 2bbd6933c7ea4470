/*
 * Logging in upstream: finds the server, counts the attempt, asks the mail
 * server. Serves Basic authentication and POST /v1/sessions.
 */
#ifndef ENDPOINT_LOGIN_H
#define ENDPOINT_LOGIN_H

#include "auth/record.h"
#include "endpoint/app.h"

/* What the client gave. Strings live as long as the request. */
struct login {
	struct bytes server_name; /* null: that of the user name's domain */
	struct bytes username, password, access_token;
};

/* Finds the server and puts the credentials as it knows them into *ret. NULL
 * when there is no such server. */
const struct app_server *login_resolve(const struct app *app, const struct login *l,
				       struct auth_credentials *ret);
/* As account.h wants them. */
struct credentials login_credentials(const struct auth_credentials *c);

/* `account` comes with a reference for the callback. On a fault the callback
 * answers; too many attempts have been answered already, and it is not called. */
typedef void login_cb(void *ctx, const struct fault *fault, struct account *account);
/* `c` lives as long as the request. */
void login_start(struct request *rq, const struct app_server *server,
		 const struct auth_credentials *c, login_cb *cb, void *ctx);

#endif
