#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum log_level current_level = LOG_INFO;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void log_set_level(enum log_level level)
{
	current_level = level;
}

bool log_enabled(enum log_level level)
{
	return level <= current_level;
}

/* Leaves room for the final newline. */
static void put(struct log_line *l, char c)
{
	if (l->len < sizeof l->text - 1)
		l->text[l->len++] = c;
}

static void put_str(struct log_line *l, const char *s)
{
	while (*s)
		put(l, *s++);
}

void log_begin(struct log_line *l, enum log_level level, const char *event)
{
	char when[40];
	struct timespec t;
	struct tm tm;

	l->len = 0;
	l->on = log_enabled(level);
	if (!l->on)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
	put_str(l, "time=");
	put_str(l, when);
	snprintf(when, sizeof when, ".%03ldZ", t.tv_nsec / 1000000);
	put_str(l, when);
	put_str(l, " level=");
	put_str(l, level_names[level]);
	put_str(l, " event=");
	put_str(l, event);
}

static bool is_plain(struct bytes v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.at[i] <= ' ' || v.at[i] == '"' || v.at[i] == '=' || v.at[i] == '\\' ||
		    v.at[i] == 0x7f)
			return false;
	return v.len > 0;
}

void log_field(struct log_line *l, const char *key, struct bytes value)
{
	bool plain;

	if (!l->on)
		return;
	put(l, ' ');
	put_str(l, key);
	put(l, '=');
	plain = is_plain(value);
	if (!plain)
		put(l, '"');
	for (size_t i = 0; i < value.len; i++) {
		char c = (char)value.at[i];

		if (c == '"' || c == '\\')
			put(l, '\\');
		put(l, (uint8_t)c < 0x20 || c == 0x7f ? ' ' : c);
	}
	if (!plain)
		put(l, '"');
}

void log_field_str(struct log_line *l, const char *key, const char *value)
{
	log_field(l, key, bytes_of_str(value));
}

void log_field_u64(struct log_line *l, const char *key, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
	log_field_str(l, key, digits);
}

void log_end(struct log_line *l)
{
	ssize_t ignored;

	if (!l->on)
		return;
	l->text[l->len++] = '\n';
	/* One write, so that lines of several processes do not mix. */
	ignored = write(STDERR_FILENO, l->text, l->len);
	(void)ignored;
}

void log_msg(enum log_level level, const char *event, const char *fmt, ...)
{
	struct log_line l;
	char text[512];
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	log_begin(&l, level, event);
	log_field_str(&l, "msg", text);
	log_end(&l);
}
