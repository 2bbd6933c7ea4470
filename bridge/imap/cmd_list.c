/*
 * All folders: LIST with everything in its RETURN options where the server has
 * LIST-EXTENDED (RFC 5258) and LIST-STATUS (RFC 5819), which is one round trip;
 * else LIST (or XLIST) and LSUB, then STATUS for each, pipelined and bounded.
 */
#include "imap/store.h"
#include "imap/utf7.h"

#define FOLDERS_MAX  20000
#define STATUSES_MAX 200 /* sent one by one, where LIST does not bring them */

struct entry {
	struct folder folder;
	struct bytes raw; /* as the server names it */
};

struct list {
	struct imap_op base;
	struct entry *entries; /* in call.mem */
	size_t count, cap;
	bool asks_status; /* the second phase has begun */
	bool is_extended, has_status;
};

static struct list *list_of(const struct imap_exchange *x)
{
	return x->owner;
}

/* --- entries ------------------------------------------------------------------------ */

static struct entry *find(struct list *l, struct bytes raw)
{
	/* STATUS mostly follows its LIST at once. */
	if (l->count && bytes_equal(l->entries[l->count - 1].raw, raw))
		return &l->entries[l->count - 1];
	for (size_t i = 0; i < l->count; i++) {
		if (imap_same_path(l->entries[i].raw, raw))
			return &l->entries[i];
	}
	return NULL;
}

static struct entry *add(struct list *l)
{
	struct arena *mem = l->base.rq.call.mem;
	size_t cap = l->cap ? l->cap * 2 : 32;
	struct entry *grown;

	if (l->count == FOLDERS_MAX)
		return NULL;
	if (l->count == l->cap) {
		grown = ARENA_ARRAY(mem, cap, struct entry);
		if (!grown)
			return NULL;
		if (l->count)
			memcpy(grown, l->entries, l->count * sizeof(*grown));
		l->entries = grown;
		l->cap = cap;
	}
	return &l->entries[l->count++];
}

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

static struct bytes last_component(struct bytes path, char delimiter)
{
	size_t at = path.len;

	while (delimiter && at && path.at[at - 1] != (uint8_t)delimiter)
		at--;
	return delimiter ? bytes_skip(path, at) : path;
}

static bool is_in(const struct imap_namespace_list *l, struct bytes raw)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->at[i].prefix.len && bytes_starts_with(raw, l->at[i].prefix))
			return true;
	}
	return false;
}

static enum folder_namespace namespace_of(const struct imap_store *st, struct bytes raw)
{
	if (!st->has_namespaces || is_in(&st->namespaces.personal, raw))
		return FOLDER_PERSONAL;
	if (is_in(&st->namespaces.other, raw))
		return FOLDER_OTHER_USERS;
	return is_in(&st->namespaces.shared, raw) ? FOLDER_SHARED : FOLDER_PERSONAL;
}

static const struct folder_rights all_rights = { true, true, true, true, true,
						 true, true, true, true };

static void fill(struct list *l, struct entry *e, const struct imap_list *r)
{
	const struct imap_session *s = l->base.store->session;
	struct folder *f = &e->folder;

	e->raw = r->mailbox;
	f->path = r->mailbox;
	if (!s->encoding.is_utf8)
		(void)imap_utf7_decode(l->base.rq.call.mem, r->mailbox, &f->path);
	if (imap_same_path(f->path, BYTES_LIT("INBOX"))) {
		f->path = BYTES_LIT("INBOX");
		f->role = FOLDER_ROLE_INBOX;
	} else {
		f->role = role_of(r->attributes);
	}
	f->delimiter = r->delimiter;
	f->name = last_component(f->path, r->delimiter);
	f->name_space = namespace_of(l->base.store, r->mailbox);
	f->is_selectable = !(r->attributes & IMAP_LIST_NOSELECT);
	f->is_subscribed = f->is_subscribed || r->attributes & IMAP_LIST_SUBSCRIBED;
	f->has_children = r->attributes & IMAP_LIST_HASCHILDREN;
	f->rights = all_rights;
	f->rights.create_child = !(r->attributes & IMAP_LIST_NOINFERIORS) && r->delimiter;
	f->rights.rename = f->rights.delete = f->role != FOLDER_ROLE_INBOX;
}

/* A prefix that is no folder ("Shared/"), or a name that cannot be shown. */
static bool is_to_be_left_out(const struct imap_list *r)
{
	return !r->mailbox.len || !bytes_is_utf8(r->mailbox) ||
	       r->mailbox.at[r->mailbox.len - 1] == (uint8_t)r->delimiter;
}

static void see_list(struct list *l, const struct imap_list *r)
{
	struct entry *e;

	if (is_to_be_left_out(r))
		return;
	e = find(l, r->mailbox);
	if (!e)
		e = add(l);
	if (e)
		fill(l, e, r);
	else
		l->base.fault = fault_with_text(ERR_TOO_BIG, "there are too many folders");
}

static void see_status(struct list *l, const struct imap_status_data *st)
{
	struct entry *e = find(l, st->mailbox);

	if (!e || !(st->has & IMAP_STATUS_MESSAGES))
		return;
	e->folder.has_counts = true;
	e->folder.total = st->messages;
	e->folder.unread = st->unseen;
	/* Of those marked \Deleted only the number is known (IMAP4rev2). */
	if (st->has & IMAP_STATUS_DELETED && st->deleted <= st->messages)
		e->folder.total -= st->deleted;
}

/* --- responses ---------------------------------------------------------------------- */

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_LIST || r->kind == IMAP_XLIST || r->kind == IMAP_LSUB ||
	       r->kind == IMAP_STATUS;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct list *l = list_of(x);
	struct entry *e;

	if (!r) {
		l->base.fault = fault_with_text(ERR_TOO_BIG, "there are too many folders");
	} else if (r->kind == IMAP_STATUS) {
		see_status(l, &r->folder);
	} else if (r->kind == IMAP_LSUB) {
		e = find(l, r->list.mailbox);
		if (e)
			e->folder.is_subscribed = true;
	} else {
		see_list(l, &r->list);
	}
}

static struct imap_exchange *command(struct list *l, const char *words,
				     void (*done)(struct imap_exchange *x,
						  const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_op_command(&l->base, words, done);

	if (x) {
		x->mem = l->base.rq.call.mem;
		x->wants = wants;
		x->take = take;
	}
	return x;
}

static void finish(struct list *l)
{
	struct mail_request rq = l->base.rq;
	struct folder_list result = { ARENA_ARRAY(rq.call.mem, l->count, struct folder), l->count };

	if (!result.at && !l->base.fault.err)
		l->base.fault = fault_of(ERR_NOMEM);
	if (l->base.fault.err) {
		imap_op_fail(&l->base, &l->base.fault);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		result.at[i] = l->entries[i].folder;
	rq = imap_op_finish(&l->base);
	rq.cb.folders(rq.ctx, NULL, &result);
}

/* --- the second phase: STATUS one by one ---------------------------------------------- */

static void status_items(struct list *l, struct imap_command *c)
{
	imap_command_open(c);
	imap_command_word(c, "MESSAGES");
	imap_command_word(c, "UNSEEN");
	if (imap_session_can(l->base.store->session, IMAP_CAP_IMAP4REV2))
		imap_command_word(c, "DELETED");
	imap_command_close(c);
}

/* A folder that refuses STATUS just has no counts. */
static void on_status(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct list *l = list_of(x);

	(void)reply;
	if (imap_op_answered(&l->base, NULL))
		finish(l);
}

static void ask_statuses(struct list *l)
{
	size_t asked = 0;

	l->asks_status = true;
	for (size_t i = 0; i < l->count && asked < STATUSES_MAX; i++) {
		struct imap_exchange *x;

		if (!l->entries[i].folder.is_selectable || l->entries[i].folder.has_counts)
			continue;
		asked++;
		x = command(l, "STATUS", on_status);
		if (x) {
			imap_command_mailbox_raw(&x->command, l->entries[i].raw);
			status_items(l, &x->command);
		}
		imap_op_send(&l->base, x);
	}
	if (!l->base.pending)
		finish(l);
}

/* --- the first phase: LIST ------------------------------------------------------------ */

static void on_listed(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct list *l = list_of(x);

	if (!imap_op_answered(&l->base, reply))
		return;
	if (l->base.fault.err || l->has_status)
		finish(l);
	else
		ask_statuses(l);
}

/* LSUB may be refused, and then nothing is known to be subscribed. */
static void on_subscribed(struct imap_exchange *x, const struct imap_reply *reply)
{
	(void)reply;
	on_listed(x, &(struct imap_reply){ .status = IMAP_OK });
}

static void return_options(struct list *l, struct imap_command *c)
{
	const struct imap_session *s = l->base.store->session;

	imap_command_word(c, "RETURN");
	imap_command_open(c);
	imap_command_word(c, "SUBSCRIBED");
	imap_command_word(c, "CHILDREN");
	if (imap_session_can(s, IMAP_CAP_SPECIAL_USE))
		imap_command_word(c, "SPECIAL-USE");
	if (l->has_status) {
		imap_command_word(c, "STATUS");
		status_items(l, c);
	}
	imap_command_close(c);
}

static void send_list(struct list *l, const char *words, struct bytes prefix)
{
	bool is_lsub = !strcmp(words, "LSUB");
	struct imap_exchange *x = command(l, words, is_lsub ? on_subscribed : on_listed);

	if (x) {
		imap_command_string(&x->command, prefix);
		imap_command_string(&x->command, BYTES_LIT("*"));
		if (l->is_extended && !is_lsub)
			return_options(l, &x->command);
	}
	imap_op_send(&l->base, x);
}

/* "*" does not reach into the namespaces of others on every server. */
static void send_foreign(struct list *l, const char *words,
			 const struct imap_namespace_list *spaces)
{
	for (size_t i = 0; i < spaces->count && i < 8; i++) {
		if (spaces->at[i].prefix.len)
			send_list(l, words, spaces->at[i].prefix);
	}
}

static void begin(struct imap_op *op)
{
	struct list *l = (struct list *)op;
	const struct imap_session *s = op->store->session;
	const char *words = "LIST";

	l->is_extended = imap_session_can(s, IMAP_CAP_LIST_EXTENDED);
	l->has_status = l->is_extended && imap_session_can(s, IMAP_CAP_LIST_STATUS);
	if (imap_session_can(s, IMAP_CAP_XLIST) && !imap_session_can(s, IMAP_CAP_SPECIAL_USE))
		words = "XLIST";
	send_list(l, words, BYTES_LIT(""));
	if (op->store->has_namespaces) {
		send_foreign(l, words, &op->store->namespaces.other);
		send_foreign(l, words, &op->store->namespaces.shared);
	}
	if (!l->is_extended)
		send_list(l, "LSUB", BYTES_LIT(""));
	if (!op->pending)
		finish(l);
}

const struct imap_verb imap_verb_list = {
	.size_bytes = sizeof(struct list),
	.begin = begin,
};
