/*
 * What every mail store does, whatever is behind it: the same tests over the
 * fake and over real servers. They use mailstore.h alone, make folders of their
 * own and remove them again; where there is only one, they empty it. What a server
 * cannot (its caps say so) is left out.
 */
#ifndef CONTRACT_MAILSTORE_CONTRACT_H
#define CONTRACT_MAILSTORE_CONTRACT_H

#include "mailstore/mailstore.h"
#include "net/loop.h"

struct contract {
	struct loop *loop;
	/* A new, closed conversation; freed by the tests. */
	struct mailstore *(*connect)(void *ctx);
	/* For a store that cannot append: puts messages where the server takes its mail
	 * from. No conversation is open, but the last one may yet be ending. False: it
	 * failed. */
	bool (*deliver)(void *ctx, const struct bytes *raws, size_t count);
	/* Takes out what is there, if that is safe while a conversation is ending, and
	 * faster than the tests do it. May be NULL. */
	bool (*empty)(void *ctx);
	void *ctx;
	const char *username, *password;
	bool is_throwaway; /* it goes after the tests: folders need not be removed */
	bool is_fake;      /* it cannot decode: no tests of searching for words in charsets */
};

/* cmocka's count of failures. */
int mailstore_contract_run(const struct contract *c);

#endif
