/*
 * Watching: NOTIFY (RFC 5465) and IDLE (RFC 2177), else NOOP now and then. All that
 * the server says reaches the session's view first, which keeps the news; here is
 * when to ask, and when to tell.
 */
#include "base/clock.h"
#include "imap/watch.h"

#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

/* RFC 2177: a server may log out who idles for half an hour. */
#define IDLE_MAX_MS (24u * 60 * 1000)
#define POLL_MS     60000
/* A server that ends IDLE by itself so soon, so often, cannot do it. */
#define IDLE_CUT_MS  1000
#define IDLE_CUT_MAX 3

struct imap_mailbox *imap_watch_mailbox(const struct imap_watch *w)
{
	return &w->base.store->session->mailbox;
}

static uint64_t poll_ms(const struct imap_watch *w)
{
	uint64_t ms = w->base.rq.arg.watch.how.poll_ms;

	return ms ? ms : POLL_MS;
}

static void start_timer(struct imap_watch *w, struct loop_timer *t, uint64_t ms)
{
	struct fault f = fault_of(ERR_NOMEM);

	if (!loop_timer_start(w->base.store->loop, t, ms))
		imap_session_end(w->base.store->session, &f);
}

/* It watches: no question is open. */
static void calm_down(struct imap_watch *w, uint64_t pause_ms)
{
	w->is_watching = true;
	loop_timer_stop(w->base.store->loop, &w->base.deadline);
	start_timer(w, &w->pause, pause_ms);
}

/* --- what every command takes --------------------------------------------------------------- */

/* Of a message that is not told yet. */
static bool is_new(const struct imap_exchange *x, const struct imap_response *r)
{
	const struct imap_mailbox *m = &x->session->mailbox;

	return r->kind == IMAP_FETCH && imap_mailbox_uid_of(m, &r->fetch) >= m->news.uidnext;
}

static bool wants(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	switch ((int)r->kind) {
	case IMAP_FETCH:
	case IMAP_EXISTS:
	case IMAP_EXPUNGE:
	case IMAP_VANISHED:
	case IMAP_STATUS:
	case IMAP_LIST: return true;
	case IMAP_UNTAGGED: return r->text.code != IMAP_CODE_NONE;
	default: return false;
	}
}

static bool keeps(const struct imap_exchange *x, const struct imap_response *r)
{
	return is_new(x, r);
}

static void take_new(struct imap_watch *w, struct imap_exchange *x, const struct imap_fetch *f)
{
	/* Without memory for it, it is fetched. */
	if (x->mem && w->mem == x->mem)
		(void)imap_collected_add(&w->fresh, w->mem,
					 imap_mailbox_uid_of(&x->session->mailbox, f), f);
}

static void take(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_watch *w = x->detail;

	loop_task_start(w->base.store->loop, &w->tell);
	if (!r)
		w->base.fault = fault_with_text(ERR_TOO_BIG, "the new messages are too large");
	else if (is_new(x, r))
		take_new(w, x, &r->fetch);
	else if (r->kind == IMAP_STATUS && w->has_notify)
		imap_watch_take_status(w, &r->folder);
	else if (r->kind == IMAP_LIST && w->has_notify)
		w->has_folder_changes = true;
	else if (r->kind == IMAP_UNTAGGED && r->text.code == IMAP_CODE_NOTIFICATIONOVERFLOW)
		x->session->mailbox.news.is_lost = true;
}

struct imap_exchange *imap_watch_command(struct imap_watch *w, const char *words,
					 void (*done)(struct imap_exchange *x,
						      const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_op_command(&w->base, words, done);

	if (!x)
		return NULL;
	x->detail = w;
	x->wants = wants;
	x->keeps = keeps;
	x->take = take;
	x->mem = w->mem;
	return x;
}

void imap_watch_ask(struct imap_watch *w, struct imap_exchange *x)
{
	loop_timer_stop(w->base.store->loop, &w->pause);
	w->is_pausing = false;
	if (w->is_watching)
		start_timer(w, &w->base.deadline, w->base.store->session->limits.question_ms);
	if (x)
		imap_op_send(&w->base, x);
	/* Short of memory the session ends, which ends the operation. */
}

bool imap_watch_answered(struct imap_watch *w, const struct imap_reply *reply)
{
	(void)imap_op_answered(&w->base, reply);
	if (!w->base.fault.err)
		return true;
	imap_op_fail(&w->base, &w->base.fault);
	return false;
}

/* --- IDLE ---------------------------------------------------------------------------------------
 */

static void on_idling(struct imap_exchange *x, struct bytes text)
{
	struct imap_watch *w = x->detail;

	(void)text;
	calm_down(w, IDLE_MAX_MS);
}

/* It was left, refused, or ended by the server. */
static void on_idle_done(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_watch *w = x->detail;
	bool is_cut = !x->is_leaving && clock_monotonic_ms() - w->idle_since_ms < IDLE_CUT_MS;

	w->idle = NULL;
	if (!imap_watch_answered(w, NULL))
		return;
	w->idle_cuts = is_cut ? w->idle_cuts + 1 : 0;
	if (reply->status != IMAP_OK || w->idle_cuts >= IDLE_CUT_MAX)
		w->how = IMAP_WATCH_POLL;
	imap_watch_go_on(w);
}

static void idle(struct imap_watch *w)
{
	struct imap_exchange *x;

	if (w->how == IMAP_WATCH_NOTIFY)
		imap_watch_expect_new(w);
	x = imap_watch_command(w, "IDLE", on_idle_done);
	w->idle_since_ms = clock_monotonic_ms();

	if (x) {
		x->is_idle = true;
		x->on_continue = on_idling;
		w->idle = x;
	}
	imap_watch_ask(w, x);
	if (w->base.fault.err)
		w->idle = NULL; /* it was not sent */
}

static void leave_idle(struct imap_watch *w)
{
	imap_exchange_leave_idle(w->idle);
	loop_timer_stop(w->base.store->loop, &w->pause);
	if (w->is_watching)
		start_timer(w, &w->base.deadline, w->base.store->session->limits.question_ms);
}

/* --- NOOP ----------------------------------------------------------------------------------------
 */

static void on_noop(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_watch *w = x->detail;

	if (imap_watch_answered(w, reply))
		imap_watch_go_on(w);
}

static void noop(struct imap_watch *w)
{
	w->has_looked = w->has_looked || w->wants_look;
	w->wants_look = false;
	imap_watch_ask(w, imap_watch_command(w, "NOOP", on_noop));
}

static void on_pause(struct loop_timer *t)
{
	struct imap_watch *w = container_of(t, struct imap_watch, pause);

	if (w->idle)
		leave_idle(w);
	else
		noop(w);
}

/* --- what is next
 * ----------------------------------------------------------------------------------- */

static bool tell_looked(struct imap_watch *w)
{
	struct mail_event ev = { .kind = MAIL_EVENT_LOOKED,
				 .highestmodseq = imap_watch_mailbox(w)->highestmodseq };

	w->has_looked = false;
	return imap_watch_emit(w, &ev);
}

void imap_watch_go_on(struct imap_watch *w)
{
	struct imap_news *news = &imap_watch_mailbox(w)->news;

	if (!imap_watch_tell(w))
		return;
	if (news->has_grown && !w->is_over) {
		imap_watch_fetch_new(w);
		return;
	}
	if (w->has_looked && !w->wants_look && !w->is_over && !tell_looked(w))
		return;
	if (w->wants_look && !w->is_over) {
		noop(w);
	} else if (w->how != IMAP_WATCH_POLL) {
		idle(w);
	} else {
		w->is_pausing = true;
		calm_down(w, poll_ms(w));
	}
}

/* The turn in which something has come is at its end. */
static void on_tell(struct loop_task *t)
{
	struct imap_watch *w = container_of(t, struct imap_watch, tell);
	struct imap_news *news = &imap_watch_mailbox(w)->news;

	if (w->base.fault.err) {
		imap_op_fail(&w->base, &w->base.fault);
		return;
	}
	if (!imap_watch_tell(w) || !w->idle || w->is_over)
		return;
	if (news->has_grown && imap_watch_has_all_new(w)) {
		news->has_grown = false;
		if (!imap_watch_tell_new(w))
			return;
	}
	if ((news->has_grown || w->wants_look) && w->idle)
		leave_idle(w);
}

/* --- NOTIFY
 * ----------------------------------------------------------------------------------------- */

static void open_events(struct imap_command *c, const char *mailboxes)
{
	imap_command_open(c);
	imap_command_word(c, mailboxes);
	imap_command_open(c);
	imap_command_word(c, "MessageNew");
}

static void close_events(struct imap_command *c, bool has_names)
{
	imap_command_word(c, "MessageExpunge");
	imap_command_word(c, "FlagChange");
	if (has_names) {
		imap_command_word(c, "MailboxName");
		imap_command_word(c, "SubscriptionChange");
	}
	imap_command_close(c);
	imap_command_close(c);
}

static void on_notified(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_watch *w = x->detail;

	if (!imap_watch_answered(w, NULL))
		return;
	if (reply->status != IMAP_OK) {
		w->has_notify = false;
		w->how = IMAP_WATCH_IDLE;
	}
	imap_watch_go_on(w);
}

static void notify(struct imap_watch *w)
{
	struct imap_exchange *x = imap_watch_command(w, "NOTIFY", on_notified);

	w->has_notify = true;
	if (x) {
		imap_command_word(&x->command, "SET");
		imap_command_word(&x->command, "STATUS");
		open_events(&x->command, "selected");
		imap_fetch_items(x, w->base.rq.arg.watch.how.want | MAIL_FLAGS);
		close_events(&x->command, false);
		open_events(&x->command, "personal");
		close_events(&x->command, true);
	}
	imap_watch_ask(w, x);
}

/* As it is without NOTIFY ever having been given. NONE would be silence even at NOOP. */
static void leave_notify(struct imap_watch *w)
{
	struct imap_session *s = w->base.store->session;
	struct imap_exchange *x;

	if (!w->has_notify || !s || s->is_ended)
		return;
	x = imap_exchange_new(s, w->base.store, "NOTIFY");
	if (x) {
		imap_command_word(&x->command, "SET");
		open_events(&x->command, "selected-delayed");
		close_events(&x->command, false);
	}
	if (imap_exchange_send(x) == ERR_NOMEM)
		imap_session_end(s, &(struct fault){ .err = ERR_NOMEM });
}

/* --- the operation
 * ------------------------------------------------------------------------------------ */

static void begin_watching(struct imap_watch *w)
{
	const struct mail_watch *how = &w->base.rq.arg.watch.how;
	const struct imap_session *s = w->base.store->session;

	if (!how->must_poll && imap_session_can(s, IMAP_CAP_IDLE))
		w->how = IMAP_WATCH_IDLE;
	if (w->how == IMAP_WATCH_IDLE && how->all_folders && imap_session_can(s, IMAP_CAP_NOTIFY)) {
		w->how = IMAP_WATCH_NOTIFY;
		notify(w);
	} else {
		imap_watch_go_on(w);
	}
}

static void on_synced(struct imap_syncing *s)
{
	struct imap_watch *w = (struct imap_watch *)s->op;

	if (w->base.fault.err)
		imap_op_fail(&w->base, &w->base.fault);
	else
		begin_watching(w);
}

static void begin(struct imap_op *op)
{
	struct imap_watch *w = (struct imap_watch *)op;

	w->tell.run = on_tell;
	w->pause.fire = on_pause;
	if (imap_op_is_selected(op) && imap_same_path(imap_watch_mailbox(w)->path, op->rq.path) &&
	    imap_watch_mailbox(w)->news.is_on) {
		begin_watching(w);
		return;
	}
	w->syncing = (struct imap_syncing){ .op = op, .since = &w->nothing, .done = on_synced };
	imap_syncing_start(&w->syncing);
}

/* Look: the answer is MAIL_EVENT_LOOKED. */
static void resume(struct imap_op *op)
{
	struct imap_watch *w = (struct imap_watch *)op;

	w->wants_look = true;
	if (!op->is_running || !op->store->session || w->is_over)
		return;
	if (w->is_pausing)
		start_timer(w, &w->pause, 0);
	else if (w->idle)
		leave_idle(w);
}

static void cleanup(struct imap_op *op)
{
	struct imap_watch *w = (struct imap_watch *)op;

	if (w->freed)
		*w->freed = true;
	loop_task_stop(&w->tell);
	loop_timer_stop(op->store->loop, &w->pause);
	leave_notify(w);
	if (w->syncing.op)
		imap_syncing_done(&w->syncing);
	imap_watch_new_done(w);
	imap_watch_tell_done(w);
}

const struct imap_verb imap_verb_watch = {
	.size_bytes = sizeof(struct imap_watch),
	.begin = begin,
	.cleanup = cleanup,
	.resume = resume,
};
