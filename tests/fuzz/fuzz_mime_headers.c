/* A header block: every text that comes out is UTF-8 without line breaks, every
 * list has its limit. */
#include "fuzz.h"

#include "mime/address_parse.h"
#include "mime/headers.h"

static void check_text(struct bytes b)
{
	fuzz_check(bytes_is_utf8(b));
	fuzz_check(bytes_index(b, '\n') == b.len && bytes_index(b, '\r') == b.len);
	fuzz_check(bytes_equal(bytes_trim(b), b));
}

static void check_addresses(const struct address_list *l)
{
	fuzz_check(l->count <= MIME_ADDRESSES_MAX);
	for (size_t i = 0; i < l->count; i++) {
		check_text(l->at[i].name);
		check_text(l->at[i].email);
		fuzz_check(l->at[i].name.len || l->at[i].email.len);
		fuzz_check(bytes_is_null(l->at[i].name) == (l->at[i].name.len == 0));
		fuzz_check(bytes_is_null(l->at[i].email) == (l->at[i].email.len == 0));
	}
}

static void check_ids(const struct bytes_list *l)
{
	fuzz_check(l->count <= MIME_REFERENCES_MAX);
	for (size_t i = 0; i < l->count; i++) {
		check_text(l->at[i]);
		fuzz_check(l->at[i].len > 0);
	}
}

static void check_time(const struct zoned_time *t)
{
	char text[32];

	if (!t->is_known)
		return;
	fuzz_check(t->offset_min > -24 * 60 && t->offset_min < 24 * 60);
	message_format_zoned(t, text);
	fuzz_check(strlen(text) == 20 || strlen(text) == 25);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(64 << 20);
	struct bytes block = bytes_of(data, size);
	struct header_fields fields;
	struct zoned_time received = mime_received_time(block);
	struct headers h;

	fuzz_check(mime_headers_decode(mem, block, BYTES_NULL, &h) == ERR_OK);
	check_addresses(&h.from);
	check_addresses(&h.sender);
	check_addresses(&h.reply_to);
	check_addresses(&h.to);
	check_addresses(&h.cc);
	check_addresses(&h.bcc);
	check_text(h.subject);
	check_time(&h.sent_at);
	check_time(&received);
	check_ids(&h.message_id);
	check_ids(&h.in_reply_to);
	check_ids(&h.references);
	fuzz_check(mime_header_fields(mem, block, BYTES_NULL, NULL, &fields) == ERR_OK);
	for (size_t i = 0; i < fields.count; i++) {
		fuzz_check(fields.at[i].name.len > 0);
		check_text(fields.at[i].value);
	}
	arena_free(mem);
	return 0;
}
