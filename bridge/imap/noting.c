/*
 * What a folder's next UID is before something is put into it (RFC 9051 §6.3.11):
 * what is there from then on tells afterwards what a lost connection did not. Asked
 * of the selected folder too, although a client should not: what this session knows
 * of it may be old, and then an earlier message would pass for the new one.
 */
#include "imap/store.h"

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_STATUS && r->folder.has & IMAP_STATUS_UIDNEXT;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_noted *to = x->detail;

	to->uidnext = r->folder.uidnext;
	to->uidvalidity = r->folder.uidvalidity;
}

void imap_op_note(struct imap_op *op, struct bytes path, struct imap_noted *to,
		  void (*done)(struct imap_exchange *x, const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_op_command(op, "STATUS", done);

	if (x) {
		x->detail = to;
		x->wants = wants;
		x->take = take;
		imap_command_mailbox(&x->command, path);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "UIDNEXT");
		imap_command_word(&x->command, "UIDVALIDITY");
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
}
