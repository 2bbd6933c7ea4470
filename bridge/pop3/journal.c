#include "pop3/journal.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/pack.h"

#define FORMAT       1
#define DIGEST_BYTES 8

void pop3_journal_done(struct pop3_journal *j)
{
	free(j->gone);
	*j = (struct pop3_journal){ 0 };
}

/* --- numbers ---------------------------------------------------------------------- */

static void number_new(struct pop3_journal *j, struct pop3_maildrop *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->at[i].modseq)
			m->at[i].added = m->at[i].modseq = ++j->modseq;
}

static void forget_numbers(struct pop3_maildrop *m)
{
	for (size_t i = 0; i < m->count; i++)
		m->at[i].added = m->at[i].modseq = 0;
}

enum err pop3_journal_begin(struct pop3_journal *j, struct pop3_maildrop *m)
{
	uint64_t epoch = 0;

	pop3_journal_done(j);
	if (!hash_random((uint8_t *)&epoch, sizeof epoch) || !epoch)
		return ERR_INTERNAL;
	j->epoch = epoch;
	j->modseq = 1; /* an empty maildrop stands somewhere, too */
	forget_numbers(m);
	number_new(j, m);
	return ERR_OK;
}

static bool add_gone(struct pop3_journal *j, const struct message_key *key, uint64_t modseq)
{
	size_t cap = j->gone_cap ? 2 * j->gone_cap : 16;
	struct pop3_gone *more;

	if (j->gone_count == j->gone_cap) {
		more = reallocarray(j->gone, cap, sizeof *more);
		if (!more)
			return false;
		j->gone = more;
		j->gone_cap = cap;
	}
	j->gone[j->gone_count++] = (struct pop3_gone){ *key, modseq };
	return true;
}

/* The oldest are too many. */
static void trim_gone(struct pop3_journal *j)
{
	size_t over = j->gone_count > POP3_GONE_MAX ? j->gone_count - POP3_GONE_MAX : 0;

	if (!over)
		return;
	j->floor = j->gone[over - 1].modseq;
	j->gone_count -= over;
	memmove(j->gone, j->gone + over, j->gone_count * sizeof *j->gone);
}

bool pop3_journal_reaches(const struct pop3_journal *j, uint64_t epoch, uint64_t modseq)
{
	return j->epoch && epoch == j->epoch && modseq >= j->floor && modseq <= j->modseq;
}

/* --- as bytes ---------------------------------------------------------------------- */

static void put_key(struct buf *to, const struct message_key *key)
{
	struct bytes text = bytes_of_str(key->text);

	buf_append_byte(to, (uint8_t)key->kind);
	pack_varint(to, text.len);
	buf_append(to, text);
	if (key->kind == MESSAGE_KEY_HASH)
		pack_varint(to, key->uid);
}

/* Of the keywords as they are kept: null for none. */
static struct bytes digest_of(const struct pop3_message *msg, struct hash_sha256 *room)
{
	if (!msg->keywords.len)
		return BYTES_NULL;
	*room = hash_sha256_of(&msg->keywords, 1);
	return bytes_of(room->at, DIGEST_BYTES);
}

static void put_message(struct buf *to, const struct pop3_message *msg)
{
	struct hash_sha256 room;
	struct bytes digest = digest_of(msg, &room);

	put_key(to, &msg->key);
	pack_varint(to, msg->added);
	pack_varint(to, msg->modseq - msg->added);
	buf_append_byte(to, (uint8_t)digest.len);
	buf_append(to, digest);
}

void pop3_journal_save(const struct pop3_journal *j, const struct pop3_maildrop *m, struct buf *to)
{
	buf_append_byte(to, FORMAT);
	pack_varint(to, j->epoch);
	pack_varint(to, j->modseq);
	pack_varint(to, j->floor);
	pack_varint(to, j->gone_count);
	for (size_t i = 0; i < j->gone_count; i++) {
		put_key(to, &j->gone[i].key);
		pack_varint(to, j->gone[i].modseq);
	}
	pack_varint(to, m->count);
	for (size_t i = 0; i < m->count; i++)
		put_message(to, &m->at[i]);
}

static struct message_key take_key(struct unpack *r)
{
	struct message_key key = { .kind = (enum message_key_kind)unpack_number(r, 1) };
	struct bytes text = unpack_bytes(r, unpack_varint(r));

	if ((key.kind != MESSAGE_KEY_UIDL && key.kind != MESSAGE_KEY_HASH) || !text.len ||
	    text.len > UIDL_MAX_BYTES) {
		r->is_bad = true;
		return key;
	}
	memcpy(key.text, text.at, text.len);
	if (key.kind == MESSAGE_KEY_HASH)
		key.uid = (uint32_t)unpack_varint(r);
	return key;
}

/* What has come back is not gone. */
static bool load_gone(struct pop3_journal *j, struct pop3_maildrop *m, struct unpack *r)
{
	uint64_t count = unpack_varint(r);
	bool is_kept = true;

	for (uint64_t i = 0; i < count && is_kept && !r->is_bad; i++) {
		struct message_key key = take_key(r);
		uint64_t modseq = unpack_varint(r);

		if (!r->is_bad && !pop3_maildrop_find(m, &key))
			is_kept = add_gone(j, &key, modseq);
	}
	return is_kept;
}

/* Mostly it is where it was, as seen from its neighbour. */
static struct pop3_message *find(struct pop3_maildrop *m, const struct message_key *key,
				 size_t expected)
{
	if (expected < m->count && message_key_equal(&m->at[expected].key, key))
		return &m->at[expected];
	return pop3_maildrop_find(m, key);
}

static bool load_message(struct pop3_journal *j, struct pop3_maildrop *m, struct unpack *r,
			 size_t *expected)
{
	struct message_key key = take_key(r);
	uint64_t added = unpack_varint(r), modseq = added + unpack_varint(r);
	struct bytes digest = unpack_bytes(r, unpack_number(r, 1));
	struct pop3_message *msg = find(m, &key, *expected);
	struct hash_sha256 room;

	if (r->is_bad)
		return true;
	if (!msg)
		return add_gone(j, &key, ++j->modseq);
	*expected = (size_t)(msg - m->at) + 1;
	msg->added = added;
	msg->modseq = bytes_equal(digest, digest_of(msg, &room)) ? modseq : ++j->modseq;
	return true;
}

static enum err load(struct pop3_journal *j, struct pop3_maildrop *m, struct bytes record,
		     bool *ret_has_changed)
{
	struct unpack r = { .rest = record };
	size_t expected = 0;
	uint64_t before, count;
	bool is_kept;

	if (unpack_number(&r, 1) != FORMAT)
		return ERR_PROTO;
	j->epoch = unpack_varint(&r);
	j->modseq = before = unpack_varint(&r);
	j->floor = unpack_varint(&r);
	is_kept = load_gone(j, m, &r);
	count = unpack_varint(&r);
	for (uint64_t i = 0; i < count && is_kept && !r.is_bad; i++)
		is_kept = load_message(j, m, &r, &expected);
	if (!is_kept)
		return ERR_NOMEM;
	if (r.is_bad || r.rest.len || !j->epoch)
		return ERR_PROTO;
	trim_gone(j);
	number_new(j, m);
	*ret_has_changed = j->modseq != before;
	return ERR_OK;
}

enum err pop3_journal_load(struct pop3_journal *j, struct pop3_maildrop *m, struct bytes record,
			   bool *ret_has_changed)
{
	enum err err;

	pop3_journal_done(j);
	forget_numbers(m);
	err = load(j, m, record, ret_has_changed);
	if (err)
		pop3_journal_done(j);
	return err;
}
