/* The memory of mail stores (mailstore/memory.h), kept in the state. */
#ifndef ACCOUNT_MAIL_MEMORY_H
#define ACCOUNT_MAIL_MEMORY_H

#include "mailstore/memory.h"
#include "state/state.h"

/* What is kept of messages nobody asked for in so long is forgotten. */
#define MAIL_MEMORY_HEADERS_TTL_MS  (30ull * 24 * 3600 * 1000)
#define MAIL_MEMORY_KEYWORDS_TTL_MS (400ull * 24 * 3600 * 1000)
#define MAIL_MEMORY_CHANGES_TTL_MS  (30ull * 24 * 3600 * 1000)

/* The state must outlive it. */
struct mail_memory account_mail_memory(struct state *s);

#endif
