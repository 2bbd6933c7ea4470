/* What there is to know of folders: LIST and its kin, STATUS, NAMESPACE. */
#include "imap/reader.h"

static unsigned list_attribute(struct bytes name)
{
	static const struct {
		const char *name;
		unsigned bits;
	} attributes[] = {
		{ "\\HasNoChildren", IMAP_LIST_HASNOCHILDREN },
		{ "\\HasChildren", IMAP_LIST_HASCHILDREN },
		{ "\\Noselect", IMAP_LIST_NOSELECT },
		{ "\\NonExistent", IMAP_LIST_NONEXISTENT | IMAP_LIST_NOSELECT },
		{ "\\Noinferiors", IMAP_LIST_NOINFERIORS },
		{ "\\Marked", IMAP_LIST_MARKED },
		{ "\\Unmarked", IMAP_LIST_UNMARKED },
		{ "\\Subscribed", IMAP_LIST_SUBSCRIBED },
		{ "\\Remote", IMAP_LIST_REMOTE },
		{ "\\All", IMAP_LIST_ALL },
		{ "\\AllMail", IMAP_LIST_ALL },
		{ "\\Archive", IMAP_LIST_ARCHIVE },
		{ "\\Drafts", IMAP_LIST_DRAFTS },
		{ "\\Flagged", IMAP_LIST_FLAGGED },
		{ "\\Starred", IMAP_LIST_FLAGGED },
		{ "\\Junk", IMAP_LIST_JUNK },
		{ "\\Spam", IMAP_LIST_JUNK },
		{ "\\Sent", IMAP_LIST_SENT },
		{ "\\Trash", IMAP_LIST_TRASH },
		{ "\\Important", IMAP_LIST_IMPORTANT },
		{ "\\Inbox", IMAP_LIST_INBOX },
	};

	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (bytes_equal_str_nocase(name, attributes[i].name))
			return attributes[i].bits;
	return 0;
}

/* A name that was not quoted though it holds spaces goes on to the end. */
static struct bytes read_list_mailbox(struct imap_reader *r)
{
	const uint8_t *from = r->at;
	bool is_bare = imap_peek(r) != '"' && imap_peek(r) != '{';
	struct bytes name = imap_read_astring(r);

	if (!is_bare || !imap_reader_ok(r) || r->at == r->end)
		return name;
	if (r->end - r->at > 1 && r->at[0] == ' ' && r->at[1] == '(')
		return name;
	r->at = r->end;
	while (r->at[-1] == ' ')
		r->at--;
	return bytes_of(from, (size_t)(r->at - from));
}

/* mbox-list-extended = "(" [mbox-list-extended-item ...] ")", RFC 5258 §6 */
static void read_list_extended(struct imap_reader *r, struct imap_list *l)
{
	struct bytes name;

	if (!imap_try(r, '('))
		return;
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		name = imap_read_astring(r);
		imap_skip_spaces(r);
		if (bytes_equal_str_nocase(name, "CHILDINFO")) {
			l->has_childinfo = true;
			imap_skip_value(r);
		} else if (bytes_equal_str_nocase(name, "OLDNAME")) {
			l->old_name = imap_read_wrapped(r);
		} else {
			imap_skip_value(r);
		}
		imap_skip_spaces(r);
	}
}

/* mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil)
 *                SP mailbox [SP mbox-list-extended] */
void imap_read_list(struct imap_reader *r, struct imap_response *out)
{
	struct imap_list *l = &out->list;

	l->names = imap_read_astring_list(r);
	for (size_t i = 0; i < l->names.count; i++)
		l->attributes |= list_attribute(l->names.at[i]);
	imap_skip_spaces(r);
	l->delimiter = imap_read_delimiter(r);
	imap_expect_space(r);
	l->mailbox = read_list_mailbox(r);
	imap_skip_spaces(r);
	read_list_extended(r, l);
}

/* Only STATUS: a bare name that holds spaces ends before " (". */
static struct bytes read_status_mailbox(struct imap_reader *r)
{
	const uint8_t *from = r->at;
	struct bytes name = imap_read_astring(r), rest;
	size_t more;

	if (!imap_reader_ok(r) || *from == '"' || *from == '{')
		return name;
	rest = bytes_of(r->at, (size_t)(r->end - r->at));
	more = bytes_find(rest, BYTES_LIT(" ("));
	if (more == rest.len)
		return name;
	r->at += more;
	return bytes_trim(bytes_of(from, (size_t)(r->at - from)));
}

struct status_item {
	const char *name;
	unsigned bit;
	size_t offset; /* in struct imap_status_data */
	bool is_u64;
};

#define ITEM(name, bit, member)                                                                    \
	{                                                                                          \
		name, bit, offsetof(struct imap_status_data, member),                              \
			sizeof((struct imap_status_data *)0)->member == sizeof(uint64_t)           \
	}

static const struct status_item status_items[] = {
	ITEM("MESSAGES", IMAP_STATUS_MESSAGES, messages),
	ITEM("UIDNEXT", IMAP_STATUS_UIDNEXT, uidnext),
	ITEM("UIDVALIDITY", IMAP_STATUS_UIDVALIDITY, uidvalidity),
	ITEM("UNSEEN", IMAP_STATUS_UNSEEN, unseen),
	ITEM("HIGHESTMODSEQ", IMAP_STATUS_HIGHESTMODSEQ, highestmodseq),
	ITEM("RECENT", IMAP_STATUS_RECENT, recent),
	ITEM("DELETED", IMAP_STATUS_DELETED, deleted),
	ITEM("SIZE", IMAP_STATUS_SIZE, size_bytes),
	ITEM("DELETED-STORAGE", IMAP_STATUS_DELETED_STORAGE, deleted_storage),
	ITEM("APPENDLIMIT", IMAP_STATUS_APPENDLIMIT, append_limit_bytes),
};

static void read_status_number(struct imap_reader *r, struct imap_status_data *s,
			       const struct status_item *item)
{
	if (imap_try_nil(r))
		return;
	if (item->is_u64)
		*(uint64_t *)((char *)s + item->offset) = imap_read_u64(r);
	else
		*(uint32_t *)((char *)s + item->offset) = imap_read_u32(r);
	s->has |= item->bit;
}

static void read_status_item(struct imap_reader *r, struct imap_status_data *s)
{
	struct bytes name = imap_read_word(r);

	imap_expect_space(r);
	for (size_t i = 0; i < sizeof status_items / sizeof *status_items; i++) {
		if (!bytes_equal_str_nocase(name, status_items[i].name))
			continue;
		read_status_number(r, s, &status_items[i]);
		return;
	}
	if (bytes_equal_str_nocase(name, "MAILBOXID")) {
		s->has |= IMAP_STATUS_MAILBOXID;
		s->mailbox_id = imap_read_wrapped(r);
	} else {
		imap_skip_value(r);
	}
}

/* "STATUS" SP mailbox SP "(" [status-att-list] ")" */
void imap_read_status(struct imap_reader *r, struct imap_response *out)
{
	struct imap_status_data *s = &out->folder;

	s->mailbox = read_status_mailbox(r);
	imap_skip_spaces(r);
	imap_expect(r, '(', "the list of status items is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		read_status_item(r, s);
		imap_skip_spaces(r);
	}
}

/* Namespace-Descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil)
 *                   [Namespace-Response-Extensions] ")" */
static void read_namespace(struct imap_reader *r, struct imap_namespace *n)
{
	imap_expect(r, '(', "a namespace is missing");
	n->prefix = imap_read_astring(r);
	imap_expect_space(r);
	n->delimiter = imap_read_delimiter(r);
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		imap_skip_value(r);
		imap_skip_spaces(r);
	}
}

/* Namespace = nil / "(" 1*Namespace-Descr ")" */
static void read_namespaces(struct imap_reader *r, struct imap_namespace_list *l)
{
	struct imap_vec v = { 0 };
	struct imap_namespace *n;

	imap_skip_spaces(r);
	if (imap_try_nil(r))
		return;
	imap_expect(r, '(', "a list of namespaces is missing");
	imap_skip_spaces(r);
	while (imap_reader_ok(r) && !imap_try(r, ')')) {
		n = IMAP_VEC_ADD(r, &v, struct imap_namespace, r->limits->items);
		if (n)
			read_namespace(r, n);
		imap_skip_spaces(r);
	}
	l->at = v.at;
	l->count = v.count;
}

/* "NAMESPACE" SP Namespace SP Namespace SP Namespace */
void imap_read_namespace(struct imap_reader *r, struct imap_response *out)
{
	read_namespaces(r, &out->namespaces.personal);
	read_namespaces(r, &out->namespaces.other);
	read_namespaces(r, &out->namespaces.shared);
}
