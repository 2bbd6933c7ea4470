/*
 * The input is a list of tokens (kind, length, bytes). The command that is made
 * of them must be read as exactly these tokens by a reader that shares no code
 * with the encoder, or be refused as a whole.
 */
#include "fuzz.h"

#include "command_reader.h"
#include "imap/encode.h"

#define TOKENS_MAX 40

struct wanted {
	int kind;
	struct bytes value;
};

struct making {
	struct imap_command *c;
	struct wanted at[2 * TOKENS_MAX + 2];
	size_t count;
	bool has_nul;
};

static void want(struct making *m, int kind, struct bytes value)
{
	m->at[m->count++] = (struct wanted){ kind, value };
}

static void add_string(struct making *m, uint8_t how, struct bytes s)
{
	m->has_nul |= bytes_index(s, 0) < s.len;
	if (how == 0)
		imap_command_string(m->c, s);
	else if (how == 1)
		imap_command_astring(m->c, s);
	else if (how == 2)
		imap_command_mailbox_raw(m->c, s);
	else
		imap_command_nstring(m->c, s);
	want(m, COMMAND_STRING, s);
}

static void add_token(struct making *m, uint8_t kind, struct bytes s)
{
	switch (kind % 6) {
	case 4:
		imap_command_open(m->c);
		want(m, COMMAND_OPEN, BYTES_NULL);
		imap_command_close(m->c);
		want(m, COMMAND_CLOSE, BYTES_NULL);
		break;
	case 5:
		imap_command_number(m->c, 7);
		want(m, COMMAND_ATOM, BYTES_LIT("7"));
		break;
	default: add_string(m, kind % 6, s); break;
	}
}

static void check_tokens(const struct making *m, const struct command *got)
{
	fuzz_check(got->count == m->count);
	for (size_t i = 0; i < got->count; i++) {
		const struct command_token *a = &got->at[i];
		const struct wanted *b = &m->at[i];

		fuzz_check(a->kind == b->kind ||
			   (a->kind == COMMAND_ATOM && b->kind == COMMAND_STRING));
		fuzz_check(a->len == b->value.len);
		fuzz_check(a->len == 0 || memcmp(a->value, b->value.at, a->len) == 0);
	}
}

static void check_command(struct making *m)
{
	struct imap_segment s;
	struct command got;
	struct buf wire;

	buf_init(&wire, SIZE_MAX);
	for (size_t i = 0; imap_command_segment(m->c, i, &s); i++)
		if (s.kind == IMAP_SEGMENT_SEND)
			buf_append(&wire, s.data);
	fuzz_check(command_read(buf_bytes(&wire), &got) == NULL);
	check_tokens(m, &got);
	command_done(&got);
	buf_done(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct imap_encoding how = { 0 };
	struct imap_command c;
	struct making m = { .c = &c };

	if (size < 1)
		return 0;
	how.literals = (enum imap_literals)(data[0] % 3);
	how.is_utf8 = data[0] & 0x80;
	in = bytes_skip(in, 1);
	imap_command_init(&c, &how);
	imap_command_begin(&c, BYTES_LIT("t"), "X");
	want(&m, COMMAND_ATOM, BYTES_LIT("t"));
	want(&m, COMMAND_ATOM, BYTES_LIT("X"));
	for (int n = 0; n < TOKENS_MAX && in.len >= 2; n++) {
		struct bytes s = bytes_first(bytes_skip(in, 2), in.at[1]);

		/* Where the reader looks for the inside of a section. */
		if (bytes_starts_with(s, BYTES_LIT("BODY.PEEK[")))
			break;
		add_token(&m, in.at[0], s);
		in = bytes_skip(in, 2 + s.len);
	}
	if (m.has_nul) {
		fuzz_check(imap_command_end(&c) == ERR_INVALID);
	} else {
		fuzz_check(imap_command_end(&c) == ERR_OK);
		check_command(&m);
	}
	imap_command_done(&c);
	return 0;
}
