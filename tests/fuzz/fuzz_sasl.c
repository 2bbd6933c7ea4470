/* What a server says in a SASL exchange. The first byte chooses the mechanism,
 * the rest are challenges, a line each; "%" in one stands for our own nonce, so
 * that SCRAM gets beyond its first check. */
#include "fuzz.h"

#include "sasl/exchange.h"
#include "sasl/sasl.h"

#define STEPS_MAX 6

static struct sasl *new_sasl(unsigned which)
{
	enum sasl_mechanism m = (enum sasl_mechanism)(1 + which % (SASL_MECHANISMS - 1));
	bool token = m == SASL_OAUTHBEARER || m == SASL_XOAUTH2;
	struct sasl_options o = {
		.offered = SASL_BIT(m),
		.secure = true,
		.binding_type = "tls-exporter",
		.binding = BYTES_LIT("binding"),
		.service = "imap",
		.host = "mail.example.org",
		.port = 143,
		.username = "user",
		.password = token ? NULL : "pencil",
		.access_token = token ? "token" : NULL,
	};
	struct sasl *s = NULL;

	fuzz_check(sasl_new(&o, &s, NULL) == ERR_OK);
	return s;
}

/* "n,,n=user,r=NONCE" in base64 */
static void nonce_of(struct bytes first, struct buf *nonce)
{
	struct buf clear;
	size_t at;

	buf_init(&clear, 1000);
	if (exchange_base64_decode(first, &clear)) {
		at = bytes_find(buf_bytes(&clear), BYTES_LIT(",r="));
		buf_append(nonce, bytes_skip(buf_bytes(&clear), at + 3));
	}
	buf_done(&clear);
}

static void write_challenge(struct bytes line, struct bytes nonce, struct buf *to)
{
	struct buf clear;

	buf_init(&clear, 1024 * 1024);
	for (size_t i = 0; i < line.len; i++) {
		if (line.at[i] == '%')
			buf_append(&clear, nonce);
		else
			buf_append_byte(&clear, line.at[i]);
	}
	exchange_base64_encode(buf_bytes(&clear), to);
	buf_done(&clear);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_skip(bytes_of(data, size), 1), line;
	struct buf nonce, out, challenge;
	struct sasl *s;
	bool any = false;

	if (size == 0)
		return 0;
	s = new_sasl(data[0] & 0x7f);
	buf_init(&nonce, 1000);
	buf_init(&out, 1024 * 1024);
	buf_init(&challenge, 4 * 1024 * 1024);
	fuzz_check(sasl_start(s, &out, &any) == ERR_OK);
	if (any)
		nonce_of(buf_bytes(&out), &nonce);
	for (int i = 0; i < STEPS_MAX && bytes_split(&rest, '\n', &line); i++) {
		buf_reset(&challenge);
		/* As it is, or as a server would say it. */
		if (data[0] & 0x80)
			buf_append(&challenge, line);
		else
			write_challenge(line, buf_bytes(&nonce), &challenge);
		if (sasl_step(s, buf_bytes(&challenge), &out) != ERR_OK)
			break;
	}
	fuzz_check(buf_err(&out) == ERR_OK);
	(void)!sasl_finish(s);
	sasl_free(s);
	buf_done(&nonce);
	buf_done(&out);
	buf_done(&challenge);
	return 0;
}
