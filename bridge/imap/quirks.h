/*
 * What servers do that no RFC says, each with the dialogue that shows it
 * (tests/transcripts/imap/dialogue/). Internal to imap/.
 */
#ifndef IMAP_QUIRKS_H
#define IMAP_QUIRKS_H

#include "imap/capability.h"
#include "imap/response.h"

/* Behaviour to be reckoned with in a session. Plain data. */
struct imap_quirks {
	bool no_uidnext; /* SELECT does not tell it: STATUS is asked before (Courier) */
	/* SEARCH and SORT go by the sizes of files, in which lines end otherwise (Courier). */
	bool has_other_sizes;
	/* Channel binding to TLS 1.3 fails, though mechanisms with it are offered (Cyrus, which
	 * knows tls-unique only). */
	bool no_tls_exporter;
	/* UIDs that are not there spoil a set: it is refused, ends early, or means the last message
	 * instead; those of a search are taken as sequence numbers (mailutils). Therefore what is
	 * there is asked before. */
	bool guesses_uids;
	/* Each session writes the mailbox back as it has seen it, and so undoes what another has
	 * done (mailutils). */
	bool is_exclusive;
	/* It knows no keywords; asked for messages without one it falls over (mailutils). */
	bool no_keywords;
	/* It writes fields of its own into the headers of messages: X-UID, Status (mailutils). */
	bool adds_fields;
	/* What is appended to the selected folder has no flags (mailutils). */
	bool forgets_flags;
};

struct imap_quirks imap_quirks_of_greeting(const struct imap_text *greeting);

/* Refusals whose meaning stands in their words only. */
void imap_quirk_fault(struct fault *f, const struct imap_text *t);

/* Is this answer to a FETCH about one bad message of those asked for, rather than about
 * the server? Some of them came (`any_came`) before it. */
bool imap_quirk_is_bad_message(const struct fault *refused, bool any_came);

/* Was AUTHENTICATE refused only for its initial response, which the server had said it
 * takes (SASL-IR)? */
bool imap_quirk_wants_no_initial_response(enum imap_status status, const struct imap_text *t);

/* Of the mechanisms that are offered (SASL_BIT()s) those that can succeed. */
unsigned imap_quirk_mechanisms(const struct imap_capabilities *c, unsigned offered);

#endif
