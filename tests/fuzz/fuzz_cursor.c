/* Cursors: nothing that is made up is taken unless it is exactly what would be
 * written for it; whatever place is written reads back as itself. */
#include "fuzz.h"

#include "endpoint/cursor.h"

static const struct hash_sha256 list = { { 1, 2, 3 } };

static void try_text(struct arena *a, struct bytes text)
{
	struct cursor c;

	if (cursor_parse(text, &list, a, &c) == ERR_OK)
		fuzz_check(bytes_equal(cursor_format(a, &list, &c), text));
}

/* "ID VALUE" as the place. */
static void try_place(struct arena *a, struct bytes text)
{
	struct cursor in = { 0 }, out;
	struct bytes rest = text, id, written;

	if (!bytes_split(&rest, ' ', &id) || message_id_parse(id, &in.id) != ERR_OK)
		return;
	in.sort_value = rest;
	written = cursor_format(a, &list, &in);
	if (bytes_is_null(written))
		return; /* too long */
	fuzz_check(cursor_parse(written, &list, a, &out) == ERR_OK);
	fuzz_check(folder_id_equal(&in.id.folder, &out.id.folder));
	fuzz_check(message_key_equal(&in.id.key, &out.id.key));
	fuzz_check(bytes_is_null(in.sort_value) == bytes_is_null(out.sort_value));
	fuzz_check(bytes_equal(in.sort_value, out.sort_value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(bytes_of(data, size));
	struct arena *a = arena_new(1 << 20);

	fuzz_check(a);
	try_text(a, bytes_of(copy, size));
	try_place(a, bytes_of(copy, size));
	arena_free(a);
	free(copy);
	return 0;
}
