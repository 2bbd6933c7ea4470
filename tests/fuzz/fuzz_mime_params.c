/* A Content-Type or Content-Disposition value. */
#include "fuzz.h"

#include "mime/params.h"

static void check_params(const struct param_list *l)
{
	fuzz_check(l->count <= MIME_PARAMS_MAX);
	for (size_t i = 0; i < l->count; i++) {
		fuzz_check(l->at[i].name.len > 0);
		fuzz_check(bytes_index(l->at[i].value, '\n') == l->at[i].value.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(64 << 20);
	struct bytes value = bytes_of(data, size), charset = mime_type_charset(value);
	struct mime_type type, disposition;
	struct part part = { .is_encoding_known = true };

	fuzz_check(charset.len == 0 || (charset.at >= data && charset.at < data + size));
	fuzz_check(mime_type_parse(mem, value, &type) == ERR_OK);
	fuzz_check(mime_disposition_parse(mem, value, &disposition) == ERR_OK);
	check_params(&type.params);
	check_params(&disposition.params);
	part.type = type.type;
	part.params = type.params;
	part.disposition = disposition.type;
	part.disposition_params = disposition.params;
	fuzz_check(mime_decode_part_names(mem, &part) == ERR_OK);
	fuzz_check(bytes_is_utf8(part.name) && bytes_is_utf8(part.type) &&
		   bytes_is_utf8(part.charset) && bytes_is_utf8(part.disposition));
	arena_free(mem);
	return 0;
}
