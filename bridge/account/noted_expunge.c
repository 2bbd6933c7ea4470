#include "account/noted_expunge.h"

#include "base/arena.h"
#include "state/journal.h"

/* In call.mem. */
struct noted_expunge {
	struct op op; /* first */
	struct journal *journal;
	struct call call;
	struct mailstore *ms;
	struct bytes path;
	const struct message_key *keys;
	size_t count;
	mailstore_changes_cb *cb;
	void *ctx;
	struct op *running; /* the journal's, then the mail store's */
	struct journal_entry *entry;
};

static void end_entry(struct noted_expunge *e)
{
	if (e->entry)
		journal_end(e->journal, e->entry, BYTES_NULL);
	e->entry = NULL;
}

static void cancel(struct op *op)
{
	struct noted_expunge *e = (struct noted_expunge *)op;

	op_cancel(e->running);
	end_entry(e);
}

static void on_expunged(void *ctx, const struct fault *fault, const struct change_result *results,
			size_t count)
{
	struct noted_expunge *e = ctx;

	end_entry(e);
	e->cb(e->ctx, fault, results, count);
}

static void on_noted(void *ctx, enum err err, struct journal_entry *entry)
{
	struct noted_expunge *e = ctx;
	struct fault starved = fault_of(ERR_NOMEM);

	(void)err;
	e->entry = entry;
	e->running = mailstore_expunge(e->ms, e->call, e->path, e->keys, e->count, on_expunged, e);
	if (!e->running)
		on_expunged(e, &starved, NULL, 0);
}

struct op *noted_expunge(const struct step *s, struct call call, struct mailstore *ms,
			 struct bytes path, const struct message_key *keys, size_t count,
			 mailstore_changes_cb *cb, void *ctx)
{
	static const struct op_class cls = { .cancel = cancel };
	struct journal *j = s->account->hub->journal;
	struct journal_intent intent = { .kind = JOURNAL_DELETE,
					 .account = bytes_of_str(s->account->id.text) };
	struct noted_expunge *e;

	if (!j || !mailstore_caps(ms)->has_names)
		return mailstore_expunge(ms, call, path, keys, count, cb, ctx);
	e = ARENA_NEW(call.mem, struct noted_expunge);
	if (!e)
		return NULL;
	*e = (struct noted_expunge){ .op.cls = &cls,
				     .journal = j,
				     .call = call,
				     .ms = ms,
				     .path = path,
				     .keys = keys,
				     .count = count,
				     .cb = cb,
				     .ctx = ctx };
	e->running = journal_begin(j, &intent, on_noted, e);
	return e->running ? &e->op : NULL;
}
