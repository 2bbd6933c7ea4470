#include "tour.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

#define STEP_MAX_MS       30000
#define MEMORY_MAX_BYTES  (64 * 1024 * 1024)
#define NEWEST            20
#define SECTION_MAX_BYTES 4096

struct visit {
	struct loop *loop;
	struct mailstore *ms;
	struct arena *mem;
	FILE *out;
	bool is_told;
	struct fault fault;
	/* The newest message, and its first part that is text. */
	bool has_message;
	struct message_key key;
	struct bytes section;
};

static struct call call_of(struct visit *v)
{
	v->is_told = false;
	v->fault = fault_of(ERR_OK);
	return (struct call){ .mem = v->mem, .deadline_ms = clock_monotonic_ms() + STEP_MAX_MS };
}

static void told(struct visit *v, const struct fault *fault)
{
	v->is_told = true;
	if (fault)
		v->fault = *fault;
}

static bool wait_told(struct visit *v, const char *what, struct op *op)
{
	while (op && !v->is_told)
		loop_turn(v->loop, STEP_MAX_MS);
	if (op && v->fault.err == ERR_OK)
		return true;
	fprintf(v->out, "%s: failed: %s%s%s %s\n", what, err_name(op ? v->fault.err : ERR_NOMEM),
		v->fault.code[0] ? " " : "", v->fault.code, v->fault.text);
	return false;
}

static void on_done(void *ctx, const struct fault *fault)
{
	told(ctx, fault);
}

static void on_folders(void *ctx, const struct fault *fault, const struct folder_list *folders)
{
	struct visit *v = ctx;

	told(v, fault);
	for (size_t i = 0; !fault && i < folders->count; i++) {
		const struct folder *f = &folders->at[i];
		const char *role = folder_role_name(f->role);

		fprintf(v->out, "folder \"%.*s\"%s%s%s\n", BYTES_FMT(f->path), role ? " " : "",
			role ? role : "", f->is_selectable ? "" : " (cannot be selected)");
	}
}

static void on_status(void *ctx, const struct fault *fault, const struct folder_status *status)
{
	struct visit *v = ctx;

	told(v, fault);
	if (!fault)
		fprintf(v->out, "messages: %u, unread: %u\n", status->total, status->unread);
}

static void choose(struct visit *v, const struct mail_item *item)
{
	const struct part *p = item->structure;

	while (p && p->is_multipart)
		p = p->child_count > 0 ? &p->children[0] : NULL;
	v->has_message = !item->is_unreadable;
	v->key = item->key;
	v->section = p ? p->part_id : BYTES_NULL;
}

static void on_page(void *ctx, const struct fault *fault, const struct mail_page *page)
{
	struct visit *v = ctx;

	told(v, fault);
	if (fault)
		return;
	fprintf(v->out, "newest: %zu of %u\n", page->count, page->total);
	for (size_t i = 0; i < page->count; i++) {
		const struct mail_item *m = &page->items[i];

		fprintf(v->out, "message: %llu bytes, %zu bytes of header, %s\n",
			(unsigned long long)m->size, m->header.len,
			m->structure ? "structure" : "no structure");
		if (!v->has_message)
			choose(v, m);
	}
}

static void on_sections(void *ctx, const struct fault *fault, const struct bytes *values,
			size_t count)
{
	struct visit *v = ctx;

	told(v, fault);
	for (size_t i = 0; !fault && i < count; i++)
		fprintf(v->out, "section: %zu bytes\n", values[i].len);
}

static bool look_at_newest(struct visit *v, struct bytes path)
{
	struct mail_query newest = { .sort = SORT_ADDED,
				     .descending = true,
				     .window = { .kind = WINDOW_POSITION, .limit = NEWEST } };

	if (!wait_told(v, "query",
		       mailstore_query(v->ms, call_of(v), path, &newest, MAIL_SUMMARY, on_page, v)))
		return false;
	if (!v->has_message || bytes_is_null(v->section))
		return true;
	return wait_told(v, "sections",
			 mailstore_sections(v->ms, call_of(v), path, &v->key, &v->section, 1,
					    SECTION_MAX_BYTES, on_sections, v));
}

static bool visit(struct visit *v, const struct credentials *c, struct bytes path)
{
	return wait_told(v, "login", mailstore_open(v->ms, call_of(v), c, on_done, v)) &&
	       wait_told(v, "folders", mailstore_list_folders(v->ms, call_of(v), on_folders, v)) &&
	       wait_told(v, "status", mailstore_status(v->ms, call_of(v), path, on_status, v)) &&
	       look_at_newest(v, path) &&
	       wait_told(v, "ping", mailstore_ping(v->ms, call_of(v), on_done, v));
}

bool tour(struct loop *l, struct mailstore *ms, const struct credentials *c, const char *folder,
	  FILE *out)
{
	struct visit v = { .loop = l, .ms = ms, .out = out, .mem = arena_new(MEMORY_MAX_BYTES) };
	bool ok = v.mem && visit(&v, c, bytes_of_str(folder));

	mailstore_free(ms);
	arena_free(v.mem);
	return ok;
}
