#include "endpoint/etag.h"

#include <assert.h>

#include "base/hash.h"
#include "json/summary.h"

#define PART_BYTES 9  /* of a digest */
#define PART_CHARS 12 /* of its base64url */

static_assert(ETAG_MESSAGE_MAX > 2 * PART_CHARS + 1, "two parts and a dot");

static void put_digest(char *to, struct bytes of)
{
	struct hash_sha256 h = hash_sha256_of(&of, 1);

	hash_base64url_str(to, PART_CHARS + 1, bytes_of(h.at, PART_BYTES));
}

void etag_of_message(const struct keywords *k, struct bytes representation,
		     char to[ETAG_MESSAGE_MAX])
{
	struct buf text;
	struct json_writer w;

	buf_init(&text, 1 << 20);
	w = json_writer_of(&text);
	json_keywords(&w, k);
	put_digest(to, buf_bytes(&text));
	to[PART_CHARS] = '.';
	put_digest(to + PART_CHARS + 1, representation);
	buf_done(&text);
}
