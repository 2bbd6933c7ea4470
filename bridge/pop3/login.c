/*
 * From the greeting to the transaction state: CAPA, STLS, CAPA again (what was
 * said in clear is not believed), the strongest login that both sides can do,
 * and CAPA once more, for some servers tell of UIDL only then.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "pop3/session_inside.h"

static void ask_caps(struct pop3_session *s);

static void fail(struct pop3_session *s, enum err err, const char *text)
{
	struct fault fault = fault_with_text(err, text);

	pop3_session_fail(s, &fault);
}

static void fail_with_status(struct pop3_session *s, enum err otherwise,
			     const struct pop3_status *status)
{
	struct fault fault = fault_from_server(pop3_status_err(status, otherwise), "pop3",
					       status->code, status->text);

	pop3_session_fail(s, &fault);
}

static void send_line(struct pop3_session *s, struct buf *line, enum pop3_body body,
		      const struct pop3_handler *on)
{
	enum err err = buf_err(line) ? buf_err(line)
				     : pop3_session_send_text(s, buf_bytes(line), body, on, s);

	if (line->at)
		explicit_bzero(line->at, line->cap);
	buf_done(line);
	if (err == ERR_INVALID)
		fail(s, ERR_AUTH, "the user name or password has characters POP3 cannot carry");
	else if (err)
		fail(s, err, "");
}

/* --- what comes last --------------------------------------------------------------- */

/* The password was accepted. */
static void on_logged_in(struct pop3_session *s)
{
	s->caps = pop3_caps_none();
	s->is_caps_final = true;
	ask_caps(s);
}

/* --- USER and PASS ------------------------------------------------------------------ */

static void on_pass(void *ctx, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	(void)n;
	if (fault)
		return;
	if (status->is_ok)
		on_logged_in(ctx);
	else
		fail_with_status(ctx, ERR_AUTH, status);
}

static const struct pop3_handler pass_handler = { .on_done = on_pass };

static void on_user(void *ctx, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct pop3_session *s = ctx;
	struct buf line;

	(void)n;
	if (fault)
		return;
	if (!status->is_ok) {
		fail_with_status(s, ERR_AUTH, status);
		return;
	}
	buf_init(&line, 8192);
	buf_append_str(&line, "PASS ");
	buf_append(&line, s->password);
	send_line(s, &line, POP3_BODY_NONE, &pass_handler);
}

static const struct pop3_handler user_handler = { .on_done = on_user };

static void login_user(struct pop3_session *s)
{
	struct buf line;

	buf_init(&line, 8192);
	buf_append_str(&line, "USER ");
	buf_append(&line, s->username);
	send_line(s, &line, POP3_BODY_NONE, &user_handler);
}

/* --- APOP (RFC 1939 §7) ------------------------------------------------------------- */

static void login_apop(struct pop3_session *s)
{
	struct bytes pieces[] = { buf_bytes(&s->timestamp), s->password };
	char digest[HASH_MD5_HEX_BYTES];
	struct buf line;

	hash_md5_hex(pieces, 2, digest);
	buf_init(&line, 8192);
	buf_append_str(&line, "APOP ");
	buf_append(&line, s->username);
	buf_append_byte(&line, ' ');
	buf_append_str(&line, digest);
	send_line(s, &line, POP3_BODY_NONE, &pass_handler);
}

/* --- AUTH (RFC 5034) ---------------------------------------------------------------- */

static void on_answer(void *ctx, enum err err, struct buf *response)
{
	struct pop3_session *s = ctx;

	s->answer = NULL;
	if (err == ERR_PROTO || err == ERR_AUTH) {
		buf_reset(response);
		buf_append_byte(response, '*');
		err = ERR_OK;
	}
	if (!err)
		err = pop3_session_respond(s, response);
	if (err)
		fail(s, err, "");
}

static void on_challenge(void *ctx, struct bytes challenge)
{
	struct pop3_session *s = ctx;

	if (s->answer) {
		fail(s, ERR_PROTO, "the server did not wait for the answer to its challenge");
		return;
	}
	s->answer = sasl_answer(s->sasl, s->loop, challenge, on_answer, s);
	if (!s->answer)
		fail(s, ERR_NOMEM, "");
}

static void on_auth(void *ctx, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct pop3_session *s = ctx;
	enum err err;

	(void)n;
	op_cancel(s->answer);
	s->answer = NULL;
	if (fault)
		return;
	if (!status->is_ok) {
		fail_with_status(s, ERR_AUTH, status);
		return;
	}
	err = sasl_finish(s->sasl);
	if (err)
		fail(s, err, "the server said yes before it had proved itself");
	else
		on_logged_in(s);
}

static const struct pop3_handler auth_handler = { .on_challenge = on_challenge,
						  .on_done = on_auth };

static void login_sasl(struct pop3_session *s)
{
	struct buf line;
	bool any = false;
	enum err err;

	buf_init(&line, 8192);
	buf_append_str(&line, "AUTH ");
	buf_append_str(&line, sasl_mechanism_name(sasl_mechanism(s->sasl)));
	buf_append_byte(&line, ' ');
	err = sasl_start(s->sasl, &line, &any);
	if (err) {
		buf_done(&line);
		fail(s, err, "");
		return;
	}
	if (!any)
		line.len--;
	/* RFC 5034 §4: an initial response that makes the line too long waits. */
	send_line(s, &line, POP3_BODY_NONE, &auth_handler);
}

/* --- which one ---------------------------------------------------------------------- */

static bool is_pinned(const struct pop3_session *s, const char *name)
{
	return bytes_equal_str_nocase(bytes_of_str(s->server->mechanism), name);
}

static bool is_secure(const struct pop3_session *s)
{
	return s->server->tls == POP3_TLS_NONE || stream_is_tls(s->stream);
}

/* NULL-safe C strings of the credentials for SASL; freed by the caller. */
static enum err new_sasl(struct pop3_session *s, struct fault *ret_fault)
{
	struct buf binding;
	const char *binding_type = NULL;
	char *username = bytes_dup_str(s->username);
	char *password = bytes_is_null(s->password) ? NULL : bytes_dup_str(s->password);
	char *token = bytes_is_null(s->token) ? NULL : bytes_dup_str(s->token);
	enum err err;

	buf_init(&binding, 1024);
	if (!stream_channel_binding(s->stream, &binding, &binding_type))
		binding_type = NULL;
	err = sasl_new(&(struct sasl_options){ .offered = s->caps.sasl,
					       .pinned = sasl_mechanism_of(
						       bytes_of_str(s->server->mechanism)),
					       .secure = is_secure(s),
					       .binding_type = binding_type,
					       .binding = buf_bytes(&binding),
					       .service = "pop",
					       .host = s->server->host,
					       .port = s->server->port,
					       .username = username ? username : "",
					       .password = password,
					       .access_token = token },
		       &s->sasl, ret_fault);
	buf_done(&binding);
	free(username);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	if (token)
		explicit_bzero(token, strlen(token));
	free(token);
	return err;
}

static void log_in(struct pop3_session *s)
{
	bool may_apop = s->timestamp.len > 0 && !bytes_is_null(s->password);
	struct fault fault;
	enum err err;

	if (is_pinned(s, "APOP") && may_apop) {
		login_apop(s);
		return;
	}
	if (is_pinned(s, "USER") && is_secure(s)) {
		login_user(s);
		return;
	}
	err = new_sasl(s, &fault);
	if (!err)
		login_sasl(s);
	else if (s->server->mechanism)
		pop3_session_fail(s, &fault);
	else if (is_secure(s) && !bytes_is_null(s->password))
		login_user(s);
	else if (may_apop)
		login_apop(s);
	else
		pop3_session_fail(s, &fault);
}

/* --- CAPA and STLS ------------------------------------------------------------------- */

static void on_secured(void *ctx)
{
	struct pop3_session *s = ctx;

	s->is_securing = false;
	s->caps = pop3_caps_none();
	ask_caps(s);
}

static void on_stls(void *ctx, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	(void)n;
	if (fault)
		return;
	if (status->is_ok)
		pop3_session_start_tls(ctx, on_secured);
	else
		fail_with_status(ctx, ERR_TLS, status);
}

static const struct pop3_handler stls_handler = { .on_done = on_stls };

static void on_caps_line(void *ctx, uint32_t n, struct bytes line)
{
	struct pop3_session *s = ctx;
	struct bytes mechanisms, word;

	(void)n;
	pop3_caps_add(&s->caps, line, &mechanisms);
	while (bytes_split(&mechanisms, ' ', &word))
		s->caps.sasl |= SASL_BIT(sasl_mechanism_of(word)) & ~SASL_BIT(SASL_UNKNOWN);
}

static void on_caps(void *ctx, uint32_t n, const struct pop3_status *status,
		    const struct fault *fault)
{
	struct pop3_session *s = ctx;
	struct buf line;

	(void)n;
	if (fault)
		return;
	s->caps.is_known = status->is_ok;
	if (s->is_caps_final) {
		pop3_session_opened(s);
	} else if (s->server->tls == POP3_TLS_STLS && !stream_is_tls(s->stream)) {
		/* Asked for even when CAPA does not offer it: an attacker could have
		 * cut it out, and the answer tells. */
		buf_init(&line, 16);
		buf_append_str(&line, "STLS");
		send_line(s, &line, POP3_BODY_NONE, &stls_handler);
	} else {
		log_in(s);
	}
}

static const struct pop3_handler caps_handler = { .on_line = on_caps_line, .on_done = on_caps };

static void ask_caps(struct pop3_session *s)
{
	struct buf line;

	buf_init(&line, 16);
	buf_append_str(&line, "CAPA");
	send_line(s, &line, POP3_BODY_LINES, &caps_handler);
}

void pop3_login_begin(struct pop3_session *s)
{
	ask_caps(s);
}
