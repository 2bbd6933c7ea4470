/*
 * In steps, each a function that ends with a command or with the next one:
 * ENABLE, SELECT, changes, presence, missing, finish. Answers to FETCH are not
 * looked for: the session's view collects all flags that it sees.
 *
 * The folder is selected anew though it may be selected already: nothing else
 * reveals another UIDVALIDITY, and with QRESYNC it is the only command needed.
 */
#include "imap/syncing.h"

#include <stdlib.h>

/* Messages whose flags are asked for at a time. */
#define CHUNK 10000
/* After so many the server is not believed what it says by SEARCH. */
#define ROUNDS_MAX 3
/* More missing messages than this: all flags are cheaper. */
#define MISSING_MAX 500

static void end(struct imap_syncing *s)
{
	imap_news_done(&imap_syncing_mailbox(s)->news);
	s->done(s);
}

static void fail_with(struct imap_syncing *s, enum err e, const char *text)
{
	s->op->fault = fault_with_text(e, text);
	end(s);
}

/* Sends a command of the engine, whose answer goes to x->done. */
static void ask(struct imap_syncing *s, struct imap_exchange *x)
{
	if (x)
		x->detail = s;
	imap_op_send(s->op, x);
	if (s->op->fault.err)
		end(s);
}

/* True when all is well with the answer; else it has ended. */
static bool is_answered(struct imap_syncing *s, const struct imap_reply *reply)
{
	(void)imap_op_answered(s->op, reply);
	if (!s->op->fault.err)
		return true;
	end(s);
	return false;
}

/* --- the result ----------------------------------------------------------------------- */

/* Behind the last message that is known; what comes later has a larger UID. */
static uint32_t first_untold(const struct imap_syncing *s)
{
	const struct imap_msgmap *map = &imap_syncing_mailbox(s)->map;
	size_t i = map->len;
	uint32_t last;

	while (i && !imap_msgmap_slot(map, i - 1))
		i--;
	last = i ? imap_msgmap_slot(map, i - 1) : 0;
	if (last && last >= s->select_uidnext)
		return last < UINT32_MAX ? last + 1 : UINT32_MAX;
	return s->select_uidnext ? s->select_uidnext : 1;
}

/* Of what was seen, what is there. */
static bool keep_flags(struct imap_syncing *s, const struct imap_news_batch *b)
{
	const struct imap_msgmap *map = &imap_syncing_mailbox(s)->map;

	s->flags = ARENA_ARRAY(s->op->rq.call.mem, b->flag_count, struct mail_flags);
	if (!s->flags)
		return false;
	for (size_t i = 0; i < b->flag_count; i++) {
		if (imap_syncing_has(map, b->flags[i].uid))
			s->flags[s->count++] = b->flags[i];
	}
	return true;
}

static void finish(struct imap_syncing *s)
{
	struct imap_mailbox *m = imap_syncing_mailbox(s);
	struct imap_news_batch b = imap_news_take(&m->news);
	bool is_kept = keep_flags(s, &b);

	imap_news_batch_done(&b);
	if (!is_kept || m->news.is_lost || arena_failed(s->op->rq.call.mem)) {
		fail_with(s, ERR_TOO_BIG, "the folder is too large or changes too fast");
		return;
	}
	s->uidvalidity = m->uidvalidity;
	s->uidnext = first_untold(s);
	imap_news_go_on(&m->news, s->uidnext);
	m->news.has_grown =
		m->map.exists && imap_msgmap_uid(&m->map, (struct imap_seq){ m->map.exists }) == 0;
	s->done(s);
}

/* --- the flags of all ------------------------------------------------------------------- */

static void fetch_whole(struct imap_syncing *s);

static void on_chunk(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	if (!is_answered(s, reply))
		return;
	if (s->next < s->present.count)
		fetch_whole(s);
	else
		finish(s);
}

static void add_flags_item(struct imap_exchange *x)
{
	imap_command_open(&x->command);
	imap_command_word(&x->command, "UID");
	imap_command_word(&x->command, "FLAGS");
	if (x->session->mailbox.highestmodseq)
		imap_command_word(&x->command, "MODSEQ");
	imap_command_close(&x->command);
}

/* The next piece; all at once where no search has said what there is. */
static void fetch_whole(struct imap_syncing *s)
{
	struct imap_exchange *x = imap_op_command(s->op, "UID FETCH", on_chunk);
	struct imap_range all = { 1, UINT32_MAX };

	if (s->present.count) {
		size_t last =
			s->next + CHUNK < s->present.count ? s->next + CHUNK : s->present.count;

		all = (struct imap_range){ s->present.at[s->next], s->present.at[last - 1] };
		s->next = last;
	}
	if (x) {
		imap_command_set(&x->command, &(struct imap_set){ &all, 1 });
		add_flags_item(x);
	}
	ask(s, x);
}

/* --- what is there ------------------------------------------------------------------------ */

static void search(struct imap_syncing *s);

static void take_present(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_syncing *s = x->detail;

	if (!imap_uids_take(&s->present, r, IMAP_MSGMAP_MAX)) {
		s->op->fault = fault_with_text(ERR_TOO_BIG, "the folder has too many messages");
		return;
	}
	imap_uids_sort(&s->present);
	s->is_filled =
		imap_msgmap_fill(&imap_syncing_mailbox(s)->map, s->present.at, s->present.count);
}

static void on_missing(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	if (is_answered(s, reply))
		finish(s);
}

static void fetch_missing(struct imap_syncing *s)
{
	struct imap_exchange *x;
	struct uid_set missing;
	enum err e;

	uid_set_init(&missing, MISSING_MAX);
	e = imap_syncing_missing(s, &missing);
	if (e == ERR_OK && !missing.count) {
		uid_set_done(&missing);
		finish(s);
		return;
	}
	if (e != ERR_OK) {
		uid_set_done(&missing);
		s->is_whole = true;
		s->next = 0;
		fetch_whole(s);
		return;
	}
	x = imap_op_command(s->op, "UID FETCH", on_missing);
	if (x) {
		imap_command_uid_set(&x->command, &missing);
		add_flags_item(x);
	}
	uid_set_done(&missing);
	ask(s, x);
}

static void on_noop(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	if (is_answered(s, reply))
		search(s);
}

/* Every message has its UID in the map? Then the rest; else the server is asked again,
 * and at last for everything. */
static void on_searched(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	if (!is_answered(s, reply))
		return;
	if (s->is_filled ||
	    imap_msgmap_fill(&imap_syncing_mailbox(s)->map, s->present.at, s->present.count)) {
		if (s->wants_flags && s->is_whole)
			fetch_whole(s);
		else if (s->wants_flags)
			fetch_missing(s);
		else
			finish(s);
	} else if (++s->rounds < ROUNDS_MAX) {
		ask(s, imap_op_command(s->op, "NOOP", on_noop));
	} else {
		imap_uids_done(&s->present);
		s->is_whole = true;
		fetch_whole(s);
	}
}

static void search(struct imap_syncing *s)
{
	struct imap_exchange *x = imap_search_command(s->op, "UID SEARCH", "ALL", on_searched);

	imap_uids_done(&s->present);
	s->is_filled = false;
	if (x) {
		x->take = take_present;
		imap_command_word(&x->command, "ALL");
	}
	ask(s, x);
}

/* --- selecting -------------------------------------------------------------------------------- */

static void on_changes(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	if (is_answered(s, reply))
		search(s);
}

static void fetch_changes(struct imap_syncing *s)
{
	struct imap_exchange *x = imap_op_command(s->op, "UID FETCH", on_changes);

	if (x) {
		imap_command_word(&x->command, "1:*");
		imap_command_open(&x->command);
		imap_command_word(&x->command, "FLAGS");
		imap_command_close(&x->command);
		imap_command_open(&x->command);
		imap_command_word(&x->command, "CHANGEDSINCE");
		imap_command_number(&x->command, s->since->highestmodseq);
		imap_command_close(&x->command);
	}
	ask(s, x);
}

/* Can the server say what has changed since the baseline? */
static bool can_tell_changes(const struct imap_syncing *s)
{
	const struct imap_mailbox *m = imap_syncing_mailbox(s);
	const struct mail_baseline *b = s->since;

	return b->uidvalidity && b->uidvalidity == m->uidvalidity && b->highestmodseq &&
	       b->highestmodseq <= m->highestmodseq && (!m->uidnext || b->uidnext <= m->uidnext);
}

static void plan(struct imap_syncing *s)
{
	struct imap_mailbox *m = imap_syncing_mailbox(s);

	s->highestmodseq = m->highestmodseq;
	s->select_uidnext = m->uidnext;
	s->is_whole = !can_tell_changes(s);
	m->news.has_grown = false;
	if (m->map.exists > IMAP_MSGMAP_MAX)
		fail_with(s, ERR_TOO_BIG, "the folder has too many messages");
	else if (!s->wants_flags || (s->is_whole && m->map.exists > CHUNK))
		search(s);
	else if (s->is_whole && m->map.exists)
		fetch_whole(s);
	else if (s->is_whole)
		finish(s);
	else if (!s->has_qresync)
		fetch_changes(s);
	else if (s->since->only_changes)
		finish(s);
	else if (s->knows_uids && imap_syncing_fill(s))
		finish(s);
	else
		search(s);
}

static void select_folder(struct imap_syncing *s);

static void on_selected(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	/* Where ENABLE has come to nothing, SELECT has told nothing of what there was. */
	s->has_qresync = s->has_qresync && (x->session->is_qresync || reply->status == IMAP_BAD);
	if (s->has_qresync && reply->status == IMAP_BAD) {
		/* Not what it says it can: without, then. */
		(void)imap_op_answered(s->op, NULL);
		s->is_without = true;
		select_folder(s);
	} else if (is_answered(s, reply)) {
		plan(s);
	}
}

static bool wants_vanished(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_VANISHED && r->vanished.is_earlier;
}

static void take_vanished(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_syncing *s = x->detail;

	if (!imap_syncing_vanish(s, &r->vanished.uids))
		s->op->fault = fault_with_text(ERR_TOO_BIG, "too much has vanished");
}

static void on_select_turn(struct imap_exchange *x)
{
	struct imap_syncing *s = x->detail;

	imap_news_start(&x->session->mailbox.news, s->op->rq.call.mem);
}

/* (QRESYNC (uidvalidity modseq [known-uids])), RFC 7162 §3.2.5 */
static void add_qresync(struct imap_syncing *s, struct imap_command *c)
{
	struct buf set;

	imap_command_open(c);
	imap_command_word(c, "QRESYNC");
	imap_command_open(c);
	imap_command_number(c, s->since->uidvalidity);
	imap_command_number(c, s->since->highestmodseq);
	/* For a server that does not remember all that was expunged. */
	buf_init(&set, IMAP_SET_BYTES_MAX);
	if (s->knows_uids && s->known.count)
		uid_set_format(s->since->uids, &set);
	if (set.len && buf_err(&set) == ERR_OK)
		imap_command_uid_set(c, s->since->uids);
	buf_done(&set);
	imap_command_close(c);
	imap_command_close(c);
}

static void select_folder(struct imap_syncing *s)
{
	const struct imap_session *session = s->op->store->session;
	struct imap_exchange *x = imap_op_command(s->op, "SELECT", on_selected);

	s->has_qresync = (session->is_qresync || s->is_enabling) && !s->is_without &&
			 s->wants_flags && s->since->uidvalidity && s->since->highestmodseq;
	if (x) {
		x->on_turn = on_select_turn;
		x->wants = wants_vanished;
		x->take = take_vanished;
		imap_command_mailbox(&x->command, s->op->rq.path);
		imap_exchange_selects(x, s->op->rq.path);
		if (s->has_qresync)
			add_qresync(s, &x->command);
		else
			imap_select_condstore(x);
	}
	ask(s, x);
}

static void on_enabled(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_syncing *s = x->detail;

	(void)reply;
	s->is_enabling = false;
	(void)imap_op_answered(s->op, NULL);
}

void imap_syncing_start(struct imap_syncing *s)
{
	struct imap_session *session = s->op->store->session;
	struct imap_exchange *x;

	s->knows_uids = s->since->uids && imap_syncing_know(s);
	if (!imap_session_can(session, IMAP_CAP_QRESYNC) || session->is_qresync ||
	    !imap_session_can(session, IMAP_CAP_ENABLE)) {
		select_folder(s);
		return;
	}
	/* Only here, for it turns EXPUNGE into VANISHED, which a page by sequence number
	 * gains nothing from. Servers take it though a folder is selected (RFC 5161 §3.1).
	 * SELECT follows at once, and fails where this does. */
	x = imap_op_command(s->op, "ENABLE", on_enabled);
	if (x)
		imap_command_word(&x->command, "QRESYNC");
	if (x)
		x->detail = s;
	imap_op_send(s->op, x);
	s->is_enabling = !s->op->fault.err;
	if (s->is_enabling)
		select_folder(s);
	else
		end(s);
}

void imap_syncing_done(struct imap_syncing *s)
{
	struct imap_session *session = s->op ? s->op->store->session : NULL;

	/* Given up in the middle: what it collects into is not ours any more. */
	if (session && session->mailbox.news.mem == s->op->rq.call.mem)
		imap_news_done(&session->mailbox.news);
	imap_uids_done(&s->known);
	imap_uids_done(&s->present);
	free(s->vanished);
	s->vanished = NULL;
}
