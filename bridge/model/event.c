#include "model/event.h"

const char *account_event_name(unsigned type)
{
	static const char *const names[] = {
		[EVENT_MESSAGE_CREATED] = "message.created",
		[EVENT_MESSAGE_UPDATED] = "message.updated",
		[EVENT_MESSAGE_DELETED] = "message.deleted",
		[EVENT_FOLDER_CREATED] = "folder.created",
		[EVENT_FOLDER_UPDATED] = "folder.updated",
		[EVENT_FOLDER_DELETED] = "folder.deleted",
		[EVENT_ACCOUNT_CONNECTED] = "account.connected",
		[EVENT_ACCOUNT_DISCONNECTED] = "account.disconnected",
		[EVENT_RESET] = "reset",
	};

	return type < sizeof names / sizeof *names ? names[type] : NULL;
}
