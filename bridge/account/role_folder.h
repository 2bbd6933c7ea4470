/* Folders that something needs by their role and that are made when missing:
 * trash, drafts. */
#ifndef ACCOUNT_ROLE_FOLDER_H
#define ACCOUNT_ROLE_FOLDER_H

#include "account/step.h"

/* Goes on with the folder of that role, on w->step. When the server has none it is
 * created, at the top or, where all folders have to be below the inbox, there. */
void role_folder_ensure(struct work *w, enum folder_role role, folders_found_cb *then);

/* The path of a new folder: below `parent`, or at the top where it is NULL; with
 * servers that keep all personal folders below the inbox, that is there. Null when
 * memory is short. */
struct bytes folder_path_new(struct arena *mem, const struct account *a,
			     const struct folder_list *all, const struct folder *parent,
			     struct bytes name);

#endif
