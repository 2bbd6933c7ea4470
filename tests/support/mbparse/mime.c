/* mbparse mime: the object of GET /v1/messages/{id}?html=raw, as the API's own
 * writer gives it, with null for what only a server knows. */
#include <jansson.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mime/headers.h"
#include "mime/message.h"
#include "mime/preview.h"
#include "mime/text.h"
#include "json/message.h"

#include "mbparse.h"

#define MESSAGE_MAX_BYTES (1024UL * 1024 * 1024)

static enum err read_all(FILE *in, struct buf *to)
{
	size_t n = 1;

	while (n > 0 && buf_err(to) == ERR_OK) {
		uint8_t *at = buf_reserve(to, 64 * 1024);

		n = at ? fread(at, 1, 64 * 1024, in) : 0;
		if (n)
			buf_commit(to, n);
	}
	return buf_err(to);
}

static uint64_t crlf_size(struct bytes b)
{
	uint64_t n = b.len;

	for (size_t i = 0; i < b.len; i++)
		n += b.at[i] == '\n' && (i == 0 || b.at[i - 1] != '\r');
	return n;
}

static bool has_value(const struct message *m, struct bytes part_id)
{
	for (size_t i = 0; i < m->body_value_count; i++)
		if (bytes_equal(m->body_values[i].part_id, part_id))
			return true;
	return false;
}

static enum err add_values(struct arena *mem, const struct mime_message *raw,
			   const struct part *const *parts, size_t count, struct message *to)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < count; i++) {
		struct bytes encoded;

		if (!part_is_text(parts[i]) || has_value(to, parts[i]->part_id) ||
		    !mime_message_section(raw, parts[i]->part_id, &encoded))
			continue;
		e = mime_body_value(mem, parts[i], encoded, false, MESSAGE_MAX_BYTES,
				    &to->body_values[to->body_value_count]);
		to->body_value_count += e == ERR_OK;
	}
	return e;
}

static enum err add_bodies(struct arena *mem, const struct mime_message *raw, struct message *to)
{
	size_t most = to->view.text_count + to->view.html_count;
	enum err e;

	to->body_values = ARENA_ARRAY(mem, most, struct body_value);
	if (!to->body_values)
		return ERR_NOMEM;
	e = add_values(mem, raw, to->view.text, to->view.text_count, to);
	if (e == ERR_OK && to->body_value_count) {
		const struct part *first = part_find(to->structure, to->body_values[0].part_id);

		e = mime_preview(mem, to->body_values[0].value,
				 bytes_equal_str(first->type, "text/html"), &to->summary.preview);
	}
	return e == ERR_OK ? add_values(mem, raw, to->view.html, to->view.html_count, to) : e;
}

static enum err add_headers(struct arena *mem, struct bytes block, struct message *to)
{
	enum err e = mime_headers_decode(mem, block, BYTES_NULL, &to->summary.headers);

	if (e != ERR_OK)
		return e;
	to->summary.received_at = mime_received_time(block).unix_s;
	to->summary.thread_id = message_thread_id(mem, &to->summary.headers, &to->summary.id);
	return ERR_OK;
}

static enum err understand(struct arena *mem, struct bytes message, struct message *ret)
{
	struct message m = { .summary.size = crlf_size(message) };
	struct mime_message raw;
	enum err e = mime_message_parse(mem, message, &raw);

	if (e != ERR_OK)
		return e;
	m.structure = raw.root;
	if (!part_view_of(raw.root, mem, &m.view))
		return ERR_NOMEM;
	m.summary.has_attachment = m.view.has_attachment;
	e = add_headers(mem, raw.header, &m);
	if (e == ERR_OK)
		e = add_bodies(mem, &raw, &m);
	if (e == ERR_OK)
		*ret = m;
	return e;
}

/* What a message alone cannot tell. */
static void clear_ids(json_t *o, const struct message *m, struct bytes header)
{
	json_object_set_new(o, "id", json_null());
	json_object_set_new(o, "folderId", json_null());
	if (m->summary.headers.message_id.count == 0)
		json_object_set_new(o, "threadId", json_null());
	if (!mime_received_time(header).is_known)
		json_object_set_new(o, "receivedAt", json_null());
}

static int print(const struct message *m, struct bytes message, FILE *out)
{
	struct json_writer w;
	struct buf text;
	json_t *o;
	int rc = 1;

	buf_init(&text, SIZE_MAX / 2);
	w = json_writer_of(&text);
	json_message(&w, m);
	o = buf_err(&text) == ERR_OK
		    ? json_loadb((const char *)buf_bytes(&text).at, text.len, JSON_ALLOW_NUL, NULL)
		    : NULL;
	if (o) {
		clear_ids(o, m, message);
		rc = json_dumpf(o, out, JSON_INDENT(1)) != 0;
		fputc('\n', out);
	}
	json_decref(o);
	buf_done(&text);
	return rc;
}

int mbparse_mime(FILE *in, FILE *out)
{
	struct arena *mem = arena_new(4 * MESSAGE_MAX_BYTES);
	struct message m;
	struct buf message;
	enum err e;
	int rc = 1;

	buf_init(&message, MESSAGE_MAX_BYTES);
	e = mem ? read_all(in, &message) : ERR_NOMEM;
	if (e == ERR_OK)
		e = understand(mem, buf_bytes(&message), &m);
	if (e == ERR_OK)
		rc = print(&m, buf_bytes(&message), out);
	else
		fprintf(out, "{\"kind\":\"malformed\",\"position\":%zu,\"reason\":\"%s\"}\n",
			message.len,
			e == ERR_INVALID ? "there is no message: the input is empty" : err_name(e));
	buf_done(&message);
	arena_free(mem);
	return rc;
}
