/*
 * A folder's baseline as bytes:
 *	version flags path looks at told untold [names] [state]
 * Numbers are little-endian of a fixed size, path, untold and names have a length before
 * them, untold is a set as in commands, the state goes to the end.
 */
#include "account/watch.h"
#include "base/pack.h"

#define VERSION 1

enum {
	FLAG_SELECTABLE = 1 << 0,
	FLAG_BASELINE = 1 << 1,
	FLAG_STATE = 1 << 2,
	FLAG_TOLD = 1 << 3,
	FLAG_HUGE = 1 << 4,
	FLAG_NAMES = 1 << 5,
};

/* Of larger ones only where they stand is kept: the log has other things to hold. */
#define STATE_SAVED_MAX (512u << 10)

/* Whoever comes next asks for all of them once more. */
static void put_untold(struct buf *to, const struct watch_folder *f)
{
	struct buf text;

	buf_init(&text, to->max);
	if (f->untold.count)
		uid_set_format(&f->untold, &text);
	if (f->untold.count && f->unseen.count)
		buf_append_byte(&text, ',');
	if (f->unseen.count)
		uid_set_format(&f->unseen, &text);
	pack_number(to, text.len, 4);
	buf_append(to, buf_bytes(&text));
	if (buf_err(&text))
		to->err = buf_err(&text);
	buf_done(&text);
}

/* What is known of who the messages are; false: too much to be kept. */
static bool save_names(const struct watch_folder *f, struct buf *to)
{
	buf_init(to, STATE_SAVED_MAX);
	if (f->names)
		drop_names_save(f->names, to);
	return buf_err(to) == ERR_OK;
}

void watch_save(struct watch *w, struct watch_folder *f, struct buf *to)
{
	struct buf names;
	bool has_state = save_names(f, &names) && watch_has_state(f) && f->has_baseline &&
			 !w->is_lean && f->memory_bytes <= STATE_SAVED_MAX;
	struct folder_totals at = watch_totals(f);

	f->is_state_saved = has_state;
	f->saves = ++w->log.saves;
	buf_append_byte(to, VERSION);
	buf_append_byte(to, (uint8_t)((f->is_selectable ? FLAG_SELECTABLE : 0) |
				      (f->has_baseline ? FLAG_BASELINE : 0) |
				      (has_state ? FLAG_STATE : 0) | (f->has_told ? FLAG_TOLD : 0) |
				      (f->is_huge ? FLAG_HUGE : 0) |
				      (has_state && f->names ? FLAG_NAMES : 0)));
	pack_number(to, f->path.len, 4);
	buf_append(to, f->path);
	pack_number(to, f->looks, 8);
	pack_number(to, at.uidvalidity, 4);
	pack_number(to, at.uidnext, 4);
	pack_number(to, at.total, 4);
	pack_number(to, at.unread, 4);
	pack_number(to, at.highestmodseq, 8);
	pack_number(to, f->told_total, 4);
	pack_number(to, f->told_unread, 4);
	put_untold(to, f);
	if (has_state && f->names) {
		pack_number(to, names.len, 4);
		buf_append(to, buf_bytes(&names));
	}
	if (has_state && f->packed)
		buf_append(to, bytes_of(f->packed, f->packed_len));
	else if (has_state)
		folder_state_save(f->state, to);
	buf_done(&names);
}

/* --- reading ------------------------------------------------------------- */

static void take_numbers(struct unpack *s, struct watch_folder *f)
{
	f->looks = unpack_number(s, 8);
	f->at.uidvalidity = unpack_u32(s);
	f->at.uidnext = unpack_u32(s);
	f->at.total = unpack_u32(s);
	f->at.unread = unpack_u32(s);
	f->at.highestmodseq = unpack_number(s, 8);
	f->told_total = unpack_u32(s);
	f->told_unread = unpack_u32(s);
}

static bool take_state(struct watch_folder *f, struct bytes saved)
{
	f->state = folder_state_new(f->watch->hub->limits.folder_max_bytes);
	if (!f->state || folder_state_load(f->state, saved) != ERR_OK)
		return false;
	watch_memory_note(f->watch, f);
	return true;
}

static bool take_names(struct unpack *s, struct watch_folder *f)
{
	struct bytes saved = unpack_bytes(s, unpack_u32(s));

	f->names = drop_names_new();
	return f->names && !s->is_bad && drop_names_load(f->names, saved) == ERR_OK;
}

static void wants_looking_after(struct watch_folder *f)
{
	f->needs_sync = f->is_inbox || (!f->state && watch_must_compare(f));
	f->needs_status = f->is_selectable && !f->is_inbox;
}

bool watch_load(struct watch *w, struct bytes name, struct bytes saved)
{
	struct unpack s = { .rest = saved };
	struct watch_folder *f;
	struct folder_id id;
	struct bytes path, untold;
	unsigned flags;

	if (!folder_id_parse(name, &id) || unpack_number(&s, 1) != VERSION)
		return false;
	flags = (unsigned)unpack_number(&s, 1);
	path = unpack_bytes(&s, unpack_u32(&s));
	f = s.is_bad ? NULL : watch_folder_add(w, &id, path);
	if (!f)
		return false;
	f->is_selectable = flags & FLAG_SELECTABLE;
	f->has_baseline = flags & FLAG_BASELINE;
	f->has_told = flags & FLAG_TOLD;
	f->is_huge = flags & FLAG_HUGE;
	f->is_state_saved = flags & FLAG_STATE;
	take_numbers(&s, f);
	untold = unpack_bytes(&s, unpack_u32(&s));
	if (!s.is_bad && (!untold.len || uid_set_parse(&f->untold, untold) == ERR_OK) &&
	    (!(flags & FLAG_NAMES) || take_names(&s, f)) &&
	    (!(flags & FLAG_STATE) || take_state(f, s.rest))) {
		wants_looking_after(f);
		return true;
	}
	watch_folder_remove(w, f);
	return false;
}
