#include "account/folders.h"

#include <stdio.h>

#include "account/folder_tree.h"
#include "account/step.h"

#define CACHE_MAX_BYTES (32u << 20)

/* --- the cache -------------------------------------------------------- */

void folders_done(struct folders *f)
{
	arena_free(f->mem);
	f->mem = NULL;
	f->list = (struct folder_list){ NULL, 0 };
}

static size_t bytes_of_list(const struct folder_list *list)
{
	size_t bytes = arena_bytes_for(list->count * sizeof *list->at);

	for (size_t i = 0; i < list->count; i++)
		bytes += arena_bytes_for(list->at[i].path.len + 1) +
			 arena_bytes_for(list->at[i].name.len + 1);
	return bytes;
}

void folders_keep(struct folders *f, const struct folder_list *list)
{
	struct arena *mem = arena_new_sized(CACHE_MAX_BYTES, bytes_of_list(list));
	struct folder *at = mem ? ARENA_ARRAY(mem, list->count, struct folder) : NULL;

	for (size_t i = 0; at && i < list->count; i++) {
		at[i] = list->at[i];
		at[i].path = arena_bytes(mem, at[i].path);
		at[i].name = arena_bytes(mem, at[i].name);
	}
	folders_done(f);
	f->generation++;
	f->is_stale = false;
	if (!at || arena_failed(mem)) {
		arena_free(mem);
		return;
	}
	f->mem = mem;
	f->list = (struct folder_list){ at, list->count };
}

/* A server has an inbox whether it lists it or not (RFC 9051 §5.1). */
static bool is_inbox(const struct account *a, struct bytes name, struct folder *ret)
{
	struct folder inbox = { .path = BYTES_LIT("INBOX"),
				.name = BYTES_LIT("Inbox"),
				.role = FOLDER_ROLE_INBOX,
				.is_selectable = true };

	inbox.id = folder_id_of(&a->id, inbox.path);
	if (folder_role_parse(name) != FOLDER_ROLE_INBOX && !bytes_equal_str(name, inbox.id.text))
		return false;
	*ret = inbox;
	return true;
}

static const struct folder *find_in(const struct folder_list *list, struct bytes name)
{
	enum folder_role role = folder_role_parse(name);
	struct folder_id id;

	if (role != FOLDER_ROLE_NONE)
		return folder_list_by_role(list, role);
	return folder_id_parse(name, &id) ? folder_list_by_id(list, &id) : NULL;
}

bool folders_find(const struct account *a, const struct folder_list *list, struct bytes name,
		  struct folder *ret)
{
	const struct folder *f = find_in(list, name);

	if (!f)
		return is_inbox(a, name, ret);
	*ret = *f;
	return true;
}

/* --- asking the server ------------------------------------------------ */

static void on_listed(void *ctx, const struct fault *fault, const struct folder_list *listed)
{
	struct work *w = ctx;
	struct folder_list *list;

	if (!step_took(&w->step, fault))
		return;
	list = ARENA_NEW(w->call.mem, struct folder_list);
	if (!list || !folder_tree_build(w->call.mem, &w->account->id, listed, list)) {
		work_fail(w, ERR_NOMEM);
		return;
	}
	folders_keep(&w->account->folders, list);
	w->folders.listed(w, list);
}

static struct op *list(struct step *s, struct mailstore *ms)
{
	return mailstore_list_folders(ms, s->call, on_listed, s->owner);
}

void folders_refresh(struct work *w, folders_listed_cb *then)
{
	w->folders.listed = then;
	step_run(&w->step, list);
}

/* Somebody else may have listed while we waited for a session. */
static struct op *list_unless_seen(struct step *s, struct mailstore *ms)
{
	struct work *w = s->owner;
	const struct folders *f = &w->account->folders;

	if (f->generation == w->folders.generation || f->is_stale || !f->mem)
		return list(s, ms);
	w->folders.listed(w, &f->list);
	return STEP_SKIPPED;
}

static void refresh_if_still_needed(struct work *w, folders_listed_cb *then)
{
	w->folders.listed = then;
	w->folders.generation = w->account->folders.generation;
	step_run(&w->step, list_unless_seen);
}

void folders_ensure(struct work *w, folders_listed_cb *then)
{
	const struct folders *f = &w->account->folders;

	if (f->mem && !f->is_stale)
		then(w, &f->list);
	else
		refresh_if_still_needed(w, then);
}

void folders_fail_missing(struct work *w, struct bytes name)
{
	work_fail_code(w, ERR_NOT_FOUND,
		       folder_role_parse(name) ? "role-not-found" : "folder-not-found");
}

void folders_tell(struct work *w, const struct folder *f)
{
	struct folder *copy = f ? ARENA_NEW(w->call.mem, struct folder) : NULL;

	if (copy) {
		*copy = *f;
		copy->path = arena_bytes(w->call.mem, f->path);
		copy->name = arena_bytes(w->call.mem, f->name);
	}
	if (arena_failed(w->call.mem))
		work_fail(w, ERR_NOMEM);
	else if (f || w->folders.may_be_missing)
		w->folders.found(w, copy);
	else
		folders_fail_missing(w, w->folders.name);
}

static void look_again(struct work *w, const struct folder_list *folders)
{
	struct folder f;
	bool found = folders_find(w->account, folders, w->folders.name, &f);

	folders_tell(w, found ? &f : NULL);
}

static void look_up(struct work *w, struct bytes name, folders_found_cb *then)
{
	const struct folders *known = &w->account->folders;
	struct folder f;
	struct folder_id id;

	w->folders.name = arena_bytes(w->call.mem, name);
	w->folders.found = then;
	if (!known->is_stale && folders_find(w->account, &known->list, name, &f))
		folders_tell(w, &f);
	else if (folder_role_parse(name) == FOLDER_ROLE_NONE && !folder_id_parse(name, &id))
		folders_tell(w, NULL);
	else
		refresh_if_still_needed(w, look_again);
}

void folders_look_up(struct work *w, struct bytes name, folders_found_cb *then)
{
	w->folders.may_be_missing = false;
	look_up(w, name, then);
}

void folders_try_look_up(struct work *w, struct bytes name, folders_found_cb *then)
{
	w->folders.may_be_missing = true;
	look_up(w, name, then);
}

bool folders_is_one(const struct account *a)
{
	return a->has_caps && !a->caps.folders;
}

void folders_fail_one(struct work *w, const char *text)
{
	struct fault fault = fault_with_code(ERR_UNSUPPORTED, "not-supported");

	(void)snprintf(fault.text, sizeof fault.text, "%s", text);
	work_end(w, &fault);
}

struct fault folders_fault(struct account *a, const struct fault *fault)
{
	struct fault told = *fault;

	if (fault->err != ERR_NOT_FOUND)
		return told;
	a->folders.is_stale = true;
	told = fault_with_code(ERR_NOT_FOUND, "folder-not-found");
	memcpy(told.text, fault->text, sizeof told.text);
	return told;
}
