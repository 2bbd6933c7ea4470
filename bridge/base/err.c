#include "base/err.h"

const char *err_name(enum err e)
{
	switch (e) {
	case ERR_OK: return "ok";
	case ERR_NOMEM: return "out-of-memory";
	case ERR_INTERNAL: return "internal";
	case ERR_CANCELLED: return "cancelled";
	case ERR_TIMEOUT: return "timeout";
	case ERR_NET: return "net";
	case ERR_TLS: return "tls";
	case ERR_PROTO: return "protocol";
	case ERR_TOO_BIG: return "too-big";
	case ERR_AUTH: return "auth";
	case ERR_DENIED: return "denied";
	case ERR_NOT_FOUND: return "not-found";
	case ERR_EXISTS: return "exists";
	case ERR_CONFLICT: return "conflict";
	case ERR_QUOTA: return "quota";
	case ERR_BUSY: return "busy";
	case ERR_UNSUPPORTED: return "unsupported";
	case ERR_INVALID: return "invalid";
	case ERR_REFUSED: return "refused";
	case ERR_UNKNOWN: return "unknown-outcome";
	}
	return "?";
}

/* Copies what is printable; what is not UTF-8 at the cut is dropped whole. */
static void copy_clean(char *to, size_t size, struct bytes from)
{
	size_t n = 0;

	if (!bytes_is_utf8(from))
		from = bytes_first(from, 0);
	from = bytes_first_utf8(from, size - 1);
	for (size_t i = 0; i < from.len; i++)
		to[n++] = from.at[i] < 0x20 || from.at[i] == 0x7f ? ' ' : (char)from.at[i];
	to[n] = '\0';
}

struct fault fault_of(enum err e)
{
	return (struct fault){ .err = e };
}

struct fault fault_with_text(enum err e, const char *text)
{
	struct fault f = { .err = e };

	copy_clean(f.text, sizeof f.text, bytes_of_str(text));
	return f;
}

struct fault fault_with_code(enum err e, const char *code)
{
	struct fault f = { .err = e };

	copy_clean(f.code, sizeof f.code, bytes_of_str(code));
	return f;
}

struct fault fault_from_server(enum err e, const char *protocol, struct bytes code,
			       struct bytes text)
{
	struct fault f = { .err = e };

	copy_clean(f.protocol, sizeof f.protocol, bytes_of_str(protocol));
	copy_clean(f.code, sizeof f.code, code);
	copy_clean(f.text, sizeof f.text, text);
	return f;
}
