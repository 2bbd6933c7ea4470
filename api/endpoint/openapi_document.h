/* openapi/openapi.yaml as it was built in (openapi/embed.py makes the source). */
#ifndef ENDPOINT_OPENAPI_DOCUMENT_H
#define ENDPOINT_OPENAPI_DOCUMENT_H

#include "base/bytes.h"

struct bytes openapi_json(void);
struct bytes openapi_yaml(void);
/* Without quotes. */
const char *openapi_etag(void);

#endif
