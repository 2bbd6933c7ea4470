#include "mailstore/mailstore.h"

#include "mailstore/backend.h"

const struct mailstore_caps *mailstore_caps(const struct mailstore *ms)
{
	return ms->cls->caps(ms);
}

bool mailstore_is_open(const struct mailstore *ms)
{
	return ms->cls->is_open(ms);
}

struct bytes mailstore_selected(const struct mailstore *ms)
{
	return ms->cls->selected(ms);
}

void mailstore_free(struct mailstore *ms)
{
	if (ms)
		ms->cls->free(ms);
}

void mailstore_on_end(struct mailstore *ms, mailstore_done_cb *cb, void *ctx)
{
	ms->on_end = cb;
	ms->on_end_ctx = ctx;
}

struct op *mailstore_open(struct mailstore *ms, struct call call, const struct credentials *c,
			  mailstore_done_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_OPEN,
							  .call = call,
							  .arg.credentials = c,
							  .cb.done = cb,
							  .ctx = ctx });
}

struct op *mailstore_ping(struct mailstore *ms, struct call call, mailstore_done_cb *cb, void *ctx)
{
	return ms->cls->start(ms,
			      &(struct mail_request){
				      .verb = MAIL_PING, .call = call, .cb.done = cb, .ctx = ctx });
}

struct op *mailstore_list_folders(struct mailstore *ms, struct call call, mailstore_folders_cb *cb,
				  void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_LIST_FOLDERS,
							  .call = call,
							  .cb.folders = cb,
							  .ctx = ctx });
}

struct op *mailstore_status(struct mailstore *ms, struct call call, struct bytes path,
			    mailstore_status_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_STATUS,
							  .call = call,
							  .path = path,
							  .cb.status = cb,
							  .ctx = ctx });
}

struct op *mailstore_glance(struct mailstore *ms, struct call call, struct bytes path,
			    mailstore_status_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_STATUS,
							  .call = call,
							  .path = path,
							  .arg.is_glance = true,
							  .cb.status = cb,
							  .ctx = ctx });
}

struct op *mailstore_change_folder(struct mailstore *ms, struct call call,
				   enum folder_change_kind what, struct bytes path,
				   struct bytes new_path, mailstore_done_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_CHANGE_FOLDER,
							  .call = call,
							  .path = path,
							  .arg.change = { what, new_path },
							  .cb.done = cb,
							  .ctx = ctx });
}

struct op *mailstore_quota(struct mailstore *ms, struct call call, mailstore_quota_cb *cb,
			   void *ctx)
{
	return ms->cls->start(
		ms, &(struct mail_request){
			    .verb = MAIL_QUOTA, .call = call, .cb.quota = cb, .ctx = ctx });
}

struct op *mailstore_query(struct mailstore *ms, struct call call, struct bytes path,
			   const struct mail_query *query, unsigned want, mailstore_page_cb *cb,
			   void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_QUERY,
							  .call = call,
							  .path = path,
							  .arg.read = { want, *query },
							  .cb.page = cb,
							  .ctx = ctx });
}

struct op *mailstore_fetch(struct mailstore *ms, struct call call, struct bytes path,
			   const struct message_key *keys, size_t count, unsigned want,
			   mailstore_items_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_FETCH,
							  .call = call,
							  .path = path,
							  .keys = keys,
							  .count = count,
							  .arg.read.want = want,
							  .cb.items = cb,
							  .ctx = ctx });
}

struct op *mailstore_stream(struct mailstore *ms, struct call call, struct bytes path,
			    const struct message_key *key, const struct mail_section *section,
			    flow_data_cb *on_data, mailstore_done_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_STREAM,
							  .call = call,
							  .path = path,
							  .arg.stream = { *key, *section, on_data },
							  .cb.done = cb,
							  .ctx = ctx });
}

struct op *mailstore_part_size(struct mailstore *ms, struct call call, struct bytes path,
			       const struct message_key *key, struct bytes part_id,
			       uint64_t encoded_bytes, mailstore_size_cb *cb, void *ctx)
{
	return ms->cls->start(ms,
			      &(struct mail_request){ .verb = MAIL_PART_SIZE,
						      .call = call,
						      .path = path,
						      .arg.size = { *key, part_id, encoded_bytes },
						      .cb.size = cb,
						      .ctx = ctx });
}

struct op *mailstore_sections(struct mailstore *ms, struct call call, struct bytes path,
			      const struct message_key *key, const struct bytes *sections,
			      size_t count, uint64_t max_bytes, mailstore_sections_cb *cb,
			      void *ctx)
{
	return ms->cls->start(ms,
			      &(struct mail_request){ .verb = MAIL_SECTIONS,
						      .call = call,
						      .path = path,
						      .count = count,
						      .arg.sections = { *key, sections, max_bytes },
						      .cb.sections = cb,
						      .ctx = ctx });
}

struct op *mailstore_set_keywords(struct mailstore *ms, struct call call, struct bytes path,
				  const struct message_key *keys, size_t count,
				  const struct keywords *add, const struct keywords *remove,
				  uint64_t unchanged_since, mailstore_changes_cb *cb, void *ctx)
{
	return ms->cls->start(
		ms, &(struct mail_request){ .verb = MAIL_SET_KEYWORDS,
					    .call = call,
					    .path = path,
					    .keys = keys,
					    .count = count,
					    .arg.flags = { *add, *remove, unchanged_since },
					    .cb.changes = cb,
					    .ctx = ctx });
}

static struct op *start_transfer(struct mailstore *ms, enum mail_verb verb, struct call call,
				 struct bytes path, const struct message_key *keys, size_t count,
				 struct bytes to, mailstore_changes_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = verb,
							  .call = call,
							  .path = path,
							  .keys = keys,
							  .count = count,
							  .arg.to = to,
							  .cb.changes = cb,
							  .ctx = ctx });
}

struct op *mailstore_copy(struct mailstore *ms, struct call call, struct bytes path,
			  const struct message_key *keys, size_t count, struct bytes to,
			  mailstore_changes_cb *cb, void *ctx)
{
	return start_transfer(ms, MAIL_COPY, call, path, keys, count, to, cb, ctx);
}

struct op *mailstore_move(struct mailstore *ms, struct call call, struct bytes path,
			  const struct message_key *keys, size_t count, struct bytes to,
			  mailstore_changes_cb *cb, void *ctx)
{
	return start_transfer(ms, MAIL_MOVE, call, path, keys, count, to, cb, ctx);
}

struct op *mailstore_expunge(struct mailstore *ms, struct call call, struct bytes path,
			     const struct message_key *keys, size_t count, mailstore_changes_cb *cb,
			     void *ctx)
{
	return start_transfer(ms, MAIL_EXPUNGE, call, path, keys, count, BYTES_NULL, cb, ctx);
}

struct op *mailstore_append(struct mailstore *ms, struct call call, struct bytes path,
			    const struct mail_source *source, const struct keywords *keywords,
			    int64_t received_at, mailstore_changes_cb *cb, void *ctx)
{
	return ms->cls->start(
		ms, &(struct mail_request){ .verb = MAIL_APPEND,
					    .call = call,
					    .path = path,
					    .arg.append = { *source, *keywords, received_at },
					    .cb.changes = cb,
					    .ctx = ctx });
}

struct op *mailstore_find(struct mailstore *ms, struct call call, struct bytes path,
			  uint32_t first_uid, const struct mail_source *source,
			  mailstore_changes_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_FIND,
							  .call = call,
							  .path = path,
							  .arg.find = { *source, first_uid },
							  .cb.changes = cb,
							  .ctx = ctx });
}

struct op *mailstore_sync(struct mailstore *ms, struct call call, struct bytes path,
			  const struct mail_baseline *since, mailstore_sync_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_SYNC,
							  .call = call,
							  .path = path,
							  .arg.since = *since,
							  .cb.sync = cb,
							  .ctx = ctx });
}

struct op *mailstore_watch(struct mailstore *ms, struct call call, struct bytes path,
			   const struct mail_watch *how, mailstore_event_cb *on_event,
			   mailstore_done_cb *cb, void *ctx)
{
	return ms->cls->start(ms, &(struct mail_request){ .verb = MAIL_WATCH,
							  .call = call,
							  .path = path,
							  .arg.watch = { *how, on_event },
							  .cb.done = cb,
							  .ctx = ctx });
}

void mail_request_fail(const struct mail_request *rq, const struct fault *fault)
{
	switch (rq->verb) {
	case MAIL_OPEN:
	case MAIL_PING:
	case MAIL_CHANGE_FOLDER:
	case MAIL_STREAM:
	case MAIL_WATCH: rq->cb.done(rq->ctx, fault); return;
	case MAIL_LIST_FOLDERS: rq->cb.folders(rq->ctx, fault, NULL); return;
	case MAIL_STATUS: rq->cb.status(rq->ctx, fault, NULL); return;
	case MAIL_QUOTA: rq->cb.quota(rq->ctx, fault, NULL); return;
	case MAIL_QUERY: rq->cb.page(rq->ctx, fault, NULL); return;
	case MAIL_FETCH: rq->cb.items(rq->ctx, fault, NULL, 0); return;
	case MAIL_PART_SIZE: rq->cb.size(rq->ctx, fault, 0); return;
	case MAIL_SECTIONS: rq->cb.sections(rq->ctx, fault, NULL, 0); return;
	case MAIL_SYNC: rq->cb.sync(rq->ctx, fault, NULL); return;
	case MAIL_SET_KEYWORDS:
	case MAIL_COPY:
	case MAIL_MOVE:
	case MAIL_EXPUNGE:
	case MAIL_APPEND:
	case MAIL_FIND:
	case MAIL_VERBS: rq->cb.changes(rq->ctx, fault, NULL, 0); return;
	}
}

bool mail_request_is_change(const struct mail_request *rq)
{
	switch (rq->verb) {
	case MAIL_CHANGE_FOLDER:
	case MAIL_SET_KEYWORDS:
	case MAIL_COPY:
	case MAIL_MOVE:
	case MAIL_EXPUNGE:
	case MAIL_APPEND: return true;
	case MAIL_OPEN:
	case MAIL_PING:
	case MAIL_LIST_FOLDERS:
	case MAIL_STATUS:
	case MAIL_QUOTA:
	case MAIL_QUERY:
	case MAIL_FETCH:
	case MAIL_STREAM:
	case MAIL_PART_SIZE:
	case MAIL_SECTIONS:
	case MAIL_FIND:
	case MAIL_SYNC:
	case MAIL_WATCH:
	case MAIL_VERBS: break;
	}
	return false;
}
