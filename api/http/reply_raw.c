/* Answers that do not go through MHD: in mid-body and when time is over, where
 * it cannot take one, and those of sockets that were taken over. */
#include <time.h>

#include "base/clock.h"
#include "http/internal.h"

static void write_field(struct buf *to, const char *name, const char *value)
{
	buf_append_str(to, name);
	buf_append_str(to, ": ");
	buf_append_str(to, value);
	buf_append_str(to, "\r\n");
}

/* IMF-fixdate, RFC 9110 §5.6.7 */
static void write_date(struct buf *to)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm t;

	if (gmtime_r(&now, &t))
		buf_printf(to, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
			   t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
			   t.tm_sec);
}

void reply_write_raw_start(struct buf *to, unsigned status, const char *type, uint64_t size)
{
	buf_printf(to, "HTTP/1.1 %u %s\r\n", status, MHD_get_reason_phrase_for(status));
	write_date(to);
	write_field(to, "Content-Type", type);
	if (size != UINT64_MAX)
		buf_printf(to, "Content-Length: %llu\r\n", (unsigned long long)size);
}

void reply_write_raw_fields(struct buf *to, struct request *rq)
{
	rq->must_close = true;
	reply_complete_fields(rq);
	for (struct reply_field *f = rq->reply_fields; f; f = f->next)
		if (!bytes_equal_str_nocase(bytes_of_str(f->name), "Content-Type"))
			write_field(to, f->name, f->value);
}

/* Without a request: its first line never came. */
static void write_bare(struct buf *to, struct http_server *s, const struct problem *p,
		       struct buf *body)
{
	char id[24];

	snprintf(id, sizeof id, "%s%llx", s->id_prefix, (unsigned long long)s->id_next++);
	problem_write(body, p, bytes_of_str(s->config.public_url), bytes_of_str(id));
	reply_write_raw_start(to, p->kind->status, PROBLEM_TYPE, body->len);
	write_field(to, "Cache-Control", "private, no-cache");
	write_field(to, "X-Content-Type-Options", "nosniff");
	write_field(to, "X-Request-Id", id);
	write_field(to, "Connection", "close");
}

void reply_write_raw(struct buf *to, struct http_server *s, struct request *rq,
		     const struct problem *p)
{
	struct buf body;

	buf_init(&body, HTTP_POOL_BYTES);
	if (rq) {
		problem_write(&body, p, request_origin(rq), request_id(rq));
		reply_write_raw_start(to, p->kind->status, PROBLEM_TYPE, body.len);
		reply_write_raw_fields(to, rq);
	} else {
		write_bare(to, s, p, &body);
	}
	buf_append_str(to, "\r\n");
	if (!rq || !rq->is_head)
		buf_append(to, buf_bytes(&body));
	to->err = to->err ? to->err : buf_err(&body);
	buf_done(&body);
}
