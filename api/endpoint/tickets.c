/* POST /v1/events/tickets. */
#include "auth/ticket.h"
#include "base/clock.h"
#include "endpoint/endpoint.h"
#include "endpoint/user.h"
#include "json/summary.h"

#define DOC_MAX_BYTES 1024

static void on_made(void *ctx, enum err err, const struct auth_token *ticket)
{
	struct request *rq = ctx;
	struct problem p = problem_with("too-many-requests", "So many tickets are not needed: one "
							     "lets in one stream.");
	struct json_writer w;
	struct buf body;

	request_op_done(rq);
	if (err == ERR_DENIED) {
		reply_problem(rq, &p);
		return;
	}
	if (err != ERR_OK) {
		answer_store_away(rq, err);
		return;
	}
	buf_init(&body, DOC_MAX_BYTES);
	w = json_writer_of(&body);
	json_object_begin(&w);
	json_member_str(&w, "ticket", ticket->text);
	json_key(&w, "expiresAt");
	json_instant(&w, (clock_wall_ms() + (int64_t)app_of(rq)->tickets.ttl_ms) / 1000);
	json_object_end(&w);
	reply_header(rq, "Cache-Control", BYTES_LIT("no-store"));
	reply_json(rq, 201, &body, BYTES_NULL);
}

void post_ticket(struct request *rq)
{
	struct user *u = user_of(rq);
	struct auth_tickets tickets = app_auth_tickets(u->app);
	struct auth_session whose = u->session;

	memcpy(whose.account, account_id(u->account)->text, sizeof whose.account);
	whose.credentials = u->credentials;
	request_wait(rq, auth_ticket_create(&tickets, request_call(rq), &whose, on_made, rq));
}
