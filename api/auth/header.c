#include "auth/header.h"

#include <openssl/crypto.h>

#include "base/hash.h"

/* credentials = auth-scheme 1*SP token68 (RFC 9110 §11.4) */
static bool take_scheme(struct bytes *header, const char *scheme)
{
	size_t n = strlen(scheme);

	if (header->len <= n || header->at[n] != ' ' ||
	    !bytes_equal_str_nocase(bytes_first(*header, n), scheme))
		return false;
	*header = bytes_trim(bytes_skip(*header, n));
	return true;
}

/* The alphabet of RFC 4648 §4 to that of §5, without padding. */
static struct bytes to_base64url(struct bytes text, struct arena *mem)
{
	uint8_t *to = arena_alloc(mem, text.len);

	if (!to)
		return BYTES_NULL;
	for (size_t i = 0; i < text.len; i++)
		to[i] = text.at[i] == '+' ? '-' : text.at[i] == '/' ? '_' : text.at[i];
	for (int padding = 0; padding < 2 && text.len && to[text.len - 1] == '='; padding++)
		text.len--;
	return bytes_of(to, text.len);
}

/* No control characters: RFC 7617 §2. */
static bool is_clean(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return bytes_is_utf8(text);
}

static enum err split_user_pass(struct bytes plain, struct arena *mem, struct auth_header *ret)
{
	struct bytes copy;
	size_t colon = bytes_index(plain, ':');

	if (colon == 0 || colon == plain.len || !is_clean(plain))
		return ERR_INVALID;
	copy = arena_bytes(mem, plain);
	if (bytes_is_null(copy))
		return ERR_NOMEM;
	*ret = (struct auth_header){ .scheme = AUTH_SCHEME_BASIC,
				     .username = bytes_first(copy, colon),
				     .password = bytes_skip(copy, colon + 1) };
	return ERR_OK;
}

static enum err parse_basic(struct bytes text, struct arena *mem, struct auth_header *ret)
{
	struct buf plain;
	enum err err = ERR_INVALID;

	if (text.len > AUTH_BASIC_MAX_BYTES)
		return ERR_INVALID;
	text = to_base64url(text, mem);
	if (bytes_is_null(text))
		return ERR_NOMEM;
	buf_init(&plain, AUTH_BASIC_MAX_BYTES);
	if (hash_base64url_decode(&plain, text))
		err = split_user_pass(buf_bytes(&plain), mem, ret);
	if (plain.at)
		OPENSSL_cleanse(plain.at, plain.cap);
	buf_done(&plain);
	return err;
}

enum err auth_header_parse(struct bytes header, struct arena *mem, struct auth_header *ret)
{
	if (bytes_is_null(header)) {
		*ret = (struct auth_header){ .scheme = AUTH_SCHEME_NONE };
		return ERR_OK;
	}
	header = bytes_trim(header);
	if (take_scheme(&header, "Bearer")) {
		*ret = (struct auth_header){ .scheme = AUTH_SCHEME_BEARER, .token = header };
		return ERR_OK;
	}
	if (take_scheme(&header, "Basic"))
		return parse_basic(header, mem, ret);
	return ERR_INVALID;
}
