#include "mailstore/fake_data.h"

#include <stdlib.h>

static bool same_path(struct bytes a, struct bytes b)
{
	if (bytes_equal_str_nocase(a, "INBOX"))
		return bytes_equal_str_nocase(b, "INBOX");
	return bytes_equal(a, b);
}

void fake_add_keyword(struct keywords *k, struct arena *mem, struct bytes name)
{
	if (!keywords_add(k, mem, name))
		abort(); /* tests do not run out of memory */
}

struct fake_folder *fake_data_find(struct fake_data *d, struct bytes path)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->folders[i].exists && same_path(d->folders[i].info.path, path))
			return &d->folders[i];
	}
	return NULL;
}

/* Doubles an array when it is full; tests do not run out of memory. */
static void *grow(void *array, size_t count, size_t *cap, size_t item_bytes)
{
	if (count < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 16;
	array = realloc(array, *cap * item_bytes);
	if (!array)
		abort();
	return array;
}

static struct bytes last_component(struct bytes path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/')
		at--;
	return bytes_skip(path, at);
}

struct fake_folder *fake_data_add_folder(struct fake_data *d, struct bytes path)
{
	struct fake_folder *f;

	d->folders = grow(d->folders, d->count, &d->cap, sizeof(*d->folders));
	f = &d->folders[d->count++];
	d->folders_version++;
	*f = (struct fake_folder){ .exists = true, .uidnext = 1, .modseq = 1 };
	f->uidvalidity = ++d->next_uidvalidity;
	f->info.path = arena_bytes(d->mem, path);
	f->info.name = last_component(f->info.path);
	f->info.delimiter = '/';
	f->info.is_subscribed = true;
	f->info.is_selectable = true;
	f->info.rights =
		(struct folder_rights){ true, true, true, true, true, true, true, true, true };
	return f;
}

struct fake_message *fake_folder_find(struct fake_folder *f, uint32_t uid)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->messages[i].uid == uid)
			return &f->messages[i];
	}
	return NULL;
}

uint32_t fake_folder_add(struct fake_data *d, struct fake_folder *f, struct bytes raw,
			 const struct keywords *k, int64_t received_at)
{
	struct fake_message *m;

	f->messages = grow(f->messages, f->count, &f->cap, sizeof(*f->messages));
	m = &f->messages[f->count++];
	*m = (struct fake_message){ .uid = f->uidnext++,
				    .modseq = ++f->modseq,
				    .received_at = received_at };
	m->raw = arena_bytes(d->mem, raw);
	m->keywords.system = k->system;
	for (size_t i = 0; i < k->custom.count; i++)
		fake_add_keyword(&m->keywords, d->mem, k->custom.at[i]);
	return m->uid;
}

void fake_folder_remove(struct fake_folder *f, uint32_t uid)
{
	struct fake_message *m = fake_folder_find(f, uid);

	if (!m)
		return;
	f->count--;
	f->gone = grow(f->gone, f->gone_count, &f->gone_cap, sizeof(*f->gone));
	f->gone[f->gone_count++] = (struct fake_gone){ uid, ++f->modseq };
	memmove(m, m + 1, (size_t)(f->messages + f->count - m) * sizeof(*m));
}

void fake_data_done(struct fake_data *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->folders[i].messages);
		free(d->folders[i].gone);
	}
	free(d->folders);
	arena_free(d->mem);
}
