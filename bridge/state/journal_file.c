#include "state/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE      0600
#define TRIES_MAX 5

int journal_folder_open(const char *path, int *ret_fd)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	*ret_fd = fd;
	return 0;
}

static int write_all(int fd, struct bytes data, uint64_t offset)
{
	while (data.len) {
		ssize_t n = pwrite(fd, data.at, data.len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data = bytes_skip(data, (size_t)n);
		offset += (uint64_t)n;
	}
	return 0;
}

int journal_file_append(struct journal_file *f, struct bytes records, bool must_last)
{
	int why = write_all(f->fd, records, f->size_bytes);

	if (!why && must_last && fdatasync(f->fd) < 0)
		why = errno;
	if (!why)
		f->size_bytes += records.len;
	else if (ftruncate(f->fd, (off_t)f->size_bytes) < 0)
		return errno; /* what is behind the end is written over, or is damaged */
	return why;
}

/* Somebody who starts may have taken it for one that was left, and removed it. */
static int lock(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return errno;
	return st.st_nlink ? 0 : EWOULDBLOCK;
}

static int make(int folder, const char *instance, unsigned seq, struct journal_file **ret)
{
	struct journal_file *f = calloc(1, sizeof *f);
	int why;

	if (!f)
		return ENOMEM;
	snprintf(f->name, sizeof f->name, "journal-%s-%08x", instance, seq);
	f->fd = openat(folder, f->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (f->fd < 0) {
		why = errno;
		free(f);
		return why;
	}
	why = lock(f->fd);
	if (!why)
		why = journal_file_append(f, bytes_of_str(JOURNAL_MAGIC), true);
	if (!why && fsync(folder) < 0)
		why = errno;
	if (!why)
		*ret = f;
	else
		journal_file_drop(folder, f);
	return why;
}

int journal_file_make(int folder, const char *instance, unsigned *seq, struct journal_file **ret)
{
	int why = EWOULDBLOCK;

	for (int tries = 0; tries < TRIES_MAX && why == EWOULDBLOCK; tries++)
		why = make(folder, instance, (*seq)++, ret);
	return why;
}

void journal_file_close(struct journal_file *f)
{
	if (!f)
		return;
	close(f->fd);
	free(f);
}

void journal_file_drop(int folder, struct journal_file *f)
{
	if (f)
		(void)unlinkat(folder, f->name, 0);
	journal_file_close(f);
}
