/*
 * What a watch writes: events in order and, in the same append, the baselines they lead
 * to. One append is under way at a time; what comes meanwhile goes into the next one.
 * New messages are written at once, other things gather for a moment.
 */
#include "account/watch.h"

#include <stdlib.h>

#include "base/clock.h"

#define TIMEOUT_MS      10000
#define ENTRIES_MAX     (64u << 20)
#define FULL_BYTES      (1u << 20)
#define OPEN_MEM_BYTES  (64u << 20)
#define GATHER_MS       50
#define COUNTS_EVERY_MS 1000
#define CONNECTION      "connection"

static void on_task(struct loop_task *t);
static void on_timer(struct loop_timer *t);

static struct bytes log_name(const struct watch *w)
{
	return bytes_of_str(w->id.text);
}

static struct call log_call(struct watch *w)
{
	if (!w->log.mem)
		w->log.mem = arena_new(OPEN_MEM_BYTES);
	return (struct call){ .mem = w->log.mem, .deadline_ms = clock_monotonic_ms() + TIMEOUT_MS };
}

static void op_is_over(struct watch *w)
{
	w->log.op = NULL;
	arena_free(w->log.mem);
	w->log.mem = NULL;
}

static void init_buffers(struct watch *w)
{
	buf_init(&w->log.entries, ENTRIES_MAX);
	buf_init(&w->log.lengths, ENTRIES_MAX);
	buf_init(&w->log.removed, ENTRIES_MAX);
}

static void done_buffers(struct watch *w)
{
	buf_done(&w->log.entries);
	buf_done(&w->log.lengths);
	buf_done(&w->log.removed);
}

void watch_log_init(struct watch *w)
{
	init_buffers(w);
	w->log.task.run = on_task;
	w->log.timer.fire = on_timer;
}

void watch_log_close(struct watch *w)
{
	op_cancel(w->log.op);
	op_is_over(w);
	loop_task_stop(&w->log.task);
	loop_timer_stop(w->hub->loop, &w->log.timer);
	done_buffers(w);
	init_buffers(w);
	w->log.is_open = w->log.is_appending = w->log.is_urgent = false;
}

void watch_log_done(struct watch *w)
{
	watch_log_close(w);
	done_buffers(w);
}

/* --- opening ---------------------------------------------------------- */

static void load(struct watch *w, const struct state_baseline *b)
{
	if (bytes_equal_str(b->name, CONNECTION))
		w->log.connection = b->value.len ? (char)b->value.at[0] : 0;
	else if (bytes_equal_str(b->name, WATCH_COMPLETE))
		w->log.says_complete = true;
	else if (b->name.len && b->name.at[0] == WATCH_MARK_PREFIX)
		return; /* of another epoch */
	else if (!watch_load(w, b->name, b->value))
		/* As a folder of which nothing is known. */
		w->must_list = true;
}

static void on_opened(void *ctx, enum err err, struct state_cursor top,
		      struct state_cursor previous, const struct state_baseline *baselines,
		      size_t count)
{
	struct watch *w = ctx;
	struct fault fault = fault_of(err);

	(void)previous;
	if (err) {
		op_is_over(w);
		watch_lost(w, &fault);
		return;
	}
	w->log.is_open = true;
	w->log.epoch = top.epoch;
	w->log.top = top;
	w->log.connection = 0;
	w->log.is_connection_unsaved = w->log.says_complete = false;
	for (size_t i = 0; i < count; i++)
		load(w, &baselines[i]);
	w->has_folders = w->folder_count > 0;
	far_begin(w);
	w->must_list = true;
	op_is_over(w);
	w->state = WATCH_IDLE;
	watch_go(w);
}

void watch_log_open(struct watch *w)
{
	const struct fault nomem = fault_of(ERR_NOMEM);
	struct call call = log_call(w);

	w->log.op =
		call.mem ? state_log_open(w->hub->state, call, log_name(w), on_opened, w) : NULL;
	if (!w->log.op)
		watch_lost(w, &nomem);
}

/* --- gathering -------------------------------------------------------- */

void watch_log_put(struct watch *w, const struct account_event *ev)
{
	const struct account_codec *codec = &w->hub->codec;
	struct buf *to = &w->log.entries;
	size_t before = to->len;
	uint32_t length;

	if (!w->log.is_open)
		return;
	account_entry_begin(to, ev);
	if (!codec->put_event(codec->ctx, to, ev) && !buf_err(to))
		to->err = ERR_NOMEM; /* the append will find it */
	length = (uint32_t)(to->len - before);
	buf_append(&w->log.lengths, bytes_of(&length, sizeof length));
	w->hub->stats.events++;
}

bool watch_log_is_full(const struct watch *w)
{
	return w->log.entries.len > FULL_BYTES;
}

static bool has_counts_to_tell(const struct watch_folder *f)
{
	struct folder_totals t;

	if (!f->has_told || !watch_has_state(f) || f->is_new)
		return false;
	t = watch_totals(f);
	return t.total != f->told_total || t.unread != f->told_unread;
}

/* Is there now a baseline of everything? From the next append on the log may say so. */
static bool is_completed(const struct watch *w)
{
	return w->is_known && !w->log.says_complete;
}

static bool has_something(const struct watch *w)
{
	if (w->log.entries.len || w->log.removed.len || w->log.is_connection_unsaved ||
	    is_completed(w))
		return true;
	for (size_t i = 0; i < w->folder_count; i++) {
		const struct watch_folder *f = w->folders[i];

		/* What is new is saved with the event that tells of it. */
		if ((f->is_unsaved && !f->is_new) || f->updated.count || f->gone.count ||
		    watch_must_mark(w, f))
			return true;
	}
	return false;
}

bool watch_log_is_clean(const struct watch *w)
{
	return w->log.is_open && !w->log.is_appending && !has_something(w);
}

static bool are_counts_due(const struct watch *w, uint64_t now)
{
	return !w->log.counts_ms || now >= w->log.counts_ms + COUNTS_EVERY_MS;
}

/* Says whether any have to wait. */
static bool put_counts(struct watch *w, uint64_t now)
{
	bool are_due = are_counts_due(w, now), put = false;

	for (size_t i = 0; i < w->folder_count; i++) {
		if (!has_counts_to_tell(w->folders[i]))
			continue;
		if (!are_due)
			return true;
		watch_put_folder(w, w->folders[i], EVENT_FOLDER_UPDATED, NULL);
		w->folders[i]->is_unsaved = true;
		put = true;
	}
	if (put)
		w->log.counts_ms = now;
	return false;
}

static void plan(struct watch *w, uint64_t due_ms)
{
	if (loop_timer_is_on(&w->log.timer) && w->log.timer.due_ms <= due_ms)
		return;
	if (!loop_timer_start_at(w->hub->loop, &w->log.timer, due_ms))
		loop_task_start(w->hub->loop, &w->log.task);
}

static void settle(struct watch *w)
{
	if (!watch_log_is_clean(w))
		return;
	watch_memory_trim(w->hub);
	if (!w->is_known)
		return;
	w->is_complete = true;
	watch_finish_cursors(w, NULL);
}

void watch_log_flush(struct watch *w)
{
	uint64_t due_ms = w->log.flushed_ms + GATHER_MS;

	if (!w->log.is_open || w->log.is_appending)
		return;
	if (w->log.is_urgent || clock_monotonic_ms() >= due_ms)
		loop_task_start(w->hub->loop, &w->log.task);
	else
		plan(w, due_ms);
}

void watch_log_flush_marks(struct watch *w)
{
	if (!w->hub->far.state)
		return;
	w->log.is_urgent = true;
	watch_log_flush(w);
}

static void on_timer(struct loop_timer *t)
{
	struct watch *w = (struct watch *)(void *)((char *)t - offsetof(struct watch, log.timer));

	loop_task_start(w->hub->loop, &w->log.task);
}

/* --- writing ---------------------------------------------------------- */

struct saves {
	struct buf bytes;
	char (*names)[WATCH_MARK_NAME_BYTES]; /* of marks */
	size_t name_count;
	struct state_baseline *at;
	size_t *ends; /* of the values, in bytes; SIZE_MAX: none, it goes */
	size_t count;
};

static bool saves_init(struct saves *s, const struct watch *w)
{
	size_t folders = w->folder_count + w->log.removed.len / ID_BYTES, max = 2 * folders + 2;

	*s = (struct saves){ .at = calloc(max, sizeof *s->at),
			     .ends = calloc(max, sizeof *s->ends),
			     .names = calloc(folders + 1, sizeof *s->names) };
	buf_init(&s->bytes, ENTRIES_MAX);
	return s->at && s->ends && s->names;
}

static void saves_done(struct saves *s)
{
	buf_done(&s->bytes);
	free(s->names);
	free(s->at);
	free(s->ends);
}

static void saves_add(struct saves *s, struct bytes name, bool is_removed)
{
	s->at[s->count].name = name;
	s->ends[s->count++] = is_removed ? SIZE_MAX : s->bytes.len;
}

static void add_mark(struct saves *s, const struct folder_id *id, bool is_removed)
{
	char *name = s->names[s->name_count++];

	watch_mark_name(id, name);
	saves_add(s, bytes_of(name, WATCH_MARK_NAME_BYTES), is_removed);
}

static void add_removed(struct saves *s, const struct watch *w)
{
	struct bytes all = buf_bytes(&w->log.removed);

	for (; all.len; all = bytes_skip(all, ID_BYTES)) {
		struct folder_id id = { "" };

		memcpy(id.text, all.at, ID_BYTES);
		if (watch_folder_find(w, &id))
			continue; /* it has come back */
		saves_add(s, bytes_first(all, ID_BYTES), true);
		if (w->hub->far.state)
			add_mark(s, &id, true);
	}
}

/* What is to be remembered with these entries. */
static void save_all(struct saves *s, struct watch *w)
{
	size_t from = 0;

	add_removed(s, w);
	for (size_t i = 0; i < w->folder_count; i++) {
		struct watch_folder *f = w->folders[i];

		if (f->is_unsaved && !f->is_new) {
			watch_save(w, f, &s->bytes);
			saves_add(s, bytes_of_str(f->id.text), false);
			f->is_unsaved = false;
		}
		if (watch_must_mark(w, f)) {
			watch_put_mark(w, f, &s->bytes);
			add_mark(s, &f->id, false);
		}
	}
	if (w->log.is_connection_unsaved) {
		buf_append_byte(&s->bytes, (uint8_t)w->log.connection);
		saves_add(s, BYTES_LIT(CONNECTION), false);
	}
	w->log.is_connection_unsaved = false;
	if (is_completed(w)) {
		buf_append_byte(&s->bytes, '1');
		saves_add(s, BYTES_LIT(WATCH_COMPLETE), false);
		w->log.says_complete = true;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (s->ends[i] == SIZE_MAX)
			continue;
		s->at[i].value = bytes_of(s->bytes.at + s->bytes.head + from, s->ends[i] - from);
		from = s->ends[i];
	}
}

static struct bytes *entries_of(const struct watch *w, size_t *ret_count)
{
	struct bytes lengths = buf_bytes(&w->log.lengths), all = buf_bytes(&w->log.entries);
	size_t count = lengths.len / sizeof(uint32_t);
	struct bytes *entries = calloc(count + 1, sizeof *entries);

	for (size_t i = 0; entries && i < count; i++) {
		uint32_t length;

		memcpy(&length, lengths.at + i * sizeof length, sizeof length);
		entries[i] = bytes_first(all, length);
		all = bytes_skip(all, length);
	}
	*ret_count = count;
	return entries;
}

/* The log has been opened by somebody else, or it has gone as a whole. */
static void on_top(void *ctx, enum err err, struct state_cursor top)
{
	struct watch *w = ctx;

	(void)top;
	op_is_over(w);
	if (err)
		watch_restart(w);
	else
		watch_was_fenced(w);
}

static void append_failed(struct watch *w, enum err err)
{
	struct call call;

	w->is_lean = w->is_lean || err == ERR_TOO_BIG;
	if (err != ERR_CONFLICT || w->state == WATCH_STOPPED || !watch_is_our_turn(w)) {
		watch_restart(w);
		return;
	}
	watch_release(w);
	call = log_call(w);
	w->log.op = call.mem ? state_log_top(w->hub->state, call, log_name(w), on_top, w) : NULL;
	if (w->log.op)
		w->state = WATCH_OPENING;
	else
		watch_restart(w);
}

static void on_appended(void *ctx, enum err err, struct state_cursor top)
{
	struct watch *w = ctx;

	op_is_over(w);
	w->log.is_appending = false;
	if (err) {
		w->log.is_open = false;
		append_failed(w, err);
		return;
	}
	w->log.top = top;
	if (has_something(w))
		watch_log_flush(w);
	else
		settle(w);
	watch_step_down(w);
	watch_go(w);
}

static bool append(struct watch *w, struct saves *s)
{
	struct call call = log_call(w);
	size_t count;
	struct bytes *entries = entries_of(w, &count);

	if (!entries || !call.mem || buf_err(&w->log.entries) || buf_err(&w->log.lengths) ||
	    buf_err(&s->bytes) || buf_err(&w->log.removed)) {
		free(entries);
		return false;
	}
	w->log.op = state_log_append(w->hub->state, call, log_name(w), w->log.epoch, entries, count,
				     s->at, s->count, on_appended, w);
	free(entries);
	w->log.is_appending = w->log.op != NULL;
	return w->log.is_appending;
}

static void on_task(struct loop_task *t)
{
	struct watch *w = (struct watch *)(void *)((char *)t - offsetof(struct watch, log.task));
	uint64_t now = clock_monotonic_ms();
	struct saves s;
	bool ok;

	if (!w->log.is_open || w->log.is_appending)
		return;
	for (size_t i = 0; i < w->folder_count; i++)
		watch_put_gathered(w, w->folders[i]);
	if (put_counts(w, now))
		plan(w, w->log.counts_ms + COUNTS_EVERY_MS);
	if (!has_something(w)) {
		settle(w);
		watch_step_down(w);
		return;
	}
	ok = saves_init(&s, w);
	if (ok)
		save_all(&s, w);
	ok = ok && append(w, &s);
	saves_done(&s);
	w->log.is_urgent = false;
	w->log.flushed_ms = now;
	if (!ok) {
		watch_restart(w);
		return;
	}
	buf_reset(&w->log.entries);
	buf_reset(&w->log.lengths);
	buf_reset(&w->log.removed);
}
