#include "http/field.h"

#include "base/scan.h"
#include "http/percent.h"

static bool is_tchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool field_is_token(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!is_tchar(b.at[i]))
			return false;
	return b.len > 0;
}

bool field_parse_range(struct bytes value, struct reply_range *ret)
{
	struct bytes first, last;
	struct reply_range r = { .last = UINT64_MAX };

	if (!bytes_starts_with_nocase(value, BYTES_LIT("bytes=")))
		return false;
	last = bytes_trim(bytes_skip(value, 6));
	if (!bytes_split(&last, '-', &first) || bytes_is_null(last))
		return false;
	if (first.len == 0) {
		r.is_suffix = true;
		if (!bytes_to_u64(last, UINT64_MAX - 1, &r.first))
			return false;
	} else if (!bytes_to_u64(first, UINT64_MAX - 1, &r.first) ||
		   (last.len && !bytes_to_u64(last, UINT64_MAX - 1, &r.last)) || r.last < r.first) {
		return false;
	}
	*ret = r;
	return true;
}

/* entity-tag = ["W/"] DQUOTE *etagc DQUOTE */
static bool scan_etag(struct scan *s, struct bytes *ret_tag, bool *ret_is_weak)
{
	struct bytes rest;
	size_t len;

	*ret_is_weak = bytes_starts_with(scan_rest(s), BYTES_LIT("W/"));
	if (*ret_is_weak)
		s->at += 2;
	if (!scan_try_byte(s, '"'))
		return false;
	rest = scan_rest(s);
	len = bytes_index(rest, '"');
	if (len == rest.len)
		return false;
	*ret_tag = bytes_first(rest, len);
	s->at += len + 1;
	return true;
}

static void skip_blanks(struct scan *s)
{
	while (scan_try_byte(s, ' ') || scan_try_byte(s, '\t') || scan_try_byte(s, ','))
		;
}

bool field_has_etag(struct bytes list, struct bytes etag, bool is_weak)
{
	struct scan s = scan_of(bytes_trim(list));
	struct bytes tag;
	bool tag_is_weak;

	if (bytes_is_null(etag))
		return false;
	if (bytes_equal_str(bytes_trim(list), "*"))
		return true;
	for (skip_blanks(&s); scan_etag(&s, &tag, &tag_is_weak); skip_blanks(&s))
		if (bytes_equal(tag, etag) && (is_weak || !tag_is_weak))
			return true;
	return false;
}

/* Cuts "; name=value" parameters off; false behind the last. Values lose the
 * quotes around them; a quoted pair is left as it is. */
static bool next_param(struct bytes *rest, struct bytes *ret_name, struct bytes *ret_value)
{
	struct bytes part;

	if (!bytes_split(rest, ';', &part))
		return false;
	*ret_value = part;
	bytes_split(ret_value, '=', ret_name);
	*ret_name = bytes_trim(*ret_name);
	*ret_value = bytes_trim(*ret_value);
	if (ret_value->len >= 2 && ret_value->at[0] == '"' &&
	    ret_value->at[ret_value->len - 1] == '"')
		*ret_value = bytes_of(ret_value->at + 1, ret_value->len - 2);
	return true;
}

static bool is_q_zero(struct bytes params)
{
	struct bytes name, value;

	while (next_param(&params, &name, &value)) {
		size_t zeros = 0;

		if (!bytes_equal_str_nocase(name, "q"))
			continue;
		while (zeros < value.len && (value.at[zeros] == '0' || value.at[zeros] == '.'))
			zeros++;
		return value.len > 0 && zeros == value.len;
	}
	return false;
}

/* How closely does a media-range name the type? 0: not at all, 1: all types,
 * 2: its family, 3: the type itself */
static unsigned closeness(struct bytes range, struct bytes type)
{
	size_t slash = bytes_index(range, '/');

	if (bytes_equal_nocase(range, type))
		return 3;
	if (bytes_equal_str(range, "*/*"))
		return 1;
	return bytes_equal_str(bytes_skip(range, slash), "/*") &&
			       bytes_starts_with_nocase(type, bytes_first(range, slash + 1))
		       ? 2
		       : 0;
}

static bool accepts_type(struct bytes accept, struct bytes type)
{
	unsigned closest = 0;
	bool is_taken = false;
	struct bytes part;

	while (bytes_split(&accept, ',', &part)) {
		struct bytes params = part, range;
		unsigned c;

		bytes_split(&params, ';', &range);
		c = closeness(bytes_trim(range), type);
		if (c <= closest)
			continue;
		closest = c;
		is_taken = !is_q_zero(params);
	}
	return is_taken;
}

bool field_accepts(struct bytes accept, const char *offers)
{
	struct bytes rest = bytes_of_str(offers), type;

	if (bytes_trim(accept).len == 0)
		return true;
	while (bytes_split(&rest, ',', &type))
		if (accepts_type(accept, bytes_trim(type)))
			return true;
	return false;
}

bool field_accept_names(struct bytes accept, const char *type)
{
	struct bytes part;

	while (bytes_split(&accept, ',', &part)) {
		struct bytes params = part, range;

		bytes_split(&params, ';', &range);
		if (bytes_equal_str_nocase(bytes_trim(range), type))
			return !is_q_zero(params);
	}
	return false;
}

bool field_accepts_coding(struct bytes accept, const char *coding)
{
	bool is_any_taken = false;
	struct bytes part;

	while (bytes_split(&accept, ',', &part)) {
		struct bytes params = part, name;

		bytes_split(&params, ';', &name);
		name = bytes_trim(name);
		if (bytes_equal_str_nocase(name, coding))
			return !is_q_zero(params);
		if (bytes_equal_str(name, "*"))
			is_any_taken = !is_q_zero(params);
	}
	return is_any_taken;
}

bool field_is_media_type(struct bytes content_type, const char *types)
{
	struct bytes rest = bytes_of_str(types), params = content_type, type, one, name, value;

	if (!bytes_split(&params, ';', &type))
		return false;
	while (next_param(&params, &name, &value))
		if (bytes_equal_str_nocase(name, "charset") &&
		    !bytes_equal_str_nocase(value, "utf-8"))
			return false;
	while (bytes_split(&rest, ',', &one))
		if (bytes_equal_nocase(bytes_trim(one), bytes_trim(type)))
			return true;
	return false;
}

struct bytes field_find_cookie(struct bytes cookies, struct bytes name)
{
	struct bytes n, value;

	while (next_param(&cookies, &n, &value))
		if (bytes_equal(n, name) && !bytes_is_null(value))
			return value;
	return BYTES_NULL;
}

static bool is_host_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* Cuts uri-host off the front: a name, or an address in brackets. */
static bool cut_host(struct bytes *rest)
{
	bool is_bracketed = rest->len && rest->at[0] == '[';
	size_t len = is_bracketed;

	while (len < rest->len &&
	       (is_host_char(rest->at[len]) || (is_bracketed && rest->at[len] == ':')))
		len++;
	if (is_bracketed && (len < 2 || len == rest->len || rest->at[len++] != ']'))
		return false;
	*rest = bytes_skip(*rest, len);
	return len > 0;
}

bool field_is_host(struct bytes b)
{
	struct bytes port = b;
	uint64_t n;

	if (b.len > 255 || !cut_host(&port))
		return false;
	if (port.len == 0 || bytes_equal_str(port, ":"))
		return true;
	return port.at[0] == ':' && bytes_to_u64(bytes_skip(port, 1), 65535, &n);
}

/* --- Content-Disposition ----------------------------------------------------------- */

/* Length of what must not be in a file name at b's start: separators, quotes,
 * what the C1 range and the marks that turn the direction of text are written
 * with (U+200E..F, U+202A..E, U+2066..9). 0: it may be. */
static size_t bad_name_len(struct bytes b)
{
	if (b.at[0] < 0x20 || b.at[0] == 0x7f || strchr("/\\:*?\"<>|", b.at[0]))
		return 1;
	if (b.at[0] == 0xc2 && b.len > 1 && b.at[1] < 0xa0)
		return 2;
	if (b.at[0] != 0xe2 || b.len < 3)
		return 0;
	if (b.at[1] == 0x80 &&
	    (b.at[2] == 0x8e || b.at[2] == 0x8f || (b.at[2] >= 0xaa && b.at[2] <= 0xae)))
		return 3;
	return b.at[1] == 0x81 && b.at[2] >= 0xa6 && b.at[2] <= 0xa9 ? 3 : 0;
}

/* A copy without what must not be there; leading dots and blanks go too. */
static void clean_name(struct buf *to, struct bytes name)
{
	name = bytes_trim(name);
	while (name.len) {
		size_t bad = bad_name_len(name);

		if (to->len == 0 && (name.at[0] == '.' || name.at[0] == ' ')) {
			name = bytes_skip(name, 1);
			continue;
		}
		buf_append_byte(to, bad ? '_' : name.at[0]);
		name = bytes_skip(name, bad ? bad : 1);
	}
}

/* One _ for each character that is not ASCII, and for %, which some clients
 * decode; says whether there was one. */
static bool append_ascii(struct buf *to, struct bytes name)
{
	bool lost = false;

	for (size_t i = 0; i < name.len; i++) {
		bool is_kept = name.at[i] < 0x80 && name.at[i] != '%';

		if (is_kept)
			buf_append_byte(to, name.at[i]);
		else if ((name.at[i] & 0xc0) != 0x80)
			buf_append_byte(to, '_');
		lost |= !is_kept;
	}
	return lost;
}

void field_write_disposition(struct buf *to, const char *kind, struct bytes utf8_name)
{
	struct buf clean;
	bool lost;

	buf_append_str(to, kind);
	if (!bytes_is_utf8(utf8_name))
		return;
	buf_init(&clean, 256);
	clean_name(&clean, bytes_first_utf8(utf8_name, 240));
	if (clean.len) {
		buf_append_str(to, "; filename=\"");
		lost = append_ascii(to, buf_bytes(&clean));
		buf_append_byte(to, '"');
		if (lost) {
			buf_append_str(to, "; filename*=UTF-8''");
			percent_encode(to, buf_bytes(&clean));
		}
	}
	buf_done(&clean);
}
