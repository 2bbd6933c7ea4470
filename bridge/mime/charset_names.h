/* The charsets we convert and the names they go by. For charset.c only. */
#ifndef MIME_CHARSET_NAMES_H
#define MIME_CHARSET_NAMES_H

#include "base/bytes.h"

enum charset_kind {
	CHARSET_UNKNOWN, /* not in the list, or a name that says nothing */
	CHARSET_ASCII,   /* often a lie: UTF-8 where the bytes are that, else LATIN1 */
	CHARSET_LATIN1,  /* windows-1252 */
	CHARSET_UTF8,
	CHARSET_UTF16,     /* units of two bytes */
	CHARSET_UTF32,     /* units of four bytes */
	CHARSET_ICONV,     /* anything else that iconv converts as it is */
	CHARSET_ISO2022JP, /* seven-bit wrappings: undone by charset_7bit.c, then iconv */
	CHARSET_ISO2022KR,
	CHARSET_HZ,
};

struct charset {
	enum charset_kind kind;
	const char *iconv_name; /* NULL where iconv is not needed */
	const char *names;      /* "|name|name|", only lower-case letters and digits */
};

/* NULL when it is unknown. */
const struct charset *charset_find(struct bytes name);

#endif
