#include "model/message_id.h"

#include <assert.h>

#include "base/buf.h"
#include "base/hash.h"

#define ID_HASH_BYTES 9 /* gives ID_BYTES characters of base64url */

static void id_from_hash(char to[ID_BYTES + 1], const struct bytes *pieces, size_t count)
{
	struct hash_sha256 h = hash_sha256_of(pieces, count);

	hash_base64url_str(to, ID_BYTES + 1, bytes_of(h.at, ID_HASH_BYTES));
}

struct account_id account_id_of(struct bytes protocol, struct bytes host, struct bytes user)
{
	const struct bytes zero = bytes_of("", 1);
	const struct bytes pieces[] = { protocol, zero, host, zero, user };
	struct account_id id;

	id_from_hash(id.text, pieces, 5);
	return id;
}

struct folder_id folder_id_of(const struct account_id *account, struct bytes name)
{
	struct bytes canonical = bytes_equal_str_nocase(name, "INBOX") ? BYTES_LIT("INBOX") : name;
	const struct bytes pieces[] = { bytes_of_str(account->text), bytes_of("", 1), canonical };
	struct folder_id id;

	id_from_hash(id.text, pieces, 3);
	return id;
}

static bool is_base64url(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

static bool all_base64url(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!is_base64url(b.at[i]))
			return false;
	return true;
}

bool folder_id_parse(struct bytes text, struct folder_id *ret)
{
	struct folder_id id = { "" };

	if (text.len != ID_BYTES || !all_base64url(text))
		return false;
	memcpy(id.text, text.at, ID_BYTES);
	*ret = id;
	return true;
}

bool folder_id_equal(const struct folder_id *a, const struct folder_id *b)
{
	return strcmp(a->text, b->text) == 0;
}

bool message_key_equal(const struct message_key *a, const struct message_key *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case MESSAGE_KEY_UID: return a->uid == b->uid && a->uidvalidity == b->uidvalidity;
	case MESSAGE_KEY_UIDL: return strcmp(a->text, b->text) == 0;
	case MESSAGE_KEY_HASH: return a->uid == b->uid && strcmp(a->text, b->text) == 0;
	}
	return false;
}

bool message_id_equal(const struct message_id *a, const struct message_id *b)
{
	return folder_id_equal(&a->folder, &b->folder) && message_key_equal(&a->key, &b->key);
}

bool message_uidl_is_valid(struct bytes uidl)
{
	if (uidl.len == 0 || uidl.len > UIDL_MAX_BYTES)
		return false;
	for (size_t i = 0; i < uidl.len; i++)
		if (uidl.at[i] < 0x21 || uidl.at[i] > 0x7e)
			return false;
	return true;
}

static bool base36_parse(struct bytes text, uint32_t *ret)
{
	uint64_t n = 0;

	if (text.len == 0 || text.len > 7 || (text.at[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c >= '0' && c <= '9')
			n = n * 36 + (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'z')
			n = n * 36 + (uint64_t)(c - 'a') + 10;
		else
			return false;
	}
	if (n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static char *base36_write(char *to, uint32_t n)
{
	char digits[8];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
		n /= 36;
	} while (n);
	while (count)
		*to++ = digits[--count];
	return to;
}

/* Would this UIDVALIDITY (17 or 25; Exchange has such small ones) read as the
 * mark of a POP3 key? */
static bool looks_like_a_mark(uint32_t uidvalidity)
{
	return uidvalidity == 17 || uidvalidity == 25;
}

static bool parse_uidvalidity(struct bytes text, uint32_t *ret)
{
	if (text.len != 2 || text.at[0] != '0')
		return base36_parse(text, ret) && *ret != 0;
	return base36_parse(bytes_skip(text, 1), ret) && looks_like_a_mark(*ret);
}

static bool parse_uid_key(struct bytes uidvalidity, struct bytes uid, struct message_key *key)
{
	key->kind = MESSAGE_KEY_UID;
	return parse_uidvalidity(uidvalidity, &key->uidvalidity) && base36_parse(uid, &key->uid) &&
	       key->uid != 0;
}

static bool parse_uidl_key(struct bytes text, struct message_key *key)
{
	struct buf uidl;
	bool ok;

	key->kind = MESSAGE_KEY_UIDL;
	buf_init(&uidl, UIDL_MAX_BYTES);
	ok = hash_base64url_decode(&uidl, text) && message_uidl_is_valid(buf_bytes(&uidl));
	if (ok)
		memcpy(key->text, buf_bytes(&uidl).at, uidl.len);
	buf_done(&uidl);
	return ok;
}

/* The hash may hold '-' itself: the ordinal is behind the last one. */
static bool parse_hash_key(struct bytes text, struct message_key *key)
{
	size_t dash = text.len;

	while (dash > 0 && text.at[dash - 1] != '-')
		dash--;
	if (dash < 2 || dash - 1 > UIDL_MAX_BYTES || !all_base64url(bytes_first(text, dash)))
		return false;
	key->kind = MESSAGE_KEY_HASH;
	memcpy(key->text, text.at, dash - 1);
	return base36_parse(bytes_skip(text, dash), &key->uid);
}

enum err message_id_parse(struct bytes text, struct message_id *ret)
{
	struct message_id id = { 0 };
	struct bytes rest = text, folder, first;
	bool ok;

	if (text.len > ID_TEXT_MAX || !bytes_split(&rest, '.', &folder) ||
	    !folder_id_parse(folder, &id.folder) || !bytes_split(&rest, '.', &first) ||
	    bytes_is_null(rest))
		return ERR_INVALID;
	if (bytes_equal_str(first, "p"))
		ok = parse_uidl_key(rest, &id.key);
	else if (bytes_equal_str(first, "h"))
		ok = parse_hash_key(rest, &id.key);
	else
		ok = parse_uid_key(first, rest, &id.key);
	if (!ok)
		return ERR_INVALID;
	*ret = id;
	return ERR_OK;
}

static void format_key(const struct message_key *key, char *to)
{
	switch (key->kind) {
	case MESSAGE_KEY_UID:
		if (looks_like_a_mark(key->uidvalidity))
			*to++ = '0';
		to = base36_write(to, key->uidvalidity);
		*to++ = '.';
		break;
	case MESSAGE_KEY_UIDL:
		*to++ = 'p';
		*to++ = '.';
		hash_base64url_str(to, 4 * ((UIDL_MAX_BYTES + 2) / 3) + 1, bytes_of_str(key->text));
		return;
	case MESSAGE_KEY_HASH:
		*to++ = 'h';
		*to++ = '.';
		to = stpcpy(to, key->text);
		*to++ = '-';
		break;
	}
	*base36_write(to, key->uid) = '\0';
}

void message_id_format(const struct message_id *id, char to[ID_TEXT_MAX + 1])
{
	char *at = stpcpy(to, id->folder.text);

	static_assert(ID_BYTES + 4 * UIDL_MAX_BYTES < ID_TEXT_MAX, "every kind of id fits");
	*at++ = '.';
	format_key(&id->key, at);
}
