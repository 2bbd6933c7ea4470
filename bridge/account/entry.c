/* Entries of the event log: what of them this side reads. */
#include "account/account.h"

void account_entry_begin(struct buf *to, const struct account_event *ev)
{
	const struct folder_id *folder = ev->folder_now ? &ev->folder_now->id : &ev->folder;
	uint8_t head[ACCOUNT_ENTRY_HEAD] = { (uint8_t)ev->type };

	if (folder->text[0])
		memcpy(head + 1, folder->text, ID_BYTES);
	buf_append(to, bytes_of(head, sizeof head));
}

bool account_entry_parse(struct bytes entry, enum account_event_type *ret_type,
			 struct folder_id *ret_folder, struct bytes *ret_data)
{
	static const uint8_t nowhere[ID_BYTES];
	struct bytes id = bytes_first(bytes_skip(entry, 1), ID_BYTES);
	struct folder_id folder = { "" };

	if (entry.len < ACCOUNT_ENTRY_HEAD || !account_event_name(entry.at[0]))
		return false;
	if (memcmp(id.at, nowhere, ID_BYTES) != 0 && !folder_id_parse(id, &folder))
		return false;
	*ret_type = entry.at[0];
	*ret_folder = folder;
	*ret_data = bytes_skip(entry, ACCOUNT_ENTRY_HEAD);
	return true;
}
