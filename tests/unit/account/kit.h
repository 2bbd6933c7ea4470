/* What tests of accounts need: a loop, a mail server in memory, a hub. */
#ifndef UNIT_ACCOUNT_KIT_H
#define UNIT_ACCOUNT_KIT_H

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"

#include "account/account.h"
#include "base/clock.h"
#include "mailstore/fake.h"
#include "net/loop.h"

#define KIT_DEADLINE_MS 20000
#define KIT_USER        "ada@example.org"
#define KIT_PASSWORD    "secret"

struct kit {
	struct loop *loop;
	struct fake_server *server;
	struct account_limits limits; /* all zero: the defaults */
	struct account_hub *hub;
	struct account_server where;
	struct arena *mem; /* of calls */
};

/* The hub is made by kit_start(), so that a test can set limits before. */
void kit_init(struct kit *k);
void kit_start(struct kit *k);
/* Fails the test when something is left under way. */
void kit_done(struct kit *k);
/* The same in two steps. */
void kit_done_hub(struct kit *k);
void kit_done_server(struct kit *k);

struct credentials kit_credentials(const char *user, const char *password);
struct call kit_call(struct kit *k);
struct call kit_bulk_call(struct kit *k);
/* Turns the loop until *flag, or fails the test. */
void kit_wait(struct kit *k, const bool *flag);
void kit_wait_count(struct kit *k, const unsigned *count, unsigned want);
/* A few turns in which nothing needs to happen. */
void kit_turn(struct kit *k, unsigned turns);

/* The account of KIT_USER, as account_get() gives it. */
struct account *kit_account(struct kit *k);

/* --- what came of a call: a context for the callbacks below ----------- */

struct answer {
	struct kit *kit;
	bool done;
	unsigned times;
	struct fault fault; /* ERR_OK: it went well */
	struct account *account;
	const struct folder_list *folders;
	struct folder folder;
	const struct summary_list *list;
	const struct message *message;
	const struct message_result *results;
	size_t count;
	uint64_t number;
	unsigned *order; /* if set: counted up, and noted */
	unsigned place;
};

/* Every callback fails the test when it runs twice or inside the starting call. */
extern bool kit_is_starting;
#define KIT_START(expression) (kit_is_starting = true, kit_started(expression))
struct op *kit_started(struct op *op);

void kit_on_done(void *answer, const struct fault *fault);
void kit_on_account(void *answer, const struct fault *fault, struct account *account);
void kit_on_caps(void *answer, const struct fault *fault, const struct mailstore_caps *caps,
		 const struct mailstore_quota *quota);
void kit_on_folders(void *answer, const struct fault *fault, const struct folder_list *folders);
void kit_on_folder(void *answer, const struct fault *fault, const struct folder *folder);
void kit_on_edited(void *answer, const struct fault *fault, const struct folder *folder,
		   const struct folder_id *previous);
void kit_on_count(void *answer, const struct fault *fault, uint64_t count);
void kit_on_list(void *answer, const struct fault *fault, const struct summary_list *list);
void kit_on_message(void *answer, const struct fault *fault, const struct message *message);
void kit_on_results(void *answer, const struct fault *fault, const struct message_result *results,
		    size_t count);
void kit_on_selected(void *answer, const struct fault *fault, uint64_t done,
		     const struct message_result *failures, size_t count);

#endif
