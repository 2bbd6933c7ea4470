#include "imap_test.h"

#include "imap/utf7.h"

static void assert_both_ways(const char *utf8, const char *utf7)
{
	struct bytes decoded;
	struct buf encoded;

	buf_init(&encoded, 10000);
	assert_int_equal(imap_utf7_encode(&encoded, bytes_of_str(utf8)), ERR_OK);
	assert_bytes_equal_str(buf_bytes(&encoded), utf7);
	buf_done(&encoded);
	if (!imap_utf7_decode(imap_test_mem, bytes_of_str(utf7), &decoded))
		fail_msg("%s was not decoded", utf7);
	assert_bytes_equal_str(decoded, utf8);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	assert_both_ways("", "");
	assert_both_ways("INBOX/Sent Items", "INBOX/Sent Items");
	assert_both_ways("Entwürfe", "Entw&APw-rfe");
	assert_both_ways("&", "&-");
	assert_both_ways("a&b&&c", "a&-b&-&-c");
	assert_both_ways("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
	assert_both_ways("ä&ö", "&AOQ-&-&APY-");
	assert_both_ways("Hi-☺", "Hi-&Jjo-");
	assert_both_ways("😀", "&2D3eAA-");
	assert_both_ways("x😀😁y", "x&2D3eANg93gE-y");
	assert_both_ways("a\tb\x7f", "a&AAk-b&AH8-");
	assert_both_ways("\xef\xbf\xbf\xf4\x8f\xbf\xbf", "&,,,b,9,,-");
}

/* What cannot be written again in the same bytes keeps its bytes. */
static void names_that_are_not_well_formed_stay_as_they_are(void **state)
{
	static const char *const names[] = {
		"&",          "a&b", "&AOQ", "&AOQ;-", "Entw\xc3\xbcrfe", /* raw UTF-8 */
		"\xe4",                                                   /* raw Latin-1 */
		"a\tb",                                                   /* a control character */
		"&AGE-",                                                  /* ASCII in base64 */
		"&AAA-",                                                  /* NUL */
		"&AOR-",                                                  /* stray bits */
		"&AOQA-",                                                 /* a digit too many */
		"&A-",                                                    /* a digit too few */
		"&AOQ-&APY-", /* two sections in a row */
		"&2D0-",      /* half a surrogate pair */
		"&3gA-",      /* the other half */
		"&3gDYPQ-",   /* the halves in the wrong order */
		"&2D0AYQ-",   /* half a pair, then a letter */
		"&AOQ/-",     /* the slash of plain base64 */
		"&AOQ=-",     /* padding */
		"caf&AOk",    /* cut off by a server */
	};
	struct bytes decoded;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (imap_utf7_decode(imap_test_mem, bytes_of_str(names[i]), &decoded))
			fail_msg("%s was decoded", names[i]);
		assert_bytes_equal_str(decoded, names[i]);
	}
}

static void only_utf8_without_nul_is_encoded(void **state)
{
	struct buf to;

	(void)state;
	buf_init(&to, 1000);
	assert_int_equal(imap_utf7_encode(&to, BYTES_LIT("a\xff")), ERR_INVALID);
	assert_int_equal(imap_utf7_encode(&to, BYTES_LIT("a\xed\xa0\x80")), ERR_INVALID);
	assert_int_equal(imap_utf7_encode(&to, BYTES_LIT("a\0b")), ERR_INVALID);
	assert_int_equal(to.len, 0);
	buf_done(&to);
	buf_init(&to, 5);
	assert_int_equal(imap_utf7_encode(&to, BYTES_LIT("\xc3\xa4\xc3\xa4\xc3\xa4")), ERR_TOO_BIG);
	buf_done(&to);
}

static void append_utf8(struct buf *to, uint32_t c)
{
	if (c < 0x80) {
		buf_append_byte(to, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_append_byte(to, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_append_byte(to, (uint8_t)(0xe0 | c >> 12));
		buf_append_byte(to, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_append_byte(to, (uint8_t)(0xf0 | c >> 18));
		buf_append_byte(to, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_append_byte(to, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_append_byte(to, (uint8_t)(0x80 | (c & 0x3f)));
}

/* Each character but NUL, alone and in company. */
static void every_character_goes_both_ways(void **state)
{
	struct buf utf8, utf7;
	struct bytes back;

	(void)state;
	buf_init(&utf8, 1000);
	buf_init(&utf7, 1000);
	for (uint32_t c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
		if (c >= 0xd800 && c < 0xe000)
			continue;
		buf_reset(&utf8);
		buf_reset(&utf7);
		append_utf8(&utf8, c);
		buf_append_str(&utf8, c % 2 ? "&é" : "x😀");
		append_utf8(&utf8, c);
		assert_int_equal(imap_utf7_encode(&utf7, buf_bytes(&utf8)), ERR_OK);
		for (size_t i = 0; i < utf7.len; i++)
			assert_in_range(buf_bytes(&utf7).at[i], 0x20, 0x7e);
		assert_true(imap_utf7_decode(imap_test_mem, buf_bytes(&utf7), &back));
		assert_true(bytes_equal(back, buf_bytes(&utf8)));
	}
	buf_done(&utf8);
	buf_done(&utf7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		imap_test(names_go_both_ways),
		imap_test(names_that_are_not_well_formed_stay_as_they_are),
		imap_test(only_utf8_without_nul_is_encoded),
		imap_test(every_character_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
