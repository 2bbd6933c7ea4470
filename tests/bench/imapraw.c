/*
 * The floor: a raw IMAP client that logs in, selects a folder and repeats one
 * command on that connection, reading the answers and doing nothing with them.
 *
 *	imapraw HOST PORT USER PASSWORD FOLDER SECONDS 'FETCH 1:50 (FLAGS)'
 *
 * TLS, certificate unchecked (this is a stopwatch, not a client). Prints
 * "commands seconds bytes_per_answer p50_us p99_us".
 */
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000000

static SSL *ssl;
static char in[1 << 20];

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "imapraw: %s\n", what);
	exit(1);
}

static int dial(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int fd;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		die("no such host");
	fd = socket(list->ai_family, list->ai_socktype, 0);
	if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) != 0)
		die("cannot connect");
	freeaddrinfo(list);
	return fd;
}

static void start_tls(int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		die("no TLS");
}

/* Reads until a line "TAG ..." ends the input; the bytes read. */
static uint64_t read_answer(const char *tag)
{
	size_t tag_len = strlen(tag), kept = 0;
	uint64_t total = 0;

	for (;;) {
		int n = SSL_read(ssl, in + kept, (int)(sizeof in - kept - 1));
		size_t have;
		char *line;

		if (n <= 0)
			die("the server closed");
		total += (uint64_t)n;
		have = kept + (size_t)n;
		in[have] = '\0';
		/* The tagged line is the last one and short: look at the tail only. */
		if (have > 2 && in[have - 1] == '\n') {
			in[have - 1] = '\0';
			line = memrchr(in, '\n', have - 1);
			line = line ? line + 1 : in;
			if (!strncmp(line, tag, tag_len)) {
				if (strncmp(line + tag_len, " OK", 3) != 0)
					die(line);
				return total;
			}
			in[have - 1] = '\n';
		}
		kept = have < 4096 ? have : 4096;
		memmove(in, in + have - kept, kept);
	}
}

static uint64_t command(const char *tag, const char *text)
{
	char line[4096];
	int n = snprintf(line, sizeof line, "%s %s\r\n", tag, text);

	if (SSL_write(ssl, line, n) != n)
		die("cannot write");
	return read_answer(tag);
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static float samples[SAMPLES_MAX];
	char text[1024];
	double from, seconds;
	size_t count = 0;
	uint64_t bytes = 0;

	if (argc != 8)
		die("usage: imapraw HOST PORT USER PASSWORD FOLDER SECONDS COMMAND");
	start_tls(dial(argv[1], argv[2]));
	if (SSL_read(ssl, in, sizeof in) <= 0)
		die("no greeting");
	snprintf(text, sizeof text, "LOGIN \"%s\" \"%s\"", argv[3], argv[4]);
	command("l", text);
	snprintf(text, sizeof text, "SELECT \"%s\"", argv[5]);
	command("s", text);
	seconds = atof(argv[6]);
	from = now_us();
	while (now_us() - from < seconds * 1e6 && count < SAMPLES_MAX) {
		double start = now_us();

		bytes = command("x", argv[7]);
		samples[count++] = (float)(now_us() - start);
	}
	seconds = (now_us() - from) / 1e6;
	qsort(samples, count, sizeof *samples, compare);
	printf("%zu %.3f %llu %.0f %.0f\n", count, seconds, (unsigned long long)bytes,
	       (double)samples[count / 2], (double)samples[count - 1 - count / 100]);
	return 0;
}
