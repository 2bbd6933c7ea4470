/*
 * From the mailboxes that a server lists to the folders that the API shows: ids,
 * parents (those the server does not list are made up, not selectable), one
 * folder per role, an order that does not change by itself. Pure.
 */
#ifndef ACCOUNT_FOLDER_TREE_H
#define ACCOUNT_FOLDER_TREE_H

#include "model/folder.h"

/* Folders of one account that we show, made up ones included. */
#define FOLDERS_MAX 20000

/* Sorted by sort_order, then path. Strings of `from` are borrowed, new ones and
 * the array are in mem. False when memory is short. */
MUST_CHECK bool folder_tree_build(struct arena *mem, const struct account_id *account,
				  const struct folder_list *from, struct folder_list *ret);

/* What is above path: "a/b" of "a/b/c"; null at the top. */
struct bytes folder_path_parent(struct bytes path, char delimiter);

#endif
