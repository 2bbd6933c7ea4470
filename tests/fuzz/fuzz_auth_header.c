/* Authorization fields: what is taken for Basic is UTF-8 without control
 * characters, with a user name. */
#include "fuzz.h"

#include "auth/header.h"
#include "auth/token.h"

static void check_clean(struct bytes text)
{
	fuzz_check(bytes_is_utf8(text));
	for (size_t i = 0; i < text.len; i++)
		fuzz_check(text.at[i] >= 0x20 && text.at[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(bytes_of(data, size));
	struct arena *a = arena_new(1 << 20);
	struct auth_header h;
	struct auth_token t;

	fuzz_check(a);
	if (auth_header_parse(bytes_of(copy, size), a, &h) == ERR_OK) {
		fuzz_check(h.scheme != AUTH_SCHEME_NONE);
		if (h.scheme == AUTH_SCHEME_BASIC) {
			check_clean(h.username);
			check_clean(h.password);
			fuzz_check(h.username.len &&
				   bytes_index(h.username, ':') == h.username.len);
		} else if (auth_token_parse(h.token, &t)) {
			fuzz_check(bytes_equal_str(h.token, t.text));
		}
	}
	arena_free(a);
	free(copy);
	return 0;
}
