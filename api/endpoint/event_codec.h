/* The bytes of events and summaries that the bridge keeps for us: members of JSON
 * objects, ready to be copied into answers (json/event.h, json/summary.h). */
#ifndef ENDPOINT_EVENT_CODEC_H
#define ENDPOINT_EVENT_CODEC_H

#include "account/account.h"

extern const struct account_codec event_codec;

#endif
