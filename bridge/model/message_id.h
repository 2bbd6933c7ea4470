/*
 * The identities of the API (api.md §1). All are opaque to clients, need no
 * table and survive restarts:
 *	account  12 characters: base64url of 9 bytes of SHA-256 over protocol, host, user
 *	folder   the same over account, a zero byte and the full mailbox name
 *	message  FOLDER.uidvalidity.uid (base 36), or FOLDER.p.base64url(UIDL) or
 *	         FOLDER.h.hash-n with POP3
 * Numbers have no leading zero, but for the UIDVALIDITYs 17 and 25, which are
 * "0h" and "0p": without it they would read as the marks of POP3 keys.
 */
#ifndef MODEL_MESSAGE_ID_H
#define MODEL_MESSAGE_ID_H

#include "base/bytes.h"
#include "base/err.h"

#define ID_BYTES       12
#define ID_TEXT_MAX    300 /* of a message id, without the NUL */
#define UIDL_MAX_BYTES 70  /* RFC 1939 §7 */

struct account_id {
	char text[ID_BYTES + 1];
};

struct folder_id {
	char text[ID_BYTES + 1]; /* "" where there is none */
};

enum message_key_kind {
	MESSAGE_KEY_UID,
	MESSAGE_KEY_UIDL, /* only for UIDLs that message_uidl_is_valid() */
	MESSAGE_KEY_HASH, /* POP3 where the UIDL is missing, double or too long */
};

/* What names a message inside its folder. Plain data, compared by value. */
struct message_key {
	enum message_key_kind kind;
	uint32_t uidvalidity;          /* MESSAGE_KEY_UID */
	uint32_t uid;                  /* MESSAGE_KEY_UID; for _HASH the ordinal n */
	char text[UIDL_MAX_BYTES + 1]; /* the UIDL, or the hash (base64url, not "") */
};

struct message_id {
	struct folder_id folder;
	struct message_key key;
};

struct account_id account_id_of(struct bytes protocol, struct bytes host, struct bytes user);
/* `name` is the whole decoded mailbox name; INBOX in any case is one folder. */
struct folder_id folder_id_of(const struct account_id *account, struct bytes name);

/* Is this 12 characters of base64url? Says nothing about existence. */
bool folder_id_parse(struct bytes text, struct folder_id *ret);
bool folder_id_equal(const struct folder_id *a, const struct folder_id *b);

bool message_key_equal(const struct message_key *a, const struct message_key *b);
bool message_id_equal(const struct message_id *a, const struct message_id *b);
/* 1 to UIDL_MAX_BYTES characters from 0x21 to 0x7E (RFC 1939 §7). */
bool message_uidl_is_valid(struct bytes uidl);

/* ERR_INVALID unless text is exactly what message_id_format() would write. */
MUST_CHECK enum err message_id_parse(struct bytes text, struct message_id *ret);
void message_id_format(const struct message_id *id, char to[ID_TEXT_MAX + 1]);

#endif
