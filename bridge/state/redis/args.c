#include "state/redis/args.h"

#define MAX_BYTES (256 * 1024 * 1024)

void redis_args_init(struct redis_args *a)
{
	a->count = 0;
	buf_init(&a->text, MAX_BYTES);
	buf_init(&a->list, MAX_BYTES);
}

void redis_args_done(struct redis_args *a)
{
	buf_done(&a->text);
	buf_done(&a->list);
}

static void put(struct redis_args *a, struct bytes arg)
{
	buf_append(&a->list, bytes_of(&arg, sizeof arg));
	a->count++;
}

void redis_args_add_written(struct redis_args *a, size_t before)
{
	put(a, bytes_of(NULL, a->text.len - before));
}

void redis_args_add_pieces(struct redis_args *a, const struct bytes *pieces, size_t count)
{
	size_t before = a->text.len;

	for (size_t i = 0; i < count; i++)
		buf_append(&a->text, pieces[i]);
	redis_args_add_written(a, before);
}

void redis_args_add(struct redis_args *a, struct bytes arg)
{
	redis_args_add_pieces(a, &arg, 1);
}

void redis_args_add_str(struct redis_args *a, const char *arg)
{
	redis_args_add(a, bytes_of_str(arg));
}

void redis_args_add_u64(struct redis_args *a, uint64_t n)
{
	size_t before = a->text.len;

	buf_append_u64(&a->text, n);
	redis_args_add_written(a, before);
}

void redis_args_lend(struct redis_args *a, struct bytes arg)
{
	put(a, arg);
}

const struct bytes *redis_args_list(struct redis_args *a)
{
	struct bytes *list, text;

	buf_append_byte(&a->text, 0); /* so that an empty one has an address, too */
	if (buf_err(&a->text) || buf_err(&a->list))
		return NULL;
	list = (struct bytes *)(void *)(a->list.at + a->list.head);
	text = buf_bytes(&a->text);
	for (size_t i = 0; i < a->count; i++) {
		if (!bytes_is_null(list[i]))
			continue;
		list[i].at = text.at;
		text = bytes_skip(text, list[i].len);
	}
	return list;
}
