#include "account/sizes.h"

#include <stdlib.h>

#include "base/hash.h"

void sizes_done(struct sizes *s)
{
	free(s->at);
	s->at = NULL;
}

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

static const struct size_entry *find(const struct sizes *s, uint64_t key, bool is_undecodable)
{
	for (size_t i = 0; s->at && i < SIZES_MAX; i++)
		if (s->at[i].key == key && s->at[i].is_undecodable == is_undecodable)
			return &s->at[i];
	return NULL;
}

static void note(struct sizes *s, struct size_entry entry)
{
	if (!s->at)
		s->at = calloc(SIZES_MAX, sizeof *s->at);
	if (!s->at)
		return;
	s->at[s->next] = entry;
	s->next = (s->next + 1) % SIZES_MAX;
}

bool sizes_find(const struct sizes *s, const struct message_id *id, struct bytes part_id,
		uint64_t *ret)
{
	const struct size_entry *e = find(s, key_of(id, part_id), false);

	if (e)
		*ret = e->bytes;
	return e != NULL;
}

void sizes_note(struct sizes *s, const struct message_id *id, struct bytes part_id, uint64_t bytes)
{
	uint64_t known;

	if (!sizes_find(s, id, part_id, &known) || known != bytes)
		note(s, (struct size_entry){ key_of(id, part_id), bytes, false });
}

void sizes_note_undecodable(struct sizes *s, const struct message_id *id, struct bytes part_id)
{
	note(s, (struct size_entry){ key_of(id, part_id), 0, true });
}

bool sizes_is_undecodable(const struct sizes *s, const struct message_id *id, struct bytes part_id)
{
	return find(s, key_of(id, part_id), true) != NULL;
}
