/*
 * Values of request header fields, cut and understood. Pure; whatever a client
 * writes is answered with a value, never with an assertion.
 */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include "base/buf.h"
#include "http/reply.h"

/* token = 1*tchar (RFC 9110 §5.6.2) */
bool field_is_token(struct bytes b);

/* Range = "bytes=" int-range / suffix-range (RFC 9110 §14.1.2). False for
 * anything else: then the whole is sent. */
bool field_parse_range(struct bytes value, struct reply_range *ret);

/* Does an If-Match or If-None-Match list (RFC 9110 §13.1) name the tag, or is
 * it "*"? Weak comparison takes W/ tags too. A null tag (nothing there) matches
 * nothing. */
bool field_has_etag(struct bytes list, struct bytes etag, bool is_weak);

/* May one of `offers` ("application/json,text/html") be sent to a client with
 * this Accept (RFC 9110 §12.5.1)? Null Accept: anything. */
bool field_accepts(struct bytes accept, const char *offers);
/* Does Accept name this very type, and not with weight 0? */
bool field_accept_names(struct bytes accept, const char *type);
/* Does Accept-Encoding (RFC 9110 §12.5.3) name the coding, or all, and not with
 * weight 0? */
bool field_accepts_coding(struct bytes accept, const char *coding);
/* Is a Content-Type among `types`? Parameters are looked at for charset only,
 * which must be utf-8. */
bool field_is_media_type(struct bytes content_type, const char *types);

/* The first cookie of the name in a Cookie field (RFC 6265 §4.2.1), else null;
 * without quotes around it. */
struct bytes field_find_cookie(struct bytes cookies, struct bytes name);

/* host = uri-host [":" port] without user information. */
bool field_is_host(struct bytes b);

/* Content-Disposition (RFC 6266): kind; filename in cleaned ASCII, and
 * filename* when that lost something. Null or empty name: the kind alone. */
void field_write_disposition(struct buf *to, const char *kind, struct bytes utf8_name);

#endif
