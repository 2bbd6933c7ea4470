#include "account/role_folder.h"

/* What a folder of this role is called where there is none. */
static const char *name_of(enum folder_role role)
{
	switch (role) {
	case FOLDER_ROLE_DRAFTS: return "Drafts";
	case FOLDER_ROLE_SENT: return "Sent";
	case FOLDER_ROLE_ARCHIVE: return "Archive";
	case FOLDER_ROLE_JUNK: return "Junk";
	case FOLDER_ROLE_TRASH: return "Trash";
	case FOLDER_ROLE_NONE:
	case FOLDER_ROLE_INBOX:
	case FOLDER_ROLE_ALL:
	case FOLDER_ROLE_FLAGGED:
	case FOLDER_ROLE_IMPORTANT:
	case FOLDER_ROLES: break;
	}
	return NULL;
}

static const struct folder *inbox_of(const struct folder_list *all)
{
	return folder_list_by_role(all, FOLDER_ROLE_INBOX);
}

static bool is_below(const struct folder *f, const struct folder *top)
{
	return f->path.len > top->path.len && f->path.at[top->path.len] == (uint8_t)f->delimiter &&
	       folder_path_equal(bytes_first(f->path, top->path.len), top->path);
}

/* Are all personal folders below the inbox ("INBOX.Sent"), as on servers with that
 * namespace? With nothing but an inbox there is no telling. */
static bool is_all_below_inbox(const struct folder_list *all)
{
	const struct folder *inbox = inbox_of(all);
	size_t below = 0;

	for (size_t i = 0; inbox && i < all->count; i++) {
		const struct folder *f = &all->at[i];

		if (f == inbox || f->name_space != FOLDER_PERSONAL)
			continue;
		if (!is_below(f, inbox))
			return false;
		below++;
	}
	return below > 0;
}

static struct bytes join(struct arena *mem, const struct folder *parent, struct bytes name)
{
	char *path = arena_alloc(mem, parent->path.len + 1 + name.len + 1);

	if (!path)
		return BYTES_NULL;
	memcpy(path, parent->path.at, parent->path.len);
	path[parent->path.len] = parent->delimiter;
	memcpy(path + parent->path.len + 1, name.at, name.len);
	return bytes_of(path, parent->path.len + 1 + name.len);
}

/* Does the server say where new folders at the top go? */
static bool is_top_known(const struct account *a)
{
	return a->has_caps && a->caps.delimiter;
}

struct bytes folder_path_new(struct arena *mem, const struct account *a,
			     const struct folder_list *all, const struct folder *parent,
			     struct bytes name)
{
	char *path;

	if (!parent && !is_top_known(a) && is_all_below_inbox(all))
		parent = inbox_of(all);
	if (parent)
		return join(mem, parent, name);
	path = arena_printf(mem, "%s%.*s", a->caps.personal_prefix, BYTES_FMT(name));
	return bytes_of_str(path);
}

/* --- making one ------------------------------------------------------- */

static void on_listed_again(struct work *w, const struct folder_list *all)
{
	const struct folder *f = folder_list_by_path(all, w->role.path);
	const struct folder *of_role = folder_list_by_role(all, w->role.role);

	folders_tell(w, of_role ? of_role : f);
}

static struct op *create(struct step *s, struct mailstore *ms);

/* Below the inbox, where the server would not have it at the top. */
static bool try_below_inbox(struct work *w)
{
	const struct folder *inbox = inbox_of(&w->account->folders.list);
	struct bytes name = bytes_of_str(name_of(w->role.role));

	if (w->role.is_second_try || !inbox || !inbox->delimiter ||
	    !bytes_equal(w->role.path, name))
		return false;
	w->role.is_second_try = true;
	w->role.path = join(w->call.mem, inbox, name);
	return !bytes_is_null(w->role.path);
}

static void on_subscribed(void *ctx, const struct fault *fault)
{
	struct work *w = ctx;

	/* It is there; that it is not subscribed is nothing to fail for. */
	if (step_took(&w->step, fault && fault->err == ERR_NET ? fault : NULL))
		folders_refresh(w, on_listed_again);
}

static struct op *subscribe(struct step *s, struct mailstore *ms)
{
	struct work *w = s->owner;

	return mailstore_change_folder(ms, s->call, FOLDER_SUBSCRIBE, w->role.path, BYTES_NULL,
				       on_subscribed, w);
}

static bool is_refusal(const struct fault *fault)
{
	return fault && (fault->err == ERR_DENIED || fault->err == ERR_REFUSED ||
			 fault->err == ERR_INVALID || fault->err == ERR_UNSUPPORTED);
}

static void on_created(void *ctx, const struct fault *fault)
{
	struct work *w = ctx;
	bool again = is_refusal(fault) && try_below_inbox(w);

	live_folders_changed(w->account);
	/* Somebody else may just have made it. */
	if (again || (fault && fault->err == ERR_EXISTS))
		fault = NULL;
	if (step_took(&w->step, fault))
		step_run(&w->step, again ? create : subscribe);
}

static struct op *create(struct step *s, struct mailstore *ms)
{
	struct work *w = s->owner;

	return mailstore_change_folder(ms, s->call, FOLDER_CREATE, w->role.path, BYTES_NULL,
				       on_created, w);
}

static void on_listed(struct work *w, const struct folder_list *all)
{
	const struct folder *f = folder_list_by_role(all, w->role.role);

	if (f) {
		folders_tell(w, f);
		return;
	}
	if (folders_is_one(w->account)) {
		folders_fail_one(w, "There is no other folder here, and none can be made.");
		return;
	}
	w->role.path = folder_path_new(w->call.mem, w->account, all, NULL,
				       bytes_of_str(name_of(w->role.role)));
	if (!work_is_starved(w))
		step_run(&w->step, create);
}

void role_folder_ensure(struct work *w, enum folder_role role, folders_found_cb *then)
{
	const struct folders *known = &w->account->folders;
	const struct folder *f = folder_list_by_role(&known->list, role);

	w->role.role = role;
	w->role.is_second_try = false;
	w->folders.found = then;
	w->folders.may_be_missing = false;
	w->folders.name = bytes_of_str(folder_role_name(role));
	if (f && !known->is_stale)
		folders_tell(w, f);
	else
		folders_refresh(w, on_listed);
}
