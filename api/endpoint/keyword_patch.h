/* "keywords" of a request: true sets, null and false clear. */
#ifndef ENDPOINT_KEYWORD_PATCH_H
#define ENDPOINT_KEYWORD_PATCH_H

#include "endpoint/body.h"
#include "model/keywords.h"

/* Fills *add and *remove, lower-case, in the request's arena. False: answered. */
bool keyword_patch_read(struct request *rq, const struct json_flags *flags, struct keywords *add,
			struct keywords *remove);

#endif
