/* The part of the mail store's contract that is about keeping up. */
#ifndef CONTRACT_CONTRACT_WATCH_H
#define CONTRACT_CONTRACT_WATCH_H

void a_sync_from_nothing_is_whole(void **state);
void a_sync_tells_what_has_changed_since(void **state);
void a_sync_of_another_uidvalidity_is_whole(void **state);
void a_sync_of_an_unknown_folder_is_refused(void **state);
void a_watch_tells_what_another_does(void **state);
void nothing_is_lost_between_a_sync_and_a_watch(void **state);
void a_look_answers_after_what_it_found(void **state);
void a_cancelled_watch_leaves_the_conversation_usable(void **state);
void a_watch_keeps_up_with_many_changes(void **state);
void a_watch_that_polls_tells_as_well(void **state);
void a_watch_tells_about_other_folders(void **state);
void a_watch_of_an_unknown_folder_is_refused(void **state);
void who_keeps_up_is_never_wrong(void **state);

#endif
