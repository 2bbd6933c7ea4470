/*
 * mbparse shows how mailbridge understands what a server or a message says:
 *	mbparse imap < bytes of a server	one JSON line per response
 *	mbparse mime < a message		the object of GET /v1/messages/{id}
 */
#ifndef MBPARSE_H
#define MBPARSE_H

#include <stdio.h>

/* Exit codes: 0, or 1 where the input is malformed; the position stands in the
 * output. */
int mbparse_imap(FILE *in, FILE *out);
int mbparse_mime(FILE *in, FILE *out);

#endif
