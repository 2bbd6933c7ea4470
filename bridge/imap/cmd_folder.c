/*
 * CREATE, RENAME, DELETE, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8). A
 * folder that is selected is left before it is renamed or deleted, for servers
 * differ in what happens to it. CLOSE would expunge, so it is UNSELECT, or SELECT
 * of INBOX where that is missing.
 */
#include "imap/change.h"

static bool is_at_or_below(struct bytes path, struct bytes parent)
{
	return !bytes_is_null(path) && bytes_starts_with(path, parent);
}

static void finish(struct imap_op *op)
{
	struct mail_request rq;

	if (op->fault.err) {
		imap_op_fail(op, &op->fault);
		return;
	}
	rq = imap_op_finish(op);
	rq.cb.done(rq.ctx, NULL);
}

static void on_status(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;

	if (reply->status == IMAP_OK)
		op->fault.err = ERR_EXISTS;
	if (imap_op_answered(op, NULL))
		finish(op);
}

/* Refused, and no word why: is the name taken? */
static void ask_whether_taken(struct imap_op *op)
{
	bool is_rename = op->rq.arg.change.kind == FOLDER_RENAME;
	struct imap_exchange *x = imap_op_command(op, "STATUS", on_status);

	if (x) {
		imap_command_mailbox(&x->command,
				     is_rename ? op->rq.arg.change.new_path : op->rq.path);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UIDVALIDITY");
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
}

static void on_changed(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;
	enum folder_change_kind kind = op->rq.arg.change.kind;

	if (!imap_op_answered(op, reply))
		return;
	if (op->fault.err == ERR_REFUSED && (kind == FOLDER_CREATE || kind == FOLDER_RENAME))
		ask_whether_taken(op);
	if (!op->pending)
		finish(op);
}

/* It changes nothing about what was asked for. */
static void on_extra(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;

	(void)reply;
	if (imap_op_answered(op, NULL))
		finish(op);
}

static void send(struct imap_op *op, const char *words, struct bytes path, struct bytes to,
		 void (*done)(struct imap_exchange *x, const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_op_command(op, words, done);

	if (x) {
		imap_command_mailbox(&x->command, path);
		if (!bytes_is_null(to))
			imap_command_mailbox(&x->command, to);
	}
	imap_op_send(op, x);
}

static void on_unselected(struct imap_exchange *x, const struct imap_reply *reply)
{
	if (reply->status == IMAP_OK && !x->select_path.at)
		imap_mailbox_close(&x->session->mailbox);
	on_extra(x, reply);
}

static void leave(struct imap_op *op)
{
	struct imap_session *s = op->store->session;
	bool can_unselect = imap_session_can(s, IMAP_CAP_UNSELECT);
	struct imap_exchange *x =
		imap_op_command(op, can_unselect ? "UNSELECT" : "SELECT", on_unselected);

	if (x && !can_unselect) {
		imap_command_mailbox(&x->command, BYTES_LIT("INBOX"));
		imap_exchange_selects(x, BYTES_LIT("INBOX"));
	}
	imap_op_send(op, x);
}

static void begin(struct imap_op *op)
{
	struct bytes path = op->rq.path, to = op->rq.arg.change.new_path;
	enum folder_change_kind kind = op->rq.arg.change.kind;

	if ((kind == FOLDER_RENAME || kind == FOLDER_DELETE) &&
	    is_at_or_below(imap_session_target(op->store->session), path))
		leave(op);
	switch (kind) {
	case FOLDER_CREATE: send(op, "CREATE", path, BYTES_NULL, on_changed); break;
	case FOLDER_RENAME: send(op, "RENAME", path, to, on_changed); break;
	case FOLDER_DELETE:
		/* Or its name stays in the list of subscriptions for ever. */
		send(op, "UNSUBSCRIBE", path, BYTES_NULL, on_extra);
		send(op, "DELETE", path, BYTES_NULL, on_changed);
		break;
	case FOLDER_SUBSCRIBE: send(op, "SUBSCRIBE", path, BYTES_NULL, on_changed); break;
	case FOLDER_UNSUBSCRIBE: send(op, "UNSUBSCRIBE", path, BYTES_NULL, on_changed); break;
	}
	if (!op->pending)
		finish(op);
}

const struct imap_verb imap_verb_change_folder = {
	.size_bytes = sizeof(struct imap_op),
	.begin = begin,
};
