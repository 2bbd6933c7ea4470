#include "imap/store.h"

static unsigned digits(uint32_t n)
{
	unsigned count = 1;

	while (n >= 10) {
		n /= 10;
		count++;
	}
	return count;
}

void imap_set_length_add(struct imap_set_length *l, uint32_t uid)
{
	bool continues = l->last && uid == l->last + 1;

	if (!continues || !l->is_run)
		l->bytes += digits(uid) + 1; /* ",7" or ":8" */
	else if (digits(uid) > digits(l->last))
		l->bytes++;
	l->is_run = continues;
	l->last = uid;
}
