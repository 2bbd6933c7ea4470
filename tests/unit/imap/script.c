#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

struct step {
	char kind; /* 'S' octets to send, 'C' a whole line, '~' its beginning, '-' count, 'X' */
	struct bytes text;
	uint64_t count;
};

/* What is said about the conversation: A and R lines. */
struct note {
	char kind;
	struct bytes text;
};

struct script {
	struct loop *loop;
	struct loop_watch *watch;
	int fd;
	struct script_faults faults;
	char *file;
	struct buf octets; /* of all 'S' steps */
	struct step steps[4096];
	size_t count, next;
	struct note notes[512];
	size_t note_count, next_note;
	struct buf in;
	uint64_t sent;
	size_t sent_of_step;
	char fault[600];
	bool is_over;
};

static char *read_file(const char *path)
{
	char *text;
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	text = calloc(1, 1 << 20);
	n = fread(text, 1, (1 << 20) - 1, f);
	assert_true(n > 0);
	fclose(f);
	return text;
}

static void append_escaped(struct buf *to, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];

		if (c == '\\' && i + 1 < text.len) {
			c = text.at[++i];
			c = c == 'r' ? '\r' : c == 'n' ? '\n' : c;
		}
		buf_append_byte(to, c);
	}
}

static void add_server_octets(struct script *s, struct bytes text, bool is_line)
{
	struct step *st = &s->steps[s->count++];
	size_t from = s->octets.len;

	if (is_line) {
		buf_append(&s->octets, text);
		buf_append(&s->octets, BYTES_LIT("\r\n"));
	} else {
		append_escaped(&s->octets, text);
	}
	assert_int_equal(buf_err(&s->octets), ERR_OK);
	/* The buffer may still move: offsets now, addresses when all is read. */
	*st = (struct step){ 'S', { NULL, s->octets.len - from }, from };
}

static void add_line(struct script *s, struct bytes line)
{
	struct bytes text = bytes_skip(line, line.len > 2 && line.at[2] == ' ' ? 3 : 2);
	struct step *st = &s->steps[s->count];

	if (!line.len || line.at[0] == '#')
		return;
	if (bytes_starts_with(line, BYTES_LIT("A:")) || bytes_starts_with(line, BYTES_LIT("R:"))) {
		assert_true(s->note_count < sizeof(s->notes) / sizeof(s->notes[0]));
		s->notes[s->note_count++] = (struct note){ (char)line.at[0], text };
		return;
	}
	assert_true(s->count < sizeof(s->steps) / sizeof(s->steps[0]));
	if (bytes_starts_with(line, BYTES_LIT("S:")) || bytes_starts_with(line, BYTES_LIT("S-"))) {
		add_server_octets(s, text, line.at[1] == ':');
		return;
	}
	if (bytes_starts_with(line, BYTES_LIT("X:")))
		*st = (struct step){ 'X' };
	else if (bytes_starts_with(line, BYTES_LIT("C:")))
		*st = (struct step){ 'C', text };
	else if (bytes_starts_with(line, BYTES_LIT("C~")))
		*st = (struct step){ '~', text };
	else if (!bytes_starts_with(line, BYTES_LIT("C-")) ||
		 !bytes_to_u64(text, 1u << 30, &st->count))
		fail_msg("a line that is none: %.*s", BYTES_FMT(line));
	else
		st->kind = '-';
	s->count++;
}

static void parse(struct script *s)
{
	struct bytes rest = bytes_of_str(s->file), line;

	while (bytes_split(&rest, '\n', &line))
		add_line(s, line);
	for (size_t i = 0; i < s->count; i++) {
		if (s->steps[i].kind == 'S')
			s->steps[i].text.at = buf_bytes(&s->octets).at + s->steps[i].count;
	}
}

static void over(struct script *s)
{
	s->is_over = true;
	loop_watch_free(s->watch);
	s->watch = NULL;
	close(s->fd);
	s->fd = -1;
}

/* Sends of the step what may be sent; true when all of it is out. */
static bool send_step(struct script *s, const struct step *st)
{
	struct bytes left = bytes_skip(st->text, s->sent_of_step);
	ssize_t n;

	if (s->faults.slice_bytes)
		left = bytes_first(left, s->faults.slice_bytes);
	if (s->faults.is_cut)
		left = bytes_first(left, s->faults.cut_bytes - s->sent);
	if (!left.len && s->faults.is_cut) {
		over(s);
		return false;
	}
	n = send(s->fd, left.at, left.len, MSG_NOSIGNAL);
	if (n <= 0)
		return false;
	s->sent += (uint64_t)n;
	s->sent_of_step += (size_t)n;
	return s->sent_of_step == st->text.len;
}

static bool mismatch(struct script *s, const struct step *st, struct bytes got)
{
	(void)snprintf(s->fault, sizeof(s->fault), "want \"%.*s\", the client sent \"%.*s\"",
		       BYTES_FMT(bytes_first(st->text, 250)), BYTES_FMT(bytes_first(got, 250)));
	over(s);
	return false;
}

/* True when the client's side of the step has come. */
static bool receive_step(struct script *s, const struct step *st)
{
	struct bytes in = buf_bytes(&s->in), line;
	size_t end = bytes_find(in, BYTES_LIT("\r\n"));
	bool ok;

	if (st->kind == '-') {
		if (in.len < st->count)
			return false;
		buf_consume(&s->in, st->count);
		return true;
	}
	if (!in.len || end == in.len)
		return false;
	line = bytes_first(in, end);
	ok = st->kind == 'C' ? bytes_equal(line, st->text) : bytes_starts_with(line, st->text);
	if (!ok)
		return mismatch(s, st, line);
	buf_consume(&s->in, end + 2);
	return true;
}

static void play(struct script *s)
{
	bool is_slice = false;

	while (!s->is_over && s->next < s->count && !is_slice) {
		const struct step *st = &s->steps[s->next];

		if (st->kind == 'X') {
			over(s);
		} else if (st->kind == 'S') {
			is_slice = s->faults.slice_bytes > 0;
			if (!send_step(s, st)) {
				is_slice = true;
				continue;
			}
			s->sent_of_step = 0;
		} else if (!receive_step(s, st)) {
			break;
		}
		s->next++;
	}
	if (!s->is_over)
		loop_watch_set(s->watch, s->next < s->count && s->steps[s->next].kind == 'S'
						 ? LOOP_READABLE | LOOP_WRITABLE
						 : LOOP_READABLE);
}

static void on_ready(void *ctx, unsigned events)
{
	struct script *s = ctx;
	uint8_t piece[4096];
	ssize_t n = 1;

	if (events & (LOOP_READABLE | LOOP_ERROR | LOOP_HANGUP)) {
		n = recv(s->fd, piece, sizeof(piece), 0);
		if (n > 0)
			buf_append(&s->in, bytes_of(piece, (size_t)n));
	}
	if (n == 0 || (n < 0 && errno != EAGAIN))
		over(s);
	else
		play(s);
}

struct script *script_start(struct loop *l, const char *path, const struct script_faults *faults,
			    int *ret_fd)
{
	struct script *s = calloc(1, sizeof(*s));
	int fds[2];

	assert_non_null(s);
	s->loop = l;
	if (faults)
		s->faults = *faults;
	s->file = read_file(path);
	buf_init(&s->octets, 1 << 22);
	buf_init(&s->in, 1 << 22);
	parse(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	s->fd = fds[0];
	s->watch = loop_watch_new(l, s->fd, LOOP_READABLE | LOOP_WRITABLE, on_ready, s);
	assert_non_null(s->watch);
	*ret_fd = fds[1];
	return s;
}

bool script_note(struct script *s, char kind, struct bytes *ret)
{
	if (s->next_note == s->note_count || s->notes[s->next_note].kind != kind)
		return false;
	*ret = s->notes[s->next_note++].text;
	return true;
}

bool script_is_done(const struct script *s)
{
	return s->next == s->count || (s->next + 1 == s->count && s->is_over);
}

const char *script_fault(const struct script *s)
{
	return s->fault[0] ? s->fault : NULL;
}

uint64_t script_server_bytes(const struct script *s)
{
	return s->octets.len;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	if (!s->is_over)
		over(s);
	buf_done(&s->octets);
	buf_done(&s->in);
	free(s->file);
	free(s);
}
