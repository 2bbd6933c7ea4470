/*
 * A server that reads commands as strictly as the grammar has it (command_reader.h)
 * and notes each; to all it says OK, with as little data as lets a client go on. On
 * the loop of the test, over a socket pair.
 */
#ifndef UNIT_IMAP_STRICT_SERVER_H
#define UNIT_IMAP_STRICT_SERVER_H

#include "command_reader.h"
#include "net/loop.h"

struct strict_server;

/* What it can do is said in the greeting, PREAUTH if `is_preauth`. The end of the
 * client is *ret_fd. */
struct strict_server *strict_server_start(struct loop *l, const char *capabilities, bool is_preauth,
					  int *ret_fd);
void strict_server_free(struct strict_server *s);
/* Forgets what was noted. */
void strict_server_forget(struct strict_server *s);
/* The commands so far, a line of an AUTHENTICATE exchange being one of a single token. */
size_t strict_server_count(const struct strict_server *s);
const struct command *strict_server_command(const struct strict_server *s, size_t i);
/* What the client did that is no IMAP; NULL: nothing. */
const char *strict_server_fault(const struct strict_server *s);

#endif
