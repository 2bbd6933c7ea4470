#include "cmocka_all.h"

#include "imap/base64_fit.h"

static bool fits(const char *text, uint64_t decoded)
{
	struct bytes b = bytes_of_str(text);
	size_t tail = b.len < IMAP_BASE64_TAIL_BYTES ? 0 : b.len - IMAP_BASE64_TAIL_BYTES;

	return imap_base64_fits(b.len, decoded, bytes_first(b, IMAP_BASE64_HEAD_BYTES),
				bytes_skip(b, tail));
}

static void regular_lines_fit_their_size_and_no_other(void **state)
{
	static const struct {
		const char *text;
		uint64_t decoded;
	} good[] = {
		{ "aGVsbG8h", 6 },
		{ "aGVsbG8=", 5 },
		{ "aGVsbA==", 4 },
		{ "aGVsbG8=\r\n", 5 },
		{ "aGVsbG8=\n", 5 },
		{ "aGVsbG8=\r\n\r\n", 5 },
		{ "aGVs\r\nbG8h\r\naGU=\r\n", 8 },
		{ "aGVs\nbG8h\naGU=", 8 },
		{ "aGVsb\r\nG8haG\r\nU=", 8 }, /* lines need not hold whole groups */
		{ "aGVsbG8h\r\naGVsbG8h\r\n", 12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		if (!fits(good[i].text, good[i].decoded))
			fail_msg("%s does not fit", good[i].text);
		for (uint64_t n = 0; n < 30; n++)
			if (n != good[i].decoded && fits(good[i].text, n))
				fail_msg("%s fits %u", good[i].text, (unsigned)n);
	}
}

static void what_servers_guess_about_fits_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"\r\n",
		"aGVsbG8",                              /* cut off */
		"aGVsbG8\r\n",                          /* cut off */
		"aGVsbG",                               /* cut off */
		"aGVsbG8=\r\naGVsbG8=\r\n",             /* in two pieces */
		"aGVsbG8h\r\n-- \r\nfooter\r\n",        /* with a footer */
		"\r\naGVsbG8h\r\n",                     /* an empty line before it */
		"aGVs bG8h",                            /* a space */
		"aGVs\r\nbG8haGVs\r\nbG8h\r\n",         /* lines of several lengths */
		"aGVsbG8h\r\naGVsbG8h\r\n\r\naGU=\r\n", /* an empty line in it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		for (uint64_t n = 0; n < 40; n++)
			if (fits(bad[i], n))
				fail_msg("%s fits %u", bad[i], (unsigned)n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regular_lines_fit_their_size_and_no_other),
		cmocka_unit_test(what_servers_guess_about_fits_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
