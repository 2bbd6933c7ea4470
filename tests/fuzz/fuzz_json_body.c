/* Request bodies: whatever comes, faults are told with well-formed pointers,
 * and only what the table allows arrives. */
#include "fuzz.h"

#include <stddef.h>

#include "json/body.h"

struct inner {
	struct bytes name;
};

struct form {
	struct bytes text, choice;
	struct bytes_list ids;
	struct json_flags flags;
	struct inner inner;
	uint64_t number;
	bool yes, text_given;
};

static const struct json_member inner_members[] = {
	{ "name", JSON_KIND_TEXT, offsetof(struct inner, name), .is_required = true,
	  .given_offset = JSON_NOT_MARKED },
	{ 0 },
};

static const struct json_member members[] = {
	{ "text", JSON_KIND_TEXT, offsetof(struct form, text), .is_nullable = true,
	  .given_offset = offsetof(struct form, text_given), .max = 20 },
	{ "choice", JSON_KIND_TEXT, offsetof(struct form, choice), .given_offset = JSON_NOT_MARKED,
	  .choices = "red,green" },
	{ "ids", JSON_KIND_TEXTS, offsetof(struct form, ids), .given_offset = JSON_NOT_MARKED,
	  .max = 3 },
	{ "flags", JSON_KIND_FLAGS, offsetof(struct form, flags), .given_offset = JSON_NOT_MARKED,
	  .max = 3 },
	{ "inner", JSON_KIND_OBJECT, offsetof(struct form, inner), .given_offset = JSON_NOT_MARKED,
	  .members = inner_members },
	{ "number", JSON_KIND_UINT, offsetof(struct form, number), .given_offset = JSON_NOT_MARKED,
	  .max = 10 },
	{ "yes", JSON_KIND_BOOL, offsetof(struct form, yes), .given_offset = JSON_NOT_MARKED },
	{ 0 },
};

static unsigned told;

static void on_fault(void *ctx, const char *pointer, const char *code, const char *detail)
{
	(void)ctx;
	told++;
	fuzz_check(pointer[0] == '#' && strlen(pointer) < 96);
	fuzz_check(code[0] && detail[0]);
}

static void on_unknown(void *ctx, const char *pointer, struct bytes name, const char *const *known,
		       size_t count)
{
	fuzz_check(count > 0 && known[count - 1]);
	for (size_t i = 0; i < count; i++)
		fuzz_check(!bytes_equal_str(name, known[i]));
	on_fault(ctx, pointer, "unknown", "x");
}

static void on_malformed(void *ctx, const char *detail)
{
	on_fault(ctx, "#", "malformed", detail);
}

static void check_form(const struct form *f)
{
	fuzz_check(f->text.len <= 20 && bytes_is_utf8(f->text));
	fuzz_check(bytes_is_null(f->choice) || bytes_equal_str(f->choice, "red") ||
		   bytes_equal_str(f->choice, "green"));
	fuzz_check(f->ids.count <= 3 && f->flags.count <= 3 && f->number <= 10);
	for (size_t i = 0; i < f->ids.count; i++)
		fuzz_check(bytes_is_utf8(f->ids.at[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_sink sink = { on_fault, on_unknown, on_malformed, NULL };
	uint8_t *copy = fuzz_copy(bytes_of(data, size));
	struct arena *a = arena_new(16 << 20);
	struct form f = { 0 };

	fuzz_check(a);
	told = 0;
	switch (json_read_body(bytes_of(copy, size), members, a, &sink, &f)) {
	case JSON_READ_OK:
		fuzz_check(told == 0);
		check_form(&f);
		break;
	case JSON_READ_FAULTS: fuzz_check(told > 0); break;
	case JSON_READ_NOMEM: fuzz_check(size > 4096); break;
	}
	arena_free(a);
	free(copy);
	return 0;
}
