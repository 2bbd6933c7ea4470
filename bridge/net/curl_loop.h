/*
 * A libcurl multi handle on the loop: its sockets become watches, its timer one
 * of ours.
 */
#ifndef NET_CURL_LOOP_H
#define NET_CURL_LOOP_H

#include <curl/curl.h>

#include "net/loop.h"

struct curl_loop;

/* A transfer has ended; the easy handle is still in the multi handle and the
 * receiver removes it. May add and remove handles. */
typedef void curl_loop_done_cb(void *ctx, CURL *easy, CURLcode result);

/* NULL when memory is short. */
struct curl_loop *curl_loop_new(struct loop *l, curl_loop_done_cb *done, void *ctx);
/* All handles must have been removed. Not from inside `done`. NULL is fine. */
void curl_loop_free(struct curl_loop *c);

/* For curl_multi_add_handle() and curl_multi_remove_handle(). */
CURLM *curl_loop_multi(struct curl_loop *c);

#endif
