/* The parameters of a raw value, one after the other, without copying. For
 * params.c and message.c. */
#ifndef MIME_PARAM_SCAN_H
#define MIME_PARAM_SCAN_H

#include "base/bytes.h"

struct raw_param {
	struct bytes name;  /* as written */
	struct bytes value; /* without quotes; quoted pairs not undone */
	bool is_quoted;
};

/* The word before the first parameter, up to ";" or white space: "text/plain".
 * Empty when the value begins with a parameter. */
struct bytes param_scan_type(struct bytes *value);
/* False at the end. */
bool param_scan_next(struct bytes *value, struct raw_param *ret);

#endif
