#include <stdio.h>

#include "imap/name.h"
#include "imap/store.h"

/* Where the user's own folders are: RFC 2342. */
static void set_prefix(struct imap_store *st)
{
	const struct imap_namespace_list *personal = &st->namespaces.personal;
	struct bytes prefix;

	if (!st->has_namespaces || !personal->count)
		return;
	prefix = imap_name_decode(st->names_mem, personal->at[0].prefix, personal->at[0].delimiter,
				  st->session->encoding.is_utf8);
	if (bytes_is_null(prefix) || prefix.len >= sizeof(st->caps.personal_prefix))
		return;
	(void)snprintf(st->caps.personal_prefix, sizeof(st->caps.personal_prefix), "%.*s",
		       BYTES_FMT(prefix));
	st->caps.delimiter = personal->at[0].delimiter;
}

void imap_store_set_caps(struct imap_store *st)
{
	const struct imap_session *s = st->session;

	st->caps = (struct mailstore_caps){
		.protocol = "imap",
		.folders = true,
		.move = true, /* COPY, STORE and EXPUNGE where there is no MOVE */
		.append = true,
		.search = true,
		.sort = imap_session_can(s, IMAP_CAP_SORT),
		.custom_keywords =
			!s->quirks.no_keywords, /* PERMANENTFLAGS of each folder says more */
		.uid_expunge = imap_session_can(s, IMAP_CAP_UIDPLUS),
		.whole_moves = imap_session_can(s, IMAP_CAP_MOVE),
		.changes = imap_session_can(s, IMAP_CAP_CONDSTORE) ||
			   imap_session_can(s, IMAP_CAP_QRESYNC),
		.decodes = imap_session_can(s, IMAP_CAP_BINARY) || imap_session_is_rev2(s),
		.counts_in_list = imap_session_can(s, IMAP_CAP_LIST_STATUS),
		.is_gmail = imap_session_can(s, IMAP_CAP_X_GM_EXT_1),
		.flags = MAILSTORE_FLAGS_SERVER,
		.push = MAILSTORE_PUSH_POLL,
		.sessions_max = s->quirks.is_exclusive ? 1 : 0,
	};
	if (imap_session_can(s, IMAP_CAP_NOTIFY))
		st->caps.push = MAILSTORE_PUSH_NOTIFY;
	else if (imap_session_can(s, IMAP_CAP_IDLE))
		st->caps.push = MAILSTORE_PUSH_IDLE;
	set_prefix(st);
}
