/*
 * Dates of header fields (RFC 5322 §3.3 and §4.3), leniently: the day name may
 * be missing or wrong, the time may have no seconds, years two or three digits,
 * and the orders of asctime() and ISO 8601 are known, too. Zones by offset or by
 * name; an unknown zone is UTC.
 */
#ifndef MIME_DATE_H
#define MIME_DATE_H

#include "model/message.h"

#define MIME_DATE_MAX_BYTES 256 /* what follows is not looked at */

/* is_known is false when there is no such day or no date at all. */
struct zoned_time mime_date_parse(struct bytes value);

#endif
