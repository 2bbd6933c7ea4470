/*
 * How summaries become the opaque bytes that the header cache keeps. api/json
 * supplies it (the cache holds JSON ready to be copied into lists), so that
 * bridge/ knows no JSON.
 */
#ifndef STATE_SUMMARY_CODEC_H
#define STATE_SUMMARY_CODEC_H

#include "base/buf.h"

struct summary;

struct summary_codec {
	/* Names the format; entries with another one are misses. */
	uint32_t version;
	/* Appends all but the mutable keywords. */
	void (*encode)(struct buf *to, const struct summary *s);
};

#endif
