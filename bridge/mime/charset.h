/*
 * Text in any charset that mail is written in becomes UTF-8. Names are taken as
 * browsers take them (WHATWG Encoding §4.2): iso-8859-1 and us-ascii mean
 * windows-1252, gb2312 means gb18030, ks_c_5601-1987 means cp949. Only charsets
 * of our own list are handed to iconv: a message cannot make it load others.
 *
 * Nothing here fails for what a message contains: bytes that are no text become
 * U+FFFD, an unknown charset is UTF-8 where the bytes are that, else
 * windows-1252, and both are reported as a problem.
 */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include "base/buf.h"

#define CHARSET_NAME_MAX_BYTES 64 /* a longer name is unknown */

/* Is it one that we convert? Null, "" and names that say nothing ("unknown-8bit")
 * are not. */
bool charset_is_known(struct bytes name);

struct charset_result {
	bool is_problem;   /* malformed bytes, or the charset is unknown and they are not UTF-8 */
	bool is_truncated; /* `to` was full: what is there ends with a whole character */
};

/*
 * Appends `from`, which is written in charset `name` (null: not declared), to
 * `to` as UTF-8, without a byte order mark at the front. `is_cut` says that
 * `from` was itself cut off somewhere: a broken last character is then dropped
 * without complaint. ERR_NOMEM only.
 */
MUST_CHECK enum err charset_to_utf8(struct bytes name, struct bytes from, bool is_cut,
				    struct buf *to, struct charset_result *ret);

#endif
