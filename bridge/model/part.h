/*
 * The MIME structure of a message as plain data: what BODYSTRUCTURE says
 * (RFC 9051 §7.5.2), or what a parse of the message itself found. Text is as
 * it came until mime/ has decoded it (mime_decode_part_names()).
 */
#ifndef MODEL_PART_H
#define MODEL_PART_H

#include "base/err.h"
#include "model/address.h"

#define PART_DEPTH_MAX 64   /* nesting that we follow */
#define PARTS_MAX      5000 /* per message */

enum part_encoding {
	PART_ENCODING_IDENTITY, /* 7bit, 8bit, binary, none, and what nobody knows */
	PART_ENCODING_BASE64,
	PART_ENCODING_QUOTED_PRINTABLE,
	PART_ENCODING_UUENCODE,
};

struct param {
	struct bytes name;  /* lower-case */
	struct bytes value; /* raw: RFC 2047/2231 undecoded */
};

struct param_list {
	struct param *at;
	size_t count;
};

struct part {
	struct bytes part_id;     /* section number "1.2"; null for multiparts */
	struct bytes section;     /* where its children hang: "1.2", "" for the top */
	struct bytes type;        /* "text/plain", lower-case */
	struct param_list params; /* of Content-Type */
	struct bytes disposition; /* lower-case "attachment", or null */
	struct param_list disposition_params;
	struct bytes cid; /* without angle brackets, or null */
	struct bytes_list language;
	struct bytes location;
	struct bytes description;
	enum part_encoding encoding;
	bool is_encoding_known; /* false: shown as it is, flagged in bodyValues */
	uint64_t encoded_size;  /* bytes on the wire */
	uint64_t size;          /* decoded; an estimate unless is_size_exact */
	bool is_size_exact;
	/* Filled by mime_decode_part_names(): */
	struct bytes name;    /* file name, UTF-8, or null */
	struct bytes charset; /* lower-case, or null */
	/* Multiparts have children; a message/rfc822 may have its inner body. */
	bool is_multipart;
	struct part *children; /* array */
	size_t child_count;
	struct part *message_body; /* structure inside message/rfc822, or NULL */
};

bool part_is_text(const struct part *p); /* text/plain or text/html to be read */
/* Depth first, into message/rfc822 as well; NULL when there is none. */
const struct part *part_find(const struct part *root, struct bytes part_id);
struct bytes part_param(const struct param_list *l, const char *name); /* raw; null if absent */
/* The raw size of a part divided by what its encoding adds; exact for identity. */
void part_estimate_size(struct part *p);

/* RFC 8621 §4.1.4: which parts are the text body, which the HTML body, which
 * are attachments. Arrays of pointers into the tree, in mem. */
struct part_view {
	const struct part **text, **html, **attachments;
	size_t text_count, html_count, attachment_count;
	bool has_attachment; /* RFC 8621's hasAttachment */
};
MUST_CHECK bool part_view_of(const struct part *root, struct arena *mem, struct part_view *ret);

#endif
