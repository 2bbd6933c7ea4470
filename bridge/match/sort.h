/*
 * What messages are sorted by where the server does not sort: RFC 5256 §2.2 and
 * RFC 5957, texts bytewise in lower case.
 */
#ifndef MATCH_SORT_H
#define MATCH_SORT_H

#include "match/filter.h"

/* One message: its value, and for equal ones its place in the folder. */
struct match_row {
	uint32_t place; /* grows in order of arrival: a UID, a number */
	int64_t number;
	struct bytes text; /* in lower case */
};

/* Must the headers be known for this order? */
bool match_sort_needs_headers(enum mail_sort sort);
/* What the order needs of `m` is there. False when memory is short. */
bool match_row_of(struct match_row *row, struct arena *mem, enum mail_sort sort, uint32_t place,
		  const struct match_message *m);
/* The row that a cursor carries (account/summary.h makes the value). False also when
 * it is none. */
bool match_row_of_cursor(struct match_row *row, struct arena *mem, enum mail_sort sort,
			 uint32_t place, struct bytes value);
/* For qsort(): by value and then by place. */
int match_row_compare(const void *a, const void *b);
/* base subject of RFC 5256 §2.1, part of `subject` */
struct bytes match_base_subject(struct bytes subject);

#endif
