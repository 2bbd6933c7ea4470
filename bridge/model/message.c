#include "model/message.h"

#include <assert.h>

#include "base/hash.h"

#define DAY_S            (24 * 60 * 60)
#define DAYS_TO_1970     719468 /* from 0000-03-01 */
#define DAYS_PER_400     146097
#define UNIX_MIN_S       (-62135596800) /* 0001-01-01T00:00:00Z */
#define UNIX_MAX_S       253402300799   /* 9999-12-31T23:59:59Z */
#define ROOT_MAX_BYTES   189            /* a longer Message-ID is hashed: api.md §1 */
#define THREAD_TEXT_SIZE (4 * ((ROOT_MAX_BYTES + 2) / 3) + 1)

struct civil {
	int year, month, day;
};

/* Howard Hinnant's days_from_civil and its inverse: years begin in March, so
 * that the leap day is the last. */
static int64_t days_of_civil(struct civil c)
{
	int64_t y = c.month <= 2 ? c.year - 1 : c.year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_400 + day_of_era - DAYS_TO_1970;
}

static struct civil civil_of_days(int64_t days)
{
	int64_t z = days + DAYS_TO_1970;
	int64_t era = (z >= 0 ? z : z - (DAYS_PER_400 - 1)) / DAYS_PER_400;
	int64_t day_of_era = z - era * DAYS_PER_400;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			       day_of_era / (DAYS_PER_400 - 1)) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	int64_t year = year_of_era + era * 400 + (month >= 10);

	return (struct civil){ (int)year, (int)(month < 10 ? month + 3 : month - 9),
			       (int)(day_of_year - (153 * month + 2) / 5 + 1) };
}

int64_t message_unix_of(int year, int month, int day, int hour, int minute, int second)
{
	return days_of_civil((struct civil){ year, month, day }) * DAY_S + hour * 3600 +
	       minute * 60 + second;
}

static int64_t clamp_to_years(int64_t unix_s)
{
	if (unix_s < UNIX_MIN_S)
		return UNIX_MIN_S;
	return unix_s > UNIX_MAX_S ? UNIX_MAX_S : unix_s;
}

/* Two decimal digits. Lists hold a hundred dates: by hand this takes a tenth of
 * what snprintf() does. */
static char *put2(char *to, int n)
{
	to[0] = (char)('0' + n / 10 % 10);
	to[1] = (char)('0' + n % 10);
	return to + 2;
}

static char *put_after(char *to, char mark, int n)
{
	*to = mark;
	return put2(to + 1, n);
}

/* The local time without a zone: 19 characters. Returns where they end. */
static char *format_local(int64_t unix_s, char to[32])
{
	int64_t clamped = clamp_to_years(unix_s);
	int64_t days = (clamped >= 0 ? clamped : clamped - (DAY_S - 1)) / DAY_S;
	int second = (int)(clamped - days * DAY_S);
	struct civil c = civil_of_days(days);
	char *end = put2(put2(to, c.year / 100), c.year % 100);

	end = put_after(put_after(end, '-', c.month), '-', c.day);
	end = put_after(put_after(end, 'T', second / 3600), ':', second / 60 % 60);
	return put_after(end, ':', second % 60);
}

void message_format_utc(int64_t unix_s, char to[32])
{
	char *end = format_local(unix_s, to);

	end[0] = 'Z';
	end[1] = '\0';
}

void message_format_zoned(const struct zoned_time *t, char to[32])
{
	int offset = t->offset_min < 0 ? -t->offset_min : t->offset_min;
	char *end;

	if (offset == 0 || offset >= 24 * 60) {
		message_format_utc(t->unix_s, to);
		return;
	}
	end = format_local(clamp_to_years(t->unix_s) + t->offset_min * 60, to);
	end = put_after(end, t->offset_min < 0 ? '-' : '+', offset / 60);
	*put_after(end, ':', offset % 60) = '\0';
}

static struct bytes root_of(const struct headers *h)
{
	const struct bytes_list *lists[] = { &h->references, &h->in_reply_to, &h->message_id };

	for (size_t i = 0; i < 3; i++)
		if (lists[i]->count && lists[i]->at[0].len)
			return lists[i]->at[0];
	return BYTES_NULL;
}

static struct bytes printed(struct arena *mem, const char *prefix, const char *text)
{
	char *copy = arena_printf(mem, "%s%s", prefix, text);

	return copy ? bytes_of_str(copy) : BYTES_NULL;
}

struct bytes message_thread_id(struct arena *mem, const struct headers *h,
			       const struct message_id *id)
{
	struct bytes root = root_of(h);
	char text[ID_TEXT_MAX + 1];

	static_assert(THREAD_TEXT_SIZE <= sizeof text, "room for both");
	if (bytes_is_null(root)) {
		message_id_format(id, text);
		return printed(mem, "m.", text);
	}
	if (root.len > ROOT_MAX_BYTES) {
		struct hash_sha256 digest = hash_sha256_of(&root, 1);

		hash_base64url_str(text, sizeof text, bytes_of(digest.at, sizeof digest.at));
		return printed(mem, "h.", text);
	}
	hash_base64url_str(text, sizeof text, root);
	return printed(mem, "r.", text);
}
