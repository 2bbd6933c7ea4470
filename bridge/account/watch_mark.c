/*
 * What other processes may take from the log's baselines instead of asking the mail
 * server (copy.c). Beside a folder's baseline there is its mark: whether that is what
 * the server has told up to now, under which epoch and as the how manieth of it it was
 * written, and up to which change of any process (far.c, "tally") the watch has looked:
 *	is-exact epoch saves tally		(a byte, 8 bytes each, little-endian)
 * A mark is written with what it is about, and at once when it is exact no longer.
 */
#include "account/watch.h"
#include "base/pack.h"

/* The session may be busy with the inbox meanwhile; not with another folder. */
static bool is_heard(const struct watch *w, const struct watch_folder *f)
{
	if (w->must_poll || !lease_is_held(&w->step.lease) ||
	    w->account->caps.push == MAILSTORE_PUSH_POLL)
		return false;
	if (w->state != WATCH_WATCHING && w->state != WATCH_WORKING && w->state != WATCH_IDLE)
		return false;
	if (f->is_inbox)
		return w->is_in_inbox;
	return w->account->caps.push == MAILSTORE_PUSH_NOTIFY || watch_second_tells(w, f);
}

static struct watch_mark mark_of(const struct watch *w, const struct watch_folder *f)
{
	bool is_exact = w->is_known && f->has_baseline && f->is_state_saved && !f->is_dirty &&
			!f->needs_sync && !f->needs_status && !f->failed_until_ms && is_heard(w, f);

	return (struct watch_mark){ is_exact, f->saves, f->tally };
}

bool watch_must_mark(const struct watch *w, const struct watch_folder *f)
{
	struct watch_mark now = mark_of(w, f);

	if (!w->hub->far.state || f->is_new || now.is_exact != f->mark.is_exact)
		return w->hub->far.state && !f->is_new;
	return now.is_exact && (now.saves != f->mark.saves || now.tally != f->mark.tally);
}

void watch_review_marks(struct watch *w)
{
	if (!w->hub->far.state || !w->log.is_open)
		return;
	for (size_t i = 0; i < w->folder_count; i++)
		if (watch_must_mark(w, w->folders[i])) {
			watch_log_flush_marks(w);
			return;
		}
}

void watch_put_mark(struct watch *w, struct watch_folder *f, struct buf *to)
{
	f->mark = mark_of(w, f);
	buf_append_byte(to, f->mark.is_exact);
	pack_number(to, w->log.epoch, 8);
	pack_number(to, f->mark.saves, 8);
	pack_number(to, f->mark.tally, 8);
}

void watch_mark_name(const struct folder_id *folder, char ret[WATCH_MARK_NAME_BYTES])
{
	ret[0] = WATCH_MARK_PREFIX;
	memcpy(ret + 1, folder->text, ID_BYTES);
}

/* --- for those who look --------------------------------------------------- */

bool watch_mark_is_good(struct bytes mark, uint64_t epoch, uint64_t tally)
{
	struct unpack u = { .rest = mark };
	bool is_exact = unpack_number(&u, 1) != 0;
	bool is_of_epoch = unpack_number(&u, 8) == epoch;

	(void)unpack_number(&u, 8); /* how often it was saved: for who wrote it */
	return mark.len == WATCH_MARK_BYTES && is_exact && is_of_epoch &&
	       unpack_number(&u, 8) == tally;
}
