#include "model/folder.h"

/* In the order in which clients list them (RFC 8621 §2: sortOrder). */
static const char *const role_names[FOLDER_ROLES] = {
	[FOLDER_ROLE_INBOX] = "inbox",
	[FOLDER_ROLE_DRAFTS] = "drafts",
	[FOLDER_ROLE_SENT] = "sent",
	[FOLDER_ROLE_ARCHIVE] = "archive",
	[FOLDER_ROLE_JUNK] = "junk",
	[FOLDER_ROLE_TRASH] = "trash",
	[FOLDER_ROLE_ALL] = "all",
	[FOLDER_ROLE_FLAGGED] = "flagged",
	[FOLDER_ROLE_IMPORTANT] = "important",
};

const char *folder_role_name(enum folder_role role)
{
	return (unsigned)role < FOLDER_ROLES ? role_names[role] : NULL;
}

enum folder_role folder_role_parse(struct bytes name)
{
	for (unsigned i = FOLDER_ROLE_NONE + 1; i < FOLDER_ROLES; i++)
		if (bytes_equal_str(name, role_names[i]))
			return (enum folder_role)i;
	return FOLDER_ROLE_NONE;
}

unsigned folder_sort_order(enum folder_role role)
{
	return role == FOLDER_ROLE_NONE ? 10 * FOLDER_ROLES : 10 * (unsigned)role;
}

const struct folder *folder_list_by_id(const struct folder_list *l, const struct folder_id *id)
{
	for (size_t i = 0; i < l->count; i++)
		if (folder_id_equal(&l->at[i].id, id))
			return &l->at[i];
	return NULL;
}

const struct folder *folder_list_by_role(const struct folder_list *l, enum folder_role role)
{
	for (size_t i = 0; role != FOLDER_ROLE_NONE && i < l->count; i++)
		if (l->at[i].role == role)
			return &l->at[i];
	return NULL;
}

bool folder_path_equal(struct bytes a, struct bytes b)
{
	return bytes_equal(a, b) ||
	       (bytes_equal_str_nocase(a, "INBOX") && bytes_equal_str_nocase(b, "INBOX"));
}

const struct folder *folder_list_by_path(const struct folder_list *l, struct bytes path)
{
	for (size_t i = 0; i < l->count; i++)
		if (folder_path_equal(l->at[i].path, path))
			return &l->at[i];
	return NULL;
}
