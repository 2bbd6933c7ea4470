/* CAPABILITY, ENABLED, FLAGS, ID, QUOTA and ACL: short lists of strings. */
#include "imap/reader.h"

/* RFC 9051 §7.2.1 and §7.2.2 */
void imap_read_capability(struct imap_reader *r, struct imap_response *out)
{
	out->words = imap_read_words(r);
}

/* RFC 9051 §7.3.5 */
void imap_read_flags_response(struct imap_reader *r, struct imap_response *out)
{
	imap_read_flags(r, &out->flags);
}

/* id-params-list = "(" *(string SP nstring) ")" / nil, RFC 2971 §3.1 */
void imap_read_id(struct imap_reader *r, struct imap_response *out)
{
	struct imap_vec v = { 0 };
	struct imap_pair *p;

	if (imap_try_nil(r))
		return;
	imap_expect(r, '(', "the list of ID fields is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		p = IMAP_VEC_ADD(r, &v, struct imap_pair, r->limits->items);
		if (!p)
			return;
		p->name = imap_read_astring(r);
		imap_skip_spaces(r);
		if (imap_peek(r) != ')')
			p->value = imap_read_nstring(r);
		imap_skip_spaces(r);
	}
	out->id = (struct imap_pair_list){ .at = v.at, .count = v.count };
}

/* quota-resource = resource-name SP resource-usage SP resource-limit */
static void read_resource(struct imap_reader *r, struct imap_quota_resource *q)
{
	q->name = imap_read_astring(r);
	imap_expect_space(r);
	q->usage = imap_read_u64(r);
	imap_expect_space(r);
	q->limit = imap_read_u64(r);
	imap_skip_spaces(r);
}

/* "QUOTA" SP quota-root-name SP "(" [quota-resource ...] ")", RFC 9208 §7. Courier
 * leaves out a list that would be empty. */
void imap_read_quota(struct imap_reader *r, struct imap_response *out)
{
	struct imap_vec v = { 0 };
	struct imap_quota_resource *q;

	out->quota.root = imap_peek(r) == '(' ? BYTES_LIT("") : imap_read_astring(r);
	imap_skip_spaces(r);
	if (imap_peek(r) == -1)
		return;
	imap_expect(r, '(', "the list of resources is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		q = IMAP_VEC_ADD(r, &v, struct imap_quota_resource, r->limits->items);
		if (q)
			read_resource(r, q);
	}
	out->quota.at = v.at;
	out->quota.count = v.count;
}

/* SP astring up to the end */
static struct bytes_list read_astrings(struct imap_reader *r)
{
	struct imap_vec v = { 0 };
	struct bytes *s;

	imap_skip_spaces(r);
	while (imap_peek(r) != -1) {
		s = IMAP_VEC_ADD(r, &v, struct bytes, r->limits->items);
		if (s)
			*s = imap_read_astring(r);
		imap_skip_spaces(r);
	}
	return imap_as_bytes_list(&v);
}

/* "QUOTAROOT" SP mailbox *(SP quota-root-name) */
void imap_read_quota_root(struct imap_reader *r, struct imap_response *out)
{
	out->quota_root.mailbox = imap_read_astring(r);
	out->quota_root.roots = read_astrings(r);
}

/* "ACL" SP mailbox *(SP identifier SP rights), RFC 4314 §4 */
void imap_read_acl(struct imap_reader *r, struct imap_response *out)
{
	struct imap_vec v = { 0 };
	struct imap_pair *p;

	out->rights.mailbox = imap_read_astring(r);
	imap_skip_spaces(r);
	while (imap_peek(r) != -1) {
		p = IMAP_VEC_ADD(r, &v, struct imap_pair, r->limits->items);
		if (!p)
			return;
		p->name = imap_read_astring(r);
		imap_expect_space(r);
		p->value = imap_read_astring(r);
		imap_skip_spaces(r);
	}
	out->rights.acl = (struct imap_pair_list){ .at = v.at, .count = v.count };
}

/* "MYRIGHTS" SP mailbox SP rights */
void imap_read_my_rights(struct imap_reader *r, struct imap_response *out)
{
	out->rights.mailbox = imap_read_astring(r);
	imap_expect_space(r);
	out->rights.rights = imap_read_astring(r);
}

/* "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights) */
void imap_read_list_rights(struct imap_reader *r, struct imap_response *out)
{
	out->rights.mailbox = imap_read_astring(r);
	imap_expect_space(r);
	out->rights.identifier = imap_read_astring(r);
	imap_expect_space(r);
	out->rights.rights = imap_read_astring(r);
	out->rights.optional = read_astrings(r);
}
