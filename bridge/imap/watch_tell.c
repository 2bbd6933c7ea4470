#include <stdlib.h>

#include "imap/name.h"
#include "imap/utf7.h"
#include "imap/watch.h"

#define FOLDERS_BYTES_MAX (16u << 20)

bool imap_watch_emit(struct imap_watch *w, const struct mail_event *ev)
{
	bool freed = false;

	w->freed = &freed;
	w->base.rq.arg.watch.on_event(w->base.rq.ctx, ev);
	if (freed)
		return false;
	w->freed = NULL;
	return true;
}

static bool tell_gone(struct imap_watch *w, const struct imap_news_batch *b)
{
	struct mail_event ev = { .kind = MAIL_EVENT_GONE };
	struct uid_set gone;
	enum err e = ERR_OK;
	bool ok = true;

	uid_set_init(&gone, b->gone_count);
	for (size_t i = 0; e == ERR_OK && i < b->gone_count; i++)
		e = uid_set_add(&gone, b->gone[i], b->gone[i]);
	ev.gone = &gone;
	if (e != ERR_OK)
		imap_watch_mailbox(w)->news.is_lost = true;
	else if (gone.count)
		ok = imap_watch_emit(w, &ev);
	uid_set_done(&gone);
	return ok;
}

static bool tell_news(struct imap_watch *w)
{
	struct imap_news_batch b = imap_news_take(&imap_watch_mailbox(w)->news);
	struct mail_event ev = { .kind = MAIL_EVENT_FLAGS,
				 .flags = b.flags,
				 .count = b.flag_count };
	bool ok = tell_gone(w, &b);

	if (ok && b.flag_count)
		ok = imap_watch_emit(w, &ev);
	imap_news_batch_done(&b);
	return ok;
}

/* --- other folders --------------------------------------------------------------------- */

#define NEEDED (IMAP_STATUS_MESSAGES | IMAP_STATUS_UIDNEXT | IMAP_STATUS_UIDVALIDITY)

static bool reserve_watched(struct imap_watch *w)
{
	size_t cap = w->watched_cap ? w->watched_cap * 2 : 32;
	struct imap_watched_folder *grown;

	if (w->folders.count < w->watched_cap)
		return true;
	grown = reallocarray(w->watched, cap, sizeof(*grown));
	if (!grown)
		return false;
	w->watched = grown;
	w->watched_cap = cap;
	return true;
}

/* Dovecot's NOTIFY (2.3) gives names in UTF-8 whatever the session speaks. What is that
 * and no modified UTF-7 is taken as it is. */
static struct bytes path_of(const struct imap_watch *w, struct arena *mem, struct bytes raw)
{
	bool is_utf8 = w->base.store->session->encoding.is_utf8;
	struct bytes decoded;

	if (!is_utf8 && bytes_is_utf8(raw) && !imap_utf7_decode(mem, raw, &decoded))
		return raw;
	return imap_name_decode(mem, raw, w->base.store->caps.delimiter, is_utf8);
}

static struct imap_watched_folder *add_watched(struct imap_watch *w, struct bytes raw)
{
	struct arena *mem = w->folders.mem;
	struct imap_watched_folder new = { .path = path_of(w, mem, raw) };

	if (arena_failed(mem) || !reserve_watched(w) || !imap_listed_add(&w->folders, raw))
		return NULL;
	w->watched[w->folders.count - 1] = new;
	return &w->watched[w->folders.count - 1];
}

/* NULL when there is no room for more. */
static struct imap_watched_folder *watched_of(struct imap_watch *w, struct bytes raw)
{
	struct imap_listed *l = &w->folders;
	const struct imap_listed_folder *f;

	if (!l->mem)
		l->mem = arena_new(FOLDERS_BYTES_MAX);
	if (!l->mem)
		return NULL;
	f = imap_listed_find(l, raw);
	return f ? &w->watched[f - l->at] : add_watched(w, arena_bytes(l->mem, raw));
}

void imap_watch_take_status(struct imap_watch *w, const struct imap_status_data *st)
{
	struct imap_watched_folder *f = watched_of(w, st->mailbox);

	if (!f)
		return;
	f->has |= st->has;
	if (st->has & IMAP_STATUS_MESSAGES)
		f->status.total = st->messages;
	if (st->has & IMAP_STATUS_UNSEEN)
		f->status.unread = st->unseen;
	if (st->has & IMAP_STATUS_UIDNEXT)
		f->status.uidnext = st->uidnext;
	if (st->has & IMAP_STATUS_UIDVALIDITY)
		f->status.uidvalidity = st->uidvalidity;
	if (st->has & IMAP_STATUS_HIGHESTMODSEQ)
		f->status.highestmodseq = st->highestmodseq;
	f->is_changed = true;
	w->has_status_changes = true;
}

static bool tell_folders(struct imap_watch *w)
{
	bool has_changes = w->has_status_changes;

	if (w->has_folder_changes) {
		w->has_folder_changes = false;
		if (!imap_watch_emit(w, &(struct mail_event){ .kind = MAIL_EVENT_FOLDERS }))
			return false;
	}
	w->has_status_changes = false;
	for (size_t i = 0; has_changes && i < w->folders.count; i++) {
		struct imap_watched_folder *f = &w->watched[i];
		struct mail_event ev = { .kind = MAIL_EVENT_STATUS,
					 .path = f->path,
					 .status = &f->status };

		if (!f->is_changed || (f->has & NEEDED) != NEEDED ||
		    imap_same_path(f->path, w->base.rq.path))
			continue;
		f->is_changed = false;
		if (!imap_watch_emit(w, &ev))
			return false;
	}
	return true;
}

bool imap_watch_tell(struct imap_watch *w)
{
	struct imap_news *news = &imap_watch_mailbox(w)->news;

	if (w->is_over)
		return true;
	if (!tell_news(w) || !tell_folders(w))
		return false;
	if (!news->is_lost)
		return true;
	w->is_over = true;
	return imap_watch_emit(w, &(struct mail_event){ .kind = MAIL_EVENT_LOST });
}

void imap_watch_tell_done(struct imap_watch *w)
{
	arena_free(w->folders.mem);
	free(w->watched);
}
