#include "imap/quirks.h"
#include "imap/session.h"

/* ERR_REFUSED where the code says nothing that a caller could act on. */
static enum err err_of_code(enum imap_code code)
{
	/* Codes outside this table have no bearing on failures. */
	static const struct {
		enum imap_code code;
		enum err err;
	} table[] = {
		{ IMAP_CODE_ALREADYEXISTS, ERR_EXISTS },
		{ IMAP_CODE_AUTHENTICATIONFAILED, ERR_AUTH },
		{ IMAP_CODE_AUTHORIZATIONFAILED, ERR_AUTH },
		{ IMAP_CODE_CANNOT, ERR_UNSUPPORTED },
		{ IMAP_CODE_CONTACTADMIN, ERR_DENIED },
		{ IMAP_CODE_EXPIRED, ERR_AUTH },
		{ IMAP_CODE_HASCHILDREN, ERR_CONFLICT },
		{ IMAP_CODE_INUSE, ERR_BUSY },
		{ IMAP_CODE_LIMIT, ERR_BUSY },
		{ IMAP_CODE_MESSAGELIMIT, ERR_BUSY },
		{ IMAP_CODE_NONEXISTENT, ERR_NOT_FOUND },
		{ IMAP_CODE_NOPERM, ERR_DENIED },
		{ IMAP_CODE_OVERQUOTA, ERR_QUOTA },
		{ IMAP_CODE_PRIVACYREQUIRED, ERR_DENIED },
		{ IMAP_CODE_READ_ONLY, ERR_DENIED },
		{ IMAP_CODE_TOOBIG, ERR_TOO_BIG },
		{ IMAP_CODE_TRYCREATE, ERR_NOT_FOUND },
		{ IMAP_CODE_UNAVAILABLE, ERR_BUSY },
		{ IMAP_CODE_UNKNOWN_CTE, ERR_UNSUPPORTED },
		{ IMAP_CODE_USEATTR, ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].code == code)
			return table[i].err;
	}
	return ERR_REFUSED;
}

struct fault imap_fault_of(const struct imap_reply *reply)
{
	const struct imap_text *t = reply->text;
	enum err e = err_of_code(t->code);
	struct fault f;

	if (reply->status == IMAP_OK)
		return fault_of(ERR_OK);
	f = fault_from_server(e, "imap", t->code_name, t->text);
	imap_quirk_fault(&f, t);
	return f;
}

struct fault imap_fault_of_bye(const struct imap_text *text)
{
	enum err e = err_of_code(text->code);

	/* Whatever else it says, the connection is gone. */
	if (e != ERR_BUSY && e != ERR_AUTH && e != ERR_DENIED)
		e = ERR_NET;
	return fault_from_server(e, "imap", text->code_name, text->text);
}
