#include "imap/quirks.h"

static bool text_has(const struct imap_text *t, const char *words)
{
	return bytes_find(t->text, bytes_of_str(words)) < t->text.len;
}

void imap_quirk_fault(struct fault *f, const struct imap_text *t)
{
	if (f->err != ERR_REFUSED)
		return;
	/* Exchange and outlook.com: the login succeeded, the mailbox behind it is
	 * throttled, or the token lacks the scope for IMAP. */
	if (text_has(t, "User is authenticated but not connected")) {
		struct fault ours = fault_from_server(
			ERR_BUSY, "imap", BYTES_LIT("authenticated-not-connected"), t->text);

		*f = ours;
		return;
	}
	/* Courier, mailutils and older servers give no code for a missing folder. */
	if (text_has(t, "does not exist") || text_has(t, "doesn't exist") ||
	    text_has(t, "Mailbox not found") || text_has(t, "Unknown Mailbox") ||
	    text_has(t, "no such mailbox") || text_has(t, "No such mailbox") ||
	    text_has(t, "Couldn't open mailbox"))
		f->err = ERR_NOT_FOUND;
	else if (text_has(t, "already exists") || text_has(t, "Mailbox exists"))
		f->err = ERR_EXISTS;
	else if (text_has(t, "ermission denied") || text_has(t, "Access denied"))
		f->err = ERR_DENIED;
	else if (text_has(t, "over quota") || text_has(t, "uota exceeded"))
		f->err = ERR_QUOTA;
}
