/* What a folder state is made of, for the files that implement it. */
#ifndef ACCOUNT_FOLDER_INSIDE_H
#define ACCOUNT_FOLDER_INSIDE_H

#include "account/folder_state.h"
#include "account/mail_map.h"

/* A modseq above highestmodseq that an event told. */
struct folder_modseq {
	uint32_t uid;
	uint64_t modseq;
};

struct folder_state {
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	uint64_t version;
	struct keyword_palette palette;
	struct mail_map map;
	struct folder_modseq *modseqs; /* by UID */
	size_t modseq_count, modseq_cap;
	struct uid_set uids; /* of the last baseline that was asked for */
	size_t max_bytes;
};

#define FOLDER_SET_NONE UINT16_MAX /* of a message that is not there */

#endif
