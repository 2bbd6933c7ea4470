#include "servers.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/mail_memory.h"
#include "imap/imap_store.h"
#include "pop3/pop3_store.h"

struct server {
	struct servers *all;
	const struct config_server *config;
	struct tls_profile *tls;
	struct imap_server imap; /* one of these two; IMAP where both are configured */
	struct pop3_server pop3;
	char incoming_key[300];
	struct app_server app;
};

struct servers {
	struct loop *loop;
	struct dialer *dialer;
	const struct config *config;
	struct imap_limits limits;
	struct mail_memory memory;
	struct server *at;
	size_t count;
};

static enum imap_tls imap_tls_of(enum config_tls tls)
{
	switch (tls) {
	case CONFIG_TLS_IMPLICIT: return IMAP_TLS_IMPLICIT;
	case CONFIG_TLS_STARTTLS: return IMAP_TLS_STARTTLS;
	case CONFIG_TLS_NONE: return IMAP_TLS_NONE;
	}
	return IMAP_TLS_STARTTLS;
}

static struct mailstore *connect_imap(void *ctx)
{
	const struct server *s = ctx;

	return imap_store_new(s->all->loop, s->all->dialer, &s->imap);
}

static enum pop3_tls pop3_tls_of(enum config_tls tls)
{
	switch (tls) {
	case CONFIG_TLS_IMPLICIT: return POP3_TLS_IMPLICIT;
	case CONFIG_TLS_STARTTLS: return POP3_TLS_STLS;
	case CONFIG_TLS_NONE: return POP3_TLS_NONE;
	}
	return POP3_TLS_STLS;
}

static struct mailstore *connect_pop3(void *ctx)
{
	const struct server *s = ctx;

	return pop3_store_new(s->all->loop, s->all->dialer, &s->pop3);
}

static bool load_tls(struct server *s, struct config_faults *faults)
{
	const struct config_server *c = s->config;
	struct tls_options options = {
		.ca_file = c->ca_file,
		.client_cert_file = c->client_cert_file,
		.client_key_file = c->client_key_file,
		.allow_tls_1_0 = c->allow_old_tls,
	};
	char where[128];
	struct fault fault;

	s->tls = tls_profile_new(&options, &fault);
	if (s->tls)
		return true;
	snprintf(where, sizeof where, "[server %s]", c->name);
	config_fault(faults, where, "%s", fault.text[0] ? fault.text : err_name(fault.err));
	return false;
}

static void fill_imap(struct server *s)
{
	const struct config_server *c = s->config;
	const struct config_endpoint *e = &c->imap;

	s->imap = (struct imap_server){
		.host = e->host,
		.port = e->port,
		.tls = imap_tls_of(e->tls),
		.tls_profile = s->tls,
		.proxy = c->proxy,
		/* tls=none was allowed by the operator, or is this machine itself. */
		.allow_cleartext_login = e->tls == CONFIG_TLS_NONE,
		.sasl_mechanism = c->auth,
		.limits = &s->all->limits,
	};
}

static void fill_pop3(struct server *s)
{
	const struct config_server *c = s->config;
	const struct config_endpoint *e = &c->pop3;

	s->pop3 = (struct pop3_server){
		.host = e->host,
		.port = e->port,
		.tls = pop3_tls_of(e->tls),
		.profile = s->tls,
		.proxy = c->proxy,
		.mechanism = c->auth,
		.silence_ms = s->all->config->login_timeout_ms,
		.line_max_bytes = s->all->config->line_bytes,
		.message_max_bytes = s->all->config->literal_bytes,
	};
}

static void fill(struct server *s)
{
	const struct config_server *c = s->config;
	bool is_imap = c->imap.host != NULL;
	const struct config_endpoint *e = is_imap ? &c->imap : &c->pop3;

	if (is_imap)
		fill_imap(s);
	else
		fill_pop3(s);
	snprintf(s->incoming_key, sizeof s->incoming_key, "%s:%u:%d", e->host, e->port,
		 (int)e->tls);
	s->app = (struct app_server){
		.account = { .name = bytes_of_str(c->name),
			     .protocol = is_imap ? BYTES_LIT("imap") : BYTES_LIT("pop3"),
			     .incoming_key = bytes_of_str(s->incoming_key),
			     .sessions_max = is_imap ? 0 : POP3_SESSIONS_MAX,
			     .connect = is_imap ? connect_imap : connect_pop3,
			     .ctx = s },
		.username_is_local = strstr(c->username, "%n") != NULL,
		.domain = bytes_of_str(c->domains ? c->domains[0] : NULL),
	};
}

struct servers *servers_new(struct loop *l, struct dialer *d, const struct config *config,
			    struct config_faults *faults)
{
	struct servers *s = calloc(1, sizeof *s);

	if (s)
		s->at = calloc(config->server_count + 1, sizeof *s->at);
	if (!s || !s->at) {
		config_fault(faults, "servers", "memory is short");
		free(s);
		return NULL;
	}
	s->loop = l;
	s->dialer = d;
	s->config = config;
	s->limits = imap_limits_default;
	s->limits.line_bytes = config->line_bytes;
	s->limits.response_bytes = config->response_bytes;
	s->limits.literal_bytes = config->literal_bytes;
	for (size_t i = 0; i < config->server_count; i++) {
		struct server *one = &s->at[s->count++];

		one->all = s;
		one->config = &config->servers[i];
		if (load_tls(one, faults))
			fill(one);
	}
	if (faults->count == 0)
		return s;
	servers_free(s);
	return NULL;
}

void servers_remember(struct servers *s, struct state *state)
{
	s->memory = account_mail_memory(state);
	for (size_t i = 0; i < s->count; i++)
		s->at[i].pop3.memory = &s->memory;
}

void servers_free(struct servers *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		tls_profile_free(s->at[i].tls);
	free(s->at);
	free(s);
}

static const struct app_server *app_server_of(const struct servers *s,
					      const struct config_server *c)
{
	return c ? &s->at[c - s->config->servers].app : NULL;
}

static const struct app_server *by_name(void *ctx, struct bytes name)
{
	const struct servers *s = ctx;

	return app_server_of(s, config_server_by_name(s->config, name));
}

/* A user name without a domain can only mean the one server there is. */
static const struct app_server *by_domain(void *ctx, struct bytes domain)
{
	const struct servers *s = ctx;

	if (bytes_is_null(domain))
		return s->count == 1 ? &s->at[0].app : NULL;
	return app_server_of(s, config_server_for_domain(s->config, domain));
}

struct app_servers servers_lookup(struct servers *s)
{
	return (struct app_servers){ .by_name = by_name, .by_domain = by_domain, .ctx = s };
}
