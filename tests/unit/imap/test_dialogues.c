/*
 * Whole conversations with their results, tests/transcripts/imap/dialogue: how the
 * big providers speak, and what a mail store makes of it. A new file there is a new
 * test.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialogue.h"

/* Of a conversation that is cut off, so many places are tried. */
#define CUTS 40

static const char *folder(void)
{
	const char *dir = getenv("MAILBRIDGE_TRANSCRIPTS");
	static char path[1024];

	(void)snprintf(path, sizeof(path), "%s/imap/dialogue", dir ? dir : "tests/transcripts");
	return path;
}

static int is_dialogue(const struct dirent *entry)
{
	return bytes_ends_with(bytes_of_str(entry->d_name), BYTES_LIT(".txt"));
}

static void each(void (*play)(const char *path))
{
	struct dirent **entries;
	int count = scandir(folder(), &entries, is_dialogue, alphasort);
	char path[2048];

	assert_true(count >= 6);
	for (int i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder(), entries[i]->d_name);
		play(path);
		free(entries[i]);
	}
	free(entries);
}

static void play(const char *path)
{
	print_message("  %s\n", path);
	dialogue_play(path, NULL);
}

static void every_dialogue_is_played_as_written(void **state)
{
	const char *only = getenv("MAILBRIDGE_DIALOGUE");

	(void)state;
	if (only)
		play(only);
	else
		each(play);
}

static void play_sliced(const char *path)
{
	dialogue_play(path, &(struct script_faults){ .slice_bytes = 1 });
	dialogue_play(path, &(struct script_faults){ .slice_bytes = 7 });
}

static void slices_make_no_difference(void **state)
{
	(void)state;
	each(play_sliced);
}

static void play_cut(const char *path)
{
	uint64_t all = dialogue_server_bytes(path);

	for (uint64_t i = 0; i < CUTS; i++)
		dialogue_play(path, &(struct script_faults){ .is_cut = true,
							     .cut_bytes = all * i / CUTS });
}

static void every_operation_ends_wherever_the_connection_breaks(void **state)
{
	(void)state;
	each(play_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_dialogue_is_played_as_written),
		cmocka_unit_test(slices_make_no_difference),
		cmocka_unit_test(every_operation_ends_wherever_the_connection_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
