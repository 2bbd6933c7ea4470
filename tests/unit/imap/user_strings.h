/*
 * Every place of the mail store into which a string of a user goes, each as an
 * operation that is started with such a string. For the proof that none of them can
 * become a command.
 */
#ifndef UNIT_IMAP_USER_STRINGS_H
#define UNIT_IMAP_USER_STRINGS_H

#include "cmocka_all.h"

#include "imap/imap_store.h"
#include "strict_server.h"

/* How the string travels. */
enum coding {
	CODED_AS_IS,
	CODED_MAILBOX, /* modified UTF-7 unless UTF-8 is enabled */
	CODED_KEYWORD, /* in lower case, and never but an atom */
	CODED_SECTION, /* in any case */
	CODED_BASE64,
	CODED_GMAIL, /* a phrase within the string, which no quote of the user may end */
};

struct run {
	struct loop *loop;
	struct arena *mem;
	struct mailstore *ms;
	struct strict_server *server;
	bool is_done;
	struct fault fault;
	struct credentials credentials;
	struct bytes octets; /* to be appended */
};

struct place {
	const char *name;
	void (*start)(struct run *r, struct bytes s);
	enum coding coding;
	const char *word; /* the harmless one; NULL: WORD */
	const char *auth; /* logging in: what the server offers */
	bool takes_all_but_nul;
	bool has_no_nul; /* octets of a literal are the user's own affair, but for NUL */
};

extern const struct place user_string_places[];
extern const size_t user_string_place_count;

/* Where Gmail has a search of its own. */
extern const struct place user_string_at_gmail;

/* With a name and a password that are harmless. */
void user_string_log_in(struct run *r);

#endif
