/* The part of the mail store's contract that is about keeping up with a folder whose
 * messages have no UIDs. */
#ifndef CONTRACT_CONTRACT_NAMES_H
#define CONTRACT_CONTRACT_NAMES_H

void a_sync_by_name_is_whole(void **state);
void changes_by_name_outlive_the_conversation(void **state);
void an_unknown_past_is_told_whole(void **state);
void a_maildrop_cannot_be_watched(void **state);

#endif
