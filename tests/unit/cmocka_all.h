/* cmocka.h wants these first, in every test. */
#ifndef UNIT_CMOCKA_ALL_H
#define UNIT_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

/* Shows both texts when they differ. */
#define assert_bytes_equal_str(b, want)                                                            \
	do {                                                                                       \
		struct bytes bytes_got = (b);                                                      \
		const char *bytes_want = (want);                                                   \
		if (!bytes_equal_str(bytes_got, bytes_want))                                       \
			fail_msg("got \"%.*s\", want \"%s\"", BYTES_FMT(bytes_got), bytes_want);   \
	} while (0)

#endif
