/*
 * Memory that lives and dies together: one arena per session or per request.
 * Nothing is freed singly. An arena has a limit; beyond it, and when memory is
 * short, allocations return NULL and arena_failed() says so from then on.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

struct arena;

/* NULL when memory is short. */
struct arena *arena_new(size_t max_bytes);
/* The same with room for so much at first: for what is kept long, so that it takes no
 * more than it needs. */
struct arena *arena_new_sized(size_t max_bytes, size_t first_bytes);
/* What an allocation of so many bytes takes of that room. */
size_t arena_bytes_for(size_t n);
void arena_free(struct arena *a);

/* Zeroed, aligned for any type. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size with the overflow looked after. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Copies; NUL-terminated beyond the end. A null b stays null. On failure the
 * result is null: check arena_failed() once where it matters. */
struct bytes arena_bytes(struct arena *a, struct bytes b);
/* A C string; NULL on failure. A NUL inside b ends it early for C readers. */
char *arena_str(struct arena *a, struct bytes b);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *fmt, ...);

bool arena_failed(const struct arena *a);
size_t arena_used_bytes(const struct arena *a);

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

#endif
