/* The table of settings, shared by config.c (reads them) and the help. */
#ifndef API_CONFIG_SETTINGS_H
#define API_CONFIG_SETTINGS_H

#include "config.h"

enum setting_kind {
	SETTING_TEXT,
	SETTING_LIST, /* comma- or space-separated */
	SETTING_BOOL,
	SETTING_COUNT,
	SETTING_DURATION,
	SETTING_SIZE,
	SETTING_LOG_LEVEL,
	SETTING_IMAP_URL,
	SETTING_POP3_URL,
	SETTING_SMTP_URL,
};

struct setting {
	const char *name; /* "header_timeout": also MAILBRIDGE_HEADER_TIMEOUT, --header-timeout */
	enum setting_kind kind;
	size_t offset;       /* into struct config or struct config_server */
	uint64_t min, max;   /* counts, milliseconds, bytes */
	const char *initial; /* NULL: none */
	const char *help;
};

extern const struct setting config_settings[];
extern const size_t config_setting_count;
extern const struct setting config_server_settings[];
extern const size_t config_server_setting_count;

/* NULL when there is none of that name ('-' and '_' are the same). */
const struct setting *setting_find(const struct setting *table, size_t count, struct bytes name);
/* Puts a value in its place in `base` (freeing what was there), or reports what
 * would be right. */
void setting_apply(const struct setting *s, void *base, struct bytes value, const char *where,
		   struct config_faults *faults);
/* Frees what a setting holds. */
void setting_clear(const struct setting *s, void *base);

#endif
