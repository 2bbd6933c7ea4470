/*
 * Many small mail store operations started one after the other on the one session
 * that a step holds, so that they go over the wire together. What one of them
 * comes to is its own affair; the fan only knows when all have ended.
 */
#ifndef ACCOUNT_FAN_H
#define ACCOUNT_FAN_H

#include "account/step.h"

struct fan;

struct fan_item {
	struct fan *fan;
	size_t index;
	struct op *op;
};

struct fan {
	void *owner;
	struct fan_item *items;
	size_t count, pending;
};

/* Starts one operation with `item` as its context; NULL to leave it out. */
typedef struct op *fan_start_fn(struct fan_item *item, struct mailstore *ms);

/* Starts `count` of them. False when none was started, and nothing will come. */
bool fan_run(struct fan *f, struct step *s, size_t count, fan_start_fn *start, void *owner);
/* First thing in an item's callback: true when it was the last one. */
MUST_CHECK bool fan_took(struct fan_item *item);
void fan_stop(struct fan *f);

#endif
