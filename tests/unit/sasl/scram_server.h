/*
 * A SCRAM server (RFC 5802, 7677, 9266) over OpenSSL, independent of what is
 * tested. Messages in clear, not base64.
 */
#ifndef UNIT_SASL_SCRAM_SERVER_H
#define UNIT_SASL_SCRAM_SERVER_H

#include "base/buf.h"

struct scram_server {
	bool sha256;
	const char *password;
	const char *server_nonce; /* what it adds to the client's */
	const char *salt;         /* base64 */
	int iterations;
	const char *gs2_header; /* that it expects: "n,,", "y,,", "p=tls-exporter,," */
	struct bytes binding;   /* for "p=" */
	/* kept from step to step */
	char first_bare[256], server_first[256];
};

/* Each answers into `to` or fails the test. */
void scram_server_first(struct scram_server *s, struct bytes client_first, struct buf *to);
void scram_server_final(struct scram_server *s, struct bytes client_final, struct buf *to);

#endif
