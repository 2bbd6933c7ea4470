/* Getting an account whose credentials are right, and what it can do. */
#include "account/step.h"
#include "base/clock.h"

#define QUOTA_TTL_MS 60000

/* --- account_login() -------------------------------------------------- */

struct login {
	struct work work;
	account_cb *cb;
	void *ctx;
};

static void report_login(struct work *w, const struct fault *fault)
{
	struct login *l = (struct login *)w;

	l->cb(l->ctx, fault, fault ? NULL : account_ref(w->account));
}

static void trust(struct login *l)
{
	if (hub_trust(l->work.account))
		work_end(&l->work, NULL);
	else
		work_fail(&l->work, ERR_BUSY);
}

/* A session that was opened after we asked for it: the pool has noted until when
 * the credentials are good. */
static struct op *on_session(struct step *s, struct mailstore *ms)
{
	(void)ms;
	trust(work_of_step(s));
	return STEP_SKIPPED;
}

/* Whoever guesses passwords must not drive out those who are in. */
static bool too_many_strangers(const struct account_hub *h)
{
	return h->stats.accounts - h->trusted > h->limits.accounts_max;
}

struct op *account_login(struct account_hub *h, struct call call,
			 const struct account_server *server, const struct credentials *c,
			 account_cb *cb, void *ctx)
{
	struct account *a = hub_take(h, server, c);
	struct login *l = a ? work_new(a, call, sizeof *l, report_login) : NULL;

	account_unref(a);
	if (!l)
		return NULL;
	l->cb = cb;
	l->ctx = ctx;
	if (a->is_trusted && clock_monotonic_ms() < a->verified_until_ms) {
		work_end(&l->work, NULL);
	} else if (!a->is_trusted && too_many_strangers(h)) {
		work_fail(&l->work, ERR_BUSY);
	} else {
		l->work.step.lease.flags = LEASE_FRESH;
		step_run(&l->work.step, on_session);
	}
	return &l->work.op;
}

/* --- account_capabilities() ------------------------------------------- */

struct capabilities {
	struct work work;
	account_caps_cb *cb;
	void *ctx;
};

static void report_capabilities(struct work *w, const struct fault *fault)
{
	struct capabilities *c = (struct capabilities *)w;
	const struct account *a = w->account;

	c->cb(c->ctx, fault, fault ? NULL : &a->caps, fault ? NULL : &a->quota);
}

static void on_quota(void *ctx, const struct fault *fault, const struct mailstore_quota *quota)
{
	struct capabilities *c = ctx;
	struct account *a = c->work.account;
	const struct mailstore_quota unknown = { 0 };

	/* A server that has no quota to tell is as good as any. */
	if (!step_took(&c->work.step, fault && fault->err != ERR_NET ? NULL : fault))
		return;
	a->quota = fault ? unknown : *quota;
	a->quota_until_ms = clock_monotonic_ms() + QUOTA_TTL_MS;
	work_end(&c->work, NULL);
}

static struct op *ask_quota(struct step *s, struct mailstore *ms)
{
	return mailstore_quota(ms, s->call, on_quota, s->owner);
}

struct op *account_capabilities(struct account *a, struct call call, account_caps_cb *cb, void *ctx)
{
	struct capabilities *c = work_new(a, call, sizeof *c, report_capabilities);

	if (!c)
		return NULL;
	c->cb = cb;
	c->ctx = ctx;
	if (a->has_caps && clock_monotonic_ms() < a->quota_until_ms)
		work_end(&c->work, NULL);
	else
		step_run(&c->work.step, ask_quota);
	return &c->work.op;
}
