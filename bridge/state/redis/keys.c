#include "state/redis/redis_inside.h"

/* Of a digest: more than anybody can find a second one for. */
#define HASHED_BYTES 20
#define HASHED_CHARS 28

static const char *name_of(enum state_space space)
{
	switch (space) {
	case STATE_SESSION: return "session";
	case STATE_TICKET: return "ticket";
	case STATE_RATE: return "rate";
	case STATE_HEADERS: return "headers";
	case STATE_KEYWORDS: return "keywords";
	case STATE_IDEMPOTENCY: return "idempotency";
	case STATE_CHANGES: return "changes";
	case STATE_SPACES: break;
	}
	return "other";
}

static struct hash_sha256 hash_of(const struct redis_state *r, struct bytes key)
{
	if (r->has_hash_key)
		return hash_hmac_sha256(bytes_of(r->hash_key.at, sizeof r->hash_key.at), key);
	return hash_sha256_of(&key, 1);
}

void redis_add_key(const struct redis_state *r, struct redis_args *a, enum state_space space,
		   struct bytes key)
{
	struct bytes pieces[] = { bytes_of_str(r->prefix), BYTES_LIT(":"),
				  bytes_of_str(name_of(space)), BYTES_LIT(":"), key };
	struct hash_sha256 hash;
	char text[HASHED_CHARS];

	if (space != STATE_SESSION) {
		hash = hash_of(r, key);
		hash_base64url_str(text, sizeof text, bytes_of(hash.at, HASHED_BYTES));
		pieces[4] = bytes_of_str(text);
	}
	redis_args_add_pieces(a, pieces, 5);
}

void redis_add_space(const struct redis_state *r, struct redis_args *a, enum state_space space)
{
	const struct bytes pieces[] = { bytes_of_str(r->prefix), BYTES_LIT(":"),
					bytes_of_str(name_of(space)), BYTES_LIT(":") };

	redis_args_add_pieces(a, pieces, 4);
}

void redis_add_index(const struct redis_state *r, struct redis_args *a, enum state_space space,
		     struct bytes owner)
{
	const struct bytes pieces[] = { bytes_of_str(r->prefix), BYTES_LIT(":list:"),
					bytes_of_str(name_of(space)), BYTES_LIT(":"), owner };

	redis_args_add_pieces(a, pieces, 5);
}

struct bytes redis_owner_of(enum state_space space, struct bytes key)
{
	size_t end = 0;

	for (size_t i = 0; i < key.len; i++) {
		if (key.at[i] < ' ' || key.at[i] > '~')
			return BYTES_NULL;
		if (key.at[i] == ':')
			end = i + 1;
	}
	return space == STATE_SESSION && end ? bytes_first(key, end) : BYTES_NULL;
}

void redis_add_changed(const struct redis_state *r, struct redis_args *a, enum state_space space)
{
	redis_args_add(a, space == STATE_SESSION ? bytes_of_str(r->changed) : BYTES_LIT(""));
}
