/* Finding a message by its bytes. Internal to imap/. */
#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include "imap/change.h"

/* Begins with the operation that looks. */
struct imap_finding {
	struct imap_op base;
	struct mail_source source;
	uint32_t first_uid;
	/* Runs once: the UID, or 0 when there is none. A refusal is base.fault. */
	void (*found)(struct imap_finding *f, uint32_t uid);

	/* Its own. */
	uint32_t *candidates; /* of the same size, newest last; in call.mem */
	size_t count;
	uint64_t compared;
	bool differs;
	/* Where the server adds fields: the beginning of the line at hand. */
	bool is_in_header, is_own_line, is_within_line;
	uint8_t head[16];
	size_t head_len;
};

/* Selects the folder of the request and looks. */
void imap_finding_start(struct imap_finding *f);

extern const struct imap_verb imap_verb_find; /* cmd_append.c */

#endif
