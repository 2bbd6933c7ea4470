/*
 * GMime is an independent reader of the same RFCs: on well-formed text it and we
 * must agree. (On other text it often has nothing: see mime/headers.h.) The cases
 * are put together from pieces by a fixed pseudo-random sequence.
 */
#include "cmocka_all.h"

#include <gmime/gmime.h>

#include "base/buf.h"
#include "mime/address_parse.h"
#include "mime/date.h"
#include "mime/decode.h"
#include "mime/words.h"

#define ROUNDS 3000

static uint32_t seed = 3;

static uint32_t pick(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static const char *one_of(const char *const *list)
{
	uint32_t n = 0;

	while (list[n])
		n++;
	return list[pick(n)];
}

static void append_address(struct buf *to)
{
	static const char *const names[] = { "",
					     "Ada",
					     "Ada Lovelace",
					     "John Q. Public",
					     "\"Lovelace, Ada\"",
					     "\"a \\\"b\\\"\"",
					     "=?utf-8?Q?J=C3=BCrgen?=",
					     "=?iso-8859-1?Q?J=FCrgen?= Klopp",
					     "=?utf-8?B?5pel5pys?= =?utf-8?B?6Kqe?=",
					     "\"=?utf-8?Q?J=C3=BCrgen?=\"",
					     NULL };
	static const char *const emails[] = { "ada@example.org", "a.b+c@x.y.z", "x_y-z@[1.2.3.4]",
					      "o'hara@example.com", NULL };
	const char *name = one_of(names), *email = one_of(emails);

	if (*name)
		buf_printf(to, "%s <%s>", name, email);
	else
		buf_append_str(to, email);
}

static void assert_same(struct bytes all, const char *theirs, struct bytes ours)
{
	if (theirs && !*theirs)
		theirs = NULL;
	if (theirs ? !bytes_equal_str(ours, theirs) : ours.len > 0)
		fail_msg("%.*s: GMime says \"%s\", we say \"%.*s\"", BYTES_FMT(all),
			 theirs ? theirs : "", BYTES_FMT(ours));
}

static void addresses_mean_the_same(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena *mem = arena_new(1 << 20);
		struct address_list l = { NULL, 0 };
		InternetAddressList *theirs;
		struct buf text;

		buf_init(&text, 4096);
		for (uint32_t i = 0, n = 1 + pick(4); i < n; i++) {
			buf_append_str(&text, i ? (pick(2) ? ", " : ",\r\n\t") : "");
			append_address(&text);
		}
		assert_int_equal(mime_addresses_append(mem, buf_bytes(&text), BYTES_NULL, &l),
				 ERR_OK);
		buf_append_byte(&text, 0);
		theirs = internet_address_list_parse(NULL, (const char *)buf_bytes(&text).at);
		assert_int_equal(internet_address_list_length(theirs), l.count);
		for (size_t i = 0; i < l.count; i++) {
			InternetAddress *a = internet_address_list_get_address(theirs, (int)i);

			assert_same(buf_bytes(&text), internet_address_get_name(a), l.at[i].name);
			assert_same(buf_bytes(&text),
				    internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(a)),
				    l.at[i].email);
		}
		g_object_unref(theirs);
		buf_done(&text);
		arena_free(mem);
	}
}

static void texts_mean_the_same(void **state)
{
	/* Without padding: behind it GMime loses the next word of the same charset. */
	static const char *const pieces[] = { "Re:",
					      "word",
					      "=?utf-8?Q?=C3=A4_=C3=B6?=",
					      "=?UTF-8?B?w7xh?=",
					      "=?iso-8859-15?q?=A4?=",
					      "=?koi8-r?B?8NLJ18XU?=",
					      "=?iso-2022-jp?B?GyRCRnxLXBsoQmFi?=",
					      "=?shift_jis?B?k/qWe2Fi?=",
					      "=?utf-8*en?Q?x?=",
					      "(x)",
					      "100%",
					      NULL };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena *mem = arena_new(1 << 20);
		struct bytes ours;
		struct buf text;
		char *theirs;

		buf_init(&text, 4096);
		for (uint32_t i = 0, n = 1 + pick(6); i < n; i++)
			buf_printf(&text, "%s%s", i ? " " : "", one_of(pieces));
		assert_int_equal(mime_decode_text(mem, buf_bytes(&text), BYTES_NULL, &ours),
				 ERR_OK);
		buf_append_byte(&text, 0);
		theirs = g_mime_utils_header_decode_text(NULL, (const char *)buf_bytes(&text).at);
		assert_same(buf_bytes(&text), theirs, ours);
		g_free(theirs);
		buf_done(&text);
		arena_free(mem);
	}
}

static void dates_mean_the_same(void **state)
{
	static const char *const zones[] = {
		"+0000", "-0700", "+0530", "GMT", "EST", "-1200", NULL
	};
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
					      "Aug", "Sep", "Oct", "Nov", "Dec", NULL };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		char text[128];
		struct zoned_time ours;
		GDateTime *theirs;

		snprintf(text, sizeof text, "%s%u %s %u %02u:%02u:%02u %s", pick(2) ? "Mon, " : "",
			 1 + pick(28), one_of(months), 1970 + pick(100), pick(24), pick(60),
			 pick(60), one_of(zones));
		ours = mime_date_parse(bytes_of_str(text));
		theirs = g_mime_utils_header_decode_date(text);
		assert_non_null(theirs);
		if (!ours.is_known || ours.unix_s != g_date_time_to_unix(theirs) ||
		    ours.offset_min != g_date_time_get_utc_offset(theirs) / G_TIME_SPAN_MINUTE)
			fail_msg("\"%s\" is understood in two ways", text);
		g_date_time_unref(theirs);
	}
}

static struct bytes encoded_by_gmime(GMimeContentEncoding encoding, struct bytes in, char *to)
{
	GMimeEncoding e;
	size_t n;

	g_mime_encoding_init_encode(&e, encoding);
	n = g_mime_encoding_flush(&e, (const char *)in.at, in.len, to);
	return bytes_of(to, n);
}

/* Any bytes that GMime encodes come back from our decoders. */
static void transfer_encodings_mean_the_same(void **state)
{
	static const struct {
		GMimeContentEncoding theirs;
		enum part_encoding ours;
	} encodings[] = { { GMIME_CONTENT_ENCODING_BASE64, PART_ENCODING_BASE64 },
			  { GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
			    PART_ENCODING_QUOTED_PRINTABLE } };

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		char in[300] = "", encoded[2000];
		size_t n = pick(sizeof in), k = pick(2);
		bool is_problem;
		struct buf to;

		for (size_t i = 0; i < n; i++)
			in[i] = (char)(pick(3) ? ' ' + pick(95) : pick(256));
		/* How lines end is the transport's, not the text's. */
		for (size_t i = 0; k == 1 && i < n; i++)
			if (in[i] == '\r')
				in[i] = '\n';
		buf_init(&to, 64 * 1024);
		assert_int_equal(mime_decode_all(encodings[k].ours,
						 encoded_by_gmime(encodings[k].theirs,
								  bytes_of(in, n), encoded),
						 &to, &is_problem),
				 ERR_OK);
		assert_false(is_problem);
		if (!bytes_starts_with(buf_bytes(&to), bytes_of(in, n)) || to.len > n + 1)
			fail_msg("round %d: %zu bytes became other %zu", round, n, to.len);
		buf_done(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_mean_the_same),
		cmocka_unit_test(texts_mean_the_same),
		cmocka_unit_test(dates_mean_the_same),
		cmocka_unit_test(transfer_encodings_mean_the_same),
	};
	int rc;

	g_mime_init();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	g_mime_shutdown();
	return rc;
}
