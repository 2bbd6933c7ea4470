/* Creating, renaming, moving, subscribing and deleting folders. */
#include "account/edit.h"

struct editing {
	struct work work;
	struct bytes text; /* the folder, or the name of a new one */
	struct bytes parent_text;
	struct folder_edit edit;

	const struct folder_list *all; /* as it was before */
	const struct folder *folder;   /* of `all`; NULL: a new one */
	struct bytes path;             /* where it is in the end */
	struct folder_id previous;
	struct fan fan;
	struct bytes *follow; /* paths whose subscription has to follow a rename */
	size_t follow_count;
	const struct folder *result;

	account_folder_cb *created_cb; /* one of the three */
	account_edited_cb *edited_cb;
	mailstore_done_cb *deleted_cb;
	void *ctx;
};

static void report(struct work *w, const struct fault *fault)
{
	struct editing *o = (struct editing *)w;
	const struct folder *f = fault ? NULL : o->result;

	if (o->created_cb)
		o->created_cb(o->ctx, fault, f);
	else if (o->edited_cb)
		o->edited_cb(o->ctx, fault, f, fault ? NULL : &o->previous);
	else
		o->deleted_cb(o->ctx, fault);
}

static void stop(struct work *w)
{
	struct editing *o = (struct editing *)w;

	fan_stop(&o->fan);
}

static void failed(struct step *s, const struct fault *fault)
{
	struct editing *o = s->owner;
	struct fault told = edit_fault(o->work.account, fault);

	work_end(&o->work, &told);
}

static struct editing *editing_new(struct account *a, struct call call, struct bytes text,
				   void *ctx)
{
	struct editing *o = work_new(a, call, sizeof *o, report);

	if (!o)
		return NULL;
	o->ctx = ctx;
	o->text = text;
	o->work.stop = stop;
	o->work.step.failed = failed;
	return o;
}

/* --- the end: the folder as the server shows it now ------------------- */

static void on_listed_after(struct work *w, const struct folder_list *all)
{
	struct editing *o = (struct editing *)w;

	o->result = folder_list_by_path(all, o->path);
	if (o->result)
		work_end(w, NULL);
	else
		work_fail_code(w, ERR_NOT_FOUND, "folder-not-found");
}

static void show(struct editing *o)
{
	folders_refresh(&o->work, on_listed_after);
}

/* --- subscribing ------------------------------------------------------ */

static void on_subscribed(void *ctx, const struct fault *fault)
{
	struct editing *o = ctx;
	bool is_extra = o->created_cb && fault && fault->err != ERR_NET;

	live_folders_changed(o->work.account);
	/* A new folder that is not subscribed is a folder all the same. */
	if (step_took(&o->work.step, is_extra ? NULL : fault))
		show(o);
}

static struct op *subscribe(struct step *s, struct mailstore *ms)
{
	struct editing *o = s->owner;

	return mailstore_change_folder(
		ms, s->call, o->edit.is_subscribed ? FOLDER_SUBSCRIBE : FOLDER_UNSUBSCRIBE, o->path,
		BYTES_NULL, on_subscribed, o);
}

/* --- subscriptions that have to follow -------------------------------- */

static void after_subscriptions(struct editing *o)
{
	if (o->deleted_cb)
		work_end(&o->work, NULL);
	else if (o->edit.set_subscribed && o->edit.is_subscribed != o->folder->is_subscribed)
		step_run(&o->work.step, subscribe);
	else
		show(o);
}

/* A subscription that could not be changed is nothing to fail for. */
static void on_subscription(void *ctx, const struct fault *fault)
{
	struct fan_item *item = ctx;
	struct editing *o = item->fan->owner;

	(void)fault;
	if (fan_took(item))
		after_subscriptions(o);
}

/* Old names first, then the new ones: 2n commands. */
static struct op *follow_one(struct fan_item *item, struct mailstore *ms)
{
	struct editing *o = item->fan->owner;
	size_t i = item->index / 2;
	struct bytes old = o->follow[i];
	struct bytes rest = o->folder ? bytes_skip(old, o->folder->path.len) : BYTES_NULL;
	char *path;

	if (item->index % 2 == 0)
		return mailstore_change_folder(ms, o->work.call, FOLDER_UNSUBSCRIBE, old,
					       BYTES_NULL, on_subscription, item);
	if (o->deleted_cb)
		return NULL;
	path = arena_printf(o->work.call.mem, "%.*s%.*s", BYTES_FMT(o->path), BYTES_FMT(rest));
	if (!path)
		return NULL;
	return mailstore_change_folder(ms, o->work.call, FOLDER_SUBSCRIBE, bytes_of_str(path),
				       BYTES_NULL, on_subscription, item);
}

static bool is_at_or_below(const struct folder *f, const struct folder *top)
{
	return folder_path_equal(f->path, top->path) ||
	       (f->path.len > top->path.len && top->delimiter &&
		f->path.at[top->path.len] == (uint8_t)top->delimiter &&
		bytes_equal(bytes_first(f->path, top->path.len), top->path));
}

/* Servers keep subscriptions by name: they neither follow a rename nor end with the
 * folder (RFC 9051 §6.3.5, §6.3.6). */
static void follow(struct editing *o)
{
	o->follow = ARENA_ARRAY(o->work.call.mem, o->all->count, struct bytes);
	for (size_t i = 0; o->follow && i < o->all->count; i++)
		if (o->all->at[i].is_subscribed && is_at_or_below(&o->all->at[i], o->folder))
			o->follow[o->follow_count++] = o->all->at[i].path;
	if (work_is_starved(&o->work))
		return;
	if (!o->follow_count ||
	    !fan_run(&o->fan, &o->work.step, 2 * o->follow_count, follow_one, o))
		after_subscriptions(o);
}

/* --- create ----------------------------------------------------------- */

static void on_created(void *ctx, const struct fault *fault)
{
	struct editing *o = ctx;

	live_folders_changed(o->work.account);
	if (!step_took(&o->work.step, fault))
		return;
	o->edit.is_subscribed = true;
	step_run(&o->work.step, subscribe);
}

static struct op *create(struct step *s, struct mailstore *ms)
{
	struct editing *o = s->owner;

	return mailstore_change_folder(ms, s->call, FOLDER_CREATE, o->path, BYTES_NULL, on_created,
				       o);
}

/* The folder in `all` that a client's text means. */
static const struct folder *find(const struct editing *o, struct bytes text)
{
	struct folder f;

	if (!folders_find(o->work.account, o->all, text, &f))
		return NULL;
	return folder_list_by_id(o->all, &f.id);
}

/* Settles o->path for this name below this parent (NULL: at the top); false when the
 * work has been ended. */
static bool place(struct editing *o, const struct folder *parent, struct bytes name)
{
	const struct folder *taken;

	if (!edit_name_is_valid(name, edit_delimiter(o->work.account, o->all, parent))) {
		edit_refuse(&o->work, ERR_INVALID, "invalid-folder-name", NULL);
		return false;
	}
	if (parent && !parent->delimiter) {
		edit_refuse(&o->work, ERR_UNSUPPORTED, "not-supported", NULL);
		return false;
	}
	o->path = folder_path_new(o->work.call.mem, o->work.account, o->all, parent, name);
	if (work_is_starved(&o->work))
		return false;
	taken = folder_list_by_path(o->all, o->path);
	if (taken && taken != o->folder && (taken->is_selectable || o->folder)) {
		edit_refuse(&o->work, ERR_EXISTS, "folder-exists", NULL);
		return false;
	}
	return true;
}

static void on_listed_for_create(struct work *w, const struct folder_list *all)
{
	struct editing *o = (struct editing *)w;
	const struct folder *parent = NULL;

	o->all = all;
	if (!bytes_is_null(o->parent_text)) {
		parent = find(o, o->parent_text);
		if (!parent) {
			folders_fail_missing(w, o->parent_text);
			return;
		}
	}
	if (place(o, parent, o->text))
		step_run_once(&w->step, create);
}

struct op *account_create_folder(struct account *a, struct call call, struct bytes name,
				 struct bytes parent, account_folder_cb *cb, void *ctx)
{
	struct editing *o = editing_new(a, call, name, ctx);

	if (!o)
		return NULL;
	o->created_cb = cb;
	o->parent_text = parent;
	folders_refresh(&o->work, on_listed_for_create);
	return &o->work.op;
}

/* --- rename, move, subscribe ------------------------------------------ */

static void on_renamed(void *ctx, const struct fault *fault)
{
	struct editing *o = ctx;

	live_folders_changed(o->work.account);
	if (step_took(&o->work.step, fault))
		follow(o);
}

static struct op *rename_folder(struct step *s, struct mailstore *ms)
{
	struct editing *o = s->owner;

	return mailstore_change_folder(ms, s->call, FOLDER_RENAME, o->folder->path, o->path,
				       on_renamed, o);
}

/* The new parent: NULL for the top; false when the work has been ended. */
static bool find_parent(struct editing *o, const struct folder **ret)
{
	const struct folder *parent = NULL;

	if (!o->edit.set_parent) {
		*ret = folder_list_by_id(o->all, &o->folder->parent);
		return true;
	}
	if (!bytes_is_null(o->edit.parent)) {
		parent = find(o, o->edit.parent);
		if (!parent) {
			folders_fail_missing(&o->work, o->edit.parent);
			return false;
		}
		if (is_at_or_below(parent, o->folder)) {
			edit_refuse(&o->work, ERR_INVALID, "invalid-folder-name",
				    "A folder cannot be moved into itself or a folder inside it.");
			return false;
		}
	}
	*ret = parent;
	return true;
}

static bool is_inbox(const struct folder *f)
{
	return bytes_equal_str_nocase(f->path, "INBOX");
}

static bool settle_path(struct editing *o)
{
	const struct folder *parent;
	bool moves = !bytes_is_null(o->edit.name) || o->edit.set_parent;

	o->path = o->folder->path;
	o->previous = o->folder->id;
	if (!moves)
		return true;
	if (is_inbox(o->folder)) {
		edit_refuse(&o->work, ERR_CONFLICT, "folder-protected", NULL);
		return false;
	}
	return find_parent(o, &parent) &&
	       place(o, parent, bytes_is_null(o->edit.name) ? o->folder->name : o->edit.name);
}

static void on_listed_for_edit(struct work *w, const struct folder_list *all)
{
	struct editing *o = (struct editing *)w;

	o->all = all;
	o->folder = find(o, o->text);
	if (!o->folder) {
		folders_fail_missing(w, o->text);
		return;
	}
	if (!settle_path(o))
		return;
	if (!bytes_equal(o->path, o->folder->path)) {
		live_renaming(w->account, o->folder->path, o->path, o->folder->delimiter);
		step_run_once(&w->step, rename_folder);
	} else if (o->edit.set_subscribed && o->edit.is_subscribed != o->folder->is_subscribed) {
		step_run(&w->step, subscribe);
	} else {
		show(o);
	}
}

struct op *account_edit_folder(struct account *a, struct call call, struct bytes folder,
			       const struct folder_edit *edit, account_edited_cb *cb, void *ctx)
{
	struct editing *o = editing_new(a, call, folder, ctx);

	if (!o)
		return NULL;
	o->edited_cb = cb;
	o->edit = *edit;
	folders_refresh(&o->work, on_listed_for_edit);
	return &o->work.op;
}

/* --- delete ----------------------------------------------------------- */

static void on_deleted(void *ctx, const struct fault *fault)
{
	struct editing *o = ctx;

	live_folders_changed(o->work.account);
	if (!step_took(&o->work.step, fault))
		return;
	o->work.account->folders.is_stale = true;
	follow(o);
}

static struct op *delete_folder(struct step *s, struct mailstore *ms)
{
	struct editing *o = s->owner;

	return mailstore_change_folder(ms, s->call, FOLDER_DELETE, o->folder->path, BYTES_NULL,
				       on_deleted, o);
}

static void on_listed_for_delete(struct work *w, const struct folder_list *all)
{
	struct editing *o = (struct editing *)w;

	o->all = all;
	o->folder = find(o, o->text);
	if (!o->folder)
		folders_fail_missing(w, o->text);
	else if (is_inbox(o->folder))
		edit_refuse(w, ERR_CONFLICT, "folder-protected", NULL);
	else if (o->folder->has_children)
		edit_refuse(w, ERR_CONFLICT, "folder-not-empty", NULL);
	else
		step_run_once(&w->step, delete_folder);
}

struct op *account_delete_folder(struct account *a, struct call call, struct bytes folder,
				 mailstore_done_cb *cb, void *ctx)
{
	struct editing *o = editing_new(a, call, folder, ctx);

	if (!o)
		return NULL;
	o->deleted_cb = cb;
	folders_refresh(&o->work, on_listed_for_delete);
	return &o->work.op;
}
