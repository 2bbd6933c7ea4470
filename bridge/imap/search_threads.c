/*
 * One message of each thread: what `thread` is, the API's threadId says, so it is looked
 * up message by message (the server's own id, else the root of the References), and
 * remembered with the folder. THREAD (RFC 5256) is not asked: it also joins by
 * In-Reply-To and by subject, and a message would hide behind one whose threadId does
 * not lead to it.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "imap/search.h"
#include "mime/headers.h"

#define ROW_BYTES_MAX (1u << 20)

static struct imap_threads *threads_of(const struct imap_searching *s)
{
	return &s->base.store->session->mailbox.threads;
}

static uint64_t key_of(struct bytes thread_id)
{
	struct hash_sha256 digest = hash_sha256_of(&thread_id, 1);
	uint64_t key;

	memcpy(&key, digest.at, sizeof(key));
	return key;
}

/* What is left of the list, and of the rows beside it. */
static bool collapse(struct imap_searching *s)
{
	bool *keeps = calloc(s->uids.count + 1, sizeof(*keeps));
	size_t n = 0;

	if (!keeps || !imap_threads_collapse(threads_of(s), s->uids.at, s->uids.count,
					     imap_searching_query(s)->descending, keeps)) {
		free(keeps);
		return false;
	}
	for (size_t i = 0; i < s->uids.count; i++) {
		if (!keeps[i])
			continue;
		if (s->rows)
			s->rows[n] = s->rows[i];
		s->uids.at[n++] = s->uids.at[i];
	}
	s->uids.count = n;
	s->row_count = s->rows ? n : 0;
	free(keeps);
	return true;
}

static void on_row(struct imap_scanning *sc, const struct imap_fetch *f)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;
	struct arena *mem = arena_new(ROW_BYTES_MAX);
	struct message_id alone = { .key.uid = f->uid };
	struct mail_item item = { 0 };
	struct headers headers;

	if (!mem)
		return;
	imap_fetch_item(&item, mem, f);
	if (bytes_is_null(item.thread_id) &&
	    mime_headers_decode(mem, item.header, BYTES_NULL, &headers) == ERR_OK)
		item.thread_id = message_thread_id(mem, &headers, &alone);
	if (!bytes_is_null(item.thread_id))
		imap_threads_add(threads_of(s), f->uid, key_of(item.thread_id));
	arena_free(mem);
}

static void on_scanned(struct imap_scanning *sc)
{
	struct imap_searching *s = (struct imap_searching *)sc->op;

	imap_threads_sort(threads_of(s));
	if (s->base.fault.err)
		imap_op_fail(&s->base, &s->base.fault);
	else if (collapse(s))
		s->collapsed(s);
	else
		imap_op_fail_with(&s->base, ERR_NOMEM, "");
}

void imap_searching_collapse(struct imap_searching *s, void (*then)(struct imap_searching *s))
{
	imap_searching_cut(s, IMAP_SCAN_THREADS_MAX);
	imap_uids_done(&s->sorted);
	s->sorted.at = calloc(s->uids.count + 1, sizeof(*s->sorted.at));
	if (!s->sorted.at) {
		imap_op_fail_with(&s->base, ERR_NOMEM, "");
		return;
	}
	for (size_t i = 0; i < s->uids.count; i++) {
		if (!imap_threads_find(threads_of(s), s->uids.at[i]))
			s->sorted.at[s->sorted.count++] = s->uids.at[i];
	}
	imap_uids_sort(&s->sorted);
	s->collapsed = then;
	s->scanning = (struct imap_scanning){ .op = &s->base,
					      .uids = &s->sorted,
					      .what = IMAP_SCAN_THREADS,
					      .row = on_row,
					      .done = on_scanned };
	imap_scanning_start(&s->scanning);
}
