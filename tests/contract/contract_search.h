/* The part of the mail store's contract that is about filters and orders. */
#ifndef CONTRACT_CONTRACT_SEARCH_H
#define CONTRACT_CONTRACT_SEARCH_H

void filters_find_what_they_say(void **state);
void instants_are_exact(void **state);
void filters_are_combined_and_paged(void **state);
void words_to_look_for_are_only_words(void **state);
void words_are_found_in_any_charset(void **state);
void orders_go_both_ways(void **state);
void a_sorted_page_goes_on_behind_a_message_that_is_gone(void **state);

#endif
