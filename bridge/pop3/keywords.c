/* Keywords of a message, which POP3 has none of: kept as text in the memory. */
#include <stdlib.h>

#include "pop3/maildrop.h"

/* More is none of ours. */
#define TEXT_MAX_BYTES (KEYWORDS_MAX * (KEYWORD_MAX_BYTES + 1))

enum err pop3_message_set_keywords(struct pop3_message *msg, struct bytes text)
{
	struct bytes rest = text, name;
	char *copy = NULL;

	if (text.len && text.len <= TEXT_MAX_BYTES) {
		copy = bytes_dup_str(text);
		if (!copy)
			return ERR_NOMEM;
	}
	free((void *)msg->keywords.at);
	msg->keywords = bytes_of_str(copy);
	msg->flags = 0;
	while (copy && bytes_split(&rest, ' ', &name))
		msg->flags |= keywords_system_bit(name);
	return ERR_OK;
}

bool pop3_message_keywords(const struct pop3_message *msg, struct arena *mem, struct keywords *ret)
{
	struct bytes rest = msg->keywords, name;

	*ret = (struct keywords){ 0 };
	while (bytes_split(&rest, ' ', &name)) {
		if (keywords_name_is_valid(name) && !keywords_add(ret, mem, name))
			return false;
	}
	return true;
}

void pop3_keywords_format(const struct keywords *k, struct buf *to)
{
	bool is_first = true;

	for (unsigned bit = KEYWORD_SEEN; bit < KEYWORD_DELETED; bit <<= 1) {
		if (!(k->system & bit))
			continue;
		buf_append_str(to, is_first ? "" : " ");
		buf_append_str(to, keywords_system_name(bit));
		is_first = false;
	}
	for (size_t i = 0; i < k->custom.count; i++) {
		buf_append_str(to, is_first ? "" : " ");
		buf_append(to, k->custom.at[i]);
		is_first = false;
	}
}

uint32_t pop3_maildrop_unread(const struct pop3_maildrop *m)
{
	uint32_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		n += !(m->at[i].flags & KEYWORD_SEEN);
	return n;
}
