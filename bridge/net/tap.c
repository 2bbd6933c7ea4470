/*
 * Both sides are cut into lines (and, in IMAP, literals); each line is looked at
 * as a whole, which decides what may be written. A line that is too long to be
 * kept is replaced altogether.
 */
#include "net/tap.h"

#include <stdlib.h>

#include "base/buf.h"
#include "net/tap_redact.h"

#define LINE_MAX_BYTES    (256 * 1024)
#define PIECE_BYTES       1000 /* of a line of the transcript */
#define POP3_COMMANDS_MAX 256

/* What kind of answer a POP3 command gets. */
enum answer {
	ANSWER_LINE,
	ANSWER_LINES,   /* up to a dot */
	ANSWER_MESSAGE, /* the same, and private */
	ANSWER_SASL,    /* "+ " challenges, then a line */
};

struct side {
	struct buf line; /* what has come of it */
	bool too_long;   /* the rest of the line is replaced, or left out */
	uint64_t literal_bytes;
};

struct tap {
	enum tap_protocol protocol;
	char *hide;
	tap_write_cb *write;
	void *ctx;
	struct side server, client;
	struct redact_content content;

	/* IMAP */
	bool is_continued;   /* the server's line goes on behind a literal */
	bool is_fetch;       /* and is part of a FETCH response */
	bool keeps_literal;  /* of LIST and the like: a folder's name */
	bool client_goes_on; /* the same, for the client's command */
	bool is_login;       /* which is LOGIN */
	bool in_sasl;
	struct buf sasl_tag;

	/* POP3: commands that wait for their answers */
	enum answer commands[POP3_COMMANDS_MAX];
	size_t command_count;
	bool in_lines; /* of the first one's answer */
};

/* --- writing -------------------------------------------------------------------------- */

static void write_line(struct tap *t, const char *kind, struct bytes text)
{
	t->write(t->ctx, bytes_of_str(kind));
	if (text.len > 0)
		t->write(t->ctx, BYTES_LIT(" "));
	t->write(t->ctx, text);
	t->write(t->ctx, BYTES_LIT("\n"));
}

static bool is_plain_line(struct bytes piece)
{
	if (!bytes_ends_with(piece, BYTES_LIT("\r\n")))
		return false;
	for (size_t i = 0; i < piece.len - 2; i++)
		if (piece.at[i] < ' ' || piece.at[i] == 0x7f)
			return false;
	return true;
}

static void write_escaped(struct tap *t, struct bytes piece)
{
	struct buf text;

	buf_init(&text, 2 * PIECE_BYTES + 2);
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t c = piece.at[i];

		if (c == '\r' || c == '\n' || c == '\\')
			buf_append_byte(&text, '\\');
		buf_append_byte(&text, c == '\r' ? 'r' : c == '\n' ? 'n' : c);
	}
	write_line(t, "S-", buf_bytes(&text));
	buf_done(&text);
}

/* Server octets that are fit to be seen. */
static void write_server(struct tap *t, struct bytes data)
{
	while (data.len > 0) {
		struct bytes piece = bytes_first(data, bytes_index(data, '\n') + 1);

		if (is_plain_line(piece)) {
			write_line(t, "S:", bytes_first(piece, piece.len - 2));
		} else {
			piece = bytes_first(piece, PIECE_BYTES);
			write_escaped(t, piece);
		}
		data = bytes_skip(data, piece.len);
	}
}

static struct bytes without_line_end(struct bytes line)
{
	if (bytes_ends_with(line, BYTES_LIT("\n")))
		line.len--;
	if (bytes_ends_with(line, BYTES_LIT("\r")))
		line.len--;
	return line;
}

/* --- IMAP ------------------------------------------------------------------------------- */

static struct bytes first_word(struct bytes *rest)
{
	struct bytes word = BYTES_NULL;

	bytes_split(rest, ' ', &word);
	return word;
}

static void begin_response(struct tap *t, struct bytes line)
{
	struct bytes rest = line, tag = first_word(&rest), word = first_word(&rest);

	t->keeps_literal = bytes_equal_str_nocase(word, "LIST") ||
			   bytes_equal_str_nocase(word, "LSUB") ||
			   bytes_equal_str_nocase(word, "STATUS");
	t->is_fetch = bytes_equal_str(tag, "*") && word.len > 0 && word.at[0] >= '0' &&
		      word.at[0] <= '9' && bytes_equal_str_nocase(first_word(&rest), "FETCH");
	if (t->in_sasl && bytes_equal(tag, buf_bytes(&t->sasl_tag)))
		t->in_sasl = false;
}

static void imap_server_line(struct tap *t, uint8_t *at, size_t n)
{
	struct bytes text = without_line_end(bytes_of(at, n));

	if (!t->is_continued)
		begin_response(t, text);
	t->is_continued = redact_literal_size(text, &t->server.literal_bytes);
	t->content = (struct redact_content){ .in_header = t->is_fetch &&
							   redact_literal_has_header(text) };
	if (t->is_fetch)
		redact_fetch_line(at, text.len);
	if (t->in_sasl && bytes_starts_with(text, BYTES_LIT("+ ")))
		redact_all(at + 2, text.len - 2);
	redact_text(at, n, bytes_of_str(t->hide));
	write_server(t, bytes_of(at, n));
}

static void imap_begin_command(struct tap *t, struct bytes line)
{
	struct bytes rest = line, tag = first_word(&rest), verb = first_word(&rest);

	t->is_login = bytes_equal_str_nocase(verb, "LOGIN");
	if (t->is_login) {
		write_line(t, "C~", bytes_first(line, tag.len + 1 + verb.len));
	} else if (bytes_equal_str_nocase(verb, "AUTHENTICATE")) {
		t->in_sasl = true;
		buf_reset(&t->sasl_tag);
		buf_append(&t->sasl_tag, tag);
		write_line(t, "C~",
			   bytes_first(line, tag.len + 1 + verb.len + 1 + first_word(&rest).len));
	} else {
		write_line(t, "C:", line);
	}
}

static void imap_client_line(struct tap *t, struct bytes line)
{
	uint64_t bytes;

	if (t->in_sasl || (t->client_goes_on && t->is_login))
		write_line(t, "C~", BYTES_NULL);
	else if (t->client_goes_on)
		write_line(t, "C:", line);
	else
		imap_begin_command(t, line);
	t->client_goes_on = !t->in_sasl && redact_literal_size(line, &bytes);
	if (t->client_goes_on) {
		struct buf count;

		buf_init(&count, 32);
		buf_append_u64(&count, bytes);
		write_line(t, "C-", buf_bytes(&count));
		buf_done(&count);
		t->client.literal_bytes = bytes;
	}
}

/* --- POP3 ------------------------------------------------------------------------------- */

static enum answer answer_to(struct bytes verb, struct bytes argument)
{
	static const char *const lists[] = { "LIST", "UIDL", "CAPA", "AUTH" };

	if (bytes_equal_str_nocase(verb, "RETR") || bytes_equal_str_nocase(verb, "TOP"))
		return ANSWER_MESSAGE;
	if (bytes_equal_str_nocase(verb, "AUTH") && argument.len > 0)
		return ANSWER_SASL;
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (bytes_equal_str_nocase(verb, lists[i]) && argument.len == 0)
			return ANSWER_LINES;
	return ANSWER_LINE;
}

static void pop3_client_line(struct tap *t, struct bytes line)
{
	static const char *const secret[] = { "USER", "PASS", "APOP", "AUTH" };
	struct bytes rest = line, verb = first_word(&rest);
	bool is_secret = t->in_sasl;

	if (!t->in_sasl && t->command_count < POP3_COMMANDS_MAX) {
		enum answer a = answer_to(verb, rest);

		t->commands[t->command_count++] = a;
		t->in_sasl = a == ANSWER_SASL;
	}
	if (is_secret) {
		write_line(t, "C~", BYTES_NULL);
		return;
	}
	for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
		is_secret = is_secret || bytes_equal_str_nocase(verb, secret[i]);
	write_line(t, is_secret ? "C~" : "C:", is_secret ? verb : line);
}

static void pop3_answered(struct tap *t)
{
	t->in_lines = false;
	if (t->command_count == 0)
		return; /* the greeting */
	t->command_count--;
	memmove(t->commands, t->commands + 1, t->command_count * sizeof t->commands[0]);
}

/* The first line of an answer. */
static void pop3_status(struct tap *t, uint8_t *at, size_t n)
{
	enum answer a = t->command_count > 0 ? t->commands[0] : ANSWER_LINE;
	bool good = bytes_starts_with(bytes_of(at, n), BYTES_LIT("+OK"));

	if (a == ANSWER_SASL && bytes_starts_with(bytes_of(at, n), BYTES_LIT("+ "))) {
		redact_all(at + 2, without_line_end(bytes_of(at, n)).len - 2);
		return;
	}
	if (a == ANSWER_SASL)
		t->in_sasl = false;
	t->in_lines = good && (a == ANSWER_LINES || a == ANSWER_MESSAGE);
	t->content = (struct redact_content){ .in_header = true };
	if (!t->in_lines)
		pop3_answered(t);
}

static void pop3_server_line(struct tap *t, uint8_t *at, size_t n)
{
	bool is_dot = bytes_equal_str(without_line_end(bytes_of(at, n)), ".");

	if (!t->in_lines)
		pop3_status(t, at, n);
	else if (is_dot)
		pop3_answered(t);
	else if (t->commands[0] == ANSWER_MESSAGE)
		redact_content(&t->content, at, n);
	redact_text(at, n, bytes_of_str(t->hide));
	write_server(t, bytes_of(at, n));
}

/* --- cutting ------------------------------------------------------------------------------ */

static void server_line(struct tap *t, uint8_t *at, size_t n)
{
	if (t->protocol == TAP_IMAP)
		imap_server_line(t, at, n);
	else
		pop3_server_line(t, at, n);
}

static void client_line(struct tap *t, struct bytes line)
{
	line = without_line_end(line);
	if (t->protocol == TAP_IMAP)
		imap_client_line(t, line);
	else
		pop3_client_line(t, line);
}

static void line_ended(struct tap *t, struct side *s)
{
	if (s == &t->server)
		server_line(t, s->line.at + s->line.head, s->line.len);
	else
		client_line(t, buf_bytes(&s->line));
}

/* The line does not fit: what has come of it is replaced, and so is the rest. */
static void give_line_up(struct tap *t, struct side *s)
{
	if (s == &t->server && s->line.len > 0) {
		redact_all(s->line.at + s->line.head, s->line.len);
		write_server(t, buf_bytes(&s->line));
	}
	if (s == &t->client)
		write_line(t, "C~", BYTES_NULL);
	buf_reset(&s->line);
	s->too_long = true;
}

/* Of a line that was given up: x's, and its end as it is. */
static void skip(struct tap *t, struct side *s, struct bytes piece)
{
	struct redact_content plain = { .in_header = false };

	s->too_long = !bytes_ends_with(piece, BYTES_LIT("\n"));
	if (s == &t->client || piece.len == 0)
		return;
	buf_append(&s->line, piece);
	redact_content(&plain, s->line.at + s->line.head, s->line.len);
	write_server(t, buf_bytes(&s->line));
	buf_reset(&s->line);
}

static struct bytes take_literal(struct tap *t, struct side *s, struct bytes data)
{
	struct bytes piece =
		bytes_first(data, s->literal_bytes < LINE_MAX_BYTES ? (size_t)s->literal_bytes
								    : LINE_MAX_BYTES);

	s->literal_bytes -= piece.len;
	if (s == &t->server) {
		buf_append(&s->line, piece);
		if (!t->keeps_literal && s->line.len > 0)
			redact_content(&t->content, s->line.at + s->line.head, s->line.len);
		write_server(t, buf_bytes(&s->line));
		buf_reset(&s->line);
	}
	return bytes_skip(data, piece.len);
}

static struct bytes take_line(struct tap *t, struct side *s, struct bytes data)
{
	struct bytes piece = bytes_first(data, bytes_index(data, '\n') + 1);

	if (piece.len > LINE_MAX_BYTES)
		piece = bytes_first(piece, LINE_MAX_BYTES);
	if (s->line.len + piece.len > LINE_MAX_BYTES)
		give_line_up(t, s);
	if (s->too_long) {
		skip(t, s, piece);
	} else {
		buf_append(&s->line, piece);
		if (bytes_ends_with(piece, BYTES_LIT("\n"))) {
			line_ended(t, s);
			buf_reset(&s->line);
		}
	}
	return bytes_skip(data, piece.len);
}

void tap_data(void *tap, bool outgoing, struct bytes data)
{
	struct tap *t = tap;
	struct side *s = outgoing ? &t->client : &t->server;

	while (data.len > 0)
		data = s->literal_bytes > 0 ? take_literal(t, s, data) : take_line(t, s, data);
}

/* --- life ----------------------------------------------------------------------------------- */

struct tap *tap_new(enum tap_protocol protocol, const char *hide, tap_write_cb *write, void *ctx)
{
	struct tap *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->protocol = protocol;
	t->write = write;
	t->ctx = ctx;
	buf_init(&t->server.line, LINE_MAX_BYTES);
	buf_init(&t->client.line, LINE_MAX_BYTES);
	buf_init(&t->sasl_tag, LINE_MAX_BYTES);
	if (!hide)
		return t;
	t->hide = strdup(hide);
	if (t->hide)
		return t;
	tap_free(t);
	return NULL;
}

/* Of a line that has not ended one cannot tell what it would have been. */
static void flush(struct tap *t)
{
	if (t->server.line.len > 0)
		give_line_up(t, &t->server);
	if (t->client.line.len > 0)
		give_line_up(t, &t->client);
}

void tap_closed(struct tap *t)
{
	flush(t);
	t->write(t->ctx, BYTES_LIT("X:\n"));
}

void tap_free(struct tap *t)
{
	if (!t)
		return;
	flush(t);
	buf_done(&t->server.line);
	buf_done(&t->client.line);
	buf_done(&t->sasl_tag);
	free(t->hide);
	free(t);
}
