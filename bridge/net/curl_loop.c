#include "net/curl_loop.h"

#include <stddef.h>
#include <stdlib.h>

struct curl_loop {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	curl_loop_done_cb *done;
	void *ctx;
};

struct curl_watch {
	struct curl_loop *owner;
	struct loop_watch *watch;
	int fd;
	unsigned events;
};

static void collect_done(struct curl_loop *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)))
		c->done(c->ctx, m->easy_handle, m->data.result);
}

static void on_ready(void *ctx, unsigned events)
{
	struct curl_watch *w = ctx;
	struct curl_loop *c = w->owner;
	int mask = 0, running;

	if (events & LOOP_READABLE)
		mask |= CURL_CSELECT_IN;
	if (events & LOOP_WRITABLE)
		mask |= CURL_CSELECT_OUT;
	if (events & LOOP_ERROR) {
		mask |= CURL_CSELECT_ERR;
		loop_watch_set(w->watch, w->events); /* libcurl takes it to be on */
	}
	curl_multi_socket_action(c->multi, w->fd, mask, &running);
	collect_done(c);
}

static void watch_free(struct curl_watch *w)
{
	if (!w)
		return;
	loop_watch_free(w->watch);
	free(w);
}

static struct curl_watch *watch_new(struct curl_loop *c, int fd)
{
	struct curl_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->owner = c;
	w->fd = fd;
	w->watch = loop_watch_new(c->loop, fd, 0, on_ready, w);
	if (w->watch && curl_multi_assign(c->multi, fd, w) == CURLM_OK)
		return w;
	watch_free(w);
	return NULL;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct curl_loop *c = ctx;
	struct curl_watch *w = socket_ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		watch_free(w);
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (!w)
		w = watch_new(c, fd);
	if (!w)
		return -1;
	w->events = (what & CURL_POLL_IN ? LOOP_READABLE : 0u) |
		    (what & CURL_POLL_OUT ? LOOP_WRITABLE : 0u);
	loop_watch_set(w->watch, w->events);
	return 0;
}

static void on_timeout(struct loop_timer *t)
{
	struct curl_loop *c = (struct curl_loop *)((char *)t - offsetof(struct curl_loop, timer));
	int running;

	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect_done(c);
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
	struct curl_loop *c = ctx;

	(void)multi;
	if (ms >= 0)
		return loop_timer_start(c->loop, &c->timer, (uint64_t)ms) ? 0 : -1;
	loop_timer_stop(c->loop, &c->timer);
	return 0;
}

struct curl_loop *curl_loop_new(struct loop *l, curl_loop_done_cb *done, void *ctx)
{
	struct curl_loop *c = calloc(1, sizeof *c);

	if (!c || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(c);
		return NULL;
	}
	c->loop = l;
	c->timer.fire = on_timeout;
	c->done = done;
	c->ctx = ctx;
	c->multi = curl_multi_init();
	if (!c->multi) {
		curl_loop_free(c);
		return NULL;
	}
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return c;
}

void curl_loop_free(struct curl_loop *c)
{
	if (!c)
		return;
	curl_multi_cleanup(c->multi);
	loop_timer_stop(c->loop, &c->timer);
	curl_global_cleanup();
	free(c);
}

CURLM *curl_loop_multi(struct curl_loop *c)
{
	return c->multi;
}
