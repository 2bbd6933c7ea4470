#include "account/sizes.h"

#include "base/hash.h"

static uint64_t key_of(const struct message_id *id, struct bytes part_id)
{
	char text[ID_TEXT_MAX + 1];
	struct bytes pieces[] = { BYTES_NULL, BYTES_LIT("/"), part_id };
	struct hash_sha256 h;
	uint64_t key;

	message_id_format(id, text);
	pieces[0] = bytes_of_str(text);
	h = hash_sha256_of(pieces, 3);
	memcpy(&key, h.at, sizeof key);
	return key ? key : 1;
}

bool sizes_find(const struct sizes *s, const struct message_id *id, struct bytes part_id,
		uint64_t *ret)
{
	uint64_t key = key_of(id, part_id);

	for (size_t i = 0; i < SIZES_MAX; i++)
		if (s->at[i].key == key) {
			*ret = s->at[i].bytes;
			return true;
		}
	return false;
}

void sizes_note(struct sizes *s, const struct message_id *id, struct bytes part_id, uint64_t bytes)
{
	uint64_t known;

	if (sizes_find(s, id, part_id, &known) && known == bytes)
		return;
	s->at[s->next] = (struct size_entry){ key_of(id, part_id), bytes };
	s->next = (s->next + 1) % SIZES_MAX;
}
