#include "shared_kit.h"

/* --- leases ------------------------------------------------------------ */

struct place {
	struct state_lease *lease;
	struct process *process;
};

struct shared_line {
	struct shared_line *next;
	char name[64];
	struct place places[PROCESSES_MAX]; /* the first has it */
	size_t count;
};

static bool is_called(const char *name, struct bytes b)
{
	return bytes_equal_str(b, name);
}

static struct shared_line *line_of(struct shared *s, struct bytes name)
{
	struct shared_line *l = s->lines;

	while (l && !is_called(l->name, name))
		l = l->next;
	if (l)
		return l;
	l = calloc(1, sizeof *l);
	assert_non_null(l);
	snprintf(l->name, sizeof l->name, "%.*s", BYTES_FMT(name));
	l->next = s->lines;
	s->lines = l;
	return l;
}

static void run_turn(struct loop_task *t)
{
	struct state_lease *l =
		(struct state_lease *)(void *)((char *)t - offsetof(struct state_lease, task));

	l->on_turn(l);
}

/* Tells those whose turn is another one. */
static void tell_line(struct shared *s, struct shared_line *line)
{
	for (size_t i = 0; i < line->count; i++) {
		struct state_lease *l = line->places[i].lease;
		enum state_turn turn = i == 0 ? STATE_TURN_OURS : STATE_TURN_THEIRS;

		if (l->turn == turn || line->places[i].process->is_fooled)
			continue;
		l->turn = turn;
		l->task.run = run_turn;
		loop_task_start(s->loop, &l->task);
	}
}

static enum err lease_want(struct state *state, struct bytes name, struct state_lease *l)
{
	struct process *p = (struct process *)state;
	struct shared_line *line = line_of(p->shared, name);

	assert_true(line->count < PROCESSES_MAX);
	l->turn = STATE_TURN_UNKNOWN;
	l->task = (struct loop_task){ 0 };
	l->of_store = line;
	line->places[line->count++] = (struct place){ l, p };
	tell_line(p->shared, line);
	return ERR_OK;
}

static void lease_leave(struct state_lease *l)
{
	struct shared_line *line = l->of_store;
	size_t i = 0;
	struct shared *s;

	while (line->places[i].lease != l)
		i++;
	s = line->places[i].process->shared;
	memmove(&line->places[i], &line->places[i + 1], (--line->count - i) * sizeof(struct place));
	loop_task_stop(&l->task);
	l->turn = STATE_TURN_UNKNOWN;
	tell_line(s, line);
}

static enum state_turn lease_turn(const struct state_lease *l)
{
	return l->turn;
}

void shared_lose_leases(struct process *p)
{
	for (struct shared_line *l = p->shared->lines; l; l = l->next) {
		struct place first = l->places[0];

		if (!l->count || first.process != p)
			continue;
		memmove(&l->places[0], &l->places[1], (l->count - 1) * sizeof first);
		l->places[l->count - 1] = first;
		tell_line(p->shared, l);
	}
}

void shared_undeceive(struct process *p)
{
	p->is_fooled = false;
	for (struct shared_line *l = p->shared->lines; l; l = l->next)
		tell_line(p->shared, l);
}

struct process *shared_leader(struct shared *s, const char *name)
{
	struct shared_line *l = line_of(s, bytes_of_str(name));

	return l->count ? l->places[0].process : NULL;
}

/* --- slots -------------------------------------------------------------- */

struct shared_slots {
	struct shared_slots *next;
	char name[64];
	unsigned taken;
};

struct slot_op {
	struct op op;
	struct shared *shared;
	struct shared_slots *slots;
	unsigned max;
	struct loop_task task;
	state_done_cb *cb;
	void *ctx;
};

static struct shared_slots *slots_of(struct shared *s, struct bytes name)
{
	struct shared_slots *l = s->slots;

	while (l && !is_called(l->name, name))
		l = l->next;
	if (l)
		return l;
	l = calloc(1, sizeof *l);
	assert_non_null(l);
	snprintf(l->name, sizeof l->name, "%.*s", BYTES_FMT(name));
	l->next = s->slots;
	s->slots = l;
	return l;
}

static void cancel_slot(struct op *op)
{
	struct slot_op *o = (struct slot_op *)op;

	loop_task_stop(&o->task);
	free(o);
}

static void run_slot(struct loop_task *t)
{
	struct slot_op *o = (struct slot_op *)(void *)((char *)t - offsetof(struct slot_op, task));
	struct slot_op copy = *o;
	enum err err = ERR_OK;

	free(o);
	copy.shared->takes++;
	if (copy.shared->is_slotless) {
		err = ERR_NET;
	} else if (copy.slots->taken >= copy.max) {
		copy.shared->refusals++;
		err = ERR_BUSY;
	}
	copy.slots->taken += err != ERR_BUSY;
	copy.cb(copy.ctx, err);
}

static struct op *slot_take(struct state *state, struct call call, struct bytes name, unsigned max,
			    state_done_cb *cb, void *ctx)
{
	static const struct op_class cls = { .cancel = cancel_slot };
	struct shared *s = ((struct process *)state)->shared;
	struct slot_op *o = calloc(1, sizeof *o);

	(void)call;
	assert_non_null(o);
	*o = (struct slot_op){ .op.cls = &cls,
			       .shared = s,
			       .slots = slots_of(s, name),
			       .max = max,
			       .task.run = run_slot,
			       .cb = cb,
			       .ctx = ctx };
	loop_task_start(s->loop, &o->task);
	return &o->op;
}

static void slot_give(struct state *state, struct bytes name)
{
	struct shared_slots *l = slots_of(((struct process *)state)->shared, name);

	assert_true(l->taken > 0);
	l->taken--;
}

unsigned shared_slots_taken(const struct shared *s)
{
	unsigned n = 0;

	for (const struct shared_slots *l = s->slots; l; l = l->next)
		n += l->taken;
	return n;
}

/* --- notes --------------------------------------------------------------- */

struct shared_ear {
	struct state_ear *ear;
	struct process *process;
	char name[64];
	struct shared_ear *next;
};

struct note {
	struct loop_task task;
	struct process *from;
	char name[64];
	size_t len;
	uint8_t text[];
};

static enum err hear(struct state *state, struct bytes name, struct state_ear *e)
{
	struct process *p = (struct process *)state;
	struct shared_ear *se = calloc(1, sizeof *se);

	assert_non_null(se);
	*se = (struct shared_ear){ .ear = e, .process = p, .next = p->shared->ears };
	snprintf(se->name, sizeof se->name, "%.*s", BYTES_FMT(name));
	p->shared->ears = se;
	e->of_store = p->shared;
	return ERR_OK;
}

static void unhear(struct state_ear *e)
{
	struct shared *s = e->of_store;
	struct shared_ear **link = &s->ears, *gone;

	while ((*link)->ear != e)
		link = &(*link)->next;
	gone = *link;
	*link = gone->next;
	free(gone);
}

/* Who has heard is marked: on_note may unhear. */
static void run_note(struct loop_task *t)
{
	struct note *n = (struct note *)(void *)((char *)t - offsetof(struct note, task));
	struct state_ear *ears[16];
	size_t count = 0;

	for (struct shared_ear *e = n->from->shared->ears; e; e = e->next)
		if (e->process != n->from && strcmp(e->name, n->name) == 0 && count < 16)
			ears[count++] = e->ear;
	for (size_t i = 0; i < count; i++)
		if (ears[i]->state)
			ears[i]->on_note(ears[i], bytes_of(n->text, n->len));
	free(n);
}

static void say(struct state *state, struct bytes name, struct bytes text)
{
	struct process *p = (struct process *)state;
	struct note *n = calloc(1, sizeof *n + text.len);

	assert_non_null(n);
	assert_true(text.len <= STATE_NOTE_MAX_BYTES);
	n->from = p;
	n->len = text.len;
	n->task.run = run_note;
	snprintf(n->name, sizeof n->name, "%.*s", BYTES_FMT(name));
	memcpy(n->text, text.at, text.len);
	p->shared->notes++;
	loop_task_start(p->shared->loop, &n->task);
}

/* --- the rest: the embedded store's ------------------------------------------- */

static struct state *memory_of(const struct state *s)
{
	return ((const struct process *)s)->shared->memory;
}

static struct op *get_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, size_t count, state_values_cb *cb, void *ctx)
{
	return state_get_many(memory_of(s), call, space, keys, count, cb, ctx);
}

static struct op *put_many(struct state *s, struct call call, enum state_space space,
			   const struct bytes *keys, const struct bytes *values, size_t count,
			   uint64_t ttl_ms, state_done_cb *cb, void *ctx)
{
	return state_put_many(memory_of(s), call, space, keys, values, count, ttl_ms, cb, ctx);
}

static struct op *count(struct state *s, struct call call, enum state_space space, struct bytes key,
			uint64_t n, uint64_t ttl_ms, state_count_cb *cb, void *ctx)
{
	return state_count(memory_of(s), call, space, key, n, ttl_ms, cb, ctx);
}

static struct op *log_open(struct state *s, struct call call, struct bytes log,
			   state_log_open_cb *cb, void *ctx)
{
	return state_log_open(memory_of(s), call, log, cb, ctx);
}

static struct op *log_append(struct state *s, struct call call, struct bytes log, uint64_t epoch,
			     const struct bytes *entries, size_t entry_count,
			     const struct state_baseline *baselines, size_t baseline_count,
			     state_log_cb *cb, void *ctx)
{
	return state_log_append(memory_of(s), call, log, epoch, entries, entry_count, baselines,
				baseline_count, cb, ctx);
}

static struct op *log_read(struct state *s, struct call call, struct bytes log,
			   struct state_cursor after, size_t max_entries, size_t max_bytes,
			   state_log_read_cb *cb, void *ctx)
{
	return state_log_read(memory_of(s), call, log, after, max_entries, max_bytes, cb, ctx);
}

static struct op *log_top(struct state *s, struct call call, struct bytes log, state_log_cb *cb,
			  void *ctx)
{
	return state_log_top(memory_of(s), call, log, cb, ctx);
}

static struct op *log_look(struct state *s, struct call call, struct bytes log, struct bytes mark,
			   struct bytes known, struct bytes name, state_log_look_cb *cb, void *ctx)
{
	return state_log_look(memory_of(s), call, log, mark, known, name, cb, ctx);
}

static enum err log_listen(struct state *s, struct bytes log, struct state_listener *l)
{
	return state_log_listen(memory_of(s), log, l);
}

static void view_free(struct state *s)
{
	(void)s;
}

void shared_init(struct shared *s, struct loop *l, const struct state_limits *limits)
{
	static const struct state_class cls = {
		.get_many = get_many,
		.put_many = put_many,
		.count = count,
		.log_open = log_open,
		.log_append = log_append,
		.log_read = log_read,
		.log_top = log_top,
		.log_look = log_look,
		.log_listen = log_listen,
		.lease_want = lease_want,
		.lease_leave = lease_leave,
		.lease_turn = lease_turn,
		.slot_take = slot_take,
		.slot_give = slot_give,
		.hear = hear,
		.unhear = unhear,
		.say = say,
		.free = view_free,
	};

	*s = (struct shared){ .loop = l, .memory = state_memory_new(l, limits) };
	assert_non_null(s->memory);
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		s->processes[i] = (struct process){ .state.cls = &cls, .shared = s };
}

void shared_done(struct shared *s)
{
	assert_null(s->ears);
	for (struct shared_line *l = s->lines, *next; l; l = next) {
		assert_int_equal(l->count, 0);
		next = l->next;
		free(l);
	}
	assert_int_equal(shared_slots_taken(s), 0);
	for (struct shared_slots *l = s->slots, *next; l; l = next) {
		next = l->next;
		free(l);
	}
	state_free(s->memory);
}

/* --- pairs ------------------------------------------------------------------ */

void pair_use(struct pair *p, size_t i)
{
	p->l.kit.hub = p->hubs[i];
	p->l.account = p->accounts[i];
	p->l.state = &p->shared.processes[i].state;
}

void pair_start(struct pair *p)
{
	shared_init(&p->shared, p->l.kit.loop, &p->l.state_limits);
	for (size_t i = 0; i < 2; i++) {
		p->hubs[i] = account_hub_new(
			&(struct account_setup){ .loop = p->l.kit.loop,
						 .limits = p->l.kit.limits,
						 .state = &p->shared.processes[i].state,
						 .codec = live_codec() });
		assert_non_null(p->hubs[i]);
		pair_use(p, i);
		p->accounts[i] = kit_account(&p->l.kit);
		account_hold(p->accounts[i]);
	}
	pair_use(p, 0);
}

void pair_leave(struct pair *p, size_t i)
{
	uint64_t end = clock_monotonic_ms() + 2 * KIT_DEADLINE_MS;

	if (!p->accounts[i])
		return;
	account_release(p->accounts[i]);
	account_unref(p->accounts[i]);
	p->accounts[i] = NULL;
	for (;;) {
		struct account_hub_stats stats = account_hub_stats(p->hubs[i]);

		if (!stats.watched && !stats.relayed)
			return;
		assert_true(clock_monotonic_ms() < end);
		loop_turn(p->l.kit.loop, 10);
	}
}

void pair_end(struct pair *p)
{
	pair_leave(p, 0);
	pair_leave(p, 1);
	kit_turn(&p->l.kit, 5);
	p->l.kit.hub = p->hubs[1];
	kit_done_hub(&p->l.kit);
	p->l.kit.hub = p->hubs[0];
	kit_done_hub(&p->l.kit);
	kit_turn(&p->l.kit, 5);
	shared_done(&p->shared);
	kit_done_server(&p->l.kit);
}

void pair_wait_watching(struct pair *p, size_t i)
{
	const char *name = account_id(p->accounts[i])->text;
	uint64_t end = clock_monotonic_ms() + 2 * KIT_DEADLINE_MS;

	while (shared_leader(&p->shared, name) != &p->shared.processes[i] ||
	       !fake_watching(p->l.kit.server)) {
		assert_true(clock_monotonic_ms() < end);
		loop_turn(p->l.kit.loop, 10);
	}
}
