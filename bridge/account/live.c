/* What we do ourselves to accounts that are watched. */
#include <stdlib.h>

#include "account/watch.h"
#include "base/clock.h"

/* A move's outcome is waited for so long before its traces are told of as if somebody
 * else had left them; and it is remembered so long, for so many messages. */
#define MOVE_PATIENCE_MS 2000
#define MOVES_TTL_MS     60000
#define MOVES_MAX        20000
/* Whoever follows a folder's events asks for it as much as who lists it so often. */
#define FOLLOWER_ASKS 8

/* --- what is known ---------------------------------------------------- */

static bool is_current(const struct watch *w, const struct watch_folder *f)
{
	if (w->state != WATCH_WATCHING || f->is_dirty || f->needs_sync || f->needs_status ||
	    f->failed_until_ms)
		return false;
	if (w->must_poll || w->account->caps.push == MAILSTORE_PUSH_POLL)
		return false;
	if (f->is_inbox)
		return w->is_in_inbox;
	return w->account->caps.push == MAILSTORE_PUSH_NOTIFY || watch_second_tells(w, f);
}

const struct folder_state *live_state(const struct account *a, const struct folder_id *folder)
{
	struct watch *w = watch_of(a);
	struct watch_folder *f = w ? watch_folder_find(w, folder) : NULL;

	if (!f || !watch_is_our_turn(w))
		return NULL;
	watch_ask_for(w, f, 1);
	if (!f->has_baseline || !is_current(w, f))
		return NULL;
	if (!watch_state(w, f))
		watch_want_state(w, f);
	return f->state;
}

void account_follow(struct account *a, const struct folder_id *folder)
{
	struct watch *w = watch_of(a);
	struct watch_folder *f = w ? watch_folder_find(w, folder) : NULL;

	if (f && watch_is_our_turn(w))
		watch_ask_for(w, f, FOLLOWER_ASKS);
}

bool live_is_elsewhere(const struct account *a)
{
	const struct watch *w = watch_of(a);

	return w && w->state == WATCH_ELSEWHERE && w->is_in_line &&
	       state_lease_turn(&w->lease) == STATE_TURN_THEIRS;
}

/* --- changes under way ------------------------------------------------ */

static void make_dirty(struct watch *w, struct watch_folder *f)
{
	w->hub->stats.folders_dirty += !f->is_dirty;
	f->is_dirty = true;
	watch_log_flush_marks(w);
}

static void add_to(struct watch *w, struct watch_folder *f, const struct live_change *c)
{
	f->changes++;
	if (c->is_move && f->moves++ == 0)
		f->held_until_ms = clock_monotonic_ms() + MOVE_PATIENCE_MS;
	make_dirty(w, f);
}

uint64_t live_held_until_ms(const struct watch_folder *f)
{
	uint64_t ours_ms = f->moves ? f->held_until_ms : 0;
	uint64_t theirs_ms = f->far_until_ms > clock_monotonic_ms() ? f->far_until_ms : 0;

	return ours_ms > theirs_ms ? ours_ms : theirs_ms;
}

void live_changed_elsewhere(struct watch *w, struct watch_folder *f)
{
	make_dirty(w, f);
	f->changes_ended++;
	watch_look(w, f);
}

void live_count_changes(struct watch *w, struct watch_folder *f)
{
	f->changes = f->moves = 0;
	for (const struct live_change *c = w->hub->changes; c; c = c->next)
		if (folder_id_equal(&c->folder, &f->id))
			add_to(w, f, c);
}

/* What is here of a folder that another process watches are copies. */
static struct watch_folder *watched(const struct watch *w, const struct folder_id *folder)
{
	return w->state == WATCH_ELSEWHERE ? NULL : watch_folder_find(w, folder);
}

void live_change_begin(struct live_change *c, struct account *a, const struct folder_id *folder,
		       bool is_move)
{
	struct watch *w = watch_of(a);
	struct watch_folder *f = w ? watched(w, folder) : NULL;

	live_change_end(c); /* begun anew on another session */
	*c = (struct live_change){ .account = a,
				   .folder = *folder,
				   .is_move = is_move,
				   .next = a->hub->changes,
				   .prev = &a->hub->changes };
	if (c->next)
		c->next->prev = &c->next;
	a->hub->changes = c;
	if (f)
		add_to(w, f, c);
	if (is_move)
		far_moving(a, folder);
}

void live_change_end(struct live_change *c)
{
	struct watch *w = c->account ? watch_of(c->account) : NULL;
	struct watch_folder *f = w ? watched(w, &c->folder) : NULL;
	bool will_look;

	if (!c->account)
		return;
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	will_look = far_changed(c->account->hub, &c->account->id, &c->folder);
	far_look(c->account, &c->folder);
	c->account = NULL;
	if (!f)
		return;
	f->changes--;
	f->moves -= c->is_move;
	f->changes_ended++;
	if (!will_look)
		watch_look(w, f);
	if (!f->moves)
		watch_go(w);
}

/* --- moves ------------------------------------------------------------ */

static bool reserve_move(struct watch *w)
{
	size_t cap = w->move_cap ? 2 * w->move_cap : 16;
	struct watch_move *moves;

	if (clock_monotonic_ms() - w->moved_ms > MOVES_TTL_MS || w->move_count >= MOVES_MAX)
		w->move_count = w->move_next = 0;
	if (w->move_count < w->move_cap)
		return true;
	moves = realloc(w->moves, cap * sizeof *moves);
	if (!moves)
		return false;
	w->moves = moves;
	w->move_cap = cap;
	return true;
}

void live_add_move(struct watch *w, const struct watch_move *m)
{
	if (!reserve_move(w))
		return;
	w->moved_ms = clock_monotonic_ms();
	w->moves[w->move_count++] = *m;
}

void live_moved(struct account *a, const struct message_id *from, const struct message_id *to)
{
	const struct watch_move m = {
		.from_folder = from->folder,
		.to_folder = to->folder,
		.from_uidvalidity = from->key.uidvalidity,
		.from_uid = from->key.uid,
		.to_uidvalidity = to->key.uidvalidity,
		.to_uid = to->key.uid,
	};
	struct watch *w = watch_of(a);

	if (from->key.kind != MESSAGE_KEY_UID || to->key.kind != MESSAGE_KEY_UID)
		return;
	far_moved(a, &m);
	if (w)
		live_add_move(w, &m);
}

static bool is_place(const struct message_id *id, const struct folder_id *folder,
		     uint32_t uidvalidity, uint32_t uid)
{
	return id->key.uid == uid && id->key.uidvalidity == uidvalidity &&
	       folder_id_equal(&id->folder, folder);
}

static struct message_id place(const struct folder_id *folder, uint32_t uidvalidity, uint32_t uid)
{
	return (struct message_id){ *folder, { MESSAGE_KEY_UID, uidvalidity, uid, "" } };
}

/* Both sides come in the same order, mostly: the next one is behind the last one. */
static const struct watch_move *find_move(struct watch *w, const struct message_id *id, bool by_to)
{
	if (clock_monotonic_ms() - w->moved_ms > MOVES_TTL_MS)
		return NULL;
	for (size_t i = 0; i < w->move_count; i++) {
		size_t at = (w->move_next + i) % w->move_count;
		const struct watch_move *m = &w->moves[at];

		if (by_to ? is_place(id, &m->to_folder, m->to_uidvalidity, m->to_uid)
			  : is_place(id, &m->from_folder, m->from_uidvalidity, m->from_uid)) {
			w->move_next = at + 1;
			return m;
		}
	}
	return NULL;
}

bool live_moved_from(struct watch *w, const struct message_id *to, struct message_id *ret)
{
	const struct watch_move *m = find_move(w, to, true);

	if (m)
		*ret = place(&m->from_folder, m->from_uidvalidity, m->from_uid);
	return m != NULL;
}

bool live_moved_to(struct watch *w, const struct message_id *from, struct message_id *ret)
{
	const struct watch_move *m = find_move(w, from, false);

	if (m)
		*ret = place(&m->to_folder, m->to_uidvalidity, m->to_uid);
	return m != NULL;
}

/* --- folders ---------------------------------------------------------- */

void live_add_rename(struct watch *w, struct bytes from, struct bytes to, char delimiter)
{
	struct watch_rename r = { bytes_dup_str(from), bytes_dup_str(to), delimiter };

	if (!r.from || !r.to) {
		free(r.from);
		free(r.to);
		return;
	}
	if (w->rename_count == WATCH_RENAMES_MAX) {
		free(w->renames[0].from);
		free(w->renames[0].to);
		memmove(w->renames, w->renames + 1, --w->rename_count * sizeof r);
	}
	w->renames[w->rename_count++] = r;
}

void live_renaming(struct account *a, struct bytes from, struct bytes to, char delimiter)
{
	struct watch *w = watch_of(a);

	far_renaming(a, from, to, delimiter);
	if (w)
		live_add_rename(w, from, to, delimiter);
}

void live_folders_changed(struct account *a)
{
	struct watch *w = watch_of(a);

	far_folders(a);
	if (!w)
		return;
	w->must_list = true;
	watch_go(w);
}
