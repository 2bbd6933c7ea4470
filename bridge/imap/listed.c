#include "imap/listed.h"

#include "base/hash.h"
#include "imap/name.h"
#include "model/folder_name.h"

/* --- the table ------------------------------------------------------------------------ */

/* The slot where this name is or belongs. A digest, for the names are the server's
 * to choose. */
static size_t slot_of(const struct imap_listed *l, struct bytes raw)
{
	struct bytes key = bytes_equal_str_nocase(raw, "INBOX") ? BYTES_LIT("INBOX") : raw;
	struct hash_sha256 digest = hash_sha256_of(&key, 1);
	uint64_t h;
	size_t i;

	memcpy(&h, digest.at, sizeof(h));
	for (i = (size_t)h & (l->slot_count - 1); l->slots[i]; i = (i + 1) & (l->slot_count - 1)) {
		if (imap_same_path(l->at[l->slots[i] - 1].raw, raw))
			break;
	}
	return i;
}

struct imap_listed_folder *imap_listed_find(const struct imap_listed *l, struct bytes raw)
{
	size_t slot;

	if (!l->count)
		return NULL;
	/* STATUS mostly follows its LIST at once. */
	if (bytes_equal(l->at[l->count - 1].raw, raw))
		return &l->at[l->count - 1];
	slot = slot_of(l, raw);
	return l->slots[slot] ? &l->at[l->slots[slot] - 1] : NULL;
}

static bool grow(struct imap_listed *l)
{
	size_t cap = l->cap ? l->cap * 2 : 32;
	struct imap_listed_folder *at = ARENA_ARRAY(l->mem, cap, struct imap_listed_folder);
	uint32_t *slots = ARENA_ARRAY(l->mem, cap * 4, uint32_t);

	if (!at || !slots)
		return false;
	if (l->count)
		memcpy(at, l->at, l->count * sizeof(*at));
	l->at = at;
	l->cap = cap;
	l->slots = slots;
	l->slot_count = cap * 4;
	for (size_t i = 0; i < l->count; i++)
		l->slots[slot_of(l, l->at[i].raw)] = (uint32_t)i + 1;
	return true;
}

struct imap_listed_folder *imap_listed_add(struct imap_listed *l, struct bytes raw)
{
	struct imap_listed_folder *f = imap_listed_find(l, raw);

	if (f)
		return f;
	if (l->count == IMAP_LISTED_MAX || (l->count == l->cap && !grow(l)))
		return NULL;
	l->slots[slot_of(l, raw)] = (uint32_t)l->count + 1;
	f = &l->at[l->count++];
	f->raw = raw;
	return f;
}

/* --- what LIST says --------------------------------------------------------------------- */

static enum folder_role role_of(unsigned attributes)
{
	static const struct {
		unsigned bit;
		enum folder_role role;
	} roles[] = {
		{ IMAP_LIST_INBOX, FOLDER_ROLE_INBOX },
		{ IMAP_LIST_DRAFTS, FOLDER_ROLE_DRAFTS },
		{ IMAP_LIST_SENT, FOLDER_ROLE_SENT },
		{ IMAP_LIST_JUNK, FOLDER_ROLE_JUNK },
		{ IMAP_LIST_TRASH, FOLDER_ROLE_TRASH },
		{ IMAP_LIST_ARCHIVE, FOLDER_ROLE_ARCHIVE },
		{ IMAP_LIST_ALL, FOLDER_ROLE_ALL },
		{ IMAP_LIST_FLAGGED, FOLDER_ROLE_FLAGGED },
		{ IMAP_LIST_IMPORTANT, FOLDER_ROLE_IMPORTANT },
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (attributes & roles[i].bit)
			return roles[i].role;
	}
	return FOLDER_ROLE_NONE;
}

/* How much of the name is the prefix of one of these; -1: it is in none. "Public/"
 * is there by itself too, as "Public". */
static int prefix_length(const struct imap_namespace_list *l, struct bytes raw)
{
	int longest = -1;

	for (size_t i = 0; i < l->count; i++) {
		struct bytes prefix = l->at[i].prefix;
		bool ends = prefix.len && prefix.at[prefix.len - 1] == (uint8_t)l->at[i].delimiter;

		if (bytes_starts_with(raw, prefix) ||
		    (ends && bytes_equal(raw, bytes_first(prefix, prefix.len - 1))))
			longest = (int)prefix.len > longest ? (int)prefix.len : longest;
	}
	return longest;
}

/* Of prefixes that begin alike the longest counts: Cyrus has "INBOX." for one's own
 * and "" for what all share. */
static enum folder_namespace namespace_of(const struct imap_store *st, struct bytes raw)
{
	int personal, other, shared;

	if (!st->has_namespaces || bytes_equal_str_nocase(raw, "INBOX"))
		return FOLDER_PERSONAL;
	personal = prefix_length(&st->namespaces.personal, raw);
	other = prefix_length(&st->namespaces.other, raw);
	shared = prefix_length(&st->namespaces.shared, raw);
	if (personal >= other && personal >= shared)
		return FOLDER_PERSONAL;
	return other >= shared ? FOLDER_OTHER_USERS : FOLDER_SHARED;
}

bool imap_listed_is_no_folder(const struct imap_list *r)
{
	return !r->mailbox.len || r->mailbox.at[r->mailbox.len - 1] == (uint8_t)r->delimiter ||
	       bytes_index(r->mailbox, 0) < r->mailbox.len;
}

static void limit_rights(struct imap_listed_folder *to)
{
	struct folder_rights *rights = &to->folder.rights;

	rights->create_child = rights->create_child && to->has_inferiors;
	if (to->folder.role == FOLDER_ROLE_INBOX)
		rights->rename = rights->delete = false;
}

/* Where nothing is told one may do everything, except with what is there only since
 * something of another's stands below it. */
static void assume_rights(struct folder *f)
{
	static const struct folder_rights all = { true, true, true, true, true,
						  true, true, true, true };

	if (f->is_selectable || f->name_space == FOLDER_PERSONAL)
		f->rights = all;
}

bool imap_listed_fill(struct imap_listed *l, struct imap_listed_folder *to,
		      const struct imap_store *st, const struct imap_list *r)
{
	struct folder *f = &to->folder;

	f->path = imap_name_decode(l->mem, r->mailbox, r->delimiter, st->session->encoding.is_utf8);
	if (bytes_is_null(f->path))
		return false;
	if (imap_same_path(f->path, BYTES_LIT("INBOX"))) {
		f->path = BYTES_LIT("INBOX");
		f->role = FOLDER_ROLE_INBOX;
	} else {
		f->role = role_of(r->attributes);
	}
	f->delimiter = r->delimiter;
	f->name = folder_name_of(l->mem, f->path, r->delimiter);
	f->name_space = namespace_of(st, r->mailbox);
	f->is_selectable = !(r->attributes & IMAP_LIST_NOSELECT);
	f->is_subscribed = f->is_subscribed || r->attributes & IMAP_LIST_SUBSCRIBED;
	f->has_children = r->attributes & IMAP_LIST_HASCHILDREN;
	to->has_inferiors = !(r->attributes & IMAP_LIST_NOINFERIORS) && r->delimiter;
	if (!to->has_rights)
		assume_rights(f);
	limit_rights(to);
	return true;
}

void imap_listed_see_role(struct imap_listed_folder *to, const struct imap_list *r)
{
	enum folder_role role = role_of(r->attributes);

	if (role != FOLDER_ROLE_NONE && to->folder.role != FOLDER_ROLE_INBOX)
		to->folder.role = role;
}

/* --- rights ------------------------------------------------------------------------------- */

static bool has(struct bytes rights, const char *any_of)
{
	for (; *any_of; any_of++) {
		if (bytes_index(rights, (uint8_t)*any_of) < rights.len)
			return true;
	}
	return false;
}

/* "c" and "d" of RFC 2086 count where none of what RFC 4314 made of them is there. */
void imap_listed_set_rights(struct imap_listed_folder *to, struct bytes rights)
{
	bool is_old_c = has(rights, "c") && !has(rights, "kx");
	bool is_old_d = has(rights, "d") && !has(rights, "tex");

	to->has_rights = true;
	to->folder.rights = (struct folder_rights){
		.read_items = has(rights, "r"),
		.add_items = has(rights, "i"),
		.remove_items = (has(rights, "t") && has(rights, "e")) || is_old_d,
		.set_seen = has(rights, "s"),
		.set_keywords = has(rights, "w"),
		.create_child = has(rights, "k") || is_old_c,
		.rename = has(rights, "x") || is_old_c,
		.delete = has(rights, "x") || is_old_c || is_old_d,
		.submit = has(rights, "p"),
	};
	limit_rights(to);
}
