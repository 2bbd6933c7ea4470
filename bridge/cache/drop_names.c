#include "cache/drop_names.h"

#include <stdlib.h>

#include "base/pack.h"

struct name {
	uint32_t number;
	uint32_t ordinal; /* of MESSAGE_KEY_HASH */
	uint8_t kind, len;
	char *text; /* owned */
};

struct drop_names {
	struct name *at; /* by ascending number */
	size_t count;
	struct name **by_key; /* those of `at`, sorted */
	uint32_t next;
};

struct drop_names *drop_names_new(void)
{
	struct drop_names *n = calloc(1, sizeof *n);

	if (n)
		n->next = 1;
	return n;
}

void drop_names_free(struct drop_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->count; i++)
		free(n->at[i].text);
	free(n->at);
	free(n->by_key);
	free(n);
}

/* --- looking up ------------------------------------------------------- */

static int compare(unsigned kind, struct bytes text, uint32_t ordinal, const struct name *b)
{
	int order = (kind > b->kind) - (kind < b->kind);

	if (!order)
		order = bytes_compare(text, bytes_of(b->text, b->len));
	return order ? order : (ordinal > b->ordinal) - (ordinal < b->ordinal);
}

static int compare_names(const void *pa, const void *pb)
{
	const struct name *a = *(struct name *const *)pa, *b = *(struct name *const *)pb;

	return compare(a->kind, bytes_of(a->text, a->len), a->ordinal, b);
}

static uint32_t ordinal_of(const struct message_key *key)
{
	return key->kind == MESSAGE_KEY_HASH ? key->uid : 0;
}

uint32_t drop_names_number(const struct drop_names *n, const struct message_key *key)
{
	struct bytes text = bytes_of_str(key->text);
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(key->kind, text, ordinal_of(key), n->by_key[middle]);

		if (order == 0)
			return n->by_key[middle]->number;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

bool drop_names_key(const struct drop_names *n, uint32_t number, struct message_key *ret)
{
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (n->at[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == n->count || n->at[low].number != number)
		return false;
	*ret = (struct message_key){ .kind = (enum message_key_kind)n->at[low].kind,
				     .uid = n->at[low].ordinal };
	memcpy(ret->text, n->at[low].text, n->at[low].len);
	return true;
}

/* --- changing --------------------------------------------------------- */

static enum err sort(struct drop_names *n)
{
	struct name **by_key = reallocarray(n->by_key, n->count + 1, sizeof *by_key);

	if (!by_key)
		return ERR_NOMEM;
	n->by_key = by_key;
	for (size_t i = 0; i < n->count; i++)
		by_key[i] = &n->at[i];
	qsort(by_key, n->count, sizeof *by_key, compare_names);
	return ERR_OK;
}

static void cut_back(struct drop_names *n, size_t count)
{
	while (n->count > count)
		free(n->at[--n->count].text);
}

static bool append(struct drop_names *n, const struct message_key *key)
{
	struct name *to = &n->at[n->count];

	*to = (struct name){ .number = n->next,
			     .ordinal = ordinal_of(key),
			     .kind = (uint8_t)key->kind,
			     .len = (uint8_t)strlen(key->text),
			     .text = strdup(key->text) };
	if (!to->text)
		return false;
	n->count++;
	n->next++;
	return true;
}

/* The unknown ones of `from`, whose numbers go beside it. */
static enum err append_new(struct drop_names *n, const struct mail_sync *from, uint32_t *numbers)
{
	size_t before = n->count, fresh = 0;
	struct name *more;

	for (size_t i = 0; i < from->count; i++) {
		numbers[i] = drop_names_number(n, from->flags[i].key);
		fresh += !numbers[i];
	}
	if (fresh == 0)
		return ERR_OK;
	if (before + fresh > DROP_NAMES_MAX || n->next > UINT32_MAX - 1 - fresh)
		return ERR_TOO_BIG;
	more = reallocarray(n->at, before + fresh, sizeof *more);
	if (!more)
		return ERR_NOMEM;
	n->at = more;
	for (size_t i = 0; i < from->count; i++) {
		if (numbers[i])
			continue;
		numbers[i] = n->next;
		if (!append(n, from->flags[i].key)) {
			cut_back(n, before);
			/* It has room for that many. */
			(void)!sort(n);
			return ERR_NOMEM;
		}
	}
	return sort(n);
}

static int by_uid(const void *pa, const void *pb)
{
	const struct mail_flags *a = pa, *b = pb;

	return (a->uid > b->uid) - (a->uid < b->uid);
}

enum err drop_names_translate(struct drop_names *n, struct arena *mem, const struct mail_sync *from,
			      struct mail_sync *ret)
{
	struct mail_flags *flags = ARENA_ARRAY(mem, from->count, struct mail_flags);
	uint32_t *numbers = ARENA_ARRAY(mem, from->count, uint32_t);
	enum err err = flags && numbers ? append_new(n, from, numbers) : ERR_NOMEM;

	if (err)
		return err;
	for (size_t i = 0; i < from->count; i++) {
		flags[i] = from->flags[i];
		flags[i].uid = numbers[i];
	}
	qsort(flags, from->count, sizeof *flags, by_uid);
	*ret = (struct mail_sync){ .uidvalidity = 1,
				   .uidnext = n->next,
				   .is_whole = true,
				   .flags = flags,
				   .count = from->count };
	return ERR_OK;
}

void drop_names_prune(struct drop_names *n, bool (*is_needed)(void *ctx, uint32_t number),
		      void *ctx)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++) {
		if (is_needed(ctx, n->at[i].number))
			n->at[kept++] = n->at[i];
		else
			free(n->at[i].text);
	}
	n->count = kept;
	/* It does not grow. */
	(void)!sort(n);
}

/* --- as bytes --------------------------------------------------------- */

void drop_names_save(const struct drop_names *n, struct buf *to)
{
	pack_number(to, n->next, 4);
	pack_number(to, n->count, 4);
	for (size_t i = 0; i < n->count; i++) {
		const struct name *one = &n->at[i];

		pack_number(to, one->number, 4);
		pack_number(to, one->ordinal, 4);
		buf_append_byte(to, one->kind);
		buf_append_byte(to, one->len);
		buf_append(to, bytes_of(one->text, one->len));
	}
}

#define HEAD_BYTES 10

static bool is_kind(unsigned kind)
{
	return kind == MESSAGE_KEY_UIDL || kind == MESSAGE_KEY_HASH;
}

static enum err load_one(struct drop_names *n, struct unpack *from)
{
	uint32_t above = n->count ? n->at[n->count - 1].number : 0;
	struct name one = { .number = (uint32_t)unpack_number(from, 4) };
	struct bytes text;

	one.ordinal = (uint32_t)unpack_number(from, 4);
	one.kind = (uint8_t)unpack_number(from, 1);
	one.len = (uint8_t)unpack_number(from, 1);
	text = unpack_bytes(from, one.len);
	if (from->is_bad || one.number <= above || one.number >= n->next ||
	    one.len > UIDL_MAX_BYTES || !is_kind(one.kind))
		return ERR_PROTO;
	one.text = bytes_dup_str(text);
	if (!one.text)
		return ERR_PROTO;
	n->at[n->count++] = one;
	return ERR_OK;
}

enum err drop_names_load(struct drop_names *n, struct bytes saved)
{
	struct unpack from = { .rest = saved };
	enum err err = ERR_OK;
	uint32_t count;

	n->next = (uint32_t)unpack_number(&from, 4);
	count = (uint32_t)unpack_number(&from, 4);
	if (from.is_bad || !n->next || count > DROP_NAMES_MAX || count > from.rest.len / HEAD_BYTES)
		return ERR_PROTO;
	n->at = calloc(count + 1, sizeof *n->at);
	if (!n->at)
		return ERR_NOMEM;
	while (!err && n->count < count)
		err = load_one(n, &from);
	if (!err && from.rest.len)
		err = ERR_PROTO;
	return err ? err : sort(n);
}
