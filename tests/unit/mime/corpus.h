/* The corpus of messages that nobody here wrote: $MAILBRIDGE_CORPUS. */
#ifndef UNIT_MIME_CORPUS_H
#define UNIT_MIME_CORPUS_H

#include "base/buf.h"
#include "mime/message.h"

#define CORPUS_SKIP 77 /* meson's exit code of a skipped test */

/* NULL, with a word about it on stderr, when there is no corpus. */
const char *corpus_dir(void);

/* Calls found() for every regular file below `dir` whose path ends in `suffix`
 * ("": any), in the order of their names. */
void corpus_walk(const char *dir, const char *suffix, void (*found)(const char *path, void *ctx),
		 void *ctx);

/* The whole file appended to a fresh buffer; fails the test when it cannot be read. */
void corpus_read(const char *path, struct buf *ret);
bool corpus_has(const char *path);

/* The parts that are no multiparts, depth first; at most `max`. With
 * `into_messages` also those of messages inside. */
size_t corpus_leaves(const struct part *root, bool into_messages, const struct part **to,
		     size_t max);

#endif
