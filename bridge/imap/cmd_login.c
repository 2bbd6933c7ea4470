/*
 * From a name and a password to a conversation: dial, TLS, greeting,
 * CAPABILITY, STARTTLS, AUTHENTICATE or LOGIN (RFC 9051 §6.1, §6.2).
 */
#include <stdlib.h>
#include <unistd.h>

#include "imap/quirks.h"
#include "imap/store.h"
#include "sasl/sasl.h"

struct login {
	struct imap_op base;
	struct op *dial;
	struct sasl *sasl;
	struct op *answer; /* to a challenge, being made */
	bool said_first;   /* the initial response went with AUTHENTICATE */
	bool says_later;   /* it did once, and the server could not take it */
	char *username, *password, *token;
};

static struct login *login_of(struct imap_exchange *x)
{
	return x->owner;
}

static struct imap_session *session_of(struct login *l)
{
	return l->base.store->session;
}

static void wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

static void cleanup(struct imap_op *op)
{
	struct login *l = (struct login *)op;

	op_cancel(l->dial);
	op_cancel(l->answer);
	sasl_free(l->sasl);
	wipe(l->username);
	wipe(l->password);
	wipe(l->token);
	/* Cancelled or failed half-way: this connection is of no use to anybody. */
	if (!op->store->is_open)
		imap_store_detach(op->store);
}

static void fail(struct login *l, enum err e, const char *text)
{
	imap_op_fail_with(&l->base, e, text);
}

/* True when the command was not sent, and the login has failed of it. */
static bool could_not_send(struct login *l)
{
	if (!l->base.fault.err)
		return false;
	imap_op_fail(&l->base, &l->base.fault);
	return true;
}

/* --- the login --------------------------------------------------------------------- */

static void succeed(struct imap_op *op)
{
	struct imap_store *st = op->store;
	struct mail_request rq;

	st->is_open = true;
	imap_store_set_caps(st);
	rq = imap_op_finish(op);
	rq.cb.done(rq.ctx, NULL);
}

static void on_late_capability(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct login *l = login_of(x);

	(void)reply;
	(void)imap_op_answered(&l->base, NULL);
	imap_settle_in(&l->base, succeed);
}

/* What may be done changes with the login; many servers say it in the answer. */
static void authenticated(struct login *l)
{
	if (session_of(l)->caps.is_known) {
		imap_settle_in(&l->base, succeed);
		return;
	}
	imap_op_send(&l->base, imap_op_command(&l->base, "CAPABILITY", on_late_capability));
	(void)could_not_send(l);
}

static void log_in(struct login *l);

static void log_in_again(struct login *l)
{
	sasl_free(l->sasl);
	l->sasl = NULL;
	l->said_first = false;
	l->says_later = true;
	log_in(l);
}

static void on_login(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct login *l = login_of(x);
	struct fault f = imap_fault_of(reply);
	enum err e;

	(void)imap_op_answered(&l->base, NULL);
	op_cancel(l->answer);
	l->answer = NULL;
	if (reply->status == IMAP_OK) {
		e = l->sasl ? sasl_finish(l->sasl) : ERR_OK;
		if (e == ERR_OK)
			authenticated(l);
		else
			fail(l, e, "the server did not prove that it knows the password");
		return;
	}
	if (l->said_first && imap_quirk_wants_no_initial_response(reply->status, reply->text)) {
		log_in_again(l);
		return;
	}
	if (f.err != ERR_BUSY && f.err != ERR_DENIED)
		f.err = ERR_AUTH;
	imap_op_fail(&l->base, &f);
}

static void send_login_command(struct login *l)
{
	struct imap_exchange *x = imap_op_command(&l->base, "LOGIN", on_login);

	if (x) {
		imap_command_astring(&x->command, bytes_of_str(l->username));
		imap_command_astring(&x->command, bytes_of_str(l->password));
	}
	session_of(l)->caps.is_known = false;
	imap_op_send(&l->base, x);
	(void)could_not_send(l);
}

/* One line of the exchange; "*" gives it up, and the tagged answer follows. */
static void on_answer(void *ctx, enum err e, struct buf *line)
{
	struct login *l = ctx;

	l->answer = NULL;
	if (e != ERR_OK) {
		buf_reset(line);
		buf_append_byte(line, '*');
	}
	buf_append(line, BYTES_LIT("\r\n"));
	e = buf_err(line) ? buf_err(line) : stream_write(session_of(l)->stream, buf_bytes(line));
	if (e != ERR_OK)
		fail(l, e, "");
}

static void on_challenge(struct imap_exchange *x, struct bytes text)
{
	struct login *l = login_of(x);

	if (l->answer) {
		fail(l, ERR_PROTO, "the server did not wait for the answer to its challenge");
		return;
	}
	l->answer = sasl_answer(l->sasl, x->session->loop, text, on_answer, l);
	if (!l->answer)
		fail(l, ERR_NOMEM, "");
}

static void send_authenticate(struct login *l)
{
	struct imap_session *s = session_of(l);
	struct imap_exchange *x = imap_op_command(&l->base, "AUTHENTICATE", on_login);
	struct buf first;
	bool any = false;
	enum err e = ERR_OK;

	buf_init(&first, IMAP_COMMAND_MAX);
	if (x) {
		imap_command_word(&x->command, sasl_mechanism_name(sasl_mechanism(l->sasl)));
		x->on_continue = on_challenge;
		if (imap_session_can(s, IMAP_CAP_SASL_IR) && !l->says_later)
			e = sasl_start(l->sasl, &first, &any);
		l->said_first = any;
		if (any && first.len)
			imap_command_atom(&x->command, buf_bytes(&first));
		else if (any)
			imap_command_word(&x->command, "=");
	}
	if (first.at)
		explicit_bzero(first.at, first.cap);
	buf_done(&first);
	if (e != ERR_OK) {
		imap_exchange_free(x);
		fail(l, e, "the login could not be begun");
		return;
	}
	s->caps.is_known = false;
	imap_op_send(&l->base, x);
	(void)could_not_send(l);
}

static unsigned offered(const struct imap_capabilities *c)
{
	unsigned set = 0;

	for (size_t i = 0; i < c->auth_count; i++)
		set |= SASL_BIT(sasl_mechanism_of(bytes_of_str(c->auth[i])));
	return set & ~SASL_BIT(SASL_UNKNOWN);
}

static bool may_use_login_command(const struct login *l, enum sasl_mechanism pinned, bool secure)
{
	const struct imap_session *s = l->base.store->session;

	return secure && l->password && (pinned == SASL_UNKNOWN || pinned == SASL_LOGIN) &&
	       !imap_session_can(s, IMAP_CAP_LOGINDISABLED);
}

static void log_in(struct login *l)
{
	const struct imap_server *server = &l->base.store->server;
	struct imap_session *s = session_of(l);
	const char *binding_type = NULL;
	struct sasl_options o = { .offered = offered(&s->caps),
				  .pinned = sasl_mechanism_of(bytes_of_str(server->sasl_mechanism)),
				  .secure =
					  stream_is_tls(s->stream) || server->allow_cleartext_login,
				  .service = "imap",
				  .host = server->host,
				  .port = server->port,
				  .username = l->username,
				  .password = l->token ? NULL : l->password,
				  .access_token = l->token };
	struct fault fault = fault_of(ERR_OK);
	struct buf binding;
	enum err e;

	buf_init(&binding, 256);
	if (stream_channel_binding(s->stream, &binding, &binding_type) &&
	    !(s->quirks.no_tls_exporter && strcmp(binding_type, "tls-exporter") == 0)) {
		o.binding_type = binding_type;
		o.binding = buf_bytes(&binding);
	}
	if (o.pinned == SASL_UNKNOWN)
		o.offered = imap_quirk_mechanisms(&s->caps, o.offered);
	e = sasl_new(&o, &l->sasl, &fault);
	buf_done(&binding);
	if (e == ERR_OK)
		send_authenticate(l);
	else if (e == ERR_UNSUPPORTED && may_use_login_command(l, o.pinned, o.secure))
		send_login_command(l);
	else
		imap_op_fail(&l->base, fault.err ? &fault : &(struct fault){ .err = e });
}

/* --- before the login ---------------------------------------------------------------- */

static void on_capability(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct login *l = login_of(x);

	(void)imap_op_answered(&l->base, reply);
	if (!could_not_send(l))
		log_in(l);
}

static void ask_capability(struct login *l,
			   void (*done)(struct imap_exchange *x, const struct imap_reply *reply))
{
	imap_op_send(&l->base, imap_op_command(&l->base, "CAPABILITY", done));
	(void)could_not_send(l);
}

static void on_secured(void *ctx)
{
	struct imap_session *s = ctx;
	struct imap_store *st = s->ctx;

	/* Only after STARTTLS there is something to be done now; what was said in
	 * clear is forgotten. */
	if (s->is_greeted && st->first && st->first->verb == &imap_verb_open)
		ask_capability((struct login *)st->first, on_capability);
}

static void secure(struct login *l)
{
	const struct imap_server *server = &l->base.store->server;

	stream_start_tls(session_of(l)->stream, server->tls_profile, server->host, on_secured);
}

static void on_starttls(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct login *l = login_of(x);
	struct imap_session *s = session_of(l);
	struct fault f = imap_fault_of(reply);

	(void)imap_op_answered(&l->base, NULL);
	if (reply->status != IMAP_OK) {
		f.err = f.err == ERR_BUSY ? ERR_BUSY : ERR_TLS;
		imap_op_fail(&l->base, &f);
		return;
	}
	s->upgrade = IMAP_UPGRADE_TLS;
	s->caps = (struct imap_capabilities){ 0 };
	secure(l);
}

static void start_tls(struct login *l)
{
	if (!imap_session_can(session_of(l), IMAP_CAP_STARTTLS)) {
		fail(l, ERR_TLS, "the server does not offer STARTTLS");
		return;
	}
	imap_op_send(&l->base, imap_op_command(&l->base, "STARTTLS", on_starttls));
	(void)could_not_send(l);
}

static void proceed(struct login *l)
{
	if (l->base.store->server.tls == IMAP_TLS_STARTTLS)
		start_tls(l);
	else
		log_in(l);
}

static void on_first_capability(struct imap_exchange *x, const struct imap_reply *reply)
{
	struct login *l = login_of(x);

	(void)imap_op_answered(&l->base, reply);
	if (!could_not_send(l))
		proceed(l);
}

static void on_greeting(void *ctx, const struct imap_response *r)
{
	struct imap_store *st = ctx;
	struct login *l = (struct login *)st->first;
	struct fault f;

	st->session->quirks = imap_quirks_of_greeting(&r->text);
	if (r->kind != IMAP_UNTAGGED ||
	    (r->status != IMAP_OK && r->status != IMAP_PREAUTH && r->status != IMAP_BYE)) {
		fail(l, ERR_PROTO, "what answers is no IMAP server");
	} else if (r->status == IMAP_BYE) {
		f = imap_fault_of_bye(&r->text);
		imap_op_fail(&l->base, &f);
	} else if (r->status == IMAP_PREAUTH) {
		/* STARTTLS is not possible any more: whoever sent this wants us in clear. */
		if (st->server.tls == IMAP_TLS_STARTTLS)
			fail(l, ERR_TLS, "the server offers no STARTTLS (PREAUTH)");
		else
			authenticated(l);
	} else if (!st->session->caps.is_known) {
		ask_capability(l, on_first_capability);
	} else {
		proceed(l);
	}
}

static void connected(struct login *l, int fd)
{
	if (!imap_store_attach(l->base.store, fd, on_greeting)) {
		fail(l, ERR_NOMEM, "");
		return;
	}
	l->base.has_asked = true;
	if (l->base.store->server.tls == IMAP_TLS_IMPLICIT)
		secure(l);
}

static void on_dialled(void *ctx, const struct fault *fault, int fd)
{
	struct login *l = ctx;

	l->dial = NULL;
	if (fault)
		imap_op_fail(&l->base, fault);
	else
		connected(l, fd);
}

static void dial(struct login *l)
{
	struct imap_store *st = l->base.store;
	struct dial_target target = { st->server.host, st->server.port, st->server.proxy,
				      st->server.public_only };
	int fd = st->fd;

	if (fd >= 0) {
		st->fd = -1;
		connected(l, fd);
		return;
	}
	l->dial = dialer_connect(st->dialer, &target, l->base.rq.call.deadline_ms, on_dialled, l);
	if (!l->dial)
		fail(l, ERR_NOMEM, "");
}

static void begin(struct imap_op *op)
{
	struct login *l = (struct login *)op;
	const struct credentials *c = op->rq.arg.credentials;

	if (op->store->session) {
		/* cleanup() must not close what is open. */
		imap_op_fail_with(op, ERR_INVALID, "the connection is open already");
		return;
	}
	l->username = bytes_dup_str(c->username);
	if (c->password.at)
		l->password = bytes_dup_str(c->password);
	if (c->access_token.at)
		l->token = bytes_dup_str(c->access_token);
	if (!l->username || (!l->password && !l->token))
		fail(l, ERR_AUTH, "the user name or the password holds what none can hold");
	else
		dial(l);
}

const struct imap_verb imap_verb_open = {
	.size_bytes = sizeof(struct login),
	.begin = begin,
	.cleanup = cleanup,
};
