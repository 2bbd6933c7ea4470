#include "client.h"

#include "cmocka_all.h"

static void happened(struct client *c, enum client_event event)
{
	if (c->free_on != event)
		return;
	stream_free(c->stream);
	c->stream = NULL;
}

static enum flow on_data(void *ctx, struct bytes data)
{
	struct client *c = ctx;

	assert_non_null(c->stream);
	buf_append(&c->got, data);
	assert_int_equal(buf_err(&c->got), ERR_OK);
	if (data.len > c->pieces_max)
		c->pieces_max = data.len;
	happened(c, CLIENT_DATA);
	return c->pause ? FLOW_PAUSE : FLOW_MORE;
}

static void on_closed(void *ctx, const struct fault *fault)
{
	struct client *c = ctx;

	assert_non_null(c->stream);
	c->fault = *fault;
	c->closed++;
	happened(c, CLIENT_CLOSED);
}

static void on_drained(void *ctx)
{
	struct client *c = ctx;

	c->drained++;
	happened(c, CLIENT_DRAINED);
}

void client_on_secured(void *ctx)
{
	struct client *c = ctx;

	c->secured++;
	happened(c, CLIENT_SECURED);
}

static const struct stream_events events = {
	.on_data = on_data,
	.on_closed = on_closed,
	.on_drained = on_drained,
};

void client_init(struct client *c, struct loop *l, int fd, size_t out_max_bytes)
{
	*c = (struct client){ .loop = l };
	buf_init(&c->got, 1024 * 1024 * 1024);
	c->stream = stream_new(l, fd, out_max_bytes, &events, c);
	assert_non_null(c->stream);
}

void client_done(struct client *c)
{
	stream_free(c->stream);
	buf_done(&c->got);
}

void client_wait_text(struct client *c, const char *all_so_far)
{
	client_wait_bytes(c, strlen(all_so_far));
	assert_bytes_equal_str(buf_bytes(&c->got), all_so_far);
}

void client_wait_bytes(struct client *c, size_t count)
{
	for (int i = 0; i < CLIENT_TURNS_MAX && c->got.len < count && !c->closed; i++)
		loop_turn(c->loop, 5);
	if (c->got.len < count)
		fail_msg("%zu of %zu bytes came (%s)", c->got.len, count,
			 c->closed ? c->fault.text : "not closed");
}

void client_wait_closed(struct client *c, enum err err, const char *text)
{
	for (int i = 0; i < CLIENT_TURNS_MAX && !c->closed; i++)
		loop_turn(c->loop, 5);
	assert_int_equal(c->closed, 1);
	if (c->fault.err != err || (text && !strstr(c->fault.text, text)))
		fail_msg("closed with %s \"%s\", want %s \"%s\"", err_name(c->fault.err),
			 c->fault.text, err_name(err), text ? text : "");
}

void client_wait_secured(struct client *c)
{
	for (int i = 0; i < CLIENT_TURNS_MAX && !c->secured && !c->closed; i++)
		loop_turn(c->loop, 5);
	if (!c->secured)
		fail_msg("no TLS: %s", c->closed ? c->fault.text : "nothing happened");
}

void client_wait_freed(struct client *c)
{
	for (int i = 0; i < CLIENT_TURNS_MAX && c->stream; i++)
		loop_turn(c->loop, 5);
	assert_null(c->stream);
}
