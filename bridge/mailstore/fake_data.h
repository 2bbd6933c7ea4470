/* Inside of fake.h: the folders and messages, and the verbs that work on them. */
#ifndef MAILSTORE_FAKE_DATA_H
#define MAILSTORE_FAKE_DATA_H

#include "mailstore/fake.h"

#define FAKE_MEM_MAX (512u << 20)

struct fake_message {
	uint32_t uid;
	uint64_t modseq;
	int64_t received_at;
	struct keywords keywords;
	struct bytes raw;
};

struct fake_gone {
	uint32_t uid;
	uint64_t modseq; /* when it went */
};

struct fake_folder {
	struct folder info;
	bool exists;
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;
	struct fake_message *messages; /* heap, by UID */
	size_t count, cap;
	struct fake_gone *gone; /* heap, by MODSEQ */
	size_t gone_count, gone_cap;
};

/* The content of a server; everything but the arrays lives in mem. */
struct fake_data {
	struct arena *mem;
	struct fake_folder *folders; /* heap */
	size_t count, cap;
	uint32_t next_uidvalidity;
	uint64_t folders_version; /* grows with each change of the tree */
	bool uid_expunge, hides_structure, has_modseqs, half_moves;
};

void fake_add_keyword(struct keywords *k, struct arena *mem, struct bytes name);
struct fake_folder *fake_data_find(struct fake_data *d, struct bytes path);
struct fake_folder *fake_data_add_folder(struct fake_data *d, struct bytes path);
struct fake_message *fake_folder_find(struct fake_folder *f, uint32_t uid);
uint32_t fake_folder_add(struct fake_data *d, struct fake_folder *f, struct bytes raw,
			 const struct keywords *k, int64_t received_at);
void fake_folder_remove(struct fake_folder *f, uint32_t uid);
struct folder_status fake_status(const struct fake_data *d, const struct fake_folder *f,
				 bool counts_deleted);
struct mail_item fake_item(struct arena *mem, const struct fake_data *d,
			   const struct fake_folder *f, const struct fake_message *m,
			   unsigned want);
void fake_data_done(struct fake_data *d);

/* Each verb: does it and answers at once, with results or with a fault. */
void fake_run_read(struct fake_data *d, const struct mail_request *rq);
void fake_run_change(struct fake_data *d, const struct mail_request *rq);
/* What is known before a change, for each of its results. */
void fake_look_before(struct fake_data *d, const struct mail_request *rq,
		      struct change_result *results);

/* The raw bytes of a section; null when there is no such thing. */
struct bytes fake_section(struct arena *mem, struct bytes raw, struct bytes section);
/* What BODYSTRUCTURE would say: multiparts and leaves, no message/rfc822. */
struct part *fake_structure(struct arena *mem, struct bytes raw);
/* The header block of an entity, blank line included, and what follows it. */
struct bytes fake_split_header(struct bytes raw, struct bytes *ret_body);
/* The raw value of the first such field, trimmed; null when absent. */
struct bytes fake_header_field(struct bytes header, struct bytes name);

#endif
