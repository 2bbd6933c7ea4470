/*
 * Everything that a server could make large, in one place. What concerns the
 * conversation (lines, literals, lists) is an error beyond its limit. What
 * depends on one message (addresses, flags, parts) is cut off instead and
 * marked: one hostile message must not make a whole folder unreadable.
 */
#ifndef IMAP_LIMITS_H
#define IMAP_LIMITS_H

#include "base/bytes.h"

struct imap_limits {
	size_t line_bytes;        /* between two literals, without the line end; 32 at least */
	size_t number_line_bytes; /* the same where a response is a list of numbers: SEARCH, ... */
	size_t response_bytes;    /* a whole response as kept, streamed literals not counted */
	uint64_t literal_bytes;   /* one literal, streamed or not */
	uint64_t ask_above_bytes; /* a larger literal: its owner is asked what to do with it */
	size_t literals;          /* per response */
	size_t items;   /* of any list that the server makes: folders, codes, FETCH items */
	size_t numbers; /* SEARCH, SORT, THREAD and set ranges */
	size_t parts, part_depth; /* beyond: structure is absent, is_structure_cut */
	size_t addresses;         /* per message; beyond: is_cut */
	size_t flags;             /* per message; beyond: is_cut */
};

/* 1 MiB lines, but room for a million UIDs of 10 digits; 16 MiB responses, 4 GiB
 * literals, PARTS_MAX, KEYWORDS_MAX, ... */
extern const struct imap_limits imap_limits_default;

#endif
