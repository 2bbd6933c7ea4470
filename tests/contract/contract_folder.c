#include "contract_folder.h"

#include <stdlib.h>

#include "base/clock.h"
#include "cmocka_all.h"

bool contract_sync_was_whole;

#define WAIT_MS 60000

static size_t index_of(const struct contract_folder *f, uint32_t uid)
{
	size_t i = 0;

	while (i < f->count && f->known[i].uid < uid)
		i++;
	return i;
}

static struct contract_known *find(struct contract_folder *f, uint32_t uid)
{
	size_t i = index_of(f, uid);

	return i < f->count && f->known[i].uid == uid ? &f->known[i] : NULL;
}

static struct contract_known *put(struct contract_folder *f, uint32_t uid, const struct keywords *k)
{
	size_t i = index_of(f, uid);

	if (i == f->count || f->known[i].uid != uid) {
		assert_true(f->count < CONTRACT_FOLDER_MAX);
		memmove(&f->known[i + 1], &f->known[i], (f->count - i) * sizeof(*f->known));
		f->known[i] = (struct contract_known){ .uid = uid };
		f->count++;
	}
	assert_true(keywords_copy(k, f->t->mem, &f->known[i].keywords));
	return &f->known[i];
}

static void take_out(struct contract_folder *f, const struct uid_set *gone, unsigned *ret)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		if (uid_set_has(gone, f->known[i].uid))
			++*ret;
		else
			f->known[kept++] = f->known[i];
	}
	f->count = kept;
}

/* --- synchronising ------------------------------------------------------------------ */

static void on_sync(void *ctx, const struct fault *fault, const struct mail_sync *sync)
{
	struct contract_folder *f = ctx;
	unsigned ignored = 0;

	assert_false(f->t->is_done);
	f->t->is_done = true;
	if (fault) {
		assert_null(sync);
		f->t->fault = *fault;
		return;
	}
	contract_sync_was_whole = sync->is_whole;
	if (sync->is_whole)
		f->count = 0;
	else
		take_out(f, sync->gone, &ignored);
	for (size_t i = 0; i < sync->count; i++) {
		assert_true(i == 0 || sync->flags[i - 1].uid < sync->flags[i].uid);
		assert_true(sync->flags[i].uid < sync->uidnext);
		(void)put(f, sync->flags[i].uid, &sync->flags[i].keywords);
	}
	f->uidvalidity = sync->uidvalidity;
	f->uidnext = sync->uidnext;
	f->highestmodseq = sync->highestmodseq;
}

enum err contract_sync(struct contract_folder *f)
{
	struct uid_set uids;
	struct mail_baseline since = { f->uidvalidity, f->uidnext, f->highestmodseq,
				       f->hides_uids ? NULL : &uids };
	enum err e = ERR_OK;

	uid_set_init(&uids, CONTRACT_FOLDER_MAX);
	for (size_t i = 0; e == ERR_OK && i < f->count; i++)
		e = uid_set_add(&uids, f->known[i].uid, f->known[i].uid);
	assert_int_equal(e, ERR_OK);
	assert_non_null(
		mailstore_sync(f->t->ms, contract_call(f->t), f->t->path, &since, on_sync, f));
	contract_wait(f->t);
	uid_set_done(&uids);
	return f->t->fault.err;
}

/* --- watching -------------------------------------------------------------------------- */

static void see_new(struct contract_folder *f, const struct mail_event *ev)
{
	for (size_t i = 0; i < ev->count; i++) {
		const struct mail_item *item = &ev->items[i];
		struct contract_known *k = find(f, item->key.uid);

		assert_true(i == 0 || ev->items[i - 1].key.uid < item->key.uid);
		assert_int_equal(item->key.uidvalidity, f->uidvalidity);
		assert_true(!k || !k->was_new); /* once */
		k = put(f, item->key.uid, &item->keywords);
		k->was_new = true;
		k->has_header = item->header.len != 0 && item->structure && item->size;
		f->news++;
	}
}

static void on_event(void *ctx, const struct mail_event *ev)
{
	struct contract_folder *f = ctx;
	size_t before = f->count;

	assert_false(f->has_ended);
	switch (ev->kind) {
	case MAIL_EVENT_NEW: see_new(f, ev); break;
	case MAIL_EVENT_FLAGS:
		assert_true(ev->count > 0);
		for (size_t i = 0; i < ev->count; i++)
			(void)put(f, ev->flags[i].uid, &ev->flags[i].keywords);
		f->flags += (unsigned)ev->count;
		break;
	case MAIL_EVENT_GONE:
		take_out(f, ev->gone, &f->gone);
		assert_true(f->count < before); /* once */
		break;
	case MAIL_EVENT_STATUS:
		f->statuses++;
		f->status_path = arena_bytes(f->t->mem, ev->path);
		f->status = *ev->status;
		break;
	case MAIL_EVENT_FOLDERS: f->folders++; break;
	case MAIL_EVENT_LOST: f->lost++; break;
	case MAIL_EVENT_LOOKED:
		f->looked++;
		if (ev->highestmodseq)
			f->highestmodseq = ev->highestmodseq;
		break;
	}
}

static void on_end(void *ctx, const struct fault *fault)
{
	struct contract_folder *f = ctx;

	assert_non_null(fault);
	f->end = *fault;
	f->has_ended = true;
	f->watch = NULL;
}

void contract_watch(struct contract_folder *f, const struct mail_watch *how)
{
	f->has_ended = false;
	f->watch = mailstore_watch(f->t->ms, contract_call(f->t), f->t->path, how, on_event, on_end,
				   f);
	assert_non_null(f->watch);
}

void contract_look(struct contract_folder *f)
{
	uint64_t limit = clock_monotonic_ms() + WAIT_MS;
	unsigned before = f->looked;

	op_resume(f->watch);
	while (f->looked == before) {
		loop_turn(f->t->contract->loop, 100);
		assert_false(f->has_ended);
		assert_true(clock_monotonic_ms() < limit);
	}
}

void contract_stop_watching(struct contract_folder *f)
{
	op_cancel(f->watch);
	f->watch = NULL;
}

/* --- the truth ------------------------------------------------------------------------- */

void contract_assert_equal_to_server(struct contract_folder *f)
{
	struct mailstore *own = f->t->ms;
	struct contract_folder *truth = calloc(1, sizeof(*truth));

	truth->t = f->t;
	f->t->ms = f->t->contract->connect(f->t->contract->ctx);
	assert_int_equal(contract_open(f->t, f->t->ms, f->t->contract->password), ERR_OK);
	assert_int_equal(contract_sync(truth), ERR_OK);
	mailstore_free(f->t->ms);
	f->t->ms = own;
	assert_int_equal(f->uidvalidity, truth->uidvalidity);
	assert_int_equal(f->count, truth->count);
	for (size_t i = 0; i < f->count; i++) {
		assert_int_equal(f->known[i].uid, truth->known[i].uid);
		assert_true(keywords_equal(&f->known[i].keywords, &truth->known[i].keywords));
	}
	free(truth);
}
