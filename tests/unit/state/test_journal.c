/* What survives a crash, and what a crash does to it. */
#include "cmocka_all.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/loop.h"
#include "state/journal.h"

#define PASTS_MAX 32
#define KEY       "0123456789abcdef0123456789abcdef"
#define PRINT     "fedcba9876543210fedcba9876543210"

struct past {
	enum journal_kind kind;
	char account[JOURNAL_ACCOUNT_MAX + 1], key[JOURNAL_DIGEST_BYTES + 1];
	char print[JOURNAL_DIGEST_BYTES + 1], answer[64];
	bool is_in_doubt, has_key;
};

struct world {
	struct loop *loop;
	char folder[64];
	struct past pasts[PASTS_MAX];
	size_t past_count;
	const char *end_doubt_with; /* NULL: not at all */
};

struct begun {
	unsigned told;
	enum err err;
	struct journal_entry *entry;
};

static void copy(char *to, size_t size, struct bytes from)
{
	snprintf(to, size, "%.*s", BYTES_FMT(from));
}

static struct bytes on_past(void *ctx, const struct journal_past *p)
{
	struct world *w = ctx;
	struct past *to = &w->pasts[w->past_count++];

	assert_true(w->past_count <= PASTS_MAX);
	*to = (struct past){ .kind = p->intent.kind,
			     .is_in_doubt = p->is_in_doubt,
			     .has_key = !bytes_is_null(p->intent.key) };
	copy(to->account, sizeof to->account, p->intent.account);
	copy(to->key, sizeof to->key, p->intent.key);
	copy(to->print, sizeof to->print, p->intent.print);
	copy(to->answer, sizeof to->answer, p->answer);
	return p->is_in_doubt ? bytes_of_str(w->end_doubt_with) : p->answer;
}

static void on_begun(void *ctx, enum err err, struct journal_entry *entry)
{
	struct begun *b = ctx;

	b->told++;
	b->err = err;
	b->entry = entry;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	w->loop = loop_new();
	snprintf(w->folder, sizeof w->folder, "/tmp/test-journal-XXXXXX");
	*state = w;
	return mkdtemp(w->folder) ? 0 : -1;
}

/* Calls each() for every file, gives their number. */
static unsigned each_file(const struct world *w, void (*each)(const char *path))
{
	DIR *d = opendir(w->folder);
	unsigned count = 0;
	struct dirent *e;
	char path[400];

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", w->folder, e->d_name);
		count++;
		if (each)
			each(path);
	}
	closedir(d);
	return count;
}

static void remove_file(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static int tear_down(void **state)
{
	struct world *w = *state;

	loop_free(w->loop);
	each_file(w, remove_file);
	rmdir(w->folder);
	free(w);
	return 0;
}

static struct journal *open_with(struct world *w, size_t max_bytes)
{
	struct journal_setup setup = { .loop = w->loop,
				       .folder = w->folder,
				       .max_bytes = max_bytes };
	struct fault fault;
	struct journal *j;

	w->past_count = 0;
	j = journal_open(&setup, on_past, w, &fault);
	assert_non_null(j);
	return j;
}

static struct journal *open_journal(struct world *w)
{
	return open_with(w, 0);
}

/* The loop waits for what is being written. */
static void close_journal(struct world *w, struct journal *j)
{
	journal_free(j);
	loop_free(w->loop);
	w->loop = loop_new();
	assert_non_null(w->loop);
}

static struct journal_intent intent_of(enum journal_kind kind, const char *key)
{
	return (struct journal_intent){ .kind = kind,
					.account = BYTES_LIT("account-of-1"),
					.key = bytes_of_str(key),
					.print = key ? BYTES_LIT(PRINT) : BYTES_NULL };
}

static struct journal_entry *begin(struct world *w, struct journal *j, enum journal_kind kind,
				   const char *key)
{
	struct journal_intent intent = intent_of(kind, key);
	struct begun b = { 0 };

	assert_non_null(journal_begin(j, &intent, on_begun, &b));
	assert_int_equal(b.told, 0);
	while (!b.told)
		loop_turn(w->loop, 100);
	assert_int_equal(b.err, ERR_OK);
	assert_non_null(b.entry);
	return b.entry;
}

/* Does it in a process of its own, which is killed. */
static void crash_after(struct world *w, void (*act)(struct world *w, struct journal *j))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct loop *l = loop_new();

		w->loop = l;
		act(w, open_journal(w));
		raise(SIGKILL);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* --- tests ---------------------------------------------------------------------------- */

static void begin_three_end_one(struct world *w, struct journal *j)
{
	struct journal_entry *done = begin(w, j, JOURNAL_APPEND, NULL);

	begin(w, j, JOURNAL_DELETE, NULL);
	journal_end(j, done, BYTES_NULL);
	/* Its intent is on disk when the outcome before it is. */
	begin(w, j, JOURNAL_REPLACE, KEY);
}

static void what_has_no_end_is_in_doubt(void **state)
{
	struct world *w = *state;

	crash_after(w, begin_three_end_one);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 2);
	assert_int_equal(w->pasts[0].kind, JOURNAL_DELETE);
	assert_true(w->pasts[0].is_in_doubt);
	assert_false(w->pasts[0].has_key);
	assert_string_equal(w->pasts[0].account, "account-of-1");
	assert_int_equal(w->pasts[1].kind, JOURNAL_REPLACE);
	assert_true(w->pasts[1].is_in_doubt);
	assert_string_equal(w->pasts[1].key, KEY);
	assert_string_equal(w->pasts[1].print, PRINT);
	/* Told once. */
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 0);
}

static void doubt_ends_with_what_is_said_about_it(void **state)
{
	struct world *w = *state;

	w->end_doubt_with = "who knows";
	crash_after(w, begin_three_end_one);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 2);
	for (int i = 0; i < 3; i++) {
		journal_free(open_journal(w));
		assert_int_equal(w->past_count, 1);
		assert_false(w->pasts[0].is_in_doubt);
		assert_string_equal(w->pasts[0].key, KEY);
		assert_string_equal(w->pasts[0].answer, "who knows");
		assert_int_equal(each_file(w, NULL), 1);
	}
}

static void answers_are_kept_for_their_keys(void **state)
{
	struct world *w = *state;
	struct journal *j = open_journal(w);

	journal_end(j, begin(w, j, JOURNAL_APPEND, KEY), BYTES_LIT("201 done"));
	journal_end(j, begin(w, j, JOURNAL_APPEND, PRINT), BYTES_NULL); /* free again */
	close_journal(w, j);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 1);
	assert_string_equal(w->pasts[0].key, KEY);
	assert_string_equal(w->pasts[0].answer, "201 done");
}

static void a_living_process_keeps_its_files(void **state)
{
	struct world *w = *state;
	struct journal *a = open_journal(w), *b;

	begin(w, a, JOURNAL_APPEND, NULL);
	b = open_journal(w);
	assert_int_equal(w->past_count, 0);
	assert_int_equal(each_file(w, NULL), 2);
	journal_free(a);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 1);
	journal_free(b);
}

static void is_private(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void files_are_for_us_alone(void **state)
{
	struct world *w = *state;
	struct journal *j = open_journal(w);

	assert_int_equal(each_file(w, is_private), 1);
	close_journal(w, j);
}

static void cut_3_bytes(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 3), 0);
}

static void flip_last(const char *path)
{
	int fd = open(path, O_RDWR);
	uint8_t c;
	off_t at = lseek(fd, -1, SEEK_END);

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x40;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void a_damaged_tail_costs_what_is_in_it(void **state)
{
	struct world *w = *state;
	void (*const damage[])(const char *path) = { cut_3_bytes, flip_last };

	for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
		struct journal *j;

		crash_after(w, begin_three_end_one);
		assert_int_equal(each_file(w, damage[i]), 1);
		j = open_journal(w);
		assert_int_equal(w->past_count, 1);
		assert_int_equal(w->pasts[0].kind, JOURNAL_DELETE);
		assert_true(journal_stats(j).damaged_bytes > 0);
		close_journal(w, j);
		each_file(w, remove_file);
	}
}

static void write_future(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, "mbjournal9\nxyz", 14), 14);
	close(fd);
}

static void files_of_another_version_are_left_alone(void **state)
{
	struct world *w = *state;

	journal_free(open_journal(w));
	each_file(w, write_future);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 0);
	assert_int_equal(each_file(w, NULL), 2);
}

static void many_share_one_writing(void **state)
{
	struct world *w = *state;
	struct journal *j = open_journal(w);
	struct journal_intent intent = intent_of(JOURNAL_APPEND, NULL);
	struct begun begun[50] = { 0 };

	for (size_t i = 0; i < 50; i++)
		assert_non_null(journal_begin(j, &intent, on_begun, &begun[i]));
	while (!begun[49].told)
		loop_turn(w->loop, 100);
	assert_int_equal(journal_stats(j).syncs, 1);
	assert_int_equal(journal_stats(j).open, 50);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(begun[i].told, 1);
		journal_end(j, begun[i].entry, BYTES_NULL);
	}
	assert_int_equal(journal_stats(j).open, 0);
	close_journal(w, j);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 0);
}

static void who_is_cancelled_leaves_no_doubt(void **state)
{
	struct world *w = *state;
	struct journal *j = open_journal(w);
	struct journal_intent intent = intent_of(JOURNAL_APPEND, NULL);
	struct begun b = { 0 };

	op_cancel(journal_begin(j, &intent, on_begun, &b));
	begin(w, j, JOURNAL_DELETE, NULL); /* some time later */
	assert_int_equal(b.told, 0);
	close_journal(w, j);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 1);
	assert_int_equal(w->pasts[0].kind, JOURNAL_DELETE);
}

static void the_oldest_files_go(void **state)
{
	struct world *w = *state;
	struct journal *j = open_with(w, 16 * 1024);
	struct journal_entry *first = begin(w, j, JOURNAL_DELETE, NULL);

	for (int i = 0; i < 400; i++)
		journal_end(j, begin(w, j, JOURNAL_APPEND, NULL), BYTES_NULL);
	/* Held by what is open in it. */
	assert_true(journal_stats(j).bytes > 16 * 1024);
	journal_end(j, first, BYTES_NULL);
	for (int i = 0; i < 400; i++) {
		journal_end(j, begin(w, j, JOURNAL_APPEND, NULL), BYTES_NULL);
		assert_true(i < 50 || journal_stats(j).bytes < 20 * 1024);
	}
	assert_true(journal_stats(j).files > 2);
	assert_true(each_file(w, NULL) <= journal_stats(j).files + 2);
	close_journal(w, j);
}

static void a_full_disk_is_an_error_not_a_loss(void **state)
{
	struct world *w = *state;
	struct journal *j = open_journal(w);
	struct journal_entry *before = begin(w, j, JOURNAL_REPLACE, NULL);
	struct journal_intent intent = intent_of(JOURNAL_APPEND, NULL);
	struct rlimit old, tight;
	struct begun b = { 0 };

	assert_non_null(before);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	tight = (struct rlimit){ .rlim_cur = journal_stats(j).bytes + 10,
				 .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_non_null(journal_begin(j, &intent, on_begun, &b));
	while (!b.told)
		loop_turn(w->loop, 100);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(b.err, ERR_INTERNAL);
	assert_null(b.entry);
	assert_non_null(journal_stats(j).trouble);
	/* And it comes back. */
	begin(w, j, JOURNAL_DELETE, NULL);
	assert_null(journal_stats(j).trouble);
	close_journal(w, j);
	journal_free(open_journal(w));
	assert_int_equal(w->past_count, 2);
	assert_int_equal(w->pasts[0].kind, JOURNAL_REPLACE);
	assert_int_equal(w->pasts[1].kind, JOURNAL_DELETE);
}

static void a_folder_that_is_none_says_so(void **state)
{
	struct world *w = *state;
	struct journal_setup setup = { .loop = w->loop, .folder = "/dev/null/journal" };
	struct fault fault;

	assert_null(journal_open(&setup, on_past, w, &fault));
	assert_string_equal(fault.text, "Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_has_no_end_is_in_doubt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(doubt_ends_with_what_is_said_about_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(answers_are_kept_for_their_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_living_process_keeps_its_files, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(files_are_for_us_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_tail_costs_what_is_in_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(files_of_another_version_are_left_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(many_share_one_writing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_cancelled_leaves_no_doubt, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_oldest_files_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_is_an_error_not_a_loss, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_folder_that_is_none_says_so, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
