/* What the tests of the session and its commands share: a store that talks to a
 * script, and operations that are waited for. */
#ifndef UNIT_IMAP_STORE_TEST_H
#define UNIT_IMAP_STORE_TEST_H

#include "cmocka_all.h"

#include "imap/imap_store.h"
#include "imap/store.h"
#include "script.h"

/* One conversation; made by store_test_begin(). */
struct store_test {
	struct loop *loop;
	struct script *script;
	struct mailstore *ms;
	struct arena *mem;
	uint64_t timeout_ms; /* of each call; default 5000 */

	/* What the last operation gave. */
	bool is_done;
	struct fault fault; /* ERR_OK: it succeeded */
	const struct folder_list *folders;
	struct folder_status status;
	struct mail_page page;
	const struct mail_item *items;
	const struct bytes *values;
	const struct change_result *changes;
	struct mailstore_quota quota;
	size_t count;
	uint64_t size_bytes;
	struct buf stream;
	bool has_ended; /* on_end was called */
	struct fault end;
};

void store_test_begin(struct store_test *t, const char *name, const struct script_faults *faults);
/* The same with the path of a file. */
void store_test_begin_file(struct store_test *t, const char *path,
			   const struct script_faults *faults);
/* Fails the test when the client did not keep to the script. */
void store_test_end(struct store_test *t);

struct call store_test_call(struct store_test *t);
/* Runs the loop until the operation that was just started is done. */
void store_test_wait(struct store_test *t);
/* Runs it until there is nothing to do for a moment. */
void store_test_settle(struct store_test *t);

/* Each starts an operation and waits for it. */
enum err store_test_open(struct store_test *t);
enum err store_test_list(struct store_test *t);
enum err store_test_status(struct store_test *t, const char *path);
enum err store_test_page(struct store_test *t, const char *path, const struct mail_query *q,
			 unsigned want);
enum err store_test_fetch(struct store_test *t, const char *path, const uint32_t *uids,
			  size_t count, uint32_t uidvalidity, unsigned want);

struct message_key store_test_key(uint32_t uidvalidity, uint32_t uid);

/* The callbacks, for operations that a test starts itself; ctx is the store_test. */
mailstore_done_cb store_test_on_done;
mailstore_folders_cb store_test_on_folders;
mailstore_status_cb store_test_on_status;
mailstore_page_cb store_test_on_page;
mailstore_items_cb store_test_on_items;
mailstore_sections_cb store_test_on_sections;
mailstore_size_cb store_test_on_size;
mailstore_changes_cb store_test_on_changes;
mailstore_quota_cb store_test_on_quota;
flow_data_cb store_test_on_data;

/* "5 7 9": the UIDs of the page, in order. */
void store_test_assert_uids(const struct store_test *t, const char *want);

#endif
