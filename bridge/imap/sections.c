/* Section names: section-spec of RFC 9051 §9. */
#include "imap/store.h"

bool imap_section_parse(struct bytes name, struct imap_section *ret)
{
	static const char *const texts[] = { "HEADER", "TEXT", "MIME" };
	size_t end = 0;

	*ret = (struct imap_section){ .item = "BODY.PEEK" };
	while (end < name.len &&
	       (name.at[end] == '.' || (name.at[end] >= '0' && name.at[end] <= '9')))
		end++;
	ret->part_id = bytes_first(name, end);
	if (end == name.len)
		return end == 0 || name.at[end - 1] != '.';
	if (end) {
		if (name.at[end - 1] != '.')
			return false;
		ret->part_id.len--;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (bytes_equal_str_nocase(bytes_skip(name, end), texts[i])) {
			ret->text = texts[i];
			return true;
		}
	}
	return false;
}

bool imap_section_matches(const struct imap_body *b, enum imap_body_kind kind, struct bytes name)
{
	return b->kind == kind && bytes_equal_nocase(b->section, name);
}
