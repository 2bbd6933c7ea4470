/* Header blocks: from the memory where they are, else by TOP, or RETR where the server
 * has no TOP; all that are asked for go over the wire together. */
#include <stdlib.h>

#include "pop3/store.h"

/* A longer one is fetched again rather than remembered. */
#define REMEMBERED_MAX_BYTES (32u << 10)

struct bytes pop3_header_of(struct bytes message)
{
	size_t n = bytes_starts_with(message, BYTES_LIT("\r\n"))
			   ? 0
			   : bytes_find(message, BYTES_LIT("\r\n\r\n")) + 2;

	return bytes_first(message, n + 2);
}

static bool is_lacking(const struct pop3_message *msg)
{
	return bytes_is_null(msg->header) && !msg->is_unreadable;
}

/* --- the memory ------------------------------------------------------------------------ */

/* Those that `pick` wants, with a key; owned by the caller. NULL when there are none, or
 * no memory. */
static struct pop3_message **pick(const struct pop3_op *op,
				  bool (*wants)(const struct pop3_message *msg), size_t *ret_count)
{
	struct pop3_message **picked = calloc(op->wanted_count, sizeof *picked);
	size_t n = 0;

	for (size_t i = 0; picked && i < op->wanted_count; i++)
		if (wants(op->wanted[i]) && op->wanted[i]->key.text[0])
			picked[n++] = op->wanted[i];
	*ret_count = n;
	if (n)
		return picked;
	free(picked);
	return NULL;
}

static bool is_new(const struct pop3_message *msg)
{
	return msg->is_header_new;
}

/* Nobody waits for it: next time the server is asked again if need be. */
static void remember_new(struct pop3_op *op)
{
	size_t count = 0;
	struct pop3_message **fresh = pick(op, is_new, &count);
	struct bytes *values = calloc(count + 1, sizeof *values);

	for (size_t i = 0; values && i < count; i++) {
		values[i] = fresh[i]->header;
		fresh[i]->is_header_new = false;
	}
	if (values && count)
		(void)pop3_remember(op, MAIL_MEMORY_HEADERS, fresh, values, count, NULL);
	free(values);
	free(fresh);
}

/* --- the server ------------------------------------------------------------------------ */

static enum err take_header(struct pop3_op *op, struct pop3_message *msg)
{
	enum err err = pop3_message_set_header(&op->store->drop, msg,
					       pop3_header_of(buf_bytes(&op->header)));

	msg->is_header_new = !err && msg->header.len <= REMEMBERED_MAX_BYTES;
	return err;
}

static enum flow on_header_data(void *owner, uint32_t n, struct bytes data)
{
	struct pop3_op *op = owner;

	(void)n;
	/* Over the limit: what there is will do. */
	buf_append(&op->header, data);
	return FLOW_MORE;
}

static enum err ask_header(struct pop3_op *op, struct pop3_message *msg);

static void on_header_done(void *owner, uint32_t n, const struct pop3_status *status,
			   const struct fault *fault)
{
	struct pop3_op *op = owner;
	struct pop3_message *msg = pop3_maildrop_by_number(&op->store->drop, n);
	enum err err = ERR_OK;

	if (fault)
		return;
	op->pending--;
	if (!status->is_ok && !msg->is_asked_whole && !pop3_session_caps(op->store->session)->top) {
		/* TOP is optional, and this server did not say that it has it. */
		op->store->has_no_top = true;
		err = ask_header(op, msg);
		if (!err)
			op->pending++;
	} else if (status->is_ok) {
		err = take_header(op, msg);
	} else {
		msg->is_unreadable = true;
	}
	if (err && !op->fault.err)
		op->fault = fault_of(err);
	buf_reset(&op->header);
	if (op->pending)
		return;
	if (op->fault.err) {
		pop3_op_fail(op, &op->fault);
		return;
	}
	remember_new(op);
	op->verb->headers_ready(op);
}

static const struct pop3_handler header_handler = { .on_data = on_header_data,
						    .on_done = on_header_done };

static enum err ask_header(struct pop3_op *op, struct pop3_message *msg)
{
	struct pop3_store *st = op->store;

	msg->is_asked_whole = st->has_no_top;
	return pop3_session_send(st->session, st->has_no_top ? "RETR" : "TOP", msg->number,
				 st->has_no_top ? POP3_NO_NUMBER : 0, POP3_BODY_DATA,
				 &header_handler, op);
}

static void ask_server(struct pop3_op *op)
{
	for (size_t i = 0; i < op->wanted_count; i++) {
		enum err err;

		if (!is_lacking(op->wanted[i]))
			continue;
		err = ask_header(op, op->wanted[i]);
		if (err) {
			pop3_op_fail_with(op, err, "");
			return;
		}
		op->pending++;
		op->asked_headers++;
	}
	if (op->pending == 0)
		op->verb->headers_ready(op);
}

static void on_recalled(struct pop3_op *op, const struct bytes *values, size_t count)
{
	size_t n = 0;
	/* The same as were asked for: nothing has come since. */
	struct pop3_message **lacking = values ? pick(op, is_lacking, &n) : NULL;

	for (size_t i = 0; i < n && i < count; i++)
		/* Without it the server is asked. */
		if (!bytes_is_null(values[i]))
			(void)!pop3_message_set_header(&op->store->drop, lacking[i], values[i]);
	free(lacking);
	ask_server(op);
}

void pop3_op_want_headers(struct pop3_op *op, struct pop3_message *const *messages, size_t count)
{
	struct pop3_message **lacking;
	size_t n = 0;
	bool is_asked = false;

	op->wanted = messages;
	op->wanted_count = count;
	lacking = pick(op, is_lacking, &n);
	if (lacking)
		is_asked = pop3_recall(op, MAIL_MEMORY_HEADERS, lacking, n, on_recalled);
	free(lacking);
	if (!is_asked)
		ask_server(op);
}
