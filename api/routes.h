/* The route table: every path of the service, in the order of the OpenAPI document. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "http/route.h"

extern const struct route_table api_routes;
/* Of the listener for the operator's monitoring. */
extern const struct route_table metrics_routes;

#endif
