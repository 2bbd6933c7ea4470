/*
 * Decoded sizes that one whole transfer or the server's own decoding has shown, for
 * BODYSTRUCTURE knows only encoded ones. Small and forgetful: a size missing here is only inexact.
 */
#ifndef ACCOUNT_SIZES_H
#define ACCOUNT_SIZES_H

#include "model/message_id.h"

#define SIZES_MAX 64

struct size_entry {
	uint64_t key; /* of message and part; 0: empty */
	uint64_t bytes;
	bool is_undecodable; /* the server cannot decode it; `bytes` is nothing */
};

struct sizes {
	struct size_entry *at; /* SIZES_MAX of them, owned; NULL: none was ever noted */
	unsigned next;
};

void sizes_done(struct sizes *s);

bool sizes_find(const struct sizes *s, const struct message_id *id, struct bytes part_id,
		uint64_t *ret);
void sizes_note(struct sizes *s, const struct message_id *id, struct bytes part_id, uint64_t bytes);

/* The server could not decode it: asking again would end another conversation. */
void sizes_note_undecodable(struct sizes *s, const struct message_id *id, struct bytes part_id);
bool sizes_is_undecodable(const struct sizes *s, const struct message_id *id, struct bytes part_id);

#endif
