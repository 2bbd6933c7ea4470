/* What changes to folders have in common. */
#ifndef ACCOUNT_EDIT_H
#define ACCOUNT_EDIT_H

#include "account/fan.h"
#include "account/role_folder.h"

/* Is this a name that a folder may have, below a folder (or at the top) with this
 * delimiter? */
bool edit_name_is_valid(struct bytes name, char delimiter);

/* Ends the work because of one of our own guards; text may be NULL: the problem's
 * general one. */
void edit_refuse(struct work *w, enum err err, const char *code, const char *text);

/* What a server says of a change of folders, with the problem's own codes. */
struct fault edit_fault(struct account *a, const struct fault *fault);

/* The delimiter of the hierarchy below parent (NULL: at the top); 0: flat. */
char edit_delimiter(const struct account *a, const struct folder_list *all,
		    const struct folder *parent);

#endif
