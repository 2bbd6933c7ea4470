/*
 * All folders: LIST with everything in its RETURN options where the server has
 * LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819) and LIST-MYRIGHTS (RFC 8440),
 * which is one round trip; else LIST and LSUB, then STATUS for each and MYRIGHTS (RFC
 * 4314) for those of others, pipelined and bounded. Roles without SPECIAL-USE (RFC
 * 6154) come from XLIST: instead of LIST, or beside it where LIST can do more.
 */
#include "imap/listed.h"

/* Sent one by one, where LIST does not bring them. */
#define STATUSES_MAX 200
#define RIGHTS_MAX   200

struct list {
	struct imap_op base;
	struct imap_listed folders;
	bool is_extended, has_status, has_rights; /* LIST brings them along */
};

static struct list *list_of(const struct imap_exchange *x)
{
	return x->owner;
}

/* --- responses ---------------------------------------------------------------------- */

static void see_list(struct list *l, const struct imap_list *r)
{
	struct imap_listed_folder *f;

	if (imap_listed_is_no_folder(r))
		return;
	f = imap_listed_add(&l->folders, r->mailbox);
	if (!f || !imap_listed_fill(&l->folders, f, l->base.store, r))
		l->base.fault = fault_with_text(ERR_TOO_BIG, "there are too many folders");
}

static void see_role(struct list *l, const struct imap_list *r)
{
	struct imap_listed_folder *f = imap_listed_find(&l->folders, r->mailbox);

	if (f)
		imap_listed_see_role(f, r);
}

static void see_status(struct list *l, const struct imap_status_data *st)
{
	struct imap_listed_folder *f = imap_listed_find(&l->folders, st->mailbox);

	if (!f || !(st->has & IMAP_STATUS_MESSAGES))
		return;
	f->folder.has_counts = true;
	f->folder.total = st->messages;
	f->folder.unread = st->unseen;
	/* Of those marked \Deleted only the number is known (IMAP4rev2). */
	if (st->has & IMAP_STATUS_DELETED && st->deleted <= st->messages)
		f->folder.total -= st->deleted;
}

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_LIST || r->kind == IMAP_XLIST || r->kind == IMAP_LSUB ||
	       r->kind == IMAP_STATUS || r->kind == IMAP_MYRIGHTS;
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct list *l = list_of(x);
	struct imap_listed_folder *f;

	if (!r) {
		l->base.fault = fault_with_text(ERR_TOO_BIG, "there are too many folders");
	} else if (r->kind == IMAP_STATUS) {
		see_status(l, &r->folder);
	} else if (r->kind == IMAP_LSUB) {
		f = imap_listed_find(&l->folders, r->list.mailbox);
		if (f)
			f->folder.is_subscribed = true;
	} else if (r->kind == IMAP_MYRIGHTS) {
		f = imap_listed_find(&l->folders, r->rights.mailbox);
		if (f)
			imap_listed_set_rights(f, r->rights.rights);
	} else if (r->kind == IMAP_XLIST && l->is_extended) {
		see_role(l, &r->list);
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
	struct folder_list result = { ARENA_ARRAY(rq.call.mem, l->folders.count, struct folder),
				      l->folders.count };

	if (!result.at && !l->base.fault.err)
		l->base.fault = fault_of(ERR_NOMEM);
	if (l->base.fault.err) {
		imap_op_fail(&l->base, &l->base.fault);
		return;
	}
	for (size_t i = 0; i < l->folders.count; i++)
		result.at[i] = l->folders.at[i].folder;
	rq = imap_op_finish(&l->base);
	rq.cb.folders(rq.ctx, NULL, &result);
}

/* --- the second phase: what LIST does not bring, one by one ----------------------------- */

static void status_items(struct list *l, struct imap_command *c)
{
	imap_command_open(c);
	imap_command_word(c, "MESSAGES");
	imap_command_word(c, "UNSEEN");
	if (imap_session_is_rev2(l->base.store->session))
		imap_command_word(c, "DELETED");
	imap_command_close(c);
}

/* A folder that refuses STATUS has no counts; one that refuses MYRIGHTS keeps those
 * that are assumed. */
static void on_more(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct list *l = list_of(x);

	(void)reply;
	if (imap_op_answered(&l->base, NULL))
		finish(l);
}

static void ask_statuses(struct list *l)
{
	size_t asked = 0;

	for (size_t i = 0; i < l->folders.count && asked < STATUSES_MAX; i++) {
		const struct imap_listed_folder *f = &l->folders.at[i];
		struct imap_exchange *x;

		if (!f->folder.is_selectable || f->folder.has_counts)
			continue;
		asked++;
		x = command(l, "STATUS", on_more);
		if (x) {
			imap_command_mailbox_raw(&x->command, f->raw);
			status_items(l, &x->command);
		}
		imap_op_send(&l->base, x);
	}
}

/* With one's own folders one may do everything, almost always: not worth asking. */
static void ask_rights(struct list *l)
{
	size_t asked = 0;

	for (size_t i = 0; i < l->folders.count && asked < RIGHTS_MAX; i++) {
		const struct imap_listed_folder *f = &l->folders.at[i];
		struct imap_exchange *x;

		if (f->folder.name_space == FOLDER_PERSONAL || !f->folder.is_selectable)
			continue;
		asked++;
		x = command(l, "MYRIGHTS", on_more);
		if (x)
			imap_command_mailbox_raw(&x->command, f->raw);
		imap_op_send(&l->base, x);
	}
}

static void ask_more(struct list *l)
{
	if (!l->has_rights && imap_session_can(l->base.store->session, IMAP_CAP_ACL))
		ask_rights(l);
	if (!l->has_status)
		ask_statuses(l);
	if (!l->base.pending)
		finish(l);
}

/* --- the first phase: LIST ------------------------------------------------------------ */

static void on_listed(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct list *l = list_of(x);

	if (!imap_op_answered(&l->base, reply))
		return;
	if (l->base.fault.err)
		finish(l);
	else
		ask_more(l);
}

/* LSUB may be refused, and then nothing is known to be subscribed; XLIST, and then
 * roles are guessed from names. */
static void on_extra(struct imap_exchange *x, const struct imap_reply *reply)
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
	if (l->has_rights)
		imap_command_word(c, "MYRIGHTS");
	if (l->has_status) {
		imap_command_word(c, "STATUS");
		status_items(l, c);
	}
	imap_command_close(c);
}

static void send_list(struct list *l, const char *words, struct bytes prefix)
{
	struct imap_exchange *x = command(l, words, on_listed);

	if (x) {
		imap_command_string(&x->command, prefix);
		imap_command_string(&x->command, BYTES_LIT("*"));
		if (l->is_extended)
			return_options(l, &x->command);
	}
	imap_op_send(&l->base, x);
}

static void send_extra(struct list *l, const char *words)
{
	struct imap_exchange *x = command(l, words, on_extra);

	if (x) {
		imap_command_string(&x->command, BYTES_LIT(""));
		imap_command_string(&x->command, BYTES_LIT("*"));
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
	bool has_xlist =
		imap_session_can(s, IMAP_CAP_XLIST) && !imap_session_can(s, IMAP_CAP_SPECIAL_USE);
	const char *words = "LIST";

	l->folders.mem = op->rq.call.mem;
	l->is_extended = imap_session_can(s, IMAP_CAP_LIST_EXTENDED);
	l->has_status = l->is_extended && imap_session_can(s, IMAP_CAP_LIST_STATUS);
	l->has_rights = l->is_extended && imap_session_can(s, IMAP_CAP_LIST_MYRIGHTS);
	/* XLIST takes no options: Zimbra refuses it with them. */
	if (has_xlist && !l->is_extended)
		words = "XLIST";
	send_list(l, words, BYTES_LIT(""));
	if (op->store->has_namespaces) {
		send_foreign(l, words, &op->store->namespaces.other);
		send_foreign(l, words, &op->store->namespaces.shared);
	}
	if (has_xlist && l->is_extended)
		send_extra(l, "XLIST");
	if (!l->is_extended)
		send_extra(l, "LSUB");
	if (!op->pending)
		finish(l);
}

const struct imap_verb imap_verb_list = {
	.size_bytes = sizeof(struct list),
	.begin = begin,
};
