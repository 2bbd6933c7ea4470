#include "cmocka_all.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "base/clock.h"
#include "net/loop.h"

#define TURNS_MAX 2000

/* Turns until *flag is set; fails the test after some seconds. */
static void turn_until(struct loop *l, const bool *flag)
{
	for (int i = 0; i < TURNS_MAX && !*flag; i++)
		loop_turn(l, 5);
	assert_true(*flag);
}

static int new_loop(void **state)
{
	*state = loop_new();
	return *state ? 0 : -1;
}

/* Also proves that each test stopped what it started: it asserts. */
static int free_loop(void **state)
{
	loop_free(*state);
	return 0;
}

/* --- timers ---------------------------------------------------------------- */

struct timed {
	struct loop_timer t;
	struct loop *l;
	bool fired;
	int count, again;
	int order;
	struct timed *stops; /* stopped and freed when this one fires */
};

static int order;

static void on_timed(struct loop_timer *t)
{
	struct timed *x = (struct timed *)t;

	x->fired = true;
	x->count++;
	x->order = ++order;
	if (x->stops) {
		loop_timer_stop(x->l, &x->stops->t);
		free(x->stops);
		x->stops = NULL;
	}
	if (x->again-- > 0)
		assert_true(loop_timer_start(x->l, t, 0));
}

static struct timed *timed_new(struct loop *l)
{
	struct timed *x = calloc(1, sizeof *x);

	assert_non_null(x);
	x->l = l;
	x->t.fire = on_timed;
	return x;
}

static void timers_fire_once_in_the_order_of_their_due_times(void **state)
{
	enum { N = 200 };
	struct loop *l = *state;
	struct timed *x[N];
	uint64_t now = clock_monotonic_ms();
	bool all = false;

	order = 0;
	for (int i = 0; i < N; i++) {
		x[i] = timed_new(l);
		assert_true(loop_timer_start_at(l, &x[i]->t, now + (uint64_t)(i * 37 % N) / 4));
	}
	for (int i = 0; i < N; i += 3)
		loop_timer_stop(l, &x[i]->t);
	for (int turns = 0; turns < TURNS_MAX && !all; turns++) {
		loop_turn(l, 5);
		all = true;
		for (int i = 0; i < N; i++)
			all = all && !loop_timer_is_on(&x[i]->t);
	}
	assert_true(all);
	for (int i = 0; i < N; i++) {
		assert_int_equal(x[i]->count, i % 3 ? 1 : 0);
		for (int k = 0; k < N; k++)
			if (x[i]->count && x[k]->count && x[i]->t.due_ms < x[k]->t.due_ms)
				assert_true(x[i]->order < x[k]->order);
	}
	for (int i = 0; i < N; i++)
		free(x[i]);
}

static void a_timer_that_starts_itself_again_without_delay_does_not_hold_up_the_turn(void **state)
{
	struct loop *l = *state;
	struct timed *x = timed_new(l);

	x->again = 3;
	assert_true(loop_timer_start(l, &x->t, 0));
	for (int i = 1; i <= 4; i++) {
		loop_turn(l, 1000);
		assert_int_equal(x->count, i);
	}
	assert_false(loop_timer_is_on(&x->t));
	free(x);
}

static void a_due_timer_stopped_and_freed_by_another_one_does_not_fire(void **state)
{
	struct loop *l = *state;
	struct timed *x = timed_new(l), *y = timed_new(l);
	uint64_t now = clock_monotonic_ms();

	x->stops = y;
	assert_true(loop_timer_start_at(l, &x->t, now - 2));
	assert_true(loop_timer_start_at(l, &y->t, now - 1));
	turn_until(l, &x->fired);
	assert_null(x->stops);
	free(x);
}

static void starting_a_timer_again_moves_it(void **state)
{
	struct loop *l = *state;
	struct timed *x = timed_new(l);

	assert_true(loop_timer_start(l, &x->t, UINT64_MAX));
	loop_turn(l, 0);
	assert_false(x->fired);
	assert_true(loop_timer_start(l, &x->t, 1));
	turn_until(l, &x->fired);
	assert_int_equal(x->count, 1);
	free(x);
}

static void a_turn_waits_no_longer_than_it_was_told_to(void **state)
{
	uint64_t before = clock_monotonic_ms();

	loop_turn(*state, 20);
	assert_true(clock_monotonic_ms() - before < 10000);
	assert_true(clock_monotonic_ms() - before > 0); /* libuv's clock may be a coarse one */
}

/* --- tasks ----------------------------------------------------------------- */

struct job {
	struct loop_task t;
	struct loop *l;
	bool done;
	int count, again;
	struct job *stops;
};

static void on_job(struct loop_task *t)
{
	struct job *j = (struct job *)t;

	j->done = true;
	j->count++;
	if (j->stops) {
		loop_task_stop(&j->stops->t);
		free(j->stops);
		j->stops = NULL;
	}
	if (j->again-- > 0)
		loop_task_start(j->l, t);
}

static struct job *job_new(struct loop *l)
{
	struct job *j = calloc(1, sizeof *j);

	assert_non_null(j);
	j->l = l;
	j->t.run = on_job;
	return j;
}

/* How long the system runs somebody else when libuv's timer has just been started. */
static uint64_t held_up_ms;

int uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t timeout_ms, uint64_t repeat_ms)
{
	int (*real)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t) =
		(int (*)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t))dlsym(RTLD_NEXT,
									      "uv_timer_start");
	int rc = real(t, cb, timeout_ms, repeat_ms);
	uint64_t end = clock_monotonic_ms() + held_up_ms;

	while (held_up_ms && clock_monotonic_ms() <= end)
		;
	return rc;
}

static void on_nothing(void *ctx, unsigned events)
{
	(void)ctx;
	(void)events;
	fail();
}

/* With a descriptor that stays silent it would wait for ever. */
static void a_turn_that_was_held_up_comes_to_its_end(void **state)
{
	struct loop *l = *state;
	struct loop_watch *w;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	w = loop_watch_new(l, fds[0], LOOP_READABLE, on_nothing, NULL);
	held_up_ms = 5;
	alarm(60);
	loop_turn(l, 1);
	loop_turn(l, 1);
	alarm(0);
	held_up_ms = 0;
	loop_watch_free(w);
	close(fds[0]);
	close(fds[1]);
}

static void a_task_runs_once_however_often_it_is_queued_and_not_at_once(void **state)
{
	struct loop *l = *state;
	struct job *j = job_new(l);

	loop_task_start(l, &j->t);
	loop_task_start(l, &j->t);
	assert_int_equal(j->count, 0);
	loop_turn(l, 1000);
	loop_turn(l, 0);
	assert_int_equal(j->count, 1);
	free(j);
}

static void a_task_that_queues_itself_runs_once_a_turn(void **state)
{
	struct loop *l = *state;
	struct job *j = job_new(l);

	j->again = 2;
	loop_task_start(l, &j->t);
	for (int i = 1; i <= 3; i++) {
		loop_turn(l, 1000);
		assert_int_equal(j->count, i);
	}
	free(j);
}

static void tasks_can_stop_and_free_their_neighbours(void **state)
{
	struct loop *l = *state;
	struct job *first = job_new(l), *next = job_new(l), *last = job_new(l), *late = job_new(l);

	first->stops = next;
	last->stops = late;
	loop_task_start(l, &first->t);
	loop_task_start(l, &next->t);
	loop_task_start(l, &last->t);
	loop_task_start(l, &late->t);
	loop_turn(l, 1000);
	assert_true(first->done && last->done);
	assert_null(first->stops);
	assert_null(last->stops);
	/* The ring is whole again. */
	loop_task_start(l, &last->t);
	loop_task_stop(&last->t);
	loop_task_start(l, &first->t);
	loop_turn(l, 1000);
	assert_int_equal(first->count, 2);
	assert_int_equal(last->count, 1);
	free(first);
	free(last);
}

struct order_seen {
	struct loop_task task;
	struct loop_timer timer;
	char seen[8];
	size_t n;
};

static struct order_seen seen;

static void note(char c)
{
	if (seen.n < sizeof seen.seen - 1)
		seen.seen[seen.n++] = c;
}

static void note_task(struct loop_task *t)
{
	(void)t;
	note('k');
}

static void note_timer(struct loop_timer *t)
{
	(void)t;
	note('t');
}

static void note_end(void *ctx)
{
	(void)ctx;
	note('e');
}

static void note_watch(void *ctx, unsigned events)
{
	(void)ctx;
	(void)events;
	note('w');
}

static void a_turn_is_sockets_timers_tasks_end(void **state)
{
	struct loop *l = *state;
	struct loop_watch *w;
	int p[2];

	seen = (struct order_seen){ .task.run = note_task, .timer.fire = note_timer };
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	w = loop_watch_new(l, p[0], LOOP_READABLE, note_watch, NULL);
	assert_non_null(w);
	loop_set_turn_end(l, note_end, NULL);
	loop_task_start(l, &seen.task);
	assert_true(loop_timer_start(l, &seen.timer, 0));
	while (!seen.n)
		loop_turn(l, 5);
	assert_string_equal(seen.seen, "wtke");
	loop_set_turn_end(l, NULL, NULL);
	loop_watch_free(w);
	close(p[0]);
	close(p[1]);
}

static void count_up(void *ctx)
{
	++*(int *)ctx;
}

static void several_may_end_a_turn(void **state)
{
	struct loop *l = *state;
	int counts[4] = { 0 };

	for (int i = 0; i < 4; i++)
		loop_set_turn_end(l, count_up, &counts[i]);
	loop_set_turn_end(l, count_up, &counts[1]); /* once all the same */
	loop_turn(l, 0);
	loop_set_turn_end(l, NULL, &counts[1]);
	loop_turn(l, 0);
	loop_set_turn_end(l, count_up, &counts[1]);
	loop_turn(l, 0);
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 2);
	assert_int_equal(counts[2], 3);
	assert_int_equal(counts[3], 3);
	for (int i = 0; i < 4; i++)
		loop_set_turn_end(l, NULL, &counts[i]);
}

/* --- watches --------------------------------------------------------------- */

struct watched {
	struct loop_watch *w;
	unsigned events;
	int count;
	bool seen, free_it;
	struct loop_watch **frees;
};

static void on_watched(void *ctx, unsigned events)
{
	struct watched *x = ctx;

	x->events = events;
	x->count++;
	x->seen = true;
	if (x->frees) {
		loop_watch_free(*x->frees);
		*x->frees = NULL;
	}
	if (x->free_it) {
		loop_watch_free(x->w);
		x->w = NULL;
	}
}

/* A port that nobody listens on. */
static struct sockaddr_in closed_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return a;
}

static void a_refused_connection_is_an_error_event_and_the_watch_is_off_then(void **state)
{
	struct loop *l = *state;
	struct watched x = { 0 };
	struct sockaddr_in a = closed_port();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), count;

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), -1);
	assert_int_equal(errno, EINPROGRESS);
	x.w = loop_watch_new(l, fd, LOOP_READABLE | LOOP_WRITABLE, on_watched, &x);
	turn_until(l, &x.seen);
	assert_true(x.events & LOOP_ERROR);
	count = x.count;
	loop_turn(l, 0);
	assert_int_equal(x.count, count);

	/* Set again, it reports again. */
	x.seen = false;
	loop_watch_set(x.w, LOOP_READABLE | LOOP_WRITABLE);
	turn_until(l, &x.seen);
	loop_watch_free(x.w);
	close(fd);
}

static void a_pipe_whose_reader_is_gone_is_an_error_event(void **state)
{
	struct loop *l = *state;
	struct watched x = { 0 };
	int p[2];

	assert_int_equal(pipe(p), 0);
	x.w = loop_watch_new(l, p[1], 0, on_watched, &x);
	close(p[0]);
	loop_turn(l, 0);
	assert_false(x.seen);
	loop_watch_set(x.w, LOOP_WRITABLE);
	turn_until(l, &x.seen);
	assert_true(x.events & LOOP_ERROR);
	loop_watch_free(x.w);
	close(p[1]);
}

static void the_peer_closing_its_side_is_a_hangup(void **state)
{
	struct loop *l = *state;
	struct watched x = { 0 };
	int p[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	x.w = loop_watch_new(l, p[0], LOOP_HANGUP, on_watched, &x);
	assert_int_equal(write(p[1], "x", 1), 1);
	loop_turn(l, 0);
	assert_false(x.seen);
	shutdown(p[1], SHUT_WR);
	turn_until(l, &x.seen);
	assert_true(x.events & LOOP_HANGUP);
	loop_watch_free(x.w);
	close(p[0]);
	close(p[1]);
}

static void a_watch_freed_in_its_callback_and_its_descriptor_used_anew_are_apart(void **state)
{
	struct loop *l = *state;
	struct watched x = { .free_it = true }, y = { 0 };
	int p[2], q[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	x.w = loop_watch_new(l, p[0], LOOP_READABLE, on_watched, &x);
	turn_until(l, &x.seen);
	close(p[0]);
	close(p[1]);
	assert_int_equal(pipe(q), 0); /* the same numbers */
	assert_int_equal(q[0], p[0]);
	y.w = loop_watch_new(l, q[0], LOOP_READABLE, on_watched, &y);
	assert_non_null(y.w);
	loop_turn(l, 0);
	assert_false(y.seen);
	assert_int_equal(write(q[1], "x", 1), 1);
	turn_until(l, &y.seen);
	assert_int_equal(x.count, 1);
	loop_watch_free(y.w);
	close(q[0]);
	close(q[1]);
}

static void of_two_ready_watches_the_first_may_free_the_second(void **state)
{
	struct loop *l = *state;
	struct watched x = { 0 }, y = { 0 };
	int p[2], q[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(pipe(q), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(write(q[1], "x", 1), 1);
	x.w = loop_watch_new(l, p[0], LOOP_READABLE, on_watched, &x);
	y.w = loop_watch_new(l, q[0], LOOP_READABLE, on_watched, &y);
	x.frees = &y.w;
	y.frees = &x.w;
	while (!x.seen && !y.seen)
		loop_turn(l, 5);
	loop_turn(l, 0);
	assert_true(x.seen != y.seen);
	loop_watch_free(x.w);
	loop_watch_free(y.w);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}

static void what_cannot_be_watched_is_refused(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	assert_true(fd >= 0);
	assert_null(loop_watch_new(*state, fd, LOOP_READABLE, on_watched, NULL));
	close(fd);
}

/* --- signals and work ------------------------------------------------------ */

static void set_flag(void *ctx)
{
	*(bool *)ctx = true;
}

static void signals_arrive_on_the_loop(void **state)
{
	struct loop *l = *state;
	bool got = false;
	struct loop_signal *s = loop_signal_new(l, SIGUSR1, set_flag, &got);

	assert_non_null(s);
	raise(SIGUSR1);
	assert_false(got);
	turn_until(l, &got);
	loop_signal_free(s);
}

static void writing_to_a_closed_socket_does_not_kill_the_process(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	close(p[1]);
	assert_int_equal(write(p[0], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(p[0]);
}

struct work {
	int gate[2]; /* work() waits for a byte */
	bool worked, done;
};

static void work_waits(void *ctx)
{
	struct work *w = ctx;
	char c;

	if (read(w->gate[0], &c, 1) == 1)
		w->worked = true;
}

static void work_done(void *ctx)
{
	((struct work *)ctx)->done = true;
}

static void work_that_was_abandoned_before_it_began_is_left_out_but_done_all_the_same(void **state)
{
	enum { POOL = 4 }; /* libuv's threads; the last job has to wait for one */
	struct loop *l = *state;
	struct work w[POOL + 1] = { 0 };
	struct loop_work *last = NULL;

	for (int i = 0; i <= POOL; i++) {
		assert_int_equal(pipe(w[i].gate), 0);
		last = loop_work_start(l, work_waits, work_done, &w[i]);
		assert_non_null(last);
	}
	loop_work_abandon(last);
	turn_until(l, &w[POOL].done);
	assert_false(w[POOL].worked);
	for (int i = 0; i < POOL; i++) {
		assert_int_equal(write(w[i].gate[1], "x", 1), 1);
		turn_until(l, &w[i].done);
		assert_true(w[i].worked);
	}
	for (int i = 0; i <= POOL; i++) {
		close(w[i].gate[0]);
		close(w[i].gate[1]);
	}
}

static void stop_it(void *ctx)
{
	loop_stop(ctx);
}

static void a_loop_runs_until_it_is_stopped(void **state)
{
	struct loop *l = *state;
	struct loop_signal *s = loop_signal_new(l, SIGUSR1, stop_it, l);

	raise(SIGUSR1);
	loop_run(l);
	loop_signal_free(s);
}

#define ON_LOOP(test) cmocka_unit_test_setup_teardown(test, new_loop, free_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(timers_fire_once_in_the_order_of_their_due_times),
		ON_LOOP(a_timer_that_starts_itself_again_without_delay_does_not_hold_up_the_turn),
		ON_LOOP(a_due_timer_stopped_and_freed_by_another_one_does_not_fire),
		ON_LOOP(starting_a_timer_again_moves_it),
		ON_LOOP(a_turn_waits_no_longer_than_it_was_told_to),
		ON_LOOP(a_turn_that_was_held_up_comes_to_its_end),
		ON_LOOP(a_task_runs_once_however_often_it_is_queued_and_not_at_once),
		ON_LOOP(a_task_that_queues_itself_runs_once_a_turn),
		ON_LOOP(tasks_can_stop_and_free_their_neighbours),
		ON_LOOP(a_turn_is_sockets_timers_tasks_end),
		ON_LOOP(several_may_end_a_turn),
		ON_LOOP(a_refused_connection_is_an_error_event_and_the_watch_is_off_then),
		ON_LOOP(a_pipe_whose_reader_is_gone_is_an_error_event),
		ON_LOOP(the_peer_closing_its_side_is_a_hangup),
		ON_LOOP(a_watch_freed_in_its_callback_and_its_descriptor_used_anew_are_apart),
		ON_LOOP(of_two_ready_watches_the_first_may_free_the_second),
		ON_LOOP(what_cannot_be_watched_is_refused),
		ON_LOOP(signals_arrive_on_the_loop),
		ON_LOOP(writing_to_a_closed_socket_does_not_kill_the_process),
		ON_LOOP(work_that_was_abandoned_before_it_began_is_left_out_but_done_all_the_same),
		ON_LOOP(a_loop_runs_until_it_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
