/* JSON bodies of requests, with the problem that answers a faulty one. */
#ifndef ENDPOINT_BODY_H
#define ENDPOINT_BODY_H

#include "http/reply.h"
#include "http/request.h"
#include "json/body.h"

/* Reads the body into *ret (zeroed by the caller). False: it was answered. */
bool body_read(struct request *rq, const struct json_member *members, void *ret);

/* One fault that the table cannot express: 400 invalid-request with a pointer. */
void body_refuse(struct request *rq, const char *pointer, const char *code, const char *detail);

#endif
