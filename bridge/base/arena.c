#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 4096

struct block {
	struct block *next;
	size_t used, size;
	max_align_t data[];
};

struct arena {
	struct block *blocks;
	size_t total, max;
	bool failed;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a)
		a->max = max_bytes;
	return a;
}

size_t arena_bytes_for(size_t n)
{
	return ((n ? n : 1) + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->blocks) {
		struct block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	free(a);
}

static struct block *new_block(struct arena *a, size_t size)
{
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		return NULL;
	*b = (struct block){ .size = size };
	a->total += size;
	return b;
}

static struct block *add_block(struct arena *a, size_t need)
{
	size_t size = need > BLOCK_BYTES / 2 ? need : BLOCK_BYTES;
	struct block *b;

	if (need > a->max || a->total > a->max - need)
		return NULL;
	b = new_block(a, size);
	if (!b)
		return NULL;
	if (a->blocks && size == need) {
		/* A large one of its own: keep filling the current block. */
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

struct arena *arena_new_sized(size_t max_bytes, size_t first_bytes)
{
	struct arena *a = arena_new(max_bytes);

	if (a && first_bytes && first_bytes <= max_bytes)
		a->blocks = new_block(a, first_bytes); /* or later, as usual */
	return a;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t need;
	struct block *b = a->blocks;
	uint8_t *at;

	if (n > SIZE_MAX - sizeof(max_align_t)) {
		a->failed = true;
		return NULL;
	}
	need = arena_bytes_for(n);
	if (!b || b->size - b->used < need)
		b = add_block(a, need);
	if (!b) {
		a->failed = true;
		return NULL;
	}
	at = (uint8_t *)b->data + b->used;
	b->used += need;
	return memset(at, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		a->failed = true;
		return NULL;
	}
	return arena_alloc(a, count * size);
}

char *arena_str(struct arena *a, struct bytes b)
{
	char *copy = b.len < SIZE_MAX ? arena_alloc(a, b.len + 1) : NULL;

	if (copy && b.len)
		memcpy(copy, b.at, b.len);
	return copy;
}

struct bytes arena_bytes(struct arena *a, struct bytes b)
{
	char *copy;

	if (bytes_is_null(b))
		return b;
	copy = arena_str(a, b);
	return copy ? bytes_of(copy, b.len) : BYTES_NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *to;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !(to = arena_alloc(a, (size_t)n + 1)))
		return NULL;
	va_start(args, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, args);
	va_end(args);
	return to;
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}

size_t arena_used_bytes(const struct arena *a)
{
	return a->total;
}
