/*
 * "Did you mean limit?" Damerau-Levenshtein (optimal string alignment): the
 * number of letters inserted, dropped, changed or swapped with their neighbour.
 */
#include "http/problem.h"

#define WORD_MAX 48

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static size_t distance(struct bytes a, struct bytes b)
{
	size_t rows[3][WORD_MAX + 1]; /* the one before the last, the last, this one */
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			uint8_t x = lower(a.at[i - 1]), y = lower(b.at[j - 1]);

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b.at[j - 2]) && y == lower(a.at[i - 2]) &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[b.len];
}

const char *problem_suggest(struct bytes word, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	size_t best_distance = word.len > 7 ? 3 : word.len > 3 ? 2 : 1;

	if (word.len == 0 || word.len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct bytes c = bytes_of_str(candidates[i]);
		size_t d = c.len > WORD_MAX ? SIZE_MAX : distance(word, c);

		/* Nothing of the word would be left. */
		if (d >= word.len || d > best_distance || (best && d == best_distance))
			continue;
		best = candidates[i];
		best_distance = d;
	}
	return best;
}
