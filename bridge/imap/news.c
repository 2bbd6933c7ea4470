#include "imap/news.h"

#include <stdlib.h>

#include "imap/store.h"

static void forget(struct imap_news *n)
{
	free(n->flags);
	free(n->gone);
	if (n->owns_mem)
		arena_free(n->mem);
	n->flags = NULL;
	n->gone = NULL;
	n->mem = NULL;
	n->flag_count = n->flag_cap = n->gone_count = n->gone_cap = 0;
	n->owns_mem = false;
}

void imap_news_done(struct imap_news *n)
{
	forget(n);
	*n = (struct imap_news){ 0 };
}

void imap_news_start(struct imap_news *n, struct arena *mem)
{
	imap_news_done(n);
	n->is_on = true;
	n->uidnext = UINT32_MAX;
	n->flag_max = SIZE_MAX / sizeof(*n->flags) / 2;
	n->mem = mem;
}

void imap_news_go_on(struct imap_news *n, uint32_t uidnext)
{
	forget(n);
	n->uidnext = uidnext;
	n->flag_max = IMAP_NEWS_FLAGS_MAX;
}

static void lose(struct imap_news *n)
{
	forget(n);
	n->is_lost = true;
}

static bool reserve(void **array, size_t count, size_t *cap, size_t item_bytes)
{
	size_t more = *cap ? *cap * 2 : 16;
	void *grown;

	if (count < *cap)
		return true;
	grown = reallocarray(*array, more, item_bytes);
	if (!grown)
		return false;
	*array = grown;
	*cap = more;
	return true;
}

void imap_news_see_flags(struct imap_news *n, uint32_t uid, const struct imap_fetch *f)
{
	struct mail_flags *to;

	if (!n->is_on || n->is_lost || !uid || uid >= n->uidnext)
		return;
	if (!n->mem) {
		n->mem = arena_new(IMAP_NEWS_BYTES_MAX);
		n->owns_mem = true;
	}
	if (!n->mem || n->flag_count == n->flag_max ||
	    !reserve((void **)&n->flags, n->flag_count, &n->flag_cap, sizeof(*n->flags))) {
		lose(n);
		return;
	}
	to = &n->flags[n->flag_count++];
	*to = (struct mail_flags){ .uid = uid,
				   .modseq = f->has & IMAP_FETCH_MODSEQ ? f->modseq : 0 };
	imap_keywords_of(&to->keywords, n->mem, &f->flags);
	if (arena_failed(n->mem))
		lose(n);
}

void imap_news_see_gone(struct imap_news *n, uint32_t uid)
{
	if (!n->is_on || n->is_lost || !uid || uid >= n->uidnext)
		return;
	if (!reserve((void **)&n->gone, n->gone_count, &n->gone_cap, sizeof(*n->gone)))
		lose(n);
	else
		n->gone[n->gone_count++] = uid;
}

/* --- in order ------------------------------------------------------------------------ */

static int compare_uids(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static int compare_entries(const void *pa, const void *pb, void *flags)
{
	const struct mail_flags *all = flags;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (all[a].uid != all[b].uid)
		return all[a].uid > all[b].uid ? 1 : -1;
	return (a > b) - (a < b);
}

static bool is_ascending(const struct mail_flags *flags, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (flags[i - 1].uid >= flags[i].uid)
			return false;
	}
	return true;
}

/* By UID, of each the one that came last. False when memory is short. */
static bool put_in_order(struct imap_news_batch *b)
{
	uint32_t *order;
	struct mail_flags *sorted;
	size_t n = 0;

	if (is_ascending(b->flags, b->flag_count))
		return true;
	order = calloc(b->flag_count, sizeof(*order));
	sorted = calloc(b->flag_count, sizeof(*sorted));
	for (size_t i = 0; order && i < b->flag_count; i++)
		order[i] = (uint32_t)i;
	if (order && sorted)
		qsort_r(order, b->flag_count, sizeof(*order), compare_entries, b->flags);
	for (size_t i = 0; order && sorted && i < b->flag_count; i++) {
		if (n && sorted[n - 1].uid == b->flags[order[i]].uid)
			n--;
		sorted[n++] = b->flags[order[i]];
	}
	free(order);
	if (!n) {
		free(sorted);
		return false;
	}
	free(b->flags);
	b->flags = sorted;
	b->flag_count = n;
	return true;
}

/* What is gone has no flags. */
static void drop_gone(struct imap_news_batch *b)
{
	size_t n = 0, g = 0;

	for (size_t i = 0; i < b->flag_count; i++) {
		while (g < b->gone_count && b->gone[g] < b->flags[i].uid)
			g++;
		if (g == b->gone_count || b->gone[g] != b->flags[i].uid)
			b->flags[n++] = b->flags[i];
	}
	b->flag_count = n;
}

struct imap_news_batch imap_news_take(struct imap_news *n)
{
	struct imap_news_batch b = { n->flags, n->flag_count, n->gone, n->gone_count,
				     n->owns_mem ? n->mem : NULL };

	if (b.gone_count)
		qsort(b.gone, b.gone_count, sizeof(*b.gone), compare_uids);
	if (!put_in_order(&b)) {
		b.flag_count = 0;
		n->is_lost = true;
	}
	drop_gone(&b);
	n->flags = NULL;
	n->gone = NULL;
	n->flag_count = n->flag_cap = n->gone_count = n->gone_cap = 0;
	if (n->owns_mem) {
		n->mem = NULL;
		n->owns_mem = false;
	}
	return b;
}

void imap_news_batch_done(struct imap_news_batch *b)
{
	free(b->flags);
	free(b->gone);
	arena_free(b->mem);
	*b = (struct imap_news_batch){ 0 };
}
