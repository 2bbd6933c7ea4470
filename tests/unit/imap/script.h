/*
 * A server that plays its side of a written conversation over a socket pair, on
 * the loop of the test. Each line of the file is one of
 *
 *	S: text     the server sends text and CRLF
 *	S- text     the server sends text without a line end (\r, \n, \\ are escapes)
 *	C: text     the client must send exactly text and CRLF
 *	C~ text     a line of the client that begins with text
 *	C- N        any N octets of the client
 *	X:          the server closes the connection
 *	A: text     what is asked of the client, and
 *	R: text     what comes of it: for dialogue.h, which reads them with script_note()
 *	# text      about what is to be seen
 *
 * Tags of the client are a1, a2, ... so they are written as they are. Lines of
 * the server are sent when all lines of the client before them have come.
 */
#ifndef UNIT_IMAP_SCRIPT_H
#define UNIT_IMAP_SCRIPT_H

#include "base/buf.h"
#include "net/loop.h"

struct script;

struct script_faults {
	size_t slice_bytes; /* sends no more than so many at a time; 0: all at once */
	bool is_cut;        /* closes after `cut_bytes` of the server's octets */
	uint64_t cut_bytes;
};

/* Plays the file at `path`. The end of the client is *ret_fd. Fails the test when the
 * file is not there or wrong. */
struct script *script_start(struct loop *l, const char *path, const struct script_faults *faults,
			    int *ret_fd);
/* The text of the next A or R line if that is a `kind`; it is then taken. */
bool script_note(struct script *s, char kind, struct bytes *ret);
/* All lines were played. */
bool script_is_done(const struct script *s);
/* What the client did that is not in the file; NULL: nothing. */
const char *script_fault(const struct script *s);
/* How many octets the server's side has in all. */
uint64_t script_server_bytes(const struct script *s);
void script_free(struct script *s);

#endif
