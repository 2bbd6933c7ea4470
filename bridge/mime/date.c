#include "mime/date.h"

/* A date falls apart into numbers, words and the punctuation before them. */
struct token {
	char before; /* the last of ":+-/." directly before it, or 0 */
	bool is_number;
	unsigned value; /* of a number */
	unsigned digits;
	struct bytes word;
};

struct date {
	int year, month, day, hour, minute, second;
	int offset_min;
	bool has_time, has_zone, has_offset, is_pm, is_am;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
}

static struct bytes skip_comment(struct bytes in)
{
	size_t i = 0, depth = 0;

	for (; i < in.len; i++) {
		if (in.at[i] == '(')
			depth++;
		else if (in.at[i] == ')' && --depth == 0)
			return bytes_skip(in, i + 1);
	}
	return bytes_skip(in, in.len);
}

static void take_number(struct bytes *in, struct token *t)
{
	t->is_number = true;
	while (in->len && is_digit(in->at[0])) {
		if (t->value < 100000000)
			t->value = t->value * 10 + (unsigned)(in->at[0] - '0');
		t->digits++;
		*in = bytes_skip(*in, 1);
	}
}

static bool next_token(struct bytes *in, struct token *ret)
{
	*ret = (struct token){ 0 };
	while (in->len) {
		uint8_t c = in->at[0];
		size_t n = 0;

		if (is_digit(c)) {
			take_number(in, ret);
			return true;
		}
		while (n < in->len && is_letter(in->at[n]))
			n++;
		if (n) {
			ret->word = bytes_first(*in, n);
			*in = bytes_skip(*in, n);
			return true;
		}
		if (c == '(') {
			*in = skip_comment(*in);
			continue;
		}
		if (strchr(":+-/.", c))
			ret->before = (char)c;
		else if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			ret->before = 0;
		*in = bytes_skip(*in, 1);
	}
	return false;
}

static int month_of(struct bytes word)
{
	static const char *const months = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; word.len >= 3 && i < 12; i++)
		if (bytes_equal_nocase(bytes_first(word, 3), bytes_of(months + 3 * i, 3)))
			return i + 1;
	return 0;
}

/* RFC 5322 §4.3, and a few that are unambiguous. Minutes east of Greenwich. */
static bool zone_of(struct bytes word, int *ret)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
		{ "UT", 0 },     { "UTC", 0 },    { "GMT", 0 },    { "Z", 0 },      { "EST", -300 },
		{ "EDT", -240 }, { "CST", -360 }, { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 },
		{ "PST", -480 }, { "PDT", -420 }, { "WET", 0 },    { "WEST", 60 },  { "CET", 60 },
		{ "CEST", 120 }, { "MET", 60 },   { "MEST", 120 }, { "MEZ", 60 },   { "MESZ", 120 },
		{ "EET", 120 },  { "EEST", 180 }, { "BST", 60 },   { "MSK", 180 },  { "MSD", 240 },
		{ "JST", 540 },  { "KST", 540 },  { "HKT", 480 },  { "AEST", 600 }, { "AEDT", 660 },
		{ "NZST", 720 }, { "NZDT", 780 },
	};

	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		if (bytes_equal_str_nocase(word, zones[i].name)) {
			*ret = zones[i].minutes;
			return true;
		}
	}
	return false;
}

static void take_word(struct date *d, struct bytes word)
{
	int month = month_of(word), zone;

	if (bytes_equal_str_nocase(word, "PM")) {
		d->is_pm = true;
	} else if (bytes_equal_str_nocase(word, "AM")) {
		d->is_am = true;
	} else if (d->has_time && !d->has_zone && zone_of(word, &zone)) {
		d->offset_min = zone;
		d->has_zone = true;
	} else if (month && !d->month) {
		d->month = month;
	}
}

/* The sign may be missing; "GMT-0800" is 8 hours west. */
static bool is_offset(const struct date *d, const struct token *t)
{
	if (!d->has_time || d->has_offset)
		return false;
	return t->before == '+' || t->before == '-' || (d->year && t->digits == 4 && !d->has_zone);
}

/* "+0130", "-7", "+01:30": hours and minutes from its own digits, or from the
 * number behind a colon. */
static void take_offset(struct date *d, const struct token *t, struct bytes *in)
{
	unsigned hours = t->digits > 2 ? t->value / 100 : t->value;
	unsigned minutes = t->digits > 2 ? t->value % 100 : 0;

	if (t->digits <= 2 && in->len > 1 && in->at[0] == ':' && is_digit(in->at[1])) {
		struct token behind;

		next_token(in, &behind);
		minutes = behind.value;
	}
	d->has_zone = d->has_offset = true;
	if (hours < 24 && minutes < 60)
		d->offset_min = (int)(hours * 60 + minutes) * (t->before == '-' ? -1 : 1);
	else
		d->offset_min = 0;
}

/* 16:15, or 16.15.05 behind a whole date. */
static bool begins_time(const struct date *d, struct bytes in)
{
	struct token t;

	return !d->has_time && next_token(&in, &t) && t.is_number &&
	       (t.before == ':' || (t.before == '.' && d->year && d->day));
}

static bool take_time(struct date *d, unsigned hour, struct bytes *in)
{
	struct token t;
	struct bytes rest;

	if (!next_token(in, &t) || !t.is_number || hour > 24 || t.value > 59)
		return false;
	d->has_time = true;
	d->hour = (int)hour;
	d->minute = (int)t.value;
	rest = *in;
	if (!next_token(&rest, &t) || !t.is_number || (t.before != ':' && t.before != '.'))
		return true;
	if (t.value > 60)
		return false;
	d->second = (int)t.value;
	*in = rest;
	/* Fractions of a second. */
	if (rest.len > 1 && rest.at[0] == '.' && is_digit(rest.at[1]))
		next_token(in, &t);
	return true;
}

/* RFC 5322 §4.3. */
static int whole_year(const struct token *t)
{
	if (t->digits == 2)
		return (int)t->value + (t->value < 50 ? 2000 : 1900);
	return t->digits == 3 ? (int)t->value + 1900 : (int)(t->value % 100000);
}

static void take_day_or_year(struct date *d, const struct token *t)
{
	if (t->digits >= 3 && !d->year) {
		d->year = whole_year(t);
	} else if (!d->day && t->value >= 1 && t->value <= 31 && t->digits <= 2 &&
		   (d->month || !d->year)) {
		d->day = (int)t->value;
	} else if (!d->month && t->value >= 1 && t->value <= 12) {
		d->month = (int)t->value; /* ISO 8601, or 07.10.1994 */
	} else if (!d->month && t->before == '/' && d->day <= 12 && t->value <= 31) {
		d->month = d->day; /* 11/21/1997 */
		d->day = (int)t->value;
	} else if (!d->year && t->digits == 2) {
		d->year = whole_year(t);
	}
}

/* 10/07/1994 is American, too: the month comes first. */
static void swap_american(struct date *d, bool has_slash)
{
	int day = d->day;

	if (!has_slash || d->month == 0 || d->day > 12)
		return;
	d->day = d->month;
	d->month = day;
}

static bool is_possible(const struct date *d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	if (d->year < 1900 || d->year > 9999 || d->month < 1 || d->month > 12)
		return false;
	return d->day >= 1 && d->day <= days[d->month - 1] + (d->month == 2 && is_leap);
}

static struct zoned_time finish(const struct date *d)
{
	struct zoned_time t = { .is_known = true, .offset_min = d->offset_min };
	int hour = d->hour;

	if (d->is_pm && hour < 12)
		hour += 12;
	if (d->is_am && hour == 12)
		hour = 0;
	t.unix_s = message_unix_of(d->year, d->month, d->day, hour, d->minute, d->second) -
		   d->offset_min * 60;
	return t;
}

struct zoned_time mime_date_parse(struct bytes value)
{
	struct bytes in = bytes_first(value, MIME_DATE_MAX_BYTES);
	const struct zoned_time unknown = { 0 };
	struct date d = { 0 };
	bool has_slash = false;
	struct token t;

	while (next_token(&in, &t)) {
		has_slash |= t.before == '/' && t.is_number;
		if (!t.is_number)
			take_word(&d, t.word);
		else if (is_offset(&d, &t))
			take_offset(&d, &t, &in);
		else if (!begins_time(&d, in))
			take_day_or_year(&d, &t);
		else if (!take_time(&d, t.value, &in))
			return unknown;
	}
	swap_american(&d, has_slash);
	return is_possible(&d) ? finish(&d) : unknown;
}
