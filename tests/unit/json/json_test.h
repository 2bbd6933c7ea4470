/* What the tests of JSON objects share. */
#ifndef JSON_TEST_H
#define JSON_TEST_H

#include "cmocka_all.h"

#include "model/message_id.h"
#include "json/writer.h"

struct written {
	struct buf buf;
	struct json_writer w;
};

static inline struct written begin(void)
{
	struct written t;

	buf_init(&t.buf, 1 << 20);
	return t;
}

#define EXPECT(call, want)                                                                         \
	do {                                                                                       \
		struct written t = begin();                                                        \
		struct json_writer *w = &t.w;                                                      \
		t.w = json_writer_of(&t.buf);                                                      \
		call;                                                                              \
		assert_bytes_equal_str(buf_bytes(&t.buf), want);                                   \
		buf_done(&t.buf);                                                                  \
	} while (0)

static inline struct folder_id folder_id(const char *text)
{
	struct folder_id id;

	assert_true(folder_id_parse(bytes_of_str(text), &id));
	return id;
}

static inline struct message_id message_id(const char *text)
{
	struct message_id id;

	assert_int_equal(message_id_parse(bytes_of_str(text), &id), ERR_OK);
	return id;
}

#endif
