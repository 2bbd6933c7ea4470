/* What the two halves of the encoder share. Internal to imap/. */
#ifndef IMAP_ENCODE_INTERNAL_H
#define IMAP_ENCODE_INTERNAL_H

#include "imap/encode.h"

/* The first error stays. */
void imap_command_fail(struct imap_command *c, enum err err);
/* A space where one is due, then these bytes as they are: they must be whole
 * tokens that cannot be anything else. */
void imap_command_put(struct imap_command *c, struct bytes token);
/* More of the same token. */
void imap_command_put_more(struct imap_command *c, struct bytes more);
/* astring without a space before it. */
void imap_command_put_astring(struct imap_command *c, struct bytes s);

/* 1*ATOM-CHAR, RFC 9051 §9. */
bool imap_is_atom(struct bytes b);

#endif
