#include "imap/date.h"

#include <stdio.h>
#include <time.h>

#include "base/scan.h"

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* The first and last second of the years that we write. */
#define UNIX_MIN INT64_C(-62135596800)
#define UNIX_MAX INT64_C(253402300799)

static int read_month(struct scan *s)
{
	for (int i = 0; i < 12; i++)
		if (scan_try_word(s, months[i]))
			return i + 1;
	scan_fail(s, SCAN_BAD);
	return 0;
}

/* Exactly n digits, from min to max. */
static int read_digits(struct scan *s, size_t n, int min, int max)
{
	struct bytes digits = scan_take(s, n);
	uint64_t value = 0;

	if (scan_ok(s) && (!bytes_to_u64(digits, (uint64_t)max, &value) || (int)value < min))
		scan_fail(s, SCAN_BAD);
	return (int)value;
}

/* date-day-fixed = (SP DIGIT) / 2DIGIT; one digit alone is taken as well. */
static int read_day(struct scan *s)
{
	struct scan two = *s;
	int day;

	if (scan_try_byte(s, ' '))
		return read_digits(s, 1, 1, 9);
	day = read_digits(&two, 2, 1, 31);
	if (!scan_ok(&two))
		return read_digits(s, 1, 1, 9);
	*s = two;
	return day;
}

/* zone = ("+" / "-") 4DIGIT */
static int read_zone(struct scan *s)
{
	int sign = 1, hours, minutes;

	if (scan_at_end(s))
		return 0;
	scan_byte(s, ' ');
	if (scan_try_byte(s, '-'))
		sign = -1;
	else
		scan_byte(s, '+');
	hours = read_digits(s, 2, 0, 99);
	minutes = read_digits(s, 2, 0, 59);
	return sign * (hours * 60 + minutes);
}

static int days_in(int month, int year)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool imap_date_time_parse(struct bytes text, struct zoned_time *ret)
{
	struct scan s = scan_of(text);
	int day, month, year, hour, minute, second, zone;

	day = read_day(&s);
	scan_byte(&s, '-');
	month = read_month(&s);
	scan_byte(&s, '-');
	year = read_digits(&s, 4, 1, 9999);
	scan_byte(&s, ' ');
	hour = read_digits(&s, 2, 0, 23);
	scan_byte(&s, ':');
	minute = read_digits(&s, 2, 0, 59);
	scan_byte(&s, ':');
	second = read_digits(&s, 2, 0, 60);
	zone = read_zone(&s);
	if (!scan_ok(&s) || !scan_at_end(&s) || day > days_in(month, year))
		return false;
	*ret = (struct zoned_time){
		.is_known = true,
		.unix_s = message_unix_of(year, month, day, hour, minute, second) - zone * 60,
		.offset_min = zone,
	};
	return true;
}

static bool split_time(int64_t unix_s, struct tm *ret)
{
	time_t t = (time_t)unix_s;

	return unix_s >= UNIX_MIN && unix_s <= UNIX_MAX && gmtime_r(&t, ret);
}

/* So that the compiler sees how long the text can get. */
static unsigned below(int n, unsigned end)
{
	return (unsigned)n % end;
}

bool imap_date_time_format(const struct zoned_time *t, char to[IMAP_DATE_TIME_BYTES])
{
	int zone = t->offset_min, away = zone < 0 ? -zone : zone;
	struct tm tm;

	if (away >= 100 * 60 || t->unix_s < UNIX_MIN - 100 * 3600 ||
	    t->unix_s > UNIX_MAX + 100 * 3600 || !split_time(t->unix_s + zone * 60, &tm))
		return false;
	snprintf(to, IMAP_DATE_TIME_BYTES, "%2u-%s-%04u %02u:%02u:%02u %c%02u%02u",
		 below(tm.tm_mday, 100), months[tm.tm_mon], below(tm.tm_year + 1900, 10000),
		 below(tm.tm_hour, 100), below(tm.tm_min, 100), below(tm.tm_sec, 100),
		 zone < 0 ? '-' : '+', below(away / 60, 100), below(away % 60, 100));
	return true;
}

bool imap_date_format(int64_t unix_s, char to[IMAP_DATE_BYTES])
{
	struct tm tm;

	if (!split_time(unix_s, &tm))
		return false;
	snprintf(to, IMAP_DATE_BYTES, "%u-%s-%04u", below(tm.tm_mday, 100), months[tm.tm_mon],
		 below(tm.tm_year + 1900, 10000));
	return true;
}
