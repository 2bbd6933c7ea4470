/* What the parts of `mbparse imap` share. */
#ifndef MBPARSE_JSON_H
#define MBPARSE_JSON_H

#include <jansson.h>

#include "imap/response.h"

/* null for a null one; what is not UTF-8 is shown byte by byte as U+00xx. */
json_t *json_of_bytes(struct bytes b);
json_t *json_of_bytes_list(const struct bytes_list *l);
json_t *json_of_flags(const struct imap_flags *f);
/* As text: "1:3,5". */
json_t *json_of_set(const struct imap_set *s);
json_t *json_of_u64(uint64_t n);
/* RFC 3339, or null. */
json_t *json_of_time(const struct zoned_time *t);

/* imap_fetch.c */
json_t *json_of_fetch(const struct imap_fetch *f);
/* imap_data.c: everything else. */
json_t *json_of_data(const struct imap_response *r);

#endif
