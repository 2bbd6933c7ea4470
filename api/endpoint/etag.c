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

/* PART_CHARS characters. */
static void put_keywords(char *to, const struct keywords *k)
{
	struct json_writer w;
	struct buf text;

	buf_init(&text, 1 << 20);
	w = json_writer_of(&text);
	json_keywords(&w, k);
	put_digest(to, buf_bytes(&text));
	buf_done(&text);
}

void etag_of_message(const struct keywords *k, struct bytes rest, char to[ETAG_MESSAGE_MAX])
{
	put_keywords(to, k);
	to[PART_CHARS] = '.';
	put_digest(to + PART_CHARS + 1, rest);
}

/* entity-tag = DQUOTE *etagc DQUOTE; weak ones never match (RFC 9110 §13.1.1). */
bool etag_names_keywords(struct bytes if_match, const struct keywords *k)
{
	char want[PART_CHARS + 1];
	struct bytes tag;

	put_keywords(want, k);
	while (bytes_split(&if_match, ',', &tag)) {
		tag = bytes_trim(tag);
		if (tag.len > PART_CHARS + 1 && tag.at[0] == '"' && tag.at[PART_CHARS + 1] == '.' &&
		    bytes_equal_str(bytes_of(tag.at + 1, PART_CHARS), want))
			return true;
	}
	return false;
}
