#include "account/live_list.h"

#include "account/list_state.h"

#define SUMMARY_MAX_BYTES ((size_t)1 << 20) /* as the codec writes it */

/* --- which messages --------------------------------------------------- */

/* What of a query flags alone can tell. */
struct flag_filter {
	struct folder_filter filter;
	struct bytes has[MAIL_FILTERS_MAX], lacks[MAIL_FILTERS_MAX];
};

static void add_name(struct keywords *to, struct bytes *names, struct bytes name)
{
	unsigned bit = keywords_system_bit(name);

	to->system |= bit;
	to->custom.at = names;
	if (!bit)
		names[to->custom.count++] = name;
}

static bool filter_of(const struct mail_query *q, struct flag_filter *to)
{
	to->filter = (struct folder_filter){ 0 };
	for (size_t i = 0; i < q->filter_count; i++) {
		const struct mail_filter *f = &q->filters[i];

		if (f->kind == FILTER_KEYWORD)
			add_name(&to->filter.has, to->has, f->text);
		else if (f->kind == FILTER_NOT_KEYWORD)
			add_name(&to->filter.lacks, to->lacks, f->text);
		else
			return false;
	}
	return true;
}

static bool is_possible(const struct mail_query *q, const struct list_options *o)
{
	return q->sort == SORT_ADDED && !o->collapse_threads && q->window.limit <= LIVE_PAGE_MAX &&
	       q->filter_count <= MAIL_FILTERS_MAX &&
	       (q->window.kind == WINDOW_POSITION || q->window.key.kind == MESSAGE_KEY_UID);
}

/* The position of the first message behind a UID, whether that is there or not. */
static uint32_t position_after(const struct live_page *p, const struct folder_filter *f,
			       uint32_t uid, bool descending)
{
	if (descending)
		return uid ? folder_state_rank(p->state, f, uid - 1, true) : p->total;
	return uid < UINT32_MAX ? folder_state_rank(p->state, f, uid + 1, false) : p->total;
}

static uint32_t position_of(const struct live_page *p, const struct folder_filter *f,
			    const struct mail_query *q)
{
	const struct mail_window *w = &q->window;

	switch (w->kind) {
	case WINDOW_POSITION: break;
	case WINDOW_AFTER: return position_after(p, f, w->key.uid, q->descending);
	case WINDOW_ANCHOR: return folder_state_rank(p->state, f, w->key.uid, q->descending);
	}
	return w->position < p->total ? w->position : p->total;
}

bool live_page_is_possible(const struct mail_query *query, const struct list_options *options)
{
	struct flag_filter f;

	return is_possible(query, options) && filter_of(query, &f);
}

bool live_page_find(const struct folder_state *state, const struct mail_query *query,
		    const struct list_options *options, struct live_page *ret)
{
	const struct mail_window *w = &query->window;
	struct flag_filter f;

	if (!state || !is_possible(query, options) || !filter_of(query, &f))
		return false;
	if (w->uidvalidity && w->uidvalidity != folder_state_totals(state).uidvalidity)
		return false;
	ret->state = state;
	ret->total = folder_state_count(ret->state, &f.filter);
	ret->position = position_of(ret, &f.filter, query);
	ret->count = folder_state_window(ret->state, &f.filter, ret->position, query->descending,
					 ret->uids, w->limit);
	ret->has_more = ret->position + ret->count < ret->total;
	return w->kind != WINDOW_ANCHOR || (ret->count && ret->uids[0] == w->key.uid);
}

/* --- what they are ---------------------------------------------------- */

static bool find(struct account *a, const struct folder_id *folder, uint32_t uidvalidity,
		 uint32_t uid, const struct list_options *options, struct summary_bytes *ret)
{
	return summary_cache_find(&a->hub->cache, folder, uidvalidity, uid, ret) &&
	       !(options->preview && bytes_is_null(ret->preview));
}

static void put_hex(char **to, uint64_t n)
{
	int shift = 60;

	while (shift && !(n >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*(*to)++ = "0123456789abcdef"[n >> shift & 15];
}

/* All that the list's bytes depend on: the state, where it stands, the summaries. */
static void put_tag(char tag[LIST_TAG_MAX], const struct folder_state *fs, uint64_t serial)
{
	struct folder_totals t = folder_state_totals(fs);
	const uint64_t parts[] = { folder_state_version(fs), t.uidnext, t.highestmodseq, serial };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (i)
			*tag++ = '.';
		put_hex(&tag, parts[i]);
	}
	*tag = '\0';
}

struct bytes live_state_text(struct arena *mem, const struct folder_state *fs)
{
	struct folder_totals t = folder_state_totals(fs);

	return list_state_format(mem, &(struct list_state){ .uidvalidity = t.uidvalidity,
							    .uidnext = t.uidnext,
							    .highestmodseq = t.highestmodseq,
							    .has_version = !t.highestmodseq,
							    .version = folder_state_version(fs) });
}

bool live_page_list(struct account *a, const struct folder_id *folder, const struct live_page *page,
		    const struct list_options *options, struct arena *mem, struct summary_list *ret)
{
	struct folder_totals t = folder_state_totals(page->state);
	uint64_t serial = 0;

	*ret = (struct summary_list){ .has_total = true,
				      .total = page->total,
				      .position = page->position,
				      .has_more = page->has_more,
				      .uidvalidity = t.uidvalidity };
	ret->ready = ARENA_ARRAY(mem, page->count, struct ready_summary);
	for (; ret->ready && ret->count < page->count; ret->count++) {
		struct ready_summary *to = &ret->ready[ret->count];
		uint32_t uid = page->uids[ret->count];
		struct summary_bytes b;

		if (!find(a, folder, t.uidvalidity, uid, options, &b) ||
		    !folder_state_keywords(page->state, uid, &to->keywords))
			return false;
		to->lasting = b.lasting;
		to->preview = b.preview;
		serial = b.serial > serial ? b.serial : serial;
	}
	if (ret->count)
		ret->last_id = (struct message_id){ *folder,
						    { .kind = MESSAGE_KEY_UID,
						      .uidvalidity = t.uidvalidity,
						      .uid = page->uids[ret->count - 1] } };
	ret->state = live_state_text(mem, page->state);
	put_tag(ret->tag, page->state, serial);
	return !arena_failed(mem);
}

size_t live_page_missing(struct account *a, const struct folder_id *folder,
			 const struct live_page *page, const struct list_options *options,
			 struct arena *mem, struct message_key **ret)
{
	uint32_t uidvalidity = folder_state_totals(page->state).uidvalidity;
	struct message_key *keys = ARENA_ARRAY(mem, page->count, struct message_key);
	size_t n = 0;

	for (size_t i = 0; keys && i < page->count; i++) {
		struct summary_bytes b;

		if (!find(a, folder, uidvalidity, page->uids[i], options, &b))
			keys[n++] = (struct message_key){ .kind = MESSAGE_KEY_UID,
							  .uidvalidity = uidvalidity,
							  .uid = page->uids[i] };
	}
	*ret = keys;
	return n;
}

void live_list_keep(struct arena *mem, struct summary_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct ready_summary *s = &l->ready[i];
		struct keywords k = s->keywords;

		s->lasting = arena_bytes(mem, s->lasting);
		s->preview = arena_bytes(mem, s->preview);
		if (!keywords_copy(&k, mem, &s->keywords))
			s->keywords = (struct keywords){ 0 };
	}
}

/* --- one summary ------------------------------------------------------ */

/* What the codec writes into both; they are made and done here. */
struct written {
	struct buf lasting, preview;
	bool is_whole;
};

static struct written write_summary(const struct account *a, const struct summary *s)
{
	const struct account_codec *codec = &a->hub->codec;
	bool has_preview = !bytes_is_null(s->preview);
	struct written w;

	buf_init(&w.lasting, SUMMARY_MAX_BYTES);
	buf_init(&w.preview, SUMMARY_MAX_BYTES);
	w.is_whole = codec->put_summary && codec->put_summary(codec->ctx, &w.lasting, s) &&
		     (!has_preview || codec->put_preview(codec->ctx, &w.preview, s->preview));
	return w;
}

static void written_done(struct written *w)
{
	buf_done(&w->lasting);
	buf_done(&w->preview);
}

bool live_summary_ready(const struct account *a, struct arena *mem, const struct summary *s,
			struct ready_summary *ret)
{
	struct written w = write_summary(a, s);

	ret->keywords = s->keywords;
	ret->lasting = arena_bytes(mem, buf_bytes(&w.lasting));
	ret->preview =
		bytes_is_null(s->preview) ? BYTES_NULL : arena_bytes(mem, buf_bytes(&w.preview));
	written_done(&w);
	return w.is_whole && !arena_failed(mem);
}

bool live_summary_find(struct account *a, const struct message_id *id, struct arena *mem,
		       struct ready_summary *ret)
{
	struct summary_bytes b;

	if (id->key.kind != MESSAGE_KEY_UID ||
	    !summary_cache_find(&a->hub->cache, &id->folder, id->key.uidvalidity, id->key.uid, &b))
		return false;
	ret->lasting = arena_bytes(mem, b.lasting);
	ret->preview = arena_bytes(mem, b.preview);
	return !arena_failed(mem);
}

void live_summary_keep(struct account *a, const struct summary *s)
{
	const struct message_key *key = &s->id.key;
	struct written w;
	struct summary_bytes b;

	if (key->kind != MESSAGE_KEY_UID)
		return;
	w = write_summary(a, s);
	b = (struct summary_bytes){ .lasting = buf_bytes(&w.lasting) };
	if (!bytes_is_null(s->preview))
		b.preview = buf_bytes(&w.preview);
	if (w.is_whole &&
	    summary_cache_put(&a->hub->cache, &s->id.folder, key->uidvalidity, key->uid, &b, &b))
		summary_store_put(&a->hub->store, &s->id.folder, key->uidvalidity, key->uid, &b);
	written_done(&w);
}
