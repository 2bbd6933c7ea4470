/*
 * What is to be written collects in `pending`; one job at a time takes all of it to
 * disk on a pool thread, with one fdatasync() for all intents in it. Files are never
 * rewritten: a full one is followed by a new one, and the oldest go when what is in
 * them is too old or too much.
 */
#include "state/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/loop.h"
#include "state/journal_file.h"

#define KEEP_DEFAULT_MS   ((uint64_t)24 * 60 * 60 * 1000)
#define MAX_DEFAULT_BYTES ((size_t)64 << 20)
#define FILES_AIM         8 /* max_bytes is so many files */
#define PENDING_MAX_BYTES ((size_t)4 << 20)

TAILQ_HEAD(journal_files, journal_file);
TAILQ_HEAD(journal_entries, journal_entry);

struct journal_entry {
	struct op op; /* until its callback */
	struct journal *journal;
	TAILQ_ENTRY(journal_entry) link; /* in one of the lists */
	struct journal_file *file;       /* NULL: not on disk yet */
	uint64_t id;
	bool is_abandoned; /* nobody waits any more */
	journal_begun_cb *cb;
	void *ctx;
};

/* What a pool thread does; it alone touches this and the files meanwhile. */
struct journal_job {
	bool is_on;
	struct buf data;
	bool must_last, must_rotate;
	struct journal_file *file; /* to write to; the new one afterwards */
	struct journal_files to_drop;
	int why; /* errno's value */
	uint64_t us;
};

struct journal {
	struct loop *loop;
	int folder;
	uint64_t keep_ms;
	size_t max_bytes, file_bytes;
	char instance[JOURNAL_INSTANCE_BYTES];
	unsigned seq;
	uint64_t next_id;
	struct journal_files files; /* oldest first; the last one is written to */
	struct buf pending;
	bool pending_must_last;
	/* In `pending`; in the job; on disk, not ended. */
	struct journal_entries waiting, writing, open;
	struct loop_task task;
	struct journal_job job;
	bool is_freed; /* as soon as the job is over */
	struct journal_stats stats;
	char trouble[160];
};

const char *journal_kind_name(enum journal_kind k)
{
	switch (k) {
	case JOURNAL_APPEND: return "append";
	case JOURNAL_REPLACE: return "replace";
	case JOURNAL_DELETE: return "delete";
	case JOURNAL_SUBMIT: return "submit";
	}
	return "?";
}

/* --- the job -------------------------------------------------------------------------- */

static void run_job(void *ctx)
{
	struct journal *j = ctx;
	struct journal_job *job = &j->job;
	uint64_t started = clock_monotonic_us();
	struct journal_file *f;

	while ((f = TAILQ_FIRST(&job->to_drop))) {
		TAILQ_REMOVE(&job->to_drop, f, link);
		journal_file_drop(j->folder, f);
	}
	job->why = 0;
	if (job->must_rotate)
		job->why = journal_file_make(j->folder, j->instance, &j->seq, &job->file);
	if (!job->why)
		job->why = journal_file_append(job->file, buf_bytes(&job->data), job->must_last);
	job->us = clock_monotonic_us() - started;
}

static void tell(struct journal_entry *e, enum err err)
{
	journal_begun_cb *cb = e->cb;
	void *ctx = e->ctx;

	if (err)
		free(e);
	cb(ctx, err, err ? NULL : e);
}

static void remember_trouble(struct journal *j, int why)
{
	if (!why) {
		j->stats.trouble = NULL;
		return;
	}
	j->stats.failures++;
	snprintf(j->trouble, sizeof j->trouble, "The journal cannot be written: %s.",
		 strerror(why));
	j->stats.trouble = j->trouble;
}

/* Takes them to the open ones first: whoever is told may begin and end others. */
static void settle(struct journal *j, enum err err)
{
	struct journal_entries told = TAILQ_HEAD_INITIALIZER(told);
	struct journal_entry *e;

	TAILQ_CONCAT(&told, &j->writing, link);
	while ((e = TAILQ_FIRST(&told))) {
		TAILQ_REMOVE(&told, e, link);
		if (!err) {
			TAILQ_INSERT_TAIL(&j->open, e, link);
			e->file = TAILQ_LAST(&j->files, journal_files);
			e->file->open++;
			j->stats.open++;
			j->stats.begun++;
		}
		if (!e->is_abandoned)
			tell(e, err);
		else if (err)
			free(e);
		else
			journal_end(j, e, BYTES_NULL);
	}
}

/* While no job touches the files. */
static void count_files(struct journal *j)
{
	const struct journal_file *f;

	j->stats.bytes = 0;
	j->stats.files = 0;
	TAILQ_FOREACH(f, &j->files, link)
	{
		j->stats.bytes += f->size_bytes;
		j->stats.files++;
	}
}

static void on_job_done(void *ctx);

/* Memory is too short for a thread: nothing of it will be written. */
static void fail_job(struct journal *j)
{
	j->job.why = ENOMEM;
	j->job.us = 0;
	on_job_done(j);
}

static void choose_files_to_drop(struct journal *j, int64_t now_ms)
{
	struct journal_file *f, *last = TAILQ_LAST(&j->files, journal_files);
	size_t bytes = j->stats.bytes;

	while ((f = TAILQ_FIRST(&j->files)) != last && f->open == 0 &&
	       (bytes > j->max_bytes || f->newest_ms + (int64_t)j->keep_ms < now_ms)) {
		bytes -= f->size_bytes;
		TAILQ_REMOVE(&j->files, f, link);
		TAILQ_INSERT_TAIL(&j->job.to_drop, f, link);
	}
}

static void start_job(struct loop_task *t)
{
	struct journal *j = (struct journal *)(void *)((char *)t - offsetof(struct journal, task));
	struct journal_job *job = &j->job;
	int64_t now_ms = clock_wall_ms();
	struct buf data = job->data;

	if (job->is_on)
		return;
	if (buf_bytes(&j->pending).len == 0) {
		buf_reset(&j->pending); /* of a failure, too */
		return;
	}
	choose_files_to_drop(j, now_ms);
	job->is_on = true;
	job->data = j->pending;
	j->pending = data;
	buf_reset(&j->pending);
	job->must_last = j->pending_must_last;
	j->pending_must_last = false;
	job->file = TAILQ_LAST(&j->files, journal_files);
	job->must_rotate = job->file->size_bytes + buf_bytes(&job->data).len > j->file_bytes &&
			   job->file->size_bytes > JOURNAL_MAGIC_BYTES;
	job->file->newest_ms = now_ms;
	TAILQ_CONCAT(&j->writing, &j->waiting, link);
	if (!loop_work_start(j->loop, run_job, on_job_done, j))
		fail_job(j);
}

static void release(struct journal *j);

static void on_job_done(void *ctx)
{
	struct journal *j = ctx;
	struct journal_job *job = &j->job;

	job->is_on = false;
	if (job->file != TAILQ_LAST(&j->files, journal_files)) {
		job->file->newest_ms = clock_wall_ms();
		TAILQ_INSERT_TAIL(&j->files, job->file, link);
	}
	count_files(j);
	remember_trouble(j, job->why);
	if (job->must_last && !job->why) {
		j->stats.syncs++;
		j->stats.sync_us += job->us;
	}
	if (j->is_freed) {
		release(j);
		return;
	}
	if (buf_bytes(&j->pending).len)
		loop_task_start(j->loop, &j->task);
	settle(j, job->why == 0 ? ERR_OK : job->why == ENOMEM ? ERR_NOMEM : ERR_INTERNAL);
}

/* --- what callers do ------------------------------------------------------------------ */

/* False when there is no room for it now. */
static bool add(struct journal *j, const struct journal_record *r)
{
	if (buf_bytes(&j->pending).len > PENDING_MAX_BYTES)
		return false;
	journal_record_write(&j->pending, r);
	loop_task_start(j->loop, &j->task);
	return buf_err(&j->pending) == ERR_OK;
}

static void abandon(struct op *op)
{
	struct journal_entry *e = (struct journal_entry *)op;

	e->is_abandoned = true;
}

struct op *journal_begin(struct journal *j, const struct journal_intent *intent,
			 journal_begun_cb *cb, void *ctx)
{
	static const struct op_class cls = { .cancel = abandon };
	struct journal_record r = { .type = JOURNAL_RECORD_INTENT,
				    .at_ms = clock_wall_ms(),
				    .intent = *intent };
	struct journal_entry *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	r.id = j->next_id++;
	*e = (struct journal_entry){
		.op.cls = &cls, .journal = j, .id = r.id, .cb = cb, .ctx = ctx
	};
	if (!add(j, &r)) {
		free(e);
		return NULL;
	}
	j->pending_must_last = true;
	TAILQ_INSERT_TAIL(&j->waiting, e, link);
	return &e->op;
}

void journal_end(struct journal *j, struct journal_entry *e, struct bytes answer)
{
	struct journal_record r = { .type = JOURNAL_RECORD_OUTCOME,
				    .id = e->id,
				    .at_ms = clock_wall_ms(),
				    .answer = bytes_first(answer, JOURNAL_ANSWER_MAX_BYTES) };

	TAILQ_REMOVE(&j->open, e, link);
	e->file->open--;
	j->stats.open--;
	free(e);
	(void)add(j, &r); /* without it, it is in doubt later, which is no lie */
}

struct journal_stats journal_stats(const struct journal *j)
{
	return j->stats;
}

/* --- starting -------------------------------------------------------------------------- */

/* Tells one, and writes down what shall be kept of it. */
static void take_over(struct journal *j, const struct journal_left_record *r, journal_past_cb *past,
		      void *ctx, struct buf *to)
{
	struct journal_past p = {
		.intent = r->intent.intent,
		.at_ms = r->intent.at_ms,
		.is_in_doubt = !r->has_ended,
		.answer = r->answer,
	};
	bool has_key = !bytes_is_null(p.intent.key);
	bool is_old = p.at_ms + (int64_t)j->keep_ms < clock_wall_ms();
	struct journal_record kept = r->intent;

	if (!p.is_in_doubt && (!has_key || is_old || bytes_is_null(p.answer)))
		return;
	p.answer = past(ctx, &p);
	if (!has_key || is_old || bytes_is_null(p.answer))
		return;
	kept.id = j->next_id++;
	journal_record_write(to, &kept);
	kept.type = JOURNAL_RECORD_OUTCOME;
	kept.answer = p.answer;
	journal_record_write(to, &kept);
}

static int take_over_all(struct journal *j, journal_past_cb *past, void *ctx)
{
	struct journal_file *file = TAILQ_FIRST(&j->files);
	struct journal_left left;
	int why = journal_left_read(j->folder, &left);
	struct buf kept;

	if (why)
		return why;
	buf_init(&kept, 2 * j->max_bytes);
	for (size_t i = 0; i < left.record_count; i++)
		take_over(j, &left.records[i], past, ctx, &kept);
	why = buf_err(&kept) ? ENOMEM : journal_file_append(file, buf_bytes(&kept), true);
	buf_done(&kept);
	j->stats.damaged_bytes = left.damaged_bytes;
	journal_left_done(&left, j->folder, !why);
	return why;
}

static int start(struct journal *j, const char *folder, journal_past_cb *past, void *ctx)
{
	struct journal_file *first = NULL;
	uint8_t random[(JOURNAL_INSTANCE_BYTES - 1) / 2];
	int why;

	if (!hash_random(random, sizeof random))
		return EIO;
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(j->instance + 2 * i, 3, "%02x", random[i]);
	why = journal_folder_open(folder, &j->folder);
	if (!why)
		why = journal_file_make(j->folder, j->instance, &j->seq, &first);
	if (why)
		return why;
	first->newest_ms = clock_wall_ms();
	TAILQ_INSERT_TAIL(&j->files, first, link);
	why = take_over_all(j, past, ctx);
	count_files(j);
	return why;
}

struct journal *journal_open(const struct journal_setup *setup, journal_past_cb *past, void *ctx,
			     struct fault *ret_fault)
{
	struct journal *j = calloc(1, sizeof *j);
	int why = ENOMEM;

	if (j) {
		*j = (struct journal){
			.loop = setup->loop,
			.folder = -1,
			.keep_ms = setup->keep_ms ? setup->keep_ms : KEEP_DEFAULT_MS,
			.max_bytes = setup->max_bytes ? setup->max_bytes : MAX_DEFAULT_BYTES,
			.next_id = 1,
			.task.run = start_job,
		};
		j->file_bytes = j->max_bytes / FILES_AIM;
		TAILQ_INIT(&j->files);
		TAILQ_INIT(&j->waiting);
		TAILQ_INIT(&j->writing);
		TAILQ_INIT(&j->open);
		TAILQ_INIT(&j->job.to_drop);
		buf_init(&j->pending, PENDING_MAX_BYTES + 2 * JOURNAL_RECORD_MAX_BYTES);
		buf_init(&j->job.data, PENDING_MAX_BYTES + 2 * JOURNAL_RECORD_MAX_BYTES);
		why = start(j, setup->folder, past, ctx);
	}
	if (!why)
		return j;
	*ret_fault = fault_with_text(ERR_INTERNAL, strerror(why));
	if (j)
		release(j);
	return NULL;
}

/* --- the end --------------------------------------------------------------------------- */

static void free_entries(struct journal_entries *list)
{
	struct journal_entry *e;

	while ((e = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, e, link);
		free(e);
	}
}

static void release(struct journal *j)
{
	struct journal_file *f;

	f = TAILQ_LAST(&j->files, journal_files);
	/* Outcomes that wait: nobody is left to be told of a failure. */
	if (f && journal_file_append(f, buf_bytes(&j->pending), true))
		j->stats.failures++;
	while ((f = TAILQ_FIRST(&j->files))) {
		TAILQ_REMOVE(&j->files, f, link);
		journal_file_close(f);
	}
	free_entries(&j->waiting);
	free_entries(&j->writing);
	free_entries(&j->open);
	buf_done(&j->pending);
	buf_done(&j->job.data);
	if (j->folder >= 0)
		close(j->folder);
	free(j);
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	loop_task_stop(&j->task);
	if (j->job.is_on)
		j->is_freed = true;
	else
		release(j);
}
