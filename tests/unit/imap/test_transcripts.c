/*
 * What servers really sent, in tests/transcripts/imap: each NAME.imap must be
 * understood as NAME.jsonl has it, line by line as `mbparse imap` prints it.
 */
#include "cmocka_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mbparse.h"

static char *path_of(const char *name, const char *suffix)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s%s", TRANSCRIPTS, name, suffix) > 0);
	return path;
}

static char *read_expected(const char *name)
{
	char *path = path_of(name, ".jsonl"), *text = NULL;
	FILE *f = fopen(path, "rb");
	size_t size = 0;

	if (!f)
		fail_msg("%s is missing: mbparse imap < %s.imap makes it", path, name);
	free(path);
	assert_true(getdelim(&text, &size, '\0', f) > 0);
	fclose(f);
	return text;
}

static char *understand(const char *name)
{
	char *path = path_of(name, ".imap"), *text = NULL;
	FILE *in = fopen(path, "rb"), *out;
	size_t size = 0;

	assert_non_null(in);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	mbparse_imap(in, out);
	fclose(in);
	fclose(out);
	free(path);
	return text;
}

static void same_lines(const char *name, struct bytes got, struct bytes want)
{
	struct bytes a, b;
	bool has_a, has_b;

	for (size_t line = 1;; line++) {
		has_a = bytes_split(&got, '\n', &a);
		has_b = bytes_split(&want, '\n', &b);
		if (!has_a && !has_b)
			return;
		if (has_a != has_b || !bytes_equal(a, b))
			fail_msg("%s, line %zu:\n%.*s\nand not\n%.*s", name, line,
				 BYTES_FMT(has_a ? a : BYTES_LIT("nothing")),
				 BYTES_FMT(has_b ? b : BYTES_LIT("nothing")));
	}
}

static void check(const char *name)
{
	char *want = read_expected(name), *got = understand(name);

	same_lines(name, bytes_of_str(got), bytes_of_str(want));
	free(got);
	free(want);
}

static int is_transcript(const struct dirent *entry)
{
	return bytes_ends_with(bytes_of_str(entry->d_name), BYTES_LIT(".imap"));
}

static void every_transcript_is_understood_as_before(void **state)
{
	struct dirent **entries;
	int count = scandir(TRANSCRIPTS, &entries, is_transcript, alphasort);

	(void)state;
	assert_true(count >= 6);
	for (int i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - strlen(".imap")] = '\0';
		check(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_transcript_is_understood_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
