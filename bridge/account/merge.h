/* The pages of several folders, put into one order. */
#ifndef ACCOUNT_MERGE_H
#define ACCOUNT_MERGE_H

#include "account/account.h"

struct merge_row {
	size_t leaf; /* whose page it is from */
	const struct folder_id *folder;
	struct message_key key;
	int64_t number;    /* sort value: a number, */
	struct bytes text; /* or a text */
};

struct merge {
	struct merge_row *rows; /* in the caller's arena */
	size_t count, cap;
};

/* What a query has to bring for rows to be put in this order. */
unsigned merge_wants(enum mail_sort sort);
/* Rows are missing when memory ran out: arena_failed(mem). */
void merge_add(struct merge *m, struct arena *mem, enum mail_sort sort, size_t leaf,
	       const struct folder *folder, const struct mail_page *page);
void merge_sort(struct merge *m, bool descending);
/* As summary_sort_value() has it, but for subjects the base subject. */
struct bytes merge_sort_value(struct arena *mem, enum mail_sort sort, const struct merge_row *row);

/* A problem code for what made part of an answer incomplete. */
const char *incomplete_code(const struct fault *fault);

#endif
