/* Parameters that name several things, with commas between. */
#ifndef ENDPOINT_NAMES_H
#define ENDPOINT_NAMES_H

#include "http/request.h"

#define NAMES_FOLDERS_MAX 100 /* of folders= */

/* None when it was not given. False: an empty one or too many; answered. */
MUST_CHECK bool names_read(struct request *rq, const char *param, size_t max, struct bytes **ret,
			   size_t *ret_count);

#endif
