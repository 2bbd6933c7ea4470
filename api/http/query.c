#include "http/query.h"

#include <stdio.h>

#include "base/scan.h"
#include "http/percent.h"

#define TEXT_MAX_DEFAULT 1000

static bool decode_pair(struct arena *a, struct bytes pair, struct query_value *ret)
{
	size_t name_len = bytes_index(pair, '=');
	struct bytes value = name_len < pair.len ? bytes_skip(pair, name_len + 1) : BYTES_LIT("");

	ret->name = percent_decode_arena(a, bytes_first(pair, name_len), true);
	ret->value = percent_decode_arena(a, value, true);
	return !bytes_is_null(ret->name) && !bytes_is_null(ret->value);
}

static size_t count_pairs(struct bytes raw)
{
	struct bytes pair;
	size_t n = 0;

	while (bytes_split(&raw, '&', &pair))
		n += pair.len > 0;
	return n;
}

enum err query_parse(struct arena *a, struct bytes raw, struct query *ret)
{
	size_t count = count_pairs(raw), n = 0;
	struct query_value *at;
	struct bytes pair;

	if (count > QUERY_VALUES_MAX)
		return ERR_TOO_BIG;
	at = ARENA_ARRAY(a, count, struct query_value);
	if (!at)
		return ERR_NOMEM;
	while (bytes_split(&raw, '&', &pair)) {
		if (pair.len == 0)
			continue;
		if (!decode_pair(a, pair, &at[n++]))
			return arena_failed(a) ? ERR_NOMEM : ERR_INVALID;
	}
	*ret = (struct query){ at, count };
	return ERR_OK;
}

struct bytes query_find(const struct query *q, const char *name, size_t n)
{
	for (size_t i = 0; i < q->count; i++)
		if (bytes_equal_str(q->at[i].name, name) && n-- == 0)
			return q->at[i].value;
	return BYTES_NULL;
}

/* --- values ------------------------------------------------------------------ */

bool query_to_bool(struct bytes value, bool *ret)
{
	bool yes = bytes_equal_str(value, "true") || bytes_equal_str(value, "1");

	if (!yes && !bytes_equal_str(value, "false") && !bytes_equal_str(value, "0"))
		return false;
	*ret = yes;
	return true;
}

/* Exactly n digits, min..max. */
static int64_t scan_digits(struct scan *s, size_t n, uint64_t min, uint64_t max)
{
	struct bytes digits = scan_take(s, n);
	uint64_t value = 0;

	if (scan_ok(s) && (!bytes_to_u64(digits, max, &value) || value < min))
		scan_fail(s, SCAN_BAD);
	return (int64_t)value;
}

/* Days from 1970-01-01, Gregorian calendar, year 0..9999. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	int64_t era, year_of_era, day_of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static uint64_t days_in_month(int64_t y, int64_t m)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (m < 1 || m > 12)
		return 0;
	return m == 2 && is_leap ? 29 : days[m - 1];
}

/* full-date = 4DIGIT "-" 2DIGIT "-" 2DIGIT; its midnight */
static int64_t scan_date_ms(struct scan *s)
{
	int64_t y, m, d;

	y = scan_digits(s, 4, 0, 9999);
	scan_byte(s, '-');
	m = scan_digits(s, 2, 1, 12);
	scan_byte(s, '-');
	d = scan_digits(s, 2, 1, days_in_month(y, m));
	return days_from_civil(y, m, d) * 86400 * 1000;
}

/* partial-time = 2DIGIT ":" 2DIGIT ":" 2DIGIT ["." 1*DIGIT]; a leap second is
 * the second after it, as in POSIX time */
static int64_t scan_time_ms(struct scan *s)
{
	int64_t ms = scan_digits(s, 2, 0, 23) * 3600 * 1000;
	int64_t place = 100;

	scan_byte(s, ':');
	ms += scan_digits(s, 2, 0, 59) * 60 * 1000;
	scan_byte(s, ':');
	ms += scan_digits(s, 2, 0, 60) * 1000;
	if (!scan_try_byte(s, '.'))
		return ms;
	do {
		ms += scan_digits(s, 1, 0, 9) * place;
		place /= 10;
	} while (scan_peek(s) >= '0' && scan_peek(s) <= '9');
	return ms;
}

/* time-offset = "Z" / ("+" / "-") 2DIGIT ":" 2DIGIT */
static int64_t scan_offset_ms(struct scan *s)
{
	int64_t sign, ms;

	if (scan_try_byte(s, 'Z') || scan_try_byte(s, 'z'))
		return 0;
	sign = scan_try_byte(s, '-') ? -1 : 1;
	if (sign > 0)
		scan_byte(s, '+');
	ms = scan_digits(s, 2, 0, 23) * 3600 * 1000;
	scan_byte(s, ':');
	ms += scan_digits(s, 2, 0, 59) * 60 * 1000;
	return sign * ms;
}

bool query_to_instant(struct bytes value, int64_t *ret_ms)
{
	struct scan s = scan_of(value);
	int64_t ms = scan_date_ms(&s);

	if (!scan_try_byte(&s, 'T') && !scan_try_byte(&s, 't'))
		scan_fail(&s, SCAN_BAD);
	ms += scan_time_ms(&s);
	ms -= scan_offset_ms(&s);
	if (!scan_ok(&s) || !scan_at_end(&s))
		return false;
	*ret_ms = ms;
	return true;
}

/* --- checking ----------------------------------------------------------------- */

static const struct param_spec *find_spec(const struct param_spec *specs, struct bytes name)
{
	for (; specs && specs->name; specs++)
		if (bytes_equal_str(name, specs->name))
			return specs;
	return NULL;
}

static void add_unknown(struct problem *p, const struct param_spec *specs, struct bytes name)
{
	const char *names[64];
	const char *nearest;
	char text[80];
	size_t n = 0;

	for (; specs && specs->name && n < sizeof names / sizeof names[0]; specs++)
		names[n++] = specs->name;
	nearest = problem_suggest(name, names, n);
	snprintf(text, sizeof text, "%.*s", BYTES_FMT(bytes_first_utf8(name, sizeof text - 1)));
	if (nearest)
		problem_add_parameter(p, text, "unknown-parameter", "Did you mean %s?", nearest);
	else
		problem_add_parameter(p, text, "unknown-parameter",
				      n ? "This path has no such parameter."
					: "This path takes no parameters.");
}

static bool is_choice(struct bytes value, const char *choices)
{
	struct bytes rest = bytes_of_str(choices), one;

	while (bytes_split(&rest, ',', &one))
		if (bytes_equal(bytes_trim(one), value))
			return true;
	return false;
}

static uint64_t max_of(const struct param_spec *spec)
{
	if (spec->max)
		return spec->max;
	return spec->kind == PARAM_TEXT ? TEXT_MAX_DEFAULT : UINT64_MAX;
}

static bool is_value(const struct param_spec *spec, struct bytes value)
{
	int64_t ms;
	uint64_t n;
	bool b;

	switch (spec->kind) {
	case PARAM_TEXT: return value.len >= spec->min && value.len <= max_of(spec);
	case PARAM_UINT: return bytes_to_u64(value, max_of(spec), &n) && n >= spec->min;
	case PARAM_BOOL: return query_to_bool(value, &b);
	case PARAM_ENUM: return is_choice(value, spec->choices);
	case PARAM_INSTANT: return query_to_instant(value, &ms);
	}
	return false;
}

static void add_invalid(struct problem *p, const struct param_spec *spec, struct bytes value)
{
	const char *name = spec->name, *code = "invalid-value";

	if (spec->hint)
		problem_add_parameter(p, name, code, "%s", spec->hint);
	else if (spec->kind == PARAM_TEXT && value.len < spec->min)
		problem_add_parameter(p, name, code, "%s must not be empty.", name);
	else if (spec->kind == PARAM_TEXT)
		problem_add_parameter(p, name, code, "%s is at most %llu bytes long.", name,
				      (unsigned long long)max_of(spec));
	else if (spec->kind == PARAM_UINT && max_of(spec) == UINT64_MAX)
		problem_add_parameter(p, name, code, "%s is a number, at least %llu.", name,
				      (unsigned long long)spec->min);
	else if (spec->kind == PARAM_UINT)
		problem_add_parameter(p, name, code, "%s is a number, %llu to %llu.", name,
				      (unsigned long long)spec->min,
				      (unsigned long long)max_of(spec));
	else if (spec->kind == PARAM_BOOL)
		problem_add_parameter(p, name, code, "%s is true or false.", name);
	else if (spec->kind == PARAM_ENUM)
		problem_add_parameter(p, name, code, "%s is one of: %s.", name, spec->choices);
	else
		problem_add_parameter(p, name, code,
				      "%s is an instant as 2026-01-31T12:00:00Z (write the + of an "
				      "offset as %%2B).",
				      name);
}

/* Is this the second value of its name? (The third says nothing new.) */
static bool is_second(const struct query *q, size_t i)
{
	size_t before = 0;

	for (size_t j = 0; j < i; j++)
		before += bytes_equal(q->at[j].name, q->at[i].name);
	return before == 1;
}

void query_check(const struct query *q, const struct param_spec *specs, struct problem *p)
{
	for (size_t i = 0; i < q->count; i++) {
		const struct query_value *v = &q->at[i];
		const struct param_spec *spec = find_spec(specs, v->name);

		if (!spec)
			add_unknown(p, specs, v->name);
		else if (!is_value(spec, v->value))
			add_invalid(p, spec, v->value);
		else if (!spec->is_repeatable && is_second(q, i))
			problem_add_parameter(p, spec->name, "duplicate-parameter",
					      "%s may be given only once.", spec->name);
	}
}
