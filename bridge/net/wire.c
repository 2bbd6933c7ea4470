#include "net/wire.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum wire_io io_of_tls(struct wire *w, enum tls_io io, enum tls_io usual_wait)
{
	switch (io) {
	case TLS_OK: return WIRE_DONE;
	case TLS_CLOSED: return WIRE_CLOSED;
	case TLS_FAILED: return WIRE_FAILED;
	case TLS_WANT_READ:
	case TLS_WANT_WRITE: break;
	}
	if (io != usual_wait)
		w->crossed = true;
	return WIRE_WAIT;
}

static enum wire_io io_of_errno(struct wire *w)
{
	if (errno == EAGAIN || errno == EINTR)
		return WIRE_WAIT;
	w->sys_errno = errno;
	return WIRE_FAILED;
}

enum wire_io wire_read(struct wire *w, uint8_t *to, size_t size, size_t *ret_n)
{
	ssize_t n;

	if (w->tls)
		return io_of_tls(w, tls_conn_read(w->tls, to, size, ret_n), TLS_WANT_READ);
	n = recv(w->fd, to, size, 0);
	if (n < 0)
		return io_of_errno(w);
	*ret_n = (size_t)n;
	return n > 0 ? WIRE_DONE : WIRE_CLOSED;
}

enum wire_io wire_write(struct wire *w, struct bytes data, size_t *ret_n)
{
	ssize_t n;

	if (w->tls)
		return io_of_tls(w, tls_conn_write(w->tls, data, ret_n), TLS_WANT_WRITE);
	n = send(w->fd, data.at, data.len, MSG_NOSIGNAL);
	if (n < 0)
		return io_of_errno(w);
	*ret_n = (size_t)n;
	return WIRE_DONE;
}

bool wire_has_unread(const struct wire *w)
{
	uint8_t c;

	return recv(w->fd, &c, 1, MSG_PEEK) > 0;
}

struct fault wire_fault(const struct wire *w)
{
	if (w->tls)
		return tls_conn_fault(w->tls);
	if (w->sys_errno == ECONNRESET)
		return fault_with_text(ERR_NET, "connection reset by the server");
	if (w->sys_errno == ETIMEDOUT)
		return fault_with_text(ERR_NET, "the server does not answer any more");
	return fault_with_text(ERR_NET, strerror(w->sys_errno));
}

void wire_close(struct wire *w)
{
	tls_conn_free(w->tls);
	w->tls = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

void wire_drop(struct wire *w)
{
	const struct linger at_once = { .l_onoff = 1 };
	int unacknowledged = 0;

	if (w->fd >= 0 && ioctl(w->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0)
		(void)setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	wire_close(w);
}
