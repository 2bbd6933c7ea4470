/* Ids and sets of UIDs from a client: what is taken is written again exactly. */
#include "fuzz.h"

#include "base/buf.h"
#include "model/folder.h"
#include "model/message_id.h"
#include "model/uid_set.h"

static void try_set(struct bytes text)
{
	struct uid_set set, again;
	struct buf written;

	uid_set_init(&set, 1000);
	if (uid_set_parse(&set, text) == ERR_OK) {
		buf_init(&written, 1 << 20);
		uid_set_format(&set, &written);
		uid_set_init(&again, 1000);
		fuzz_check(uid_set_parse(&again, buf_bytes(&written)) == ERR_OK);
		fuzz_check(again.count == set.count && uid_set_size(&again) == uid_set_size(&set));
		fuzz_check(set.count == 0 || uid_set_nth(&set, uid_set_size(&set) - 1) ==
						     set.runs[set.count - 1].last);
		uid_set_done(&again);
		buf_done(&written);
	}
	uid_set_done(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	char written[ID_TEXT_MAX + 1];
	struct message_id id;

	if (message_id_parse(text, &id) == ERR_OK) {
		message_id_format(&id, written);
		fuzz_check(bytes_equal_str(text, written));
	}
	folder_role_guess(text);
	try_set(text);
	return 0;
}
