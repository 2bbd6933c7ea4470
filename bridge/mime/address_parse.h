/*
 * Lists of addresses (RFC 5322 §3.4, with the obsolete forms of §4.4 and what
 * mail programs write beyond that). Never gives up on a list: what cannot be
 * understood costs the address it stands in, not its neighbours (which is why
 * this is our own: GMime drops the whole list for "Foo [bar] <a@b>").
 *
 *	Groups are flattened, their names dropped. Comments are dropped, but one
 *	beside an address without a display name is its name: a@b (John).
 *	Encoded words are decoded everywhere, inside quotes too, as a comma in
 *	them is no separator. ";" separates like ",".
 *	"Foo a@b" is a name and an address, "a@b c@d" two addresses, "foo" an
 *	address without a domain, "foo bar" a name without an address.
 */
#ifndef MIME_ADDRESS_PARSE_H
#define MIME_ADDRESS_PARSE_H

#include "base/err.h"
#include "model/address.h"

#define MIME_ADDRESSES_MAX 1000 /* of one list; what follows is dropped */

/* Appends the addresses of one field's value to `list`, whose array is in mem.
 * `charset` as in words.h. ERR_NOMEM only; `list` is usable then, too. */
MUST_CHECK enum err mime_addresses_append(struct arena *mem, struct bytes value,
					  struct bytes charset, struct address_list *list);

#endif
