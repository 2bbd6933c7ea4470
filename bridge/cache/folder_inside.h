/* What a folder state is made of, for the files that implement it. */
#ifndef CACHE_FOLDER_INSIDE_H
#define CACHE_FOLDER_INSIDE_H

#include "cache/folder_state.h"
#include "cache/mail_map.h"

/* A modseq above highestmodseq that an event told. */
struct folder_modseq {
	uint32_t uid;
	uint64_t modseq;
};

/* What was changed last, where the server has no modseq to ask by. */
struct folder_past {
	struct folder_step *at; /* the oldest first; grows up to FOLDER_STEPS_MAX */
	size_t count, cap;
	uint64_t since; /* all that changed after this version is in it */
};

enum folder_step_kind {
	FOLDER_CREATED,
	FOLDER_UPDATED,
	FOLDER_GONE,
};

struct folder_step {
	uint64_t version; /* that it led to */
	uint32_t uid;
	uint8_t kind;
};

#define FOLDER_STEPS_MAX 512

struct folder_state {
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq;
	uint64_t version;
	struct keyword_palette palette;
	struct mail_map map;
	struct folder_modseq *modseqs; /* by UID */
	size_t modseq_count, modseq_cap;
	struct folder_past past;
	struct uid_set uids; /* of the last baseline that was asked for */
	size_t max_bytes;
	bool is_ahead; /* of highestmodseq, by events; or that is not known */
};

/* Notes what the last change was, which led to the present version; NULL: nothing that
 * was before is to be compared with it. */
void folder_past_note(struct folder_state *fs, const struct folder_diff *diff);
void folder_past_done(struct folder_past *p);

#define FOLDER_SET_NONE UINT16_MAX /* of a message that is not there */

#endif
