/* The certificates of peer.h. */
#ifndef UNIT_NET_PEER_CERTS_H
#define UNIT_NET_PEER_CERTS_H

#include "peer.h"

SSL_CTX *peer_certs_server_ctx(const struct peer_options *o);

#endif
