/* A folder as the API shows it (RFC 8621 §2), plus the name the server knows it by. */
#ifndef MODEL_FOLDER_H
#define MODEL_FOLDER_H

#include "base/arena.h"
#include "model/message_id.h"

enum folder_role {
	FOLDER_ROLE_NONE = 0,
	FOLDER_ROLE_INBOX,
	FOLDER_ROLE_DRAFTS,
	FOLDER_ROLE_SENT,
	FOLDER_ROLE_ARCHIVE,
	FOLDER_ROLE_JUNK,
	FOLDER_ROLE_TRASH,
	FOLDER_ROLE_ALL,
	FOLDER_ROLE_FLAGGED,
	FOLDER_ROLE_IMPORTANT,
	FOLDER_ROLES,
};

/* RFC 8621 §2 myRights, from RFC 4314 where the server tells, else all but
 * what cannot be. */
struct folder_rights {
	bool read_items, add_items, remove_items, set_seen, set_keywords;
	bool create_child, rename, delete, submit;
};

enum folder_namespace {
	FOLDER_PERSONAL,
	FOLDER_OTHER_USERS,
	FOLDER_SHARED,
};

struct folder {
	struct folder_id id;
	struct folder_id parent; /* "" at the top */
	struct bytes path;       /* the whole decoded mailbox name; never shown */
	struct bytes name;       /* its last component */
	enum folder_role role;
	enum folder_namespace name_space;
	unsigned sort_order;
	bool is_subscribed, is_selectable;
	bool has_counts; /* else the two below are null in the API */
	uint32_t total, unread;
	struct folder_rights rights;
	char delimiter; /* 0: a flat name */
	bool has_children;
};

struct folder_list {
	struct folder *at;
	size_t count;
};

/* "inbox", or NULL for FOLDER_ROLE_NONE. */
const char *folder_role_name(enum folder_role role);
/* FOLDER_ROLE_NONE when it is not a role alias. */
enum folder_role folder_role_parse(struct bytes name);
/* The role a name like "Sent Items", "Papierkorb" or "Корзина" suggests; names
 * that mail programs and providers in common languages really use, whatever
 * their case and accents. "INBOX.Sent" and "[Gmail]/Sent Mail" count like their
 * last component, other paths do not ("Customers/Sent" is no role). `all`,
 * `flagged` and `important` are guessed below "[Gmail]/" only: elsewhere such
 * names are folders like any other. */
enum folder_role folder_role_guess(struct bytes name);
/* Inbox first, then by role, then the others: RFC 8621's sortOrder. */
unsigned folder_sort_order(enum folder_role role);

/* NULL when there is none; the first when there are several. */
const struct folder *folder_list_by_id(const struct folder_list *l, const struct folder_id *id);
const struct folder *folder_list_by_role(const struct folder_list *l, enum folder_role role);
/* Bytewise, but INBOX in any case is one folder (RFC 9051 §5.1). */
bool folder_path_equal(struct bytes a, struct bytes b);
const struct folder *folder_list_by_path(const struct folder_list *l, struct bytes path);

#endif
