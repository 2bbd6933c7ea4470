/*
 * The texts of a message: which parts are asked for, how much of each is fetched,
 * and their bytes made into UTF-8.
 */
#ifndef ACCOUNT_BODY_H
#define ACCOUNT_BODY_H

#include "account/account.h"

#define BODY_PARTS_MAX 100 /* texts of one message that are given */

struct body_plan {
	const struct part **parts; /* distinct, in their order */
	struct bytes *sections;    /* of each */
	size_t count;
	uint64_t fetch_bytes; /* most of any one that is worth fetching */
};

/* False when memory is short. */
MUST_CHECK bool body_plan(struct arena *mem, const struct part_view *view,
			  const struct message_options *options, struct body_plan *ret);

/* One value from the encoded bytes of its part, of which fetch_bytes at most were
 * fetched. ERR_NOMEM. */
MUST_CHECK enum err body_value_of(struct arena *mem, const struct part *part, struct bytes encoded,
				  uint64_t fetch_bytes, uint64_t max_bytes, struct body_value *ret);

#endif
