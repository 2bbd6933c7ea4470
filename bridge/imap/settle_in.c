/*
 * What is told and asked once, right after the login: ID (RFC 2971), NAMESPACE
 * (RFC 2342), ENABLE (RFC 5161), COMPRESS (RFC 4978). ID is always sent where it
 * is offered: 163 and 126 refuse SELECT without it ("Unsafe Login").
 */
#include "imap/store.h"

#define NAMES_MAX_BYTES (256u << 10)

/* True when the command was not sent, and the operation has failed of it. */
static bool could_not_send(struct imap_op *op)
{
	if (!op->fault.err)
		return false;
	imap_op_fail(op, &op->fault);
	return true;
}

static void on_compress(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;

	(void)imap_op_answered(op, NULL);
	if (reply->status == IMAP_OK)
		op->store->session->upgrade = IMAP_UPGRADE_DEFLATE;
	op->then(op);
}

static void compress(struct imap_op *op)
{
	struct imap_exchange *x;

	if (!op->store->server.compress ||
	    !imap_session_can(op->store->session, IMAP_CAP_COMPRESS_DEFLATE)) {
		op->then(op);
		return;
	}
	x = imap_op_command(op, "COMPRESS", on_compress);
	if (x)
		imap_command_word(&x->command, "DEFLATE");
	imap_op_send(op, x);
	(void)could_not_send(op);
}

/* None of these must succeed. */
static void on_extra(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct imap_op *op = x->owner;

	(void)reply;
	if (imap_op_answered(op, NULL) && !could_not_send(op))
		compress(op);
}

static void send_id(struct imap_op *op)
{
	const struct imap_server *server = &op->store->server;
	struct imap_exchange *x = imap_op_command(op, "ID", on_extra);
	const char *name = server->id_name ? server->id_name : "mailbridge";
	const char *version = server->id_version ? server->id_version : "0.1";

	if (x) {
		imap_command_open(&x->command);
		imap_command_string(&x->command, BYTES_LIT("name"));
		imap_command_string(&x->command, bytes_of_str(name));
		imap_command_string(&x->command, BYTES_LIT("version"));
		imap_command_string(&x->command, bytes_of_str(version));
		imap_command_close(&x->command);
	}
	imap_op_send(op, x);
}

static bool wants_namespace(const struct imap_exchange *x, const struct imap_response *r)
{
	(void)x;
	return r->kind == IMAP_NAMESPACE;
}

static void take_namespace(struct imap_exchange *x, const struct imap_response *r)
{
	struct imap_store *st = ((struct imap_op *)x->owner)->store;

	st->has_namespaces = r != NULL;
	if (r)
		st->namespaces = r->namespaces;
}

static void send_namespace(struct imap_op *op)
{
	struct imap_store *st = op->store;
	struct imap_exchange *x = imap_op_command(op, "NAMESPACE", on_extra);

	arena_free(st->names_mem);
	st->has_namespaces = false;
	st->names_mem = arena_new(NAMES_MAX_BYTES);
	if (x && st->names_mem) {
		x->mem = st->names_mem;
		x->wants = wants_namespace;
		x->take = take_namespace;
	}
	imap_op_send(op, x);
}

static void send_enable(struct imap_op *op)
{
	static const struct {
		enum imap_cap cap;
		const char *word;
	} wanted[] = { { IMAP_CAP_CONDSTORE, "CONDSTORE" },
		       { IMAP_CAP_UTF8_ACCEPT, "UTF8=ACCEPT" },
		       { IMAP_CAP_IMAP4REV2, "IMAP4rev2" } };
	struct imap_exchange *x = imap_op_command(op, "ENABLE", on_extra);
	bool any = false;

	for (size_t i = 0; x && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!imap_session_can(op->store->session, wanted[i].cap))
			continue;
		imap_command_word(&x->command, wanted[i].word);
		any = true;
	}
	if (any || !x)
		imap_op_send(op, x);
	else
		imap_exchange_free(x);
}

void imap_settle_in(struct imap_op *op, void (*then)(struct imap_op *op))
{
	op->then = then;
	if (imap_session_can(op->store->session, IMAP_CAP_ID))
		send_id(op);
	if (imap_session_can(op->store->session, IMAP_CAP_NAMESPACE) ||
	    imap_session_can(op->store->session, IMAP_CAP_IMAP4REV2))
		send_namespace(op);
	if (imap_session_can(op->store->session, IMAP_CAP_ENABLE) ||
	    imap_session_can(op->store->session, IMAP_CAP_IMAP4REV2))
		send_enable(op);
	if (!op->pending && !could_not_send(op))
		compress(op);
}
