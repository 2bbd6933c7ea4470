/*
 * The log: one line of `key=value` pairs (logfmt) on stderr. Used by api/, by
 * main and by the account layer where it decides; library code below returns
 * errors instead. Never given a password, a token or message content.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

struct log_line {
	size_t len;
	bool on;         /* false: the level is off, fields are ignored */
	char text[1024]; /* cut, never overrun */
};

/* Usage:
 *	struct log_line l;
 *	log_begin(&l, LOG_INFO, "request");
 *	log_field_u64(&l, "status", 200);
 *	log_end(&l);
 */
void log_begin(struct log_line *l, enum log_level level, const char *event);
/* Quoted where it needs to be; control characters become spaces. */
void log_field(struct log_line *l, const char *key, struct bytes value);
void log_field_str(struct log_line *l, const char *key, const char *value);
void log_field_u64(struct log_line *l, const char *key, uint64_t value);
void log_end(struct log_line *l);

/* A line with one free sentence: level, event, msg. */
__attribute__((format(printf, 3, 4))) void log_msg(enum log_level level, const char *event,
						   const char *fmt, ...);

#endif
