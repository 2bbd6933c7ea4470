/*
 * Watching a maildrop (POP3): nobody tells anything, and a conversation is shown the
 * maildrop once, as it was at its login. So each look is a login of its own, at the
 * configured pace, and between them nothing is held: other programs get in. What the
 * messages are called becomes numbers (drop_names.h); the rest is as with folders.
 */
#include "account/watch.h"

#include "base/clock.h"

bool watch_has_names(const struct watch *w)
{
	return w->account->has_caps && w->account->caps.has_names;
}

struct message_id watch_id(const struct watch_folder *f, uint32_t uid)
{
	struct message_id id = { .folder = f->id };

	id.key = (struct message_key){ .kind = MESSAGE_KEY_UID,
				       .uidvalidity = watch_totals(f).uidvalidity,
				       .uid = uid };
	if (f->names)
		(void)drop_names_key(f->names, uid, &id.key);
	return id;
}

uint32_t watch_uid(const struct watch_folder *f, const struct message_key *key)
{
	return f->names ? drop_names_number(f->names, key) : key->uid;
}

/* Is it in the maildrop, or yet to be told of? */
static bool is_needed(void *ctx, uint32_t number)
{
	const struct watch_folder *f = ctx;

	return (f->state && folder_state_is_visible(f->state, number)) ||
	       uid_set_has(&f->gone, number) || uid_set_has(&f->untold, number) ||
	       uid_set_has(&f->unseen, number);
}

bool watch_drop_prepare(struct watch *w, struct watch_folder *f)
{
	if (!f->names) {
		f->names = drop_names_new();
		if (!f->names)
			return false;
	} else {
		drop_names_prune(f->names, is_needed, f);
	}
	if (f->has_baseline && !watch_has_state(f)) {
		/* There was more to remember than the log takes. */
		watch_reset(w, f, "watch-gap");
		f->has_baseline = false;
	}
	return true;
}

/* How long to the next look: RFC 2449 §6.5 lets servers ask for some patience. */
static uint64_t pace_ms(const struct watch *w)
{
	uint64_t own = w->hub->limits.watch_poll_ms;
	uint64_t theirs = w->account->caps.login_delay_s * 1000;

	return own > theirs ? own : theirs;
}

void watch_rest(struct watch *w)
{
	w->hub->stats.reconnects += w->was_lost;
	w->failures = 0;
	w->was_lost = false;
	w->is_known = true;
	watch_put_connection(w, "poll", NULL, 0);
	watch_release(w);
	w->state = WATCH_RESTING;
	w->is_in_inbox = true; /* until the next look */
	w->step.lease.flags &= ~(unsigned)LEASE_FRESH;
	watch_wake_at(w, clock_monotonic_ms() + pace_ms(w));
	watch_log_flush(w);
}

void watch_rested(struct watch *w)
{
	w->state = WATCH_IDLE;
	watch_inbox(w)->needs_sync = true;
	w->step.lease.flags |= LEASE_FRESH;
}
