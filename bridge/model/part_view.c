/*
 * RFC 8621 §4.1.4: which parts of a message are its text, its HTML and its
 * attachments. The algorithm is the one printed there; the names are kept.
 */
#include "model/part.h"

struct pointers {
	const struct part **at;
	size_t count, cap;
};

struct view_state {
	struct arena *mem;
	bool failed;
	struct pointers text, html, attachments;
	bool has_attachment;
};

/* One multipart on the way down. `text` and `html` say whether these lists
 * still take parts here: the RFC sets them to null for the rest of a level. */
struct level {
	const char *subtype; /* "alternative", "related", or anything else */
	bool in_alternative, text, html;
	unsigned depth;
};

static void push(struct view_state *s, struct pointers *to, const struct part *p)
{
	if (to->count == to->cap) {
		size_t cap = to->cap ? to->cap * 2 : 4;
		const struct part **grown = ARENA_ARRAY(s->mem, cap, const struct part *);

		if (!grown) {
			s->failed = true;
			return;
		}
		if (to->count)
			memcpy(grown, to->at, to->count * sizeof(const struct part *));
		to->at = grown;
		to->cap = cap;
	}
	to->at[to->count++] = p;
}

static bool is_media(const struct part *p)
{
	return bytes_starts_with(p->type, BYTES_LIT("image/")) ||
	       bytes_starts_with(p->type, BYTES_LIT("audio/")) ||
	       bytes_starts_with(p->type, BYTES_LIT("video/"));
}

static bool is_name_param(struct bytes param, struct bytes name)
{
	return bytes_starts_with_nocase(param, name) &&
	       (param.len == name.len || param.at[name.len] == '*');
}

/* Works before mime_decode_part_names() too. */
static bool has_name(const struct part *p)
{
	if (p->name.len)
		return true;
	for (size_t i = 0; i < p->params.count; i++)
		if (is_name_param(p->params.at[i].name, BYTES_LIT("name")))
			return true;
	for (size_t i = 0; i < p->disposition_params.count; i++)
		if (is_name_param(p->disposition_params.at[i].name, BYTES_LIT("filename")))
			return true;
	return false;
}

static bool is_inline(const struct part *p, const struct level *l, size_t i)
{
	if (bytes_equal_str(p->disposition, "attachment") || (!part_is_text(p) && !is_media(p)))
		return false;
	return i == 0 || (strcmp(l->subtype, "related") != 0 && (is_media(p) || !has_name(p)));
}

/* An attachment by the RFC's rule, but for images that the HTML beside them
 * shows, which the RFC lets us leave out. */
static bool counts_as_attachment(const struct part *p, const struct level *l)
{
	bool is_embedded = strcmp(l->subtype, "related") == 0 && p->cid.len && is_media(p) &&
			   !bytes_equal_str(p->disposition, "attachment");

	return !is_embedded && !bytes_equal_str(p->disposition, "inline");
}

static void attach(struct view_state *s, const struct part *p, const struct level *l)
{
	push(s, &s->attachments, p);
	s->has_attachment |= counts_as_attachment(p, l);
}

static void place_alternative(struct view_state *s, const struct part *p, const struct level *l)
{
	if (bytes_equal_str(p->type, "text/plain")) {
		if (l->text)
			push(s, &s->text, p);
	} else if (bytes_equal_str(p->type, "text/html")) {
		if (l->html)
			push(s, &s->html, p);
	} else {
		attach(s, p, l);
	}
}

static void place_inline(struct view_state *s, const struct part *p, struct level *l)
{
	if (strcmp(l->subtype, "alternative") == 0) {
		place_alternative(s, p, l);
		return;
	}
	if (l->in_alternative && bytes_equal_str(p->type, "text/plain"))
		l->html = false;
	if (l->in_alternative && bytes_equal_str(p->type, "text/html"))
		l->text = false;
	if (l->text)
		push(s, &s->text, p);
	if (l->html)
		push(s, &s->html, p);
	if ((!l->text || !l->html) && is_media(p))
		attach(s, p, l);
}

static void copy_from(struct view_state *s, struct pointers *to, const struct pointers *from,
		      size_t first)
{
	size_t end = from->count;

	for (size_t i = first; i < end; i++)
		push(s, to, from->at[i]);
}

static const char *subtype_of(const struct part *p)
{
	if (bytes_equal_str(p->type, "multipart/alternative"))
		return "alternative";
	return bytes_equal_str(p->type, "multipart/related") ? "related" : "mixed";
}

static void parse_structure(struct view_state *s, const struct part *parts, size_t count,
			    struct level l)
{
	size_t text_before = s->text.count, html_before = s->html.count;

	for (size_t i = 0; i < count && !s->failed; i++) {
		const struct part *p = &parts[i];

		if (p->is_multipart && l.depth < 2 * PART_DEPTH_MAX) {
			struct level below = l;

			below.subtype = subtype_of(p);
			below.in_alternative |= strcmp(below.subtype, "alternative") == 0;
			below.depth++;
			parse_structure(s, p->children, p->child_count, below);
		} else if (p->is_multipart) {
			continue;
		} else if (is_inline(p, &l, i)) {
			place_inline(s, p, &l);
		} else {
			attach(s, p, &l);
		}
	}
	if (strcmp(l.subtype, "alternative") != 0 || !l.text || !l.html)
		return;
	if (s->text.count == text_before && s->html.count != html_before)
		copy_from(s, &s->text, &s->html, html_before);
	else if (s->html.count == html_before && s->text.count != text_before)
		copy_from(s, &s->html, &s->text, text_before);
}

bool part_view_of(const struct part *root, struct arena *mem, struct part_view *ret)
{
	struct view_state s = { .mem = mem };

	parse_structure(&s, root, 1, (struct level){ "mixed", false, true, true, 0 });
	if (s.failed)
		return false;
	*ret = (struct part_view){
		.text = s.text.at,
		.html = s.html.at,
		.attachments = s.attachments.at,
		.text_count = s.text.count,
		.html_count = s.html.count,
		.attachment_count = s.attachments.count,
		.has_attachment = s.has_attachment,
	};
	return true;
}
