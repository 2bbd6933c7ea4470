#include "account/folder_tree.h"

#include <stdlib.h>

#include "model/folder_name.h"

struct tree {
	const struct account_id *account;
	struct arena *mem;
	struct folder *at; /* heap */
	size_t count, cap;
	uint32_t *slots;   /* heap: index + 1 by id, 0: free */
	size_t slot_count; /* a power of two, over twice cap */
};

struct bytes folder_path_parent(struct bytes path, char delimiter)
{
	size_t n = path.len;

	if (!delimiter)
		return BYTES_NULL;
	while (n > 0 && path.at[n - 1] != (uint8_t)delimiter)
		n--;
	return n > 1 ? bytes_first(path, n - 1) : BYTES_NULL;
}

/* --- a table by id ---------------------------------------------------- */

/* The slot where this id is or belongs. Ids are digests: any bytes will do. */
static size_t slot_of(const struct tree *t, const struct folder_id *id)
{
	uint64_t h;
	size_t i;

	memcpy(&h, id->text, sizeof h);
	h *= 0x9e3779b97f4a7c15u;
	for (i = (size_t)(h >> 32) & (t->slot_count - 1); t->slots[i];
	     i = (i + 1) & (t->slot_count - 1))
		if (folder_id_equal(&t->at[t->slots[i] - 1].id, id))
			break;
	return i;
}

static bool grow(struct tree *t, size_t cap)
{
	struct folder *at = realloc(t->at, cap * sizeof *at);
	size_t slot_count = 64;
	uint32_t *slots;

	if (!at)
		return false;
	t->at = at;
	while (slot_count < 2 * cap)
		slot_count *= 2;
	slots = calloc(slot_count, sizeof *slots);
	if (!slots)
		return false;
	free(t->slots);
	t->slots = slots;
	t->slot_count = slot_count;
	t->cap = cap;
	for (size_t i = 0; i < t->count; i++)
		t->slots[slot_of(t, &t->at[i].id)] = (uint32_t)i + 1;
	return true;
}

static struct folder *find(const struct tree *t, const struct folder_id *id)
{
	size_t slot = slot_of(t, id);

	return t->slots[slot] ? &t->at[t->slots[slot] - 1] : NULL;
}

/* Doubles and what is beyond the limit are left out. False on no memory. */
static bool add(struct tree *t, const struct folder *f)
{
	if (t->count >= FOLDERS_MAX || find(t, &f->id))
		return true;
	if (t->count == t->cap && !grow(t, 2 * t->cap))
		return false;
	t->at[t->count] = *f;
	t->slots[slot_of(t, &f->id)] = (uint32_t)++t->count;
	return true;
}

/* --- parents ---------------------------------------------------------- */

static struct folder missing_parent(const struct tree *t, const struct folder *child,
				    struct bytes path)
{
	struct folder f = { .path = path,
			    .name = folder_name_of(t->mem, path, child->delimiter),
			    .delimiter = child->delimiter,
			    .name_space = child->name_space,
			    .rights.create_child = child->rights.create_child };

	f.id = folder_id_of(t->account, path);
	return f;
}

/* Those made up here are appended and so get their own parents in their turn. */
static bool link_parents(struct tree *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct folder child = t->at[i], made;
		struct bytes path = folder_path_parent(child.path, child.delimiter);
		struct folder *parent;

		if (bytes_is_null(path))
			continue;
		made = missing_parent(t, &child, path);
		if (!add(t, &made))
			return false;
		parent = find(t, &made.id);
		if (!parent)
			continue; /* beyond the limit: it stands at the top */
		parent->has_children = true;
		t->at[i].parent = made.id;
	}
	return true;
}

/* --- roles ------------------------------------------------------------ */

/* Personal ones first, then the shortest, then bytewise (api.md §1). */
static bool is_better(const struct folder *a, const struct folder *b)
{
	if ((a->name_space == FOLDER_PERSONAL) != (b->name_space == FOLDER_PERSONAL))
		return a->name_space == FOLDER_PERSONAL;
	if (a->path.len != b->path.len)
		return a->path.len < b->path.len;
	return bytes_compare(a->path, b->path) < 0;
}

static void elect(struct folder **holder, struct folder *candidate)
{
	if (!*holder || is_better(candidate, *holder))
		*holder = candidate;
}

/* One folder per role: what the server says, else what a name suggests. */
static void assign_roles(struct tree *t)
{
	struct folder *said[FOLDER_ROLES] = { NULL }, *guessed[FOLDER_ROLES] = { NULL };

	for (size_t i = 0; i < t->count; i++) {
		struct folder *f = &t->at[i];

		if (bytes_equal_str_nocase(f->path, "INBOX"))
			f->role = FOLDER_ROLE_INBOX;
		else if (f->role == FOLDER_ROLE_INBOX)
			f->role = FOLDER_ROLE_NONE;
		if (!f->is_selectable)
			continue;
		if (f->role != FOLDER_ROLE_NONE)
			elect(&said[f->role], f);
		else
			elect(&guessed[folder_role_guess(f->path)], f);
	}
	for (size_t i = 0; i < t->count; i++)
		if (t->at[i].role != FOLDER_ROLE_NONE && said[t->at[i].role] != &t->at[i])
			t->at[i].role = FOLDER_ROLE_NONE;
	for (int role = FOLDER_ROLE_INBOX + 1; role < FOLDER_ROLES; role++)
		if (!said[role] && guessed[role])
			guessed[role]->role = (enum folder_role)role;
}

/* --- all of it -------------------------------------------------------- */

static int compare_folders(const void *pa, const void *pb)
{
	const struct folder *a = pa, *b = pb;

	if (a->sort_order != b->sort_order)
		return a->sort_order < b->sort_order ? -1 : 1;
	return bytes_compare(a->path, b->path);
}

static void finish(struct tree *t)
{
	assign_roles(t);
	for (size_t i = 0; i < t->count; i++) {
		struct folder *f = &t->at[i];

		f->sort_order = folder_sort_order(f->role);
		if (f->role != FOLDER_ROLE_INBOX)
			continue;
		f->name = BYTES_LIT("Inbox"); /* whatever its case: people read it */
		f->rights.rename = f->rights.delete = false;
	}
	if (t->count)
		qsort(t->at, t->count, sizeof *t->at, compare_folders);
}

static bool take_all(struct tree *t, const struct folder_list *from)
{
	if (!grow(t, from->count + 8))
		return false;
	for (size_t i = 0; i < from->count; i++) {
		struct folder f = from->at[i];

		f.id = folder_id_of(t->account, f.path);
		f.parent = (struct folder_id){ "" };
		if (!add(t, &f))
			return false;
	}
	return link_parents(t);
}

bool folder_tree_build(struct arena *mem, const struct account_id *account,
		       const struct folder_list *from, struct folder_list *ret)
{
	struct tree t = { .account = account, .mem = mem };
	struct folder *at = NULL;

	if (take_all(&t, from)) {
		finish(&t);
		at = ARENA_ARRAY(mem, t.count, struct folder);
		if (at && t.count)
			memcpy(at, t.at, t.count * sizeof *at);
	}
	free(t.at);
	free(t.slots);
	if (!at)
		return false;
	*ret = (struct folder_list){ at, t.count };
	return true;
}
