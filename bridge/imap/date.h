/*
 * date-time of RFC 9051 §9, as INTERNALDATE and SAVEDATE have it and APPEND
 * takes it: "17-Jul-1996 02:44:25 -0700"; and the date of SEARCH.
 */
#ifndef IMAP_DATE_H
#define IMAP_DATE_H

#include "model/message.h"

#define IMAP_DATE_TIME_BYTES 27 /* with the NUL, without the quotes */
#define IMAP_DATE_BYTES      12 /* "17-Jul-1996" */

/* The text between the quotes. A day of one digit needs no space before it, and
 * a missing zone is UTC; nothing else is forgiven. */
MUST_CHECK bool imap_date_time_parse(struct bytes text, struct zoned_time *ret);
/* False outside the years 1 to 9999. */
MUST_CHECK bool imap_date_time_format(const struct zoned_time *t, char to[IMAP_DATE_TIME_BYTES]);
/* The UTC day of an instant: "1-Feb-1994". False outside the years 1 to 9999. */
MUST_CHECK bool imap_date_format(int64_t unix_s, char to[IMAP_DATE_BYTES]);

#endif
