#include "cmocka_all.h"

#include "corpus.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (64 << 20)

const char *corpus_dir(void)
{
	const char *dir = getenv("MAILBRIDGE_CORPUS");

	if (dir && access(dir, R_OK) == 0)
		return dir;
	fprintf(stderr, "skipped: there is no corpus at MAILBRIDGE_CORPUS=%s\n", dir ? dir : "");
	return NULL;
}

static int is_wanted(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void corpus_walk(const char *dir, const char *suffix, void (*found)(const char *path, void *ctx),
		 void *ctx)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_wanted, alphasort);

	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
		if (is_directory(path))
			corpus_walk(path, suffix, found, ctx);
		else if (bytes_ends_with(bytes_of_str(path), bytes_of_str(suffix)))
			found(path, ctx);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void corpus_read(const char *path, struct buf *ret)
{
	FILE *f = fopen(path, "rb");
	size_t n = 1;

	if (!f)
		fail_msg("%s cannot be opened", path);
	buf_init(ret, FILE_MAX_BYTES);
	while (n) {
		uint8_t *at = buf_reserve(ret, 65536);

		assert_non_null(at);
		n = fread(at, 1, 65536, f);
		buf_commit(ret, n);
	}
	fclose(f);
}

bool corpus_has(const char *path)
{
	return access(path, R_OK) == 0;
}

static void add_leaves(const struct part *p, bool into_messages, const struct part **to, size_t max,
		       size_t *n)
{
	if (!p->is_multipart && *n < max)
		to[(*n)++] = p;
	for (size_t i = 0; i < p->child_count; i++)
		add_leaves(&p->children[i], into_messages, to, max, n);
	if (into_messages && p->message_body)
		add_leaves(p->message_body, into_messages, to, max, n);
}

size_t corpus_leaves(const struct part *root, bool into_messages, const struct part **to,
		     size_t max)
{
	size_t n = 0;

	add_leaves(root, into_messages, to, max, &n);
	return n;
}
