/*
 * Parts that the server decodes (BINARY of RFC 3516), for ranges only: the size
 * costs it a decoding of the whole message before the first byte comes (a download
 * of 25 MB from Dovecot takes twice as long), while a range then costs a few
 * milliseconds instead of a download up to its end. And for base64 only, the
 * encoding of what is large, and only where it is so regular that what the server
 * makes of it is what is decoded here: an id never means two contents.
 */
#include "account/content.h"

bool content_decoded_is_wanted(const struct transfer *t)
{
	const struct account *a = t->m.work.account;

	return t->range.has_range && t->encoding == PART_ENCODING_BASE64 && !t->whole.is_known &&
	       a->caps.decodes && !sizes_is_undecodable(&a->sizes, &t->m.id, t->part_id);
}

/* Whatever went wrong, the encoded bytes are there. */
static void decode_here(struct transfer *t)
{
	sizes_note_undecodable(&t->m.work.account->sizes, &t->m.id, t->part_id);
	if (t->is_decoded) {
		t->is_decoded = false;
		t->section = t->plain;
		t->encoding = PART_ENCODING_BASE64;
	}
	t->begin(t);
}

static void on_size(void *ctx, const struct fault *fault, uint64_t size_bytes)
{
	struct transfer *t = ctx;

	if (!step_took(&t->m.work.step, fault))
		return;
	sizes_note(&t->m.work.account->sizes, &t->m.id, t->part_id, size_bytes);
	t->is_decoded = false;
	t->begin(t);
}

static struct op *ask_size(struct step *s, struct mailstore *ms)
{
	struct transfer *t = s->owner;

	return mailstore_part_size(ms, s->call, t->m.folder->path, &t->m.id.key, t->section.section,
				   t->section.whole_bytes, on_size, t);
}

void content_decoded_ask_size(struct transfer *t)
{
	t->is_decoded = true;
	t->plain = t->section;
	step_run_once(&t->m.work.step, ask_size);
}

void content_decoded_range(struct transfer *t)
{
	t->is_decoded = true;
	t->plain = t->section;
	t->section.is_decoded = true;
	t->section.whole_bytes = t->head.size_bytes;
	t->section.first = t->head.first;
	t->section.length = t->head.last - t->head.first + 1;
	t->encoding = PART_ENCODING_IDENTITY;
}

static void on_failed(struct step *s, const struct fault *fault)
{
	struct transfer *t = s->owner;

	if (!t->is_decoded || t->is_head_told ||
	    (fault->err != ERR_UNSUPPORTED && fault->err != ERR_REFUSED && fault->err != ERR_NET)) {
		t->failed(s, fault);
		return;
	}
	/* Dovecot says BYE to base64 that is cut off. */
	if (fault->err == ERR_NET)
		step_renew(s);
	decode_here(t);
}

void content_decoded_init(struct transfer *t, void (*begin)(struct transfer *t))
{
	t->begin = begin;
	t->failed = t->m.work.step.failed;
	t->m.work.step.failed = on_failed;
}
