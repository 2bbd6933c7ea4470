/*
 * A connection to a mail server: bytes out, bytes in, plain or TLS, deflated
 * or not. Owns its socket. All callbacks come from the loop.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/buf.h"
#include "base/op.h"
#include "net/loop.h"
#include "net/tls.h"

struct stream;

struct stream_events {
	/* Everything given is taken. At most about 128 KiB in one turn of the
	 * loop, so that no server starves the others. After FLOW_PAUSE no more until
	 * stream_resume(). May call any stream function, stream_free() included. */
	flow_data_cb *on_data;
	/* The end, once: ERR_NET (closed or reset; `text` says which), ERR_TLS,
	 * ERR_PROTO (EOF without close_notify), ERR_TOO_BIG (inflate bomb). A clean end
	 * of the peer is ERR_NET with the text "closed by the server". No callback
	 * follows; the owner still frees the stream. While paused the end is not
	 * seen: what the server said before it is given first. */
	void (*on_closed)(void *ctx, const struct fault *fault);
	/* All queued output has been handed to the system; NULL if nobody cares. */
	void (*on_drained)(void *ctx);
};

/* Takes fd; `events` must outlive the stream. `out_max_bytes` bounds the queued output. NULL when
 * memory is short (fd is then closed). Reading starts with the next turn. */
struct stream *stream_new(struct loop *l, int fd, size_t out_max_bytes,
			  const struct stream_events *events, void *ctx);
/* Gives it up: queued output is dropped, and so is what was sent and never
 * acknowledged. A command that nobody waits for any more must not arrive when the
 * network comes back. (TLS: close_notify is tried once.) NULL is fine. */
void stream_free(struct stream *s);
/* The same for an orderly end: queued output is handed to the system first, as far
 * as it takes it at once, and the system delivers it. Nothing is waited for. */
void stream_close(struct stream *s);

/* Begins TLS. `host` is checked against the certificate and sent as SNI unless
 * it is an address. Handshake failures come as on_closed with ERR_TLS and a
 * reason a person can act on ("certificate has expired", "hostname mismatch").
 * `on_secured` is called once it stands. Bytes that came in clear after the
 * last on_data call and before this are refused with ERR_PROTO (STARTTLS
 * injection); what came behind the server's OK within that call is for the owner
 * to refuse. Also for TLS from the first byte. */
void stream_start_tls(struct stream *s, struct tls_profile *p, const char *host,
		      void (*on_secured)(void *ctx));
bool stream_is_tls(const struct stream *s);
/* tls-exporter (RFC 9266) or, below TLS 1.3, tls-unique channel binding for
 * SCRAM-PLUS; false when there is none. */
bool stream_channel_binding(struct stream *s, struct buf *ret, const char **ret_type);

/* COMPRESS=DEFLATE (RFC 4978): from here on both directions are deflated.
 * `leftover` are bytes already read behind the server's OK; they belong to the
 * inflater and come out of on_data in the next turn. */
MUST_CHECK enum err stream_start_deflate(struct stream *s, struct bytes leftover);

/* Queues; sent as soon as the socket takes it. ERR_TOO_BIG when the queue is
 * full, ERR_NET when the stream has ended. */
MUST_CHECK enum err stream_write(struct stream *s, struct bytes data);
size_t stream_queued_bytes(const struct stream *s);
void stream_resume(struct stream *s);

/* Sees everything that passes in clear form (net/tap.h writes transcripts). */
typedef void stream_tap_cb(void *ctx, bool outgoing, struct bytes data);
void stream_set_tap(struct stream *s, stream_tap_cb *tap, void *ctx);

#endif
