/* Reads what processes that have gone left in the journal's folder. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/journal_file.h"

#define FILES_MAX      4096
#define FILE_MAX_BYTES (256u << 20)
#define MEM_MAX_BYTES  ((size_t)1 << 30)
#define FIRST_RECORDS  256

#define PREFIX       "journal-"
#define PREFIX_BYTES (sizeof PREFIX - 1)
#define NAME_LEN     (PREFIX_BYTES + JOURNAL_INSTANCE_BYTES - 1 + 1 + 8)

struct reading {
	struct journal_left *left;
	size_t room;  /* in left->records */
	size_t first; /* of this process's records */
};

static bool is_name(const char *name)
{
	struct bytes b = bytes_of_str(name);

	if (b.len != NAME_LEN || !bytes_starts_with(b, BYTES_LIT(PREFIX)))
		return false;
	for (size_t i = PREFIX_BYTES; i < b.len; i++) {
		bool is_hex =
			(b.at[i] >= '0' && b.at[i] <= '9') || (b.at[i] >= 'a' && b.at[i] <= 'f');

		if (i == PREFIX_BYTES + JOURNAL_INSTANCE_BYTES - 1 ? b.at[i] != '-' : !is_hex)
			return false;
	}
	return true;
}

/* --- files ------------------------------------------------------------------------- */

static int compare_files(const void *a, const void *b)
{
	const struct journal_left_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool is_same_process(const struct journal_left_file *a, const struct journal_left_file *b)
{
	return memcmp(a->name, b->name, PREFIX_BYTES + JOURNAL_INSTANCE_BYTES - 1) == 0;
}

/* -1: somebody has it, or it has gone meanwhile. */
static int open_locked(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return -1;
	/* Unlinked in between, it was another's who started at the same time. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink > 0)
		return fd;
	close(fd);
	return -1;
}

static int list_files(int folder, struct journal_left *l)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		int why = errno;

		if (fd >= 0)
			close(fd);
		return why;
	}
	l->files = ARENA_ARRAY(l->mem, FILES_MAX, struct journal_left_file);
	while (l->files && l->file_count < FILES_MAX && (e = readdir(d))) {
		struct journal_left_file *f = &l->files[l->file_count];

		if (!is_name(e->d_name))
			continue;
		memcpy(f->name, e->d_name, NAME_LEN + 1);
		f->fd = -1;
		l->file_count++;
	}
	closedir(d);
	if (!l->files)
		return ENOMEM;
	qsort(l->files, l->file_count, sizeof *l->files, compare_files);
	return 0;
}

/* All files of a process are locked, or none is taken: it lives. */
static void lock_files(int folder, struct journal_left *l)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < l->file_count; i = end) {
		bool is_ours = true;

		for (end = i; end < l->file_count && is_same_process(&l->files[i], &l->files[end]);
		     end++) {
			l->files[end].fd = open_locked(folder, l->files[end].name);
			is_ours = is_ours && l->files[end].fd >= 0;
		}
		for (size_t n = i; n < end; n++)
			if (is_ours)
				l->files[kept++] = l->files[n];
			else if (l->files[n].fd >= 0)
				close(l->files[n].fd);
	}
	l->file_count = kept;
}

/* --- records ------------------------------------------------------------------------ */

static bool add_intent(struct reading *r, const struct journal_record *intent)
{
	struct journal_left *l = r->left;

	if (l->record_count == r->room) {
		size_t room = r->room ? 2 * r->room : FIRST_RECORDS;
		struct journal_left_record *more =
			ARENA_ARRAY(l->mem, room, struct journal_left_record);

		if (!more)
			return false;
		if (l->record_count)
			memcpy(more, l->records, l->record_count * sizeof *more);
		l->records = more;
		r->room = room;
	}
	l->records[l->record_count++] = (struct journal_left_record){ .intent = *intent };
	return true;
}

/* Ids grow within a process. */
static struct journal_left_record *find_intent(struct reading *r, uint64_t id)
{
	size_t low = r->first, high = r->left->record_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->left->records[middle].intent.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->left->record_count && r->left->records[low].intent.id == id
		       ? &r->left->records[low]
		       : NULL;
}

static bool take_record(struct reading *r, const struct journal_record *record)
{
	struct journal_left_record *of;

	if (record->type == JOURNAL_RECORD_INTENT)
		return add_intent(r, record);
	of = find_intent(r, record->id);
	if (of) {
		of->has_ended = true;
		of->answer = record->answer;
	}
	return true;
}

/* The whole file, in mem; false when it cannot be read. */
static bool load(struct arena *mem, int fd, struct bytes *ret)
{
	struct stat st;
	uint8_t *to;
	size_t len = 0, size;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0 || st.st_size < 0 || st.st_size > FILE_MAX_BYTES)
		return false;
	size = (size_t)st.st_size;
	to = arena_alloc(mem, size);
	while (to && len < size && n > 0) {
		n = pread(fd, to + len, size - len, (off_t)len);
		len += n > 0 ? (size_t)n : 0;
	}
	*ret = bytes_of(to, len);
	return to && n >= 0;
}

enum read_result {
	READ_OK,
	READ_FOREIGN, /* of another version */
	READ_NO_MEMORY,
};

static enum read_result read_file(struct reading *r, int fd)
{
	struct journal_record record;
	struct bytes rest;

	if (!load(r->left->mem, fd, &rest))
		return arena_failed(r->left->mem) ? READ_NO_MEMORY : READ_FOREIGN;
	if (!bytes_starts_with(rest, bytes_of_str(JOURNAL_MAGIC))) {
		/* Died before its first line was out? */
		return bytes_starts_with(bytes_of_str(JOURNAL_MAGIC), rest) ? READ_OK
									    : READ_FOREIGN;
	}
	rest = bytes_skip(rest, JOURNAL_MAGIC_BYTES);
	while (journal_record_read(&rest, &record))
		if (!take_record(r, &record))
			return READ_NO_MEMORY;
	r->left->damaged_bytes += rest.len;
	return READ_OK;
}

static int read_files(struct journal_left *l)
{
	struct reading r = { .left = l };

	for (size_t i = 0; i < l->file_count; i++) {
		if (i > 0 && !is_same_process(&l->files[i - 1], &l->files[i]))
			r.first = l->record_count;
		switch (read_file(&r, l->files[i].fd)) {
		case READ_OK: break;
		case READ_NO_MEMORY: return ENOMEM;
		case READ_FOREIGN:
			close(l->files[i].fd);
			l->files[i].fd = -1;
			break;
		}
	}
	return 0;
}

int journal_left_read(int folder, struct journal_left *ret)
{
	struct journal_left l = { .mem = arena_new(MEM_MAX_BYTES) };
	int why = l.mem ? list_files(folder, &l) : ENOMEM;

	if (!why) {
		lock_files(folder, &l);
		why = read_files(&l);
	}
	if (why)
		journal_left_done(&l, folder, false);
	else
		*ret = l;
	return why;
}

void journal_left_done(struct journal_left *l, int folder, bool is_taken)
{
	for (size_t i = 0; i < l->file_count; i++) {
		if (l->files[i].fd < 0)
			continue;
		if (is_taken)
			(void)unlinkat(folder, l->files[i].name, 0);
		close(l->files[i].fd);
	}
	arena_free(l->mem);
}
