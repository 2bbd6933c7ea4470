/*
 * Time. Deadlines and durations use the monotonic clock, dates the wall clock;
 * both in milliseconds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ms(void);
uint64_t clock_monotonic_us(void);
/* Since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);
/* For tests: it has been set forward or back by so much. */
extern int64_t clock_wall_shift_ms;

#endif
