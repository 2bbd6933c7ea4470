/* Answers to challenges that hold up nobody. */
#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>

#include "cmocka_all.h"

#include "base/clock.h"
#include "net/loop.h"
#include "sasl/exchange.h"
#include "scram_server.h"

/* The hashing is replaced for the whole program by one that first waits to be let
 * go, and notes whether it ever was. */
static sem_t hash_begun, hash_may_go;
static bool was_let_go;

int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen,
		      int iter, const EVP_MD *digest, int keylen, unsigned char *out)
{
	int (*real)(const char *pass, int passlen, const unsigned char *salt, int saltlen, int iter,
		    const EVP_MD *digest, int keylen, unsigned char *out) =
		(int (*)(const char *, int, const unsigned char *, int, int, const EVP_MD *, int,
			 unsigned char *))dlsym(RTLD_NEXT, "PKCS5_PBKDF2_HMAC");
	struct timespec limit;
	int rc;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 20;
	sem_post(&hash_begun);
	do
		rc = sem_timedwait(&hash_may_go, &limit);
	while (rc != 0 && errno == EINTR);
	was_let_go = rc == 0;
	return real(pass, passlen, salt, saltlen, iter, digest, keylen, out);
}

struct test {
	struct loop *loop;
	struct sasl *sasl;
	struct op *op;
	bool is_starting, is_done;
	enum err err;
	char text[1024]; /* of the response, in clear */
};

static void begin(struct test *t, enum sasl_mechanism m)
{
	struct sasl_options o = { .offered = SASL_BIT(m),
				  .secure = true,
				  .service = "imap",
				  .host = "server.example.com",
				  .port = 143,
				  .username = "user",
				  .password = "pencil" };

	*t = (struct test){ .loop = loop_new() };
	sem_init(&hash_begun, 0, 0);
	sem_init(&hash_may_go, 0, 0);
	was_let_go = false;
	assert_int_equal(sasl_new(&o, &t->sasl, NULL), ERR_OK);
}

static void end(struct test *t)
{
	sasl_free(t->sasl);
	loop_free(t->loop);
}

static void copy_clear(struct test *t, struct bytes base64)
{
	struct buf clear;

	buf_init(&clear, sizeof t->text);
	assert_true(exchange_base64_decode(base64, &clear));
	(void)snprintf(t->text, sizeof t->text, "%.*s", BYTES_FMT(buf_bytes(&clear)));
	buf_done(&clear);
}

static void on_answer(void *ctx, enum err err, struct buf *response)
{
	struct test *t = ctx;

	assert_false(t->is_starting);
	assert_false(t->is_done);
	t->is_done = true;
	t->err = err;
	if (err == ERR_OK)
		copy_clear(t, buf_bytes(response));
}

static void start(struct test *t, struct bytes challenge)
{
	struct buf base64;

	buf_init(&base64, 4096);
	exchange_base64_encode(challenge, &base64);
	t->is_starting = true;
	t->is_done = false;
	t->op = sasl_answer(t->sasl, t->loop, buf_bytes(&base64), on_answer, t);
	t->is_starting = false;
	assert_non_null(t->op);
	buf_done(&base64); /* the challenge need not live any longer */
}

static void wait(struct test *t)
{
	uint64_t limit = clock_monotonic_ms() + 40000;

	while (!t->is_done) {
		loop_turn(t->loop, 50);
		assert_true(clock_monotonic_ms() < limit);
	}
}

/* The server's first message, after ours. */
static void first_messages(struct test *t, struct scram_server *server, struct buf *to)
{
	struct buf first;
	bool any;

	*server = (struct scram_server){ .sha256 = true,
					 .password = "pencil",
					 .server_nonce = "more",
					 .salt = "W22ZaJ0SNY7soEsUEjb6gQ==",
					 .iterations = EXCHANGE_SCRAM_ITERATIONS_MAX,
					 .gs2_header = "n,," };
	buf_init(&first, 4096);
	assert_int_equal(sasl_start(t->sasl, &first, &any), ERR_OK);
	copy_clear(t, buf_bytes(&first));
	buf_done(&first);
	scram_server_first(server, bytes_of_str(t->text), to);
}

static void the_loop_turns_while_a_password_is_hashed(void **state)
{
	struct scram_server server;
	struct buf message;
	struct test t;

	(void)state;
	begin(&t, SASL_SCRAM_SHA_256);
	buf_init(&message, 4096);
	first_messages(&t, &server, &message);
	start(&t, buf_bytes(&message));
	for (int i = 0; i < 10; i++)
		loop_turn(t.loop, 1);
	assert_false(t.is_done);
	sem_post(&hash_may_go);
	wait(&t);
	assert_true(was_let_go);
	assert_int_equal(t.err, ERR_OK);
	/* What was hashed there is what the server knows. */
	buf_reset(&message);
	sem_post(&hash_may_go);
	scram_server_final(&server, bytes_of_str(t.text), &message);
	start(&t, buf_bytes(&message));
	wait(&t);
	assert_int_equal(t.err, ERR_OK);
	assert_int_equal(sasl_finish(t.sasl), ERR_OK);
	buf_done(&message);
	end(&t);
}

static void a_login_may_end_while_its_password_is_hashed(void **state)
{
	struct scram_server server;
	struct buf message;
	struct test t;

	(void)state;
	begin(&t, SASL_SCRAM_SHA_256);
	buf_init(&message, 4096);
	first_messages(&t, &server, &message);
	start(&t, buf_bytes(&message));
	while (sem_wait(&hash_begun) != 0)
		;
	op_cancel(t.op);
	sasl_free(t.sasl);
	t.sasl = NULL;
	sem_post(&hash_may_go);
	end(&t); /* waits for the work */
	assert_false(t.is_done);
	buf_done(&message);
}

static void what_is_quick_is_answered_later_too(void **state)
{
	struct test t;

	(void)state;
	begin(&t, SASL_LOGIN);
	start(&t, BYTES_LIT("Username:"));
	assert_false(t.is_done);
	wait(&t);
	assert_int_equal(t.err, ERR_OK);
	assert_string_equal(t.text, "user");
	start(&t, BYTES_LIT("Password:"));
	op_cancel(t.op);
	loop_turn(t.loop, 0);
	assert_false(t.is_done);
	end(&t);
}

static void what_makes_no_sense_ends_the_exchange(void **state)
{
	struct test t;

	(void)state;
	begin(&t, SASL_CRAM_MD5);
	start(&t, BYTES_LIT("<1@example.com>"));
	wait(&t);
	assert_int_equal(t.err, ERR_OK);
	start(&t, BYTES_LIT("again?"));
	wait(&t);
	assert_int_equal(t.err, ERR_PROTO);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_turns_while_a_password_is_hashed),
		cmocka_unit_test(a_login_may_end_while_its_password_is_hashed),
		cmocka_unit_test(what_is_quick_is_answered_later_too),
		cmocka_unit_test(what_makes_no_sense_ends_the_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
