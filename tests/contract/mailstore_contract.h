/*
 * What every mail store does, whatever is behind it: the same tests over the
 * fake and over real servers. They use mailstore.h alone, make folders of their
 * own and remove them again. What a server cannot (its caps say so) is left out.
 */
#ifndef CONTRACT_MAILSTORE_CONTRACT_H
#define CONTRACT_MAILSTORE_CONTRACT_H

#include "mailstore/mailstore.h"
#include "net/loop.h"

struct contract {
	struct loop *loop;
	/* A new, closed conversation; freed by the tests. */
	struct mailstore *(*connect)(void *ctx);
	void *ctx;
	const char *username, *password;
	bool is_throwaway; /* it goes after the tests: folders need not be removed */
	bool is_fake;      /* it cannot decode: no tests of searching for words in charsets */
};

/* cmocka's count of failures. */
int mailstore_contract_run(const struct contract *c);

#endif
