#include "pop3/maildrop.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define HASH_BYTES 9 /* 12 characters */

void pop3_maildrop_init(struct pop3_maildrop *m)
{
	*m = (struct pop3_maildrop){ .count = 0 };
}

void pop3_maildrop_done(struct pop3_maildrop *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free((void *)m->at[i].uidl.at);
		free((void *)m->at[i].header.at);
		free((void *)m->at[i].keywords.at);
	}
	free(m->at);
	free(m->by_key);
	pop3_maildrop_init(m);
}

enum err pop3_maildrop_add(struct pop3_maildrop *m, uint32_t number, uint64_t size)
{
	struct pop3_message *more;

	if (m->count && number <= m->at[m->count - 1].number)
		return ERR_PROTO;
	if (m->count == POP3_MESSAGES_MAX)
		return ERR_TOO_BIG;
	if (m->count == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 64;

		more = reallocarray(m->at, cap, sizeof *more);
		if (!more)
			return ERR_NOMEM;
		m->at = more;
		m->cap = cap;
	}
	m->at[m->count++] = (struct pop3_message){ .number = number, .size = size };
	return ERR_OK;
}

struct pop3_message *pop3_maildrop_by_number(struct pop3_maildrop *m, uint32_t number)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->at[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->count && m->at[low].number == number ? &m->at[low] : NULL;
}

static enum err set_copy(struct bytes *to, struct bytes from)
{
	uint8_t *copy = malloc(from.len + 1);

	if (!copy)
		return ERR_NOMEM;
	memcpy(copy, from.at, from.len);
	free((void *)to->at);
	*to = bytes_of(copy, from.len);
	return ERR_OK;
}

enum err pop3_maildrop_set_uidl(struct pop3_maildrop *m, uint32_t number, struct bytes uidl)
{
	struct pop3_message *msg = pop3_maildrop_by_number(m, number);

	return msg ? set_copy(&msg->uidl, uidl) : ERR_OK;
}

enum err pop3_message_set_header(struct pop3_maildrop *m, struct pop3_message *msg,
				 struct bytes header)
{
	size_t before = msg->header.len;
	enum err err = set_copy(&msg->header, header);

	if (!err)
		m->header_bytes += header.len - before;
	return err;
}

void pop3_maildrop_trim(struct pop3_maildrop *m, size_t max_bytes)
{
	if (m->header_bytes <= max_bytes)
		return;
	for (size_t i = 0; i < m->count; i++) {
		free((void *)m->at[i].header.at);
		m->at[i].header = BYTES_NULL;
	}
	m->header_bytes = 0;
}

/* --- keys ------------------------------------------------------------------------ */

static int compare_uidl(const void *a, const void *b)
{
	const struct pop3_message *x = *(struct pop3_message *const *)a;
	const struct pop3_message *y = *(struct pop3_message *const *)b;
	int order = bytes_compare(x->uidl, y->uidl);

	return order ? order : (x->number > y->number) - (x->number < y->number);
}

static void set_hash_key(struct pop3_message *msg, struct bytes over)
{
	struct hash_sha256 h = hash_sha256_of(&over, 1);

	msg->key = (struct message_key){ .kind = MESSAGE_KEY_HASH, .uid = 1 };
	hash_base64url_str(msg->key.text, sizeof msg->key.text, bytes_of(h.at, HASH_BYTES));
}

static bool same_uidl(const struct pop3_message *a, const struct pop3_message *b)
{
	return !bytes_is_null(a->uidl) && bytes_equal(a->uidl, b->uidl);
}

static void set_uidl_key(struct pop3_message *msg)
{
	if (msg->uidl.len > UIDL_MAX_BYTES) {
		set_hash_key(msg, msg->uidl);
		return;
	}
	msg->key = (struct message_key){ .kind = MESSAGE_KEY_UIDL };
	memcpy(msg->key.text, msg->uidl.at, msg->uidl.len);
}

enum err pop3_maildrop_begin_keys(struct pop3_maildrop *m, size_t *ret_nameless)
{
	struct pop3_message **sorted = calloc(m->count + 1, sizeof(struct pop3_message *));
	size_t nameless = 0;

	if (!sorted)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->count; i++)
		sorted[i] = &m->at[i];
	qsort(sorted, m->count, sizeof *sorted, compare_uidl);
	for (size_t i = 0; i < m->count; i++) {
		bool is_double = (i && same_uidl(sorted[i], sorted[i - 1])) ||
				 (i + 1 < m->count && same_uidl(sorted[i], sorted[i + 1]));

		if (is_double || sorted[i]->uidl.len == 0)
			nameless++;
		else
			set_uidl_key(sorted[i]);
	}
	free(sorted);
	*ret_nameless = nameless;
	return ERR_OK;
}

static int compare_keys(const struct message_key *a, const struct message_key *b)
{
	int order = (int)a->kind - (int)b->kind;

	if (!order)
		order = strcmp(a->text, b->text);
	return order ? order : (a->uid > b->uid) - (a->uid < b->uid);
}

static int compare_index(const void *a, const void *b, void *ctx)
{
	const struct pop3_maildrop *m = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = compare_keys(&m->at[x].key, &m->at[y].key);

	/* Equal hashes get their ordinals in maildrop order. */
	return order ? order : (x > y) - (x < y);
}

enum err pop3_maildrop_finish_keys(struct pop3_maildrop *m)
{
	m->by_key = calloc(m->count + 1, sizeof *m->by_key);
	if (!m->by_key)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->count; i++) {
		if (!m->at[i].key.text[0])
			set_hash_key(&m->at[i], m->at[i].header);
		m->by_key[i] = (uint32_t)i;
	}
	qsort_r(m->by_key, m->count, sizeof *m->by_key, compare_index, m);
	for (size_t i = 1; i < m->count; i++) {
		const struct message_key *before = &m->at[m->by_key[i - 1]].key;
		struct message_key *key = &m->at[m->by_key[i]].key;

		if (key->kind == MESSAGE_KEY_HASH && before->kind == MESSAGE_KEY_HASH &&
		    !strcmp(key->text, before->text))
			key->uid = before->uid + 1;
	}
	return ERR_OK;
}

struct pop3_message *pop3_maildrop_find(struct pop3_maildrop *m, const struct message_key *key)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_keys(&m->at[m->by_key[middle]].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == m->count || compare_keys(&m->at[m->by_key[low]].key, key) != 0)
		return NULL;
	return &m->at[m->by_key[low]];
}
