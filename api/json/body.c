#include "json/body.h"

#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"

#define POINTER_MAX_BYTES 90
#define TEXT_MAX_DEFAULT  1000
#define MEMBERS_MAX       32 /* of one table: for suggestions */

struct reader {
	struct arena *mem;
	const struct json_sink *sink;
	bool failed; /* the sink was told of something */
};

/* Where we are: "#", "#/to", "#/to/0". Longer ones are cut. */
struct pointer {
	char text[POINTER_MAX_BYTES + 8];
	size_t len;
};

static const struct pointer root = { "#", 1 };

static void pointer_put(struct pointer *p, const char *s, size_t n)
{
	if (p->len + n > POINTER_MAX_BYTES)
		return;
	memcpy(p->text + p->len, s, n);
	p->len += n;
	p->text[p->len] = '\0';
}

/* RFC 6901 §3: "~" and "/" are escaped. */
static struct pointer pointer_to(const struct pointer *parent, struct bytes name)
{
	struct pointer p = *parent;

	name = bytes_first_utf8(name, POINTER_MAX_BYTES);
	pointer_put(&p, "/", 1);
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '~')
			pointer_put(&p, "~0", 2);
		else if (name.at[i] == '/')
			pointer_put(&p, "~1", 2);
		else
			pointer_put(&p, (const char *)name.at + i, 1);
	}
	return p;
}

static struct pointer pointer_to_index(const struct pointer *parent, size_t i)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%zu", i);

	return pointer_to(parent, bytes_of(digits, (size_t)n));
}

static void fault(struct reader *r, const struct pointer *at, const char *code, const char *detail)
{
	r->failed = true;
	r->sink->fault(r->sink->ctx, at->text, code, detail);
}

static void wrong_type(struct reader *r, const struct pointer *at, const char *want)
{
	char detail[80];

	snprintf(detail, sizeof detail, "Must be %s.", want);
	fault(r, at, "wrong-type", detail);
}

static void over_max(struct reader *r, const struct pointer *at, const char *code, uint64_t max,
		     const char *unit)
{
	char detail[80];

	snprintf(detail, sizeof detail, "At most %llu%s.", (unsigned long long)max, unit);
	fault(r, at, code, detail);
}

static struct bytes value_bytes(const json_t *value)
{
	return bytes_of(json_string_value(value), json_string_length(value));
}

static uint64_t max_of(const struct json_member *m)
{
	return m->max ? m->max : TEXT_MAX_DEFAULT;
}

static bool is_choice(const char *choices, struct bytes text)
{
	struct bytes rest = bytes_of_str(choices), one;

	while (bytes_split(&rest, ',', &one))
		if (bytes_equal(one, text))
			return true;
	return false;
}

static void read_text(struct reader *r, const struct json_member *m, const json_t *value,
		      const struct pointer *at, struct bytes *ret)
{
	struct bytes text;

	if (!json_is_string(value)) {
		wrong_type(r, at, "a string");
		return;
	}
	text = value_bytes(value);
	if (text.len > max_of(m)) {
		over_max(r, at, "too-long", max_of(m), " bytes");
		return;
	}
	if (m->choices && !is_choice(m->choices, text)) {
		char detail[140];

		snprintf(detail, sizeof detail, "One of %s.", m->choices);
		fault(r, at, "invalid-value", detail);
		return;
	}
	*ret = arena_bytes(r->mem, text);
}

static void read_uint(struct reader *r, const struct json_member *m, const json_t *value,
		      const struct pointer *at, uint64_t *ret)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0) {
		wrong_type(r, at, "a whole number, not negative");
		return;
	}
	if ((uint64_t)json_integer_value(value) > max_of(m)) {
		over_max(r, at, "invalid-value", max_of(m), "");
		return;
	}
	*ret = (uint64_t)json_integer_value(value);
}

static void read_texts(struct reader *r, const struct json_member *m, const json_t *value,
		       const struct pointer *at, struct bytes_list *ret)
{
	const struct json_member item = { .kind = JSON_KIND_TEXT };
	size_t count = json_array_size(value);

	if (!json_is_array(value)) {
		wrong_type(r, at, "an array of strings");
		return;
	}
	if (count > max_of(m)) {
		over_max(r, at, "too-many", max_of(m), " entries");
		return;
	}
	ret->at = ARENA_ARRAY(r->mem, count, struct bytes);
	for (size_t i = 0; ret->at && i < count; i++) {
		struct pointer at_item = pointer_to_index(at, i);

		read_text(r, &item, json_array_get(value, i), &at_item, &ret->at[i]);
	}
	ret->count = ret->at ? count : 0;
}

static void read_flags(struct reader *r, const struct json_member *m, const json_t *value,
		       const struct pointer *at, struct json_flags *ret)
{
	json_t *object = (json_t *)value, *entry; /* iteration only */
	const char *key;
	size_t key_len;

	if (!json_is_object(value)) {
		wrong_type(r, at, "an object of true, false or null");
		return;
	}
	if (json_object_size(value) > max_of(m)) {
		over_max(r, at, "too-many", max_of(m), " entries");
		return;
	}
	ret->at = ARENA_ARRAY(r->mem, json_object_size(value), struct json_flag);
	if (!ret->at)
		return;
	json_object_keylen_foreach(object, key, key_len, entry)
	{
		struct bytes name = bytes_of(key, key_len);
		struct pointer at_entry = pointer_to(at, name);

		if (!json_is_boolean(entry) && !json_is_null(entry))
			wrong_type(r, &at_entry, "true, false or null");
		ret->at[ret->count].name = arena_bytes(r->mem, name);
		ret->at[ret->count++].is_set = json_is_true(entry);
	}
}

static void read_object(struct reader *r, const struct json_member *members, const json_t *value,
			const struct pointer *at, void *ret);

static void read_value(struct reader *r, const struct json_member *m, const json_t *value,
		       const struct pointer *at, void *field)
{
	switch (m->kind) {
	case JSON_KIND_TEXT: read_text(r, m, value, at, field); break;
	case JSON_KIND_UINT: read_uint(r, m, value, at, field); break;
	case JSON_KIND_TEXTS: read_texts(r, m, value, at, field); break;
	case JSON_KIND_FLAGS: read_flags(r, m, value, at, field); break;
	case JSON_KIND_OBJECT: read_object(r, m->members, value, at, field); break;
	case JSON_KIND_BOOL:
		if (json_is_boolean(value))
			*(bool *)field = json_is_true(value);
		else
			wrong_type(r, at, "true or false");
		break;
	}
}

static void read_member(struct reader *r, const struct json_member *m, const json_t *object,
			const struct pointer *parent, uint8_t *ret)
{
	const json_t *value = json_object_get(object, m->name);
	struct pointer at = pointer_to(parent, bytes_of_str(m->name));

	if (!value) {
		if (m->is_required)
			fault(r, &at, "missing-member", "This member is required.");
		return;
	}
	if (m->given_offset != JSON_NOT_MARKED)
		*(bool *)(ret + m->given_offset) = true;
	if (json_is_null(value) && m->is_nullable)
		return;
	read_value(r, m, value, &at, ret + m->offset);
}

static void report_unknown(struct reader *r, const struct json_member *members,
			   const struct pointer *parent, struct bytes name)
{
	const char *known[MEMBERS_MAX];
	struct pointer at = pointer_to(parent, name);
	size_t count = 0;

	for (; members[count].name && count < MEMBERS_MAX; count++) {
		if (bytes_equal_str(name, members[count].name))
			return;
		known[count] = members[count].name;
	}
	r->failed = true;
	r->sink->unknown(r->sink->ctx, at.text, name, known, count);
}

static void read_object(struct reader *r, const struct json_member *members, const json_t *value,
			const struct pointer *at, void *ret)
{
	json_t *object = (json_t *)value, *entry; /* iteration only */
	const char *key;
	size_t key_len;

	if (!json_is_object(value)) {
		wrong_type(r, at, "an object");
		return;
	}
	json_object_keylen_foreach(object, key, key_len, entry)
		report_unknown(r, members, at, bytes_of(key, key_len));
	for (const struct json_member *m = members; m->name; m++)
		read_member(r, m, value, at, ret);
}

/* jansson's own words quote the input, which may be a password: only its place
 * is told. */
static void report_malformed(struct reader *r, const json_error_t *error)
{
	const char *what = json_error_code(error) == json_error_duplicate_key
				   ? "a member is there twice"
				   : "not valid JSON";
	char detail[120];

	snprintf(detail, sizeof detail, "Line %d, column %d: %s.", error->line, error->column,
		 what);
	r->failed = true;
	r->sink->malformed(r->sink->ctx, detail);
}

enum json_read json_read_body(struct bytes body, const struct json_member *members,
			      struct arena *mem, const struct json_sink *sink, void *ret)
{
	struct reader r = { .mem = mem, .sink = sink };
	json_error_t error;
	json_t *value = json_loadb((const char *)body.at, body.len,
				   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!value) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return JSON_READ_NOMEM;
		report_malformed(&r, &error);
		return JSON_READ_FAULTS;
	}
	read_object(&r, members, value, &root, ret);
	json_decref(value);
	if (r.failed)
		return JSON_READ_FAULTS;
	return arena_failed(mem) ? JSON_READ_NOMEM : JSON_READ_OK;
}
