/*
 * The socket under a stream, in clear or inside TLS: reads and writes pieces,
 * never waits, and knows why it failed. Embedded in struct stream.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/err.h"
#include "net/tls_conn.h"

struct wire {
	int fd;               /* owned; -1 once closed */
	struct tls_conn *tls; /* NULL: in clear */
	bool crossed;         /* TLS: the last read waits to write or the other way round */
	int sys_errno;        /* of the last WIRE_FAILED in clear */
};

enum wire_io {
	WIRE_DONE,
	WIRE_WAIT,   /* not now */
	WIRE_CLOSED, /* a proper end */
	WIRE_FAILED, /* wire_fault() says why */
};

enum wire_io wire_read(struct wire *w, uint8_t *to, size_t size, size_t *ret_n);
/* Takes a part; the rest must be offered again from where it stopped. */
enum wire_io wire_write(struct wire *w, struct bytes data, size_t *ret_n);
/* Has the peer said something that was not read yet? In clear only. */
bool wire_has_unread(const struct wire *w);
struct fault wire_fault(const struct wire *w);
/* What was written is still delivered. */
void wire_close(struct wire *w);
/* What the peer has not acknowledged is taken back. */
void wire_drop(struct wire *w);

#endif
