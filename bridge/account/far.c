#include "account/far.h"

#include <stdlib.h>

#include "account/watch.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/pack.h"

/* The end of a move elsewhere is waited for so long, see live.c. */
#define MOVE_PATIENCE_MS 2000
#define PLACE_BYTES      (ID_BYTES + 8)
#define MOVE_BYTES       ((size_t)2 * PLACE_BYTES)

#define LOOK     "look "
#define MOVING   "moving "
#define MOVED    "moved "
#define RENAMING "renaming "
#define FOLDERS  "folders "

void far_init(struct far *far, struct loop *l, struct state *s)
{
	*far = (struct far){ .state = s && state_is_shared(s) ? s : NULL, .loop = l };
	buf_init(&far->looks, STATE_NOTE_MAX_BYTES);
	buf_init(&far->moved, STATE_NOTE_MAX_BYTES);
}

static void tally_free(struct tally *t);

void far_done(struct far *far)
{
	while (far->tallies)
		tally_free(far->tallies);
	loop_task_stop(&far->task);
	buf_done(&far->looks);
	buf_done(&far->moved);
}

/* --- telling ---------------------------------------------------------------- */

/* May another process watch it? */
static bool is_far(const struct account *a)
{
	const struct watch *w;

	if (!a->hub->far.state)
		return false;
	w = watch_of(a);
	return !w || !watch_is_our_turn(w);
}

static void say(const struct far *far, const struct account_id *id, struct bytes note)
{
	state_say(far->state, bytes_of_str(id->text), note);
}

static void tell(struct far *far, struct buf *what)
{
	if (what->len && !buf_err(what))
		say(far, &far->id, buf_bytes(what));
	buf_reset(what);
}

static void tell_all(struct far *far)
{
	loop_task_stop(&far->task);
	tell(far, &far->moved);
	tell(far, &far->looks);
}

static void on_task(struct loop_task *t)
{
	tell_all((struct far *)(void *)((char *)t - offsetof(struct far, task)));
}

/* Looks are told after the moves that they are about to find. */
static struct far *gather(struct account *a)
{
	struct far *far = &a->hub->far;

	if (strcmp(far->id.text, a->id.text) != 0)
		tell_all(far);
	far->id = a->id;
	far->task.run = on_task;
	loop_task_start(far->loop, &far->task);
	return far;
}

static void begin(struct buf *to, const char *word)
{
	if (!to->len)
		buf_append_str(to, word);
}

void far_look(struct account *a, const struct folder_id *folder)
{
	struct far *far;

	if (!is_far(a))
		return;
	far = gather(a);
	if (far->looks.len + ID_BYTES > STATE_NOTE_MAX_BYTES)
		tell_all(far);
	begin(&far->looks, LOOK);
	buf_append(&far->looks, bytes_of(folder->text, ID_BYTES));
}

static void put_place(struct buf *to, const struct folder_id *folder, uint32_t uidvalidity,
		      uint32_t uid)
{
	buf_append(to, bytes_of(folder->text, ID_BYTES));
	pack_number(to, uidvalidity, 4);
	pack_number(to, uid, 4);
}

void far_moved(struct account *a, const struct watch_move *m)
{
	struct far *far;

	if (!is_far(a))
		return;
	far = gather(a);
	if (far->moved.len + MOVE_BYTES > STATE_NOTE_MAX_BYTES)
		tell(far, &far->moved);
	begin(&far->moved, MOVED);
	put_place(&far->moved, &m->from_folder, m->from_uidvalidity, m->from_uid);
	put_place(&far->moved, &m->to_folder, m->to_uidvalidity, m->to_uid);
}

/* Said at once: what comes of it may be told of in a moment. */
static void say_at_once(struct account *a, struct buf *note)
{
	if (!buf_err(note))
		say(&a->hub->far, &a->id, buf_bytes(note));
	buf_done(note);
}

void far_moving(struct account *a, const struct folder_id *folder)
{
	struct buf note;

	if (!is_far(a))
		return;
	buf_init(&note, STATE_NOTE_MAX_BYTES);
	buf_append_str(&note, MOVING);
	buf_append(&note, bytes_of(folder->text, ID_BYTES));
	say_at_once(a, &note);
}

void far_renaming(struct account *a, struct bytes from, struct bytes to, char delimiter)
{
	struct buf note;

	if (!is_far(a))
		return;
	buf_init(&note, STATE_NOTE_MAX_BYTES);
	buf_append_str(&note, RENAMING);
	buf_append_byte(&note, (uint8_t)delimiter);
	buf_append(&note, from);
	buf_append_byte(&note, 0);
	buf_append(&note, to);
	say_at_once(a, &note);
}

void far_folders(struct account *a)
{
	if (is_far(a))
		say(&a->hub->far, &a->id, BYTES_LIT(FOLDERS));
}

/* --- tallies ------------------------------------------------------------------ */

#define TALLY_TTL_MS     UINT64_C(3600000)
#define TALLY_TIMEOUT_MS 2000
#define TALLY_MEM_BYTES  (64u << 10)
#define TALLY_KEY        "tally:"

struct tally {
	struct tally *next, **prev;
	struct account_hub *hub;
	struct account_id account;
	struct folder_id folder;
	bool is_first; /* of a watch that has not looked yet */
	struct arena *mem;
	struct op *op;
};

struct op *far_ask_tally(struct far *far, struct call call, const struct folder_id *folder,
			 uint32_t n, state_count_cb *cb, void *ctx)
{
	uint8_t key[sizeof TALLY_KEY - 1 + ID_BYTES];

	memcpy(key, TALLY_KEY, sizeof TALLY_KEY - 1);
	memcpy(key + sizeof TALLY_KEY - 1, folder->text, ID_BYTES);
	return state_count(far->state, call, STATE_RATE, bytes_of(key, sizeof key), n, TALLY_TTL_MS,
			   cb, ctx);
}

static void tally_free(struct tally *t)
{
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	op_cancel(t->op);
	arena_free(t->mem);
	free(t);
}

/* If it is early enough, the first synchronisation is a look. */
static void take_first(struct watch *w, struct watch_folder *f, uint64_t sum)
{
	if (f && (!f->needs_sync || w->at == f))
		return;
	w->has_tally = true;
	w->first_tally = sum;
	if (f)
		f->tally = f->tally_next = sum;
}

static void on_tally(void *ctx, enum err err, uint64_t sum)
{
	struct tally *t = ctx;
	struct watch *w = watch_find(t->hub, &t->account);
	struct watch_folder *f = w ? watch_folder_find(w, &t->folder) : NULL;
	bool is_first = t->is_first;

	t->op = NULL;
	tally_free(t);
	if (!w || !watch_is_our_turn(w))
		return;
	if (is_first) {
		if (!err)
			take_first(w, f, sum);
	} else if (f) {
		if (!err)
			f->tally_next = sum;
		live_changed_elsewhere(w, f);
	}
}

static bool tally(struct account_hub *h, const struct account_id *account,
		  const struct folder_id *folder, uint32_t n, bool is_first)
{
	struct tally *t = calloc(1, sizeof *t);
	struct call call;
	bool ok;

	if (!t)
		return false;
	*t = (struct tally){ .next = h->far.tallies,
			     .prev = &h->far.tallies,
			     .hub = h,
			     .account = *account,
			     .folder = *folder,
			     .is_first = is_first,
			     .mem = arena_new(TALLY_MEM_BYTES) };
	if (t->next)
		t->next->prev = &t->next;
	h->far.tallies = t;
	call = (struct call){ .mem = t->mem,
			      .deadline_ms = clock_monotonic_ms() + TALLY_TIMEOUT_MS };
	if (t->mem)
		t->op = far_ask_tally(&h->far, call, folder, n, on_tally, t);
	ok = t->op != NULL;
	if (!ok)
		tally_free(t);
	return ok;
}

bool far_changed(struct account_hub *h, const struct account_id *account,
		 const struct folder_id *folder)
{
	uint32_t random = 0;

	/* One that has gone and comes again must not be at what it was. */
	return h->far.state && hash_random((uint8_t *)&random, sizeof random) &&
	       tally(h, account, folder, random / 2 + 1, false);
}

void far_review(struct watch *w, const struct folder_id *folder)
{
	if (w->hub->far.state)
		(void)tally(w->hub, &w->id, folder, 0, false);
}

void far_begin(struct watch *w)
{
	struct folder_id inbox = folder_id_of(&w->id, BYTES_LIT("INBOX"));

	if (w->hub->far.state)
		(void)tally(w->hub, &w->id, &inbox, 0, true);
}

/* --- hearing ----------------------------------------------------------------- */

static bool take_word(struct bytes *note, const char *word)
{
	struct bytes w = bytes_of_str(word);

	if (!bytes_starts_with(*note, w))
		return false;
	*note = bytes_skip(*note, w.len);
	return true;
}

static bool take_folder(struct bytes *note, struct folder_id *ret)
{
	struct bytes id = bytes_first(*note, ID_BYTES);

	*note = bytes_skip(*note, ID_BYTES);
	return folder_id_parse(id, ret);
}

static void hear_look(struct watch *w, struct bytes note)
{
	struct watch_folder *f;
	struct folder_id id;

	while (take_folder(&note, &id)) {
		f = watch_folder_find(w, &id);
		if (!f)
			continue;
		f->far_until_ms = 0;
		far_review(w, &f->id);
	}
}

static void hear_moving(struct watch *w, struct bytes note)
{
	struct folder_id id;
	struct watch_folder *f = take_folder(&note, &id) ? watch_folder_find(w, &id) : NULL;

	if (f)
		f->far_until_ms = clock_monotonic_ms() + MOVE_PATIENCE_MS;
}

static bool take_place(struct unpack *u, struct folder_id *ret, uint32_t *ret_uidvalidity,
		       uint32_t *ret_uid)
{
	struct bytes id = unpack_bytes(u, ID_BYTES);

	*ret_uidvalidity = unpack_u32(u);
	*ret_uid = unpack_u32(u);
	return !u->is_bad && folder_id_parse(id, ret);
}

static bool take_move(struct unpack *u, struct watch_move *m)
{
	return take_place(u, &m->from_folder, &m->from_uidvalidity, &m->from_uid) &&
	       take_place(u, &m->to_folder, &m->to_uidvalidity, &m->to_uid);
}

static void hear_moved(struct watch *w, struct bytes note)
{
	struct unpack u = { .rest = note };
	struct watch_move m;

	while (take_move(&u, &m))
		live_add_move(w, &m);
}

static void hear_renaming(struct watch *w, struct bytes note)
{
	char delimiter = note.len ? (char)note.at[0] : 0;
	struct bytes to = bytes_skip(note, 1), from;

	if (bytes_split(&to, 0, &from) && to.len)
		live_add_rename(w, from, to, delimiter);
}

static void on_note(struct state_ear *e, struct bytes note)
{
	struct watch *w = (struct watch *)(void *)((char *)e - offsetof(struct watch, ear));

	if (w->state == WATCH_STOPPED || !watch_is_our_turn(w))
		return;
	if (take_word(&note, LOOK)) {
		hear_look(w, note);
	} else if (take_word(&note, MOVING)) {
		hear_moving(w, note);
	} else if (take_word(&note, MOVED)) {
		hear_moved(w, note);
	} else if (take_word(&note, RENAMING)) {
		hear_renaming(w, note);
	} else if (take_word(&note, FOLDERS)) {
		w->must_list = true;
		watch_go(w);
	}
}

void far_hear(struct watch *w)
{
	const struct far *far = &w->hub->far;

	w->ear = (struct state_ear){ .on_note = on_note };
	w->hears =
		far->state && state_hear(far->state, bytes_of_str(w->id.text), &w->ear) == ERR_OK;
}

void far_unhear(struct watch *w)
{
	if (w->hears)
		state_unhear(&w->ear);
	w->hears = false;
}
