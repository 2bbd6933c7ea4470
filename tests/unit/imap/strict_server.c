#include "strict_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

#define COMMANDS_MAX 64

struct strict_server {
	struct loop_watch *watch;
	int fd;
	struct buf in;
	size_t granted; /* octets of `in` up to which literals were let in */
	bool is_authenticating;
	struct command commands[COMMANDS_MAX];
	size_t count;
	uint64_t last_tag;
	char fault[200];
};

static void fault(struct strict_server *s, const char *what, struct bytes text)
{
	if (!s->fault[0])
		(void)snprintf(s->fault, sizeof(s->fault), "%s: %.*s", what,
			       BYTES_FMT(bytes_first(text, 150)));
}

static void say(struct strict_server *s, const char *text)
{
	size_t n = strlen(text);

	assert_int_equal(send(s->fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* --- where a command ends ---------------------------------------------------------- */

/* "...{5}" or "...{5+}" at the end of a line. */
static bool ends_with_literal(struct bytes line, uint64_t *ret_bytes, bool *ret_waits)
{
	size_t open = line.len;
	struct bytes number;

	if (!line.len || line.at[line.len - 1] != '}')
		return false;
	while (open && line.at[open - 1] != '{')
		open--;
	if (!open)
		return false;
	number = bytes_of(line.at + open, line.len - open - 1);
	*ret_waits = !number.len || number.at[number.len - 1] != '+';
	if (!*ret_waits)
		number.len--;
	return bytes_to_u64(number, 1u << 30, ret_bytes);
}

/* The octets of the command at the front of what came; 0 while it is not whole. */
static size_t command_length(struct strict_server *s)
{
	struct bytes in = buf_bytes(&s->in);
	size_t at = 0;

	for (;;) {
		struct bytes rest = bytes_skip(in, at);
		size_t end = bytes_find(rest, BYTES_LIT("\r\n"));
		uint64_t octets;
		bool waits;

		if (end == rest.len)
			return 0;
		at += end + 2;
		if (!ends_with_literal(bytes_first(rest, end), &octets, &waits))
			return at;
		if (waits && at > s->granted) {
			s->granted = at;
			if (in.len > at)
				fault(s, "octets before they were asked for", in);
			say(s, "+ go on\r\n");
		}
		at += octets;
		if (in.len < at)
			return 0;
	}
}

/* --- what is answered ----------------------------------------------------------------- */

static bool is_word(const struct command *c, size_t i, const char *word)
{
	return c->count > i && c->at[i].kind == COMMAND_ATOM && !strcmp(c->at[i].value, word);
}

static void answer(struct strict_server *s, const struct command *c)
{
	static const struct {
		const char *word, *data;
	} answers[] = {
		{ "SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] v\r\n* OK [UIDNEXT 40] n\r\n" },
		{ "FETCH", "* 1 FETCH (UID 7 FLAGS () INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" "
			   "RFC822.SIZE 99999)\r\n" },
		{ "SEARCH", "* SEARCH\r\n" },
		{ "STATUS", "* STATUS x (MESSAGES 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 1)\r\n" },
		{ "LIST", "* LIST () \"/\" INBOX\r\n" },
		{ "ENABLE", "* ENABLED UTF8=ACCEPT\r\n" },
	};
	char line[64];

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (is_word(c, is_word(c, 1, "UID") ? 2 : 1, answers[i].word))
			say(s, answers[i].data);
	}
	(void)snprintf(line, sizeof(line), "%s OK done\r\n", c->at[0].value);
	say(s, line);
}

/* --- reading ---------------------------------------------------------------------------- */

static struct command *next_command(struct strict_server *s)
{
	assert_true(s->count < COMMANDS_MAX);
	return &s->commands[s->count++];
}

/* "a1", "a2", ...; one is left out where a command was refused before it was sent. */
static bool is_next_tag(struct strict_server *s, const struct command_token *t)
{
	uint64_t n;

	if (t->kind != COMMAND_ATOM || t->value[0] != 'a' ||
	    !bytes_to_u64(bytes_of_str(t->value + 1), UINT32_MAX, &n) || n <= s->last_tag)
		return false;
	s->last_tag = n;
	return true;
}

static void read_command(struct strict_server *s, struct bytes text)
{
	struct command *c = next_command(s);
	const char *wrong = command_read(text, c);

	if (wrong)
		fault(s, wrong, text);
	else if (c->count < 2 || !is_next_tag(s, &c->at[0]))
		fault(s, "no tag, or not a new one", text);
	else if (is_word(c, 1, "AUTHENTICATE") && c->count == 3) {
		s->is_authenticating = true;
		say(s, "+ \r\n");
	} else {
		answer(s, c);
	}
}

/* A line of the exchange: one token, and nothing that a grammar would see in it. */
static void read_response(struct strict_server *s, struct bytes text)
{
	struct command *c = next_command(s);
	char line[64];

	c->at = calloc(1, sizeof(*c->at));
	c->count = 1;
	c->at[0] = (struct command_token){ .kind = COMMAND_STRING,
					   .value = bytes_dup_str(bytes_first(text, text.len - 2)),
					   .len = text.len - 2 };
	s->is_authenticating = false;
	(void)snprintf(line, sizeof(line), "a%llu OK done\r\n", (unsigned long long)s->last_tag);
	say(s, line);
}

static void read_all(struct strict_server *s)
{
	size_t n;

	while (!s->fault[0] && (n = command_length(s)) > 0) {
		struct bytes text = bytes_first(buf_bytes(&s->in), n);

		if (s->is_authenticating)
			read_response(s, text);
		else
			read_command(s, text);
		buf_consume(&s->in, n);
		s->granted = 0;
	}
}

static void on_readable(void *ctx, unsigned events)
{
	struct strict_server *s = ctx;
	uint8_t piece[16384];
	ssize_t n = recv(s->fd, piece, sizeof(piece), 0);

	(void)events;
	if (n > 0) {
		buf_append(&s->in, bytes_of(piece, (size_t)n));
		read_all(s);
	} else if (n == 0 || errno != EAGAIN) {
		loop_watch_set(s->watch, 0);
	}
}

struct strict_server *strict_server_start(struct loop *l, const char *capabilities, bool is_preauth,
					  int *ret_fd)
{
	struct strict_server *s = calloc(1, sizeof(*s));
	char greeting[300];
	int fds[2];

	assert_non_null(s);
	buf_init(&s->in, 1 << 22);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	s->fd = fds[0];
	s->watch = loop_watch_new(l, s->fd, LOOP_READABLE, on_readable, s);
	assert_non_null(s->watch);
	(void)snprintf(greeting, sizeof(greeting), "* %s [CAPABILITY %s] hello\r\n",
		       is_preauth ? "PREAUTH" : "OK", capabilities);
	say(s, greeting);
	*ret_fd = fds[1];
	return s;
}

void strict_server_forget(struct strict_server *s)
{
	while (s->count)
		command_done(&s->commands[--s->count]);
}

void strict_server_free(struct strict_server *s)
{
	strict_server_forget(s);
	loop_watch_free(s->watch);
	close(s->fd);
	buf_done(&s->in);
	free(s);
}

size_t strict_server_count(const struct strict_server *s)
{
	return s->count;
}

const struct command *strict_server_command(const struct strict_server *s, size_t i)
{
	return &s->commands[i];
}

const char *strict_server_fault(const struct strict_server *s)
{
	return s->fault[0] ? s->fault : NULL;
}
