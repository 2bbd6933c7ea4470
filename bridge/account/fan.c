#include "account/fan.h"

bool fan_run(struct fan *f, struct step *s, size_t count, fan_start_fn *start, void *owner)
{
	*f = (struct fan){ .owner = owner, .count = count };
	f->items = ARENA_ARRAY(s->call.mem, count, struct fan_item);
	for (size_t i = 0; f->items && i < count; i++) {
		struct fan_item *item = &f->items[i];

		item->fan = f;
		item->index = i;
		item->op = start(item, lease_store(&s->lease));
		f->pending += item->op != NULL;
	}
	return f->pending > 0;
}

bool fan_took(struct fan_item *item)
{
	item->op = NULL;
	return --item->fan->pending == 0;
}

void fan_stop(struct fan *f)
{
	for (size_t i = 0; f->items && i < f->count; i++) {
		op_cancel(f->items[i].op);
		f->items[i].op = NULL;
	}
	f->pending = 0;
}
