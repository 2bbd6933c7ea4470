#include "endpoint/event_filter.h"

static unsigned bit_of(struct bytes name)
{
	for (unsigned type = EVENT_MESSAGE_CREATED; type <= EVENT_RESET; type++)
		if (bytes_equal_str(name, account_event_name(type)))
			return 1u << type;
	return 0;
}

bool event_filter_types(struct event_filter *f, struct bytes types, struct bytes *ret_bad)
{
	struct bytes name;

	while (bytes_split(&types, ',', &name)) {
		unsigned bit = bit_of(name);

		if (!bit) {
			*ret_bad = name;
			return false;
		}
		f->types |= bit;
	}
	return true;
}

static bool has_folder(const struct event_filter *f, const struct folder_id *folder)
{
	for (size_t i = 0; i < f->folder_count; i++)
		if (folder_id_equal(&f->folders[i], folder))
			return true;
	return false;
}

bool event_filter_passes(const struct event_filter *f, enum account_event_type type,
			 const struct folder_id *folder)
{
	if (type == EVENT_ACCOUNT_CONNECTED || type == EVENT_ACCOUNT_DISCONNECTED ||
	    type == EVENT_RESET)
		return true;
	if (f->types && !(f->types & 1u << type))
		return false;
	return !f->folders || has_folder(f, folder);
}
