/*
 * Keeping up with a folder: what a conversation has not been told yet is what has
 * a higher MODSEQ than its view of the folder (fake_view).
 */
#include <stdlib.h>

#include "mailstore/fake_server.h"

static struct fake_folder *folder_of(struct fake_session *s)
{
	return &s->server->data.folders[s->view.folder];
}

void fake_view_set(struct fake_session *s, const struct fake_folder *f)
{
	s->view = (struct fake_view){ .is_valid = true,
				      .folder = (size_t)(f - s->server->data.folders),
				      .uidvalidity = f->uidvalidity,
				      .uidnext = f->uidnext,
				      .gone_modseq = f->modseq,
				      .flags_modseq = f->modseq };
}

/* UIDs that have gone since a MODSEQ; the caller is done with it. */
static void gone_since(const struct fake_folder *f, uint64_t modseq, uint32_t uidnext,
		       struct uid_set *ret)
{
	uid_set_init(ret, SIZE_MAX);
	for (size_t i = 0; i < f->gone_count; i++) {
		if (f->gone[i].modseq > modseq && f->gone[i].uid < uidnext &&
		    uid_set_add(ret, f->gone[i].uid, f->gone[i].uid) != ERR_OK)
			abort(); /* tests do not run out of memory */
	}
}

static struct mail_flags *flags_since(struct arena *mem, const struct fake_data *d,
				      const struct fake_folder *f, uint64_t modseq,
				      uint32_t uidnext, size_t *ret_count)
{
	struct mail_flags *flags = ARENA_ARRAY(mem, f->count, struct mail_flags);
	size_t n = 0;

	for (size_t i = 0; flags && i < f->count; i++) {
		const struct fake_message *m = &f->messages[i];

		if (m->modseq <= modseq || m->uid >= uidnext)
			continue;
		flags[n] = (struct mail_flags){ m->uid, d->has_modseqs ? m->modseq : 0, { 0 } };
		if (!keywords_copy(&m->keywords, mem, &flags[n++].keywords))
			flags = NULL;
	}
	*ret_count = n;
	return flags;
}

void fake_run_sync(struct fake_session *s, const struct mail_request *rq)
{
	const struct mail_baseline *since = &rq->arg.since;
	struct fake_data *d = &s->server->data;
	struct fake_folder *f = fake_data_find(d, rq->path);
	struct fault fault = fault_of(ERR_NOT_FOUND);
	struct mail_sync sync;
	struct uid_set gone;

	if (!f || !f->info.is_selectable) {
		mail_request_fail(rq, &fault);
		return;
	}
	sync = (struct mail_sync){ .uidvalidity = f->uidvalidity,
				   .uidnext = f->uidnext,
				   .highestmodseq = d->has_modseqs ? f->modseq : 0,
				   .is_whole = since->uidvalidity != f->uidvalidity ||
					       since->uidnext > f->uidnext ||
					       !since->highestmodseq || !d->has_modseqs,
				   .gone = &gone };
	sync.flags = flags_since(rq->call.mem, d, f, sync.is_whole ? 0 : since->highestmodseq,
				 UINT32_MAX, &sync.count);
	if (!sync.flags) {
		fault.err = ERR_NOMEM;
		mail_request_fail(rq, &fault);
		return;
	}
	gone_since(f, sync.is_whole ? f->modseq : since->highestmodseq, UINT32_MAX, &gone);
	fake_view_set(s, f);
	rq->cb.sync(rq->ctx, NULL, &sync);
	uid_set_done(&gone);
}

/* --- watching ----------------------------------------------------------------- */

static void emit(struct fake_op *op, const struct mail_event *ev)
{
	op->rq.arg.watch.on_event(op->rq.ctx, ev);
}

static bool tells_all_folders(const struct fake_op *op)
{
	return op->rq.arg.watch.how.all_folders && !op->rq.arg.watch.how.must_poll &&
	       op->session->server->caps.push == MAILSTORE_PUSH_NOTIFY;
}

static bool has_to_poll(const struct fake_op *op)
{
	return op->rq.arg.watch.how.must_poll ||
	       op->session->server->caps.push == MAILSTORE_PUSH_POLL;
}

static bool tell_gone(struct fake_op *op)
{
	struct fake_view *v = &op->session->view;
	const struct fake_folder *f = folder_of(op->session);
	struct mail_event ev = { .kind = MAIL_EVENT_GONE };
	struct uid_set gone;
	bool has_any;

	gone_since(f, v->gone_modseq, v->uidnext, &gone);
	v->gone_modseq = f->modseq;
	has_any = gone.count != 0;
	ev.gone = &gone;
	if (has_any)
		emit(op, &ev);
	uid_set_done(&gone);
	return has_any;
}

static bool tell_flags(struct fake_op *op, struct arena *mem)
{
	struct fake_view *v = &op->session->view;
	const struct fake_folder *f = folder_of(op->session);
	struct mail_event ev = { .kind = MAIL_EVENT_FLAGS };

	ev.flags = flags_since(mem, &op->session->server->data, f, v->flags_modseq, v->uidnext,
			       &ev.count);
	v->flags_modseq = f->modseq;
	if (ev.count)
		emit(op, &ev);
	return ev.count != 0;
}

static bool tell_new(struct fake_op *op, struct arena *mem)
{
	struct fake_view *v = &op->session->view;
	const struct fake_folder *f = folder_of(op->session);
	unsigned want = op->rq.arg.watch.how.want | MAIL_FLAGS;
	struct mail_item *items = ARENA_ARRAY(mem, f->count, struct mail_item);
	struct mail_event ev = { .kind = MAIL_EVENT_NEW, .items = items };

	for (size_t i = 0; items && i < f->count; i++) {
		if (f->messages[i].uid >= v->uidnext)
			items[ev.count++] = fake_item(mem, &op->session->server->data, f,
						      &f->messages[i], want);
	}
	v->uidnext = f->uidnext;
	if (ev.count)
		emit(op, &ev);
	return ev.count != 0;
}

static bool tell_other_folders(struct fake_op *op)
{
	struct fake_data *d = &op->session->server->data;
	struct mail_event ev = { .kind = MAIL_EVENT_STATUS };

	for (size_t i = 0; tells_all_folders(op) && i < d->count; i++) {
		struct fake_folder *f = &d->folders[i];
		struct folder_status st;

		if (i >= op->told_count || i == op->session->view.folder || !f->exists ||
		    !f->info.is_selectable || op->told[i] == f->modseq)
			continue;
		op->told[i] = f->modseq;
		st = fake_status(d, f, true);
		ev.path = f->info.path;
		ev.status = &st;
		emit(op, &ev);
		return true;
	}
	return false;
}

/* Folders made since then stand at the beginning, which need not be told. */
static void see_folders(struct fake_op *op)
{
	struct fake_data *d = &op->session->server->data;
	uint64_t *told = realloc(op->told, (d->count + 1) * sizeof(*told));

	if (!told)
		abort();
	for (size_t i = op->told_count; i < d->count; i++)
		told[i] = op->told ? d->folders[i].modseq : 0;
	op->told = told;
	op->told_count = d->count;
	op->folders_version = d->folders_version;
}

static bool tell_folders(struct fake_op *op)
{
	if (!tells_all_folders(op) ||
	    op->folders_version == op->session->server->data.folders_version)
		return false;
	see_folders(op);
	emit(op, &(struct mail_event){ .kind = MAIL_EVENT_FOLDERS });
	return true;
}

static bool tell_lost(struct fake_op *op)
{
	struct fake_session *s = op->session;

	if (!op->is_lost && s->view.uidvalidity == folder_of(s)->uidvalidity)
		return false;
	op->is_lost = false;
	op->is_over = true;
	fake_view_set(s, folder_of(s));
	emit(op, &(struct mail_event){ .kind = MAIL_EVENT_LOST });
	return true;
}

/* Tells one thing; false when all is told. The operation may be gone after it. */
static bool tell_next(struct fake_op *op)
{
	struct arena *mem = arena_new(FAKE_MEM_MAX);
	bool told = tell_lost(op) || tell_gone(op) || tell_flags(op, mem) || tell_new(op, mem) ||
		    tell_folders(op) || tell_other_folders(op);

	arena_free(mem);
	return told;
}

void fake_watch_step(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct fault deleted = fault_with_text(ERR_NET, "the folder was deleted");
	struct mail_event looked = { .kind = MAIL_EVENT_LOOKED };
	bool may_tell = !op->is_over && (op->is_looking || op->is_due ||
					 (!has_to_poll(op) && !s->server->is_silent));
	bool freed = false;

	if (!folder_of(s)->exists) {
		fake_session_end(s, &deleted);
		return;
	}
	op->freed = &freed;
	while (may_tell && !freed && tell_next(op))
		continue;
	if (freed)
		return;
	op->freed = NULL;
	op->is_due = false;
	if (op->is_looking && !op->is_over) {
		op->is_looking = false;
		looked.highestmodseq = s->server->data.has_modseqs ? folder_of(s)->modseq : 0;
		emit(op, &looked);
	}
}

static void on_poll(struct loop_timer *t)
{
	struct fake_op *op = (struct fake_op *)((char *)t - offsetof(struct fake_op, poll));
	struct loop *l = op->session->server->loop;

	op->is_due = true;
	if (!loop_timer_start(l, &op->poll, op->rq.arg.watch.how.poll_ms))
		abort();
	fake_session_kick(op->session);
}

void fake_watch_begin(struct fake_op *op)
{
	struct fake_session *s = op->session;
	struct fake_folder *f = fake_data_find(&s->server->data, op->rq.path);

	if (!s->view.is_valid || folder_of(s) != f)
		fake_view_set(s, f);
	see_folders(op);
	op->is_watching = true;
	loop_timer_stop(s->server->loop, &op->deadline);
	op->poll.fire = on_poll;
	if (has_to_poll(op) &&
	    !loop_timer_start(s->server->loop, &op->poll, op->rq.arg.watch.how.poll_ms))
		abort();
	fake_watch_step(op);
}

void fake_watch_look(struct fake_op *op)
{
	op->is_looking = true;
	if (op->is_watching)
		fake_session_kick(op->session);
}

/* --- script ------------------------------------------------------------------- */

void fake_server_changed(struct fake_server *s)
{
	for (struct fake_session *se = s->sessions; se; se = se->next) {
		if (se->first && se->first->is_watching)
			fake_session_kick(se);
	}
}

void fake_set_silent(struct fake_server *s, bool is_silent)
{
	s->is_silent = is_silent;
	fake_server_changed(s);
}

void fake_overflow(struct fake_server *s)
{
	for (struct fake_session *se = s->sessions; se; se = se->next) {
		if (se->first && se->first->is_watching)
			se->first->is_lost = true;
	}
	fake_server_changed(s);
}

unsigned fake_watching(const struct fake_server *s)
{
	unsigned n = 0;

	for (const struct fake_session *se = s->sessions; se; se = se->next)
		n += se->first && se->first->is_watching;
	return n;
}
