/* Calls that wait: each starts an operation of mailstore.h and runs the loop until
 * it is done. Results live as long as the test. */
#ifndef CONTRACT_CONTRACT_CALLS_H
#define CONTRACT_CONTRACT_CALLS_H

#include "base/buf.h"
#include "mailstore_contract.h"

/* One test: a conversation that is open and an empty folder of its own. */
struct contract_test {
	const struct contract *contract;
	struct arena *mem;
	struct mailstore *ms;
	struct bytes path;  /* the folder */
	struct bytes other; /* another one, empty as well; null where there is only one */

	bool is_done;
	struct fault fault;
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
};

int contract_setup(void **state);
int contract_teardown(void **state);
extern const struct contract *contract_now; /* for contract_setup() */

struct call contract_call(struct contract_test *t);
void contract_wait(struct contract_test *t);

/* A new conversation in the place of the old one: over POP3 only that sees what is new. */
void contract_renew(struct contract_test *t);
/* Can another client mark messages \Deleted, so that they are hidden? */
bool contract_marks_deleted(const struct contract_test *t);
/* One like this that is not there, each n another. */
struct message_key contract_stranger(const struct message_key *key, uint32_t n);

enum err contract_open(struct contract_test *t, struct mailstore *ms, const char *password);
enum err contract_ping(struct contract_test *t);
enum err contract_list(struct contract_test *t);
/* NULL when the folder is not there. */
const struct folder *contract_folder(struct contract_test *t, struct bytes path);
enum err contract_status(struct contract_test *t, struct bytes path);
enum err contract_glance(struct contract_test *t, struct bytes path);
enum err contract_change(struct contract_test *t, enum folder_change_kind what, struct bytes path,
			 struct bytes to);
enum err contract_query(struct contract_test *t, const struct mail_query *q, unsigned want);
/* "3 2 1": the numbers in the subjects of the page, in order. */
void contract_assert_page(const struct contract_test *t, const char *want);
enum err contract_fetch(struct contract_test *t, struct bytes path, const struct message_key *keys,
			size_t count, unsigned want);
enum err contract_sections(struct contract_test *t, const struct message_key *key,
			   const struct bytes *names, size_t count, uint64_t max_bytes);
/* Into t->size_bytes. */
enum err contract_part_size(struct contract_test *t, const struct message_key *key,
			    const char *part_id);
enum err contract_stream(struct contract_test *t, const struct message_key *key,
			 const struct mail_section *section);
enum err contract_keywords(struct contract_test *t, const struct message_key *keys, size_t count,
			   const char *add, const char *remove);
enum err contract_keywords_if(struct contract_test *t, const struct message_key *keys, size_t count,
			      const char *add, const char *remove, uint64_t unchanged_since);
enum err contract_copy(struct contract_test *t, const struct message_key *keys, size_t count,
		       struct bytes to);
enum err contract_move(struct contract_test *t, const struct message_key *keys, size_t count,
		       struct bytes to);
/* If that ends the conversation there is a new one. */
enum err contract_expunge(struct contract_test *t, const struct message_key *keys, size_t count);
/* Or delivers, where the store cannot; received_at is then what the message says. */
enum err contract_append(struct contract_test *t, struct bytes path, struct bytes raw,
			 const char *keywords, int64_t received_at);
enum err contract_find(struct contract_test *t, struct bytes path, uint32_t first_uid,
		       struct bytes raw);

/* A message with number n in its subject; larger n are newer. Every fifth has no
 * attachment, is larger with its number, dated backwards, and answers the first. In
 * the test's memory. */
struct bytes contract_message(struct contract_test *t, unsigned n);
/* Is it the message, or its header block? What was delivered may have got header fields on
 * its way. */
bool contract_is_written(const struct contract_test *t, struct bytes got, struct bytes raw);
/* Appends messages 1..count to the folder and gives their keys. */
struct message_key *contract_fill(struct contract_test *t, unsigned count);
int64_t contract_received_at(unsigned n);
struct keywords contract_parse_keywords(struct contract_test *t, const char *text);

#endif
