#include "cache/summary_cache.h"

#include <stdlib.h>

#include "base/hash.h"

#define BYTES_PER_BUCKET 1024
#define BUCKETS_MAX      ((size_t)1 << 20)
#define MALLOC_BYTES     16 /* that an allocation takes besides */
#define NO_PREVIEW       UINT32_MAX

struct cached_summary {
	struct cached_summary *next_in_bucket;
	struct cached_summary *newer, *older; /* by last use */
	uint64_t serial;
	char folder[ID_BYTES];
	uint32_t uidvalidity, uid;
	uint32_t lasting_len, preview_len; /* NO_PREVIEW: not known */
	uint8_t at[];                      /* one after the other */
};

enum err summary_cache_init(struct summary_cache *c, size_t max_bytes)
{
	*c = (struct summary_cache){ .max_bytes = max_bytes, .bucket_count = 64 };
	while (c->bucket_count < max_bytes / BYTES_PER_BUCKET && c->bucket_count < BUCKETS_MAX)
		c->bucket_count *= 2;
	if (!hash_random((uint8_t *)&c->seed, sizeof c->seed))
		return ERR_INTERNAL;
	c->buckets = calloc(c->bucket_count, sizeof(struct cached_summary *));
	return c->buckets ? ERR_OK : ERR_NOMEM;
}

void summary_cache_done(struct summary_cache *c)
{
	struct cached_summary *s = c->oldest, *newer;

	for (; s; s = newer) {
		newer = s->newer;
		free(s);
	}
	free(c->buckets);
	*c = (struct summary_cache){ 0 };
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93;
	return h ^ h >> 32;
}

/* Seeded: servers choose UIDs, and clients the names of folders. */
static struct cached_summary **bucket_of(const struct summary_cache *c, const char *folder,
					 uint32_t uidvalidity, uint32_t uid)
{
	uint64_t low, high = 0, h;

	memcpy(&low, folder, sizeof low);
	memcpy(&high, folder + sizeof low, ID_BYTES - sizeof low);
	h = mix(mix(c->seed ^ low) ^ high);
	h = mix(h ^ ((uint64_t)uidvalidity << 32 | uid));
	return &c->buckets[h & (c->bucket_count - 1)];
}

static struct cached_summary *find(const struct summary_cache *c, const char *folder,
				   uint32_t uidvalidity, uint32_t uid)
{
	struct cached_summary *s = *bucket_of(c, folder, uidvalidity, uid);

	while (s && (s->uid != uid || s->uidvalidity != uidvalidity ||
		     memcmp(s->folder, folder, ID_BYTES) != 0))
		s = s->next_in_bucket;
	return s;
}

static size_t bytes_of_entry(const struct cached_summary *s)
{
	return sizeof *s + s->lasting_len + (s->preview_len == NO_PREVIEW ? 0 : s->preview_len) +
	       MALLOC_BYTES;
}

/* --- order of use ----------------------------------------------------- */

static void unlink_use(struct summary_cache *c, struct cached_summary *s)
{
	*(s->newer ? &s->newer->older : &c->newest) = s->older;
	*(s->older ? &s->older->newer : &c->oldest) = s->newer;
}

static void link_newest(struct summary_cache *c, struct cached_summary *s)
{
	s->newer = NULL;
	s->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = s;
	c->newest = s;
}

static void touch(struct summary_cache *c, struct cached_summary *s)
{
	if (c->newest == s)
		return;
	unlink_use(c, s);
	link_newest(c, s);
}

static void drop(struct summary_cache *c, struct cached_summary *s)
{
	struct cached_summary **link = bucket_of(c, s->folder, s->uidvalidity, s->uid);

	while (*link != s)
		link = &(*link)->next_in_bucket;
	*link = s->next_in_bucket;
	unlink_use(c, s);
	c->entries--;
	c->bytes -= bytes_of_entry(s);
	free(s);
}

/* --- finding and keeping ---------------------------------------------- */

static struct bytes lasting_of(const struct cached_summary *s)
{
	return bytes_of(s->at, s->lasting_len);
}

static struct bytes preview_of(const struct cached_summary *s)
{
	return s->preview_len == NO_PREVIEW ? BYTES_NULL
					    : bytes_of(s->at + s->lasting_len, s->preview_len);
}

static struct summary_bytes bytes_of_summary(const struct cached_summary *s)
{
	return (struct summary_bytes){ lasting_of(s), preview_of(s), s->serial };
}

bool summary_cache_find(struct summary_cache *c, const struct folder_id *folder,
			uint32_t uidvalidity, uint32_t uid, struct summary_bytes *ret)
{
	struct cached_summary *s = find(c, folder->text, uidvalidity, uid);

	if (!s) {
		c->misses++;
		return false;
	}
	c->hits++;
	touch(c, s);
	*ret = bytes_of_summary(s);
	return true;
}

static struct cached_summary *entry_new(const struct summary_bytes *from)
{
	bool has_preview = !bytes_is_null(from->preview);
	struct cached_summary *s;

	if (from->lasting.len >= NO_PREVIEW || from->preview.len >= NO_PREVIEW)
		return NULL;
	s = malloc(sizeof *s + from->lasting.len + from->preview.len);
	if (!s)
		return NULL;
	*s = (struct cached_summary){ .lasting_len = (uint32_t)from->lasting.len,
				      .preview_len = has_preview ? (uint32_t)from->preview.len
								 : NO_PREVIEW };
	memcpy(s->at, from->lasting.at, from->lasting.len);
	if (has_preview)
		memcpy(s->at + from->lasting.len, from->preview.at, from->preview.len);
	return s;
}

bool summary_cache_put(struct summary_cache *c, const struct folder_id *folder,
		       uint32_t uidvalidity, uint32_t uid, const struct summary_bytes *summary,
		       struct summary_bytes *ret)
{
	struct cached_summary *old = find(c, folder->text, uidvalidity, uid), *s;
	struct cached_summary **bucket;
	struct summary_bytes now = *summary;

	if (old && bytes_is_null(now.preview))
		now.preview = preview_of(old);
	if (old && bytes_equal(now.lasting, lasting_of(old)) &&
	    bytes_is_null(now.preview) == bytes_is_null(preview_of(old)) &&
	    bytes_equal(now.preview, preview_of(old))) {
		touch(c, old);
		return false;
	}
	s = entry_new(&now);
	if (old)
		drop(c, old);
	if (!s || bytes_of_entry(s) > c->max_bytes) {
		free(s);
		return false;
	}
	memcpy(s->folder, folder->text, ID_BYTES);
	s->uidvalidity = uidvalidity;
	s->uid = uid;
	s->serial = ++c->last_serial;
	while (c->bytes + bytes_of_entry(s) > c->max_bytes) {
		drop(c, c->oldest);
		c->evicted++;
	}
	bucket = bucket_of(c, s->folder, uidvalidity, uid);
	s->next_in_bucket = *bucket;
	*bucket = s;
	link_newest(c, s);
	c->entries++;
	c->bytes += bytes_of_entry(s);
	if (ret)
		*ret = bytes_of_summary(s);
	return true;
}
