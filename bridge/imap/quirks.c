#include "imap/quirks.h"

#include "sasl/sasl.h"

static bool text_has(const struct imap_text *t, const char *words)
{
	return bytes_find(t->text, bytes_of_str(words)) < t->text.len;
}

/* courier: learned as well from any server that does not tell it. mailutils: it says no more than
 * this word, and its ID is empty. No dialogue has the one that takes TLS. */
struct imap_quirks imap_quirks_of_greeting(const struct imap_text *greeting)
{
	bool is_courier = text_has(greeting, "Courier-IMAP");
	bool is_mailutils = bytes_equal_str(greeting->text, "IMAP4rev1");

	return (struct imap_quirks){ .no_uidnext = is_courier,
				     .has_other_sizes = is_courier,
				     .no_tls_exporter = text_has(greeting, "Cyrus IMAP"),
				     .guesses_uids = is_mailutils,
				     .is_exclusive = is_mailutils,
				     .no_keywords = is_mailutils,
				     .adds_fields = is_mailutils,
				     .forgets_flags = is_mailutils };
}

/* Beside each the dialogue that has it. What says the same in a code needs no entry. */
static const struct saying {
	const char *words;
	enum err err;
	const char *code; /* of ours, where the server gives none that a client could know */
} sayings[] = {
	/* exchange_not_connected: the login succeeded, the mailbox behind it is throttled,
	 * or the token lacks the scope for IMAP. */
	{ "User is authenticated but not connected", ERR_BUSY, "authenticated-not-connected" },
	/* exchange: also says for how long, see backoff_s(). */
	{ "Request is throttled", ERR_BUSY, "throttled" },
	/* gmail_limits: the mailbox is not full, too much was transferred today. */
	{ "Account exceeded command or bandwidth limits", ERR_BUSY, NULL },
	/* gmail_too_many: its code is ALERT. */
	{ "Too many simultaneous connections", ERR_BUSY, NULL },
	/* netease_unsafe: it did not like what we said in ID, or wants the user to allow
	 * IMAP on its web site. */
	{ "Unsafe Login", ERR_DENIED, NULL },
	/* refusals: servers without RFC 5530. */
	{ "does not exist", ERR_NOT_FOUND, NULL },
	{ "doesn't exist", ERR_NOT_FOUND, NULL },
	{ "nknown Mailbox", ERR_NOT_FOUND, NULL },
	{ "no such mailbox", ERR_NOT_FOUND, NULL },
	{ "No such file or directory", ERR_NOT_FOUND, NULL },
	/* mailutils: the code stands behind the name of the command; a UID that is not there. */
	{ "[TRYCREATE]", ERR_NOT_FOUND, NULL },
	{ "Failed to parse message set", ERR_NOT_FOUND, NULL },
	{ "already exists", ERR_EXISTS, NULL },
	{ "ermission denied", ERR_DENIED, NULL },
	/* cyrus, courier: characters that it has no use for. */
	{ "nvalid mailbox name", ERR_INVALID, NULL },
	{ "ccess denied", ERR_DENIED, NULL },
	{ "ver quota", ERR_QUOTA, NULL },
	{ "uota exceeded", ERR_QUOTA, NULL },
};

/* "Suggested Backoff Time: 299910 milliseconds"; 0 when it says none. */
static unsigned backoff_s(struct bytes text)
{
	const struct bytes words = BYTES_LIT("Backoff Time: ");
	struct bytes rest = bytes_skip(text, bytes_find(text, words)), number;
	uint64_t ms;

	rest = bytes_skip(rest, words.len);
	if (!bytes_split(&rest, ' ', &number) || !bytes_to_u64(number, 3600 * 1000, &ms))
		return 0;
	return (unsigned)((ms + 999) / 1000);
}

void imap_quirk_fault(struct fault *f, const struct imap_text *t)
{
	/* Gmail says OVERQUOTA of its traffic limits, too. */
	if (f->err != ERR_REFUSED && f->err != ERR_QUOTA)
		return;
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		const struct saying *s = &sayings[i];

		if (!text_has(t, s->words))
			continue;
		f->err = s->err;
		if (s->code)
			*f = fault_from_server(s->err, "imap", bytes_of_str(s->code), t->text);
		if (s->err == ERR_BUSY)
			f->retry_after_s = backoff_s(t->text);
		return;
	}
}

/* yahoo: NO [UNAVAILABLE], for ever, for the one message, after those before it. */
bool imap_quirk_is_bad_message(const struct fault *refused, bool any_came)
{
	return refused->err == ERR_REFUSED ||
	       (any_came && refused->err == ERR_BUSY && !strcmp(refused->code, "UNAVAILABLE"));
}

/* netease: BAD, and not the NO of a wrong password. */
bool imap_quirk_wants_no_initial_response(enum imap_status status, const struct imap_text *t)
{
	return status == IMAP_BAD && !t->code_name.len;
}

/* mailutils: it offers whatever its SASL library has ever heard of, also to users of whom it has
 * only a hash; every mechanism but these two then refuses the right password. Nobody else offers
 * this one. */
unsigned imap_quirk_mechanisms(const struct imap_capabilities *c, unsigned offered)
{
	const unsigned with_password = SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN);

	if (imap_capabilities_has_auth(c, "OPENID20") && offered & with_password)
		return offered & with_password;
	return offered;
}
