#include "model/part.h"

/* A line of base64 as everybody writes it: 57 bytes in 76 characters and CRLF. */
#define BASE64_LINE_DECODED 57
#define BASE64_LINE_BYTES   78
/* A line of uuencode: 45 bytes in 61 characters and CRLF. */
#define UU_LINE_DECODED 45
#define UU_LINE_BYTES   63

bool part_is_text(const struct part *p)
{
	return bytes_equal_str(p->type, "text/plain") || bytes_equal_str(p->type, "text/html");
}

static const struct part *find(const struct part *p, struct bytes part_id, unsigned depth)
{
	const struct part *hit = NULL;

	if (!bytes_is_null(p->part_id) && bytes_equal(p->part_id, part_id))
		return p;
	if (depth >= 2 * PART_DEPTH_MAX)
		return NULL;
	for (size_t i = 0; !hit && i < p->child_count; i++)
		hit = find(&p->children[i], part_id, depth + 1);
	if (!hit && p->message_body)
		hit = find(p->message_body, part_id, depth + 1);
	return hit;
}

const struct part *part_find(const struct part *root, struct bytes part_id)
{
	return root && part_id.len ? find(root, part_id, 0) : NULL;
}

struct bytes part_param(const struct param_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (bytes_equal_str_nocase(l->at[i].name, name))
			return l->at[i].value;
	return BYTES_NULL;
}

/* n * num / den without overflow. */
static uint64_t scaled(uint64_t n, uint64_t num, uint64_t den)
{
	return n / den * num + n % den * num / den;
}

void part_estimate_size(struct part *p)
{
	p->is_size_exact = false;
	switch (p->encoding) {
	case PART_ENCODING_IDENTITY:
		p->size = p->encoded_size;
		p->is_size_exact = true;
		break;
	case PART_ENCODING_BASE64:
		p->size = scaled(p->encoded_size, BASE64_LINE_DECODED, BASE64_LINE_BYTES);
		break;
	case PART_ENCODING_QUOTED_PRINTABLE: p->size = p->encoded_size; break;
	case PART_ENCODING_UUENCODE:
		p->size = scaled(p->encoded_size, UU_LINE_DECODED, UU_LINE_BYTES);
		break;
	}
}
