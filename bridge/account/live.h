/* What is known of an account's folders without asking the server. */
#ifndef ACCOUNT_LIVE_H
#define ACCOUNT_LIVE_H

#include "account/folder_state.h"

struct account;

/* What a folder holds, exactly: as the server has told it up to now, and no change of
 * ours is under way or has yet to be looked at. NULL: ask the server. Borrowed until
 * control returns to the loop. */
const struct folder_state *live_state(const struct account *a, const struct folder_id *folder);

#endif
