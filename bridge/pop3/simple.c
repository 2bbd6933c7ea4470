/* The verbs that need one short exchange at most. */
#include "pop3/store.h"

static const char inbox[] = "INBOX";

static void list_folders(struct pop3_op *op)
{
	struct folder *f = ARENA_NEW(op->rq.call.mem, struct folder);
	struct folder_list list = { f, 1 };
	struct mail_request rq;

	if (!f) {
		pop3_op_fail_with(op, ERR_NOMEM, "");
		return;
	}
	*f = (struct folder){
		.path = bytes_of_str(inbox),
		.name = bytes_of_str(inbox),
		.role = FOLDER_ROLE_INBOX,
		.is_subscribed = true,
		.is_selectable = true,
		.has_counts = true,
		.total = (uint32_t)op->store->drop.count,
		.unread = pop3_maildrop_unread(&op->store->drop),
		.rights = { .read_items = true,
			    .remove_items = true,
			    .set_seen = pop3_remembers(op->store),
			    .set_keywords = pop3_remembers(op->store) },
	};
	rq = pop3_op_finish(op);
	rq.cb.folders(rq.ctx, NULL, &list);
}

static void status_of_inbox(struct pop3_op *op)
{
	struct folder_status status = { .total = (uint32_t)op->store->drop.count,
					.unread = pop3_maildrop_unread(&op->store->drop) };
	struct mail_request rq = pop3_op_finish(op);

	rq.cb.status(rq.ctx, NULL, &status);
}

static void on_noop(void *owner, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct mail_request rq;

	(void)n;
	(void)status;
	if (fault)
		return;
	rq = pop3_op_finish(owner);
	rq.cb.done(rq.ctx, NULL);
}

static const struct pop3_handler noop_handler = { .on_done = on_noop };

static void begin(struct pop3_op *op)
{
	enum err err;

	if (op->rq.verb == MAIL_LIST_FOLDERS) {
		list_folders(op);
		return;
	}
	if (op->rq.verb == MAIL_STATUS) {
		status_of_inbox(op);
		return;
	}
	err = pop3_session_send(op->store->session, "NOOP", POP3_NO_NUMBER, POP3_NO_NUMBER,
				POP3_BODY_NONE, &noop_handler, op);
	if (err)
		pop3_op_fail_with(op, err, "");
	else
		op->pending = 1;
}

const struct pop3_verb pop3_verb_simple = { .size_bytes = sizeof(struct pop3_op), .begin = begin };
