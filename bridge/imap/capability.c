#include "imap/capability.h"

static const char *const names[IMAP_CAPS] = {
	[IMAP_CAP_IMAP4REV1] = "IMAP4rev1",
	[IMAP_CAP_IMAP4REV2] = "IMAP4rev2",
	[IMAP_CAP_STARTTLS] = "STARTTLS",
	[IMAP_CAP_LOGINDISABLED] = "LOGINDISABLED",
	[IMAP_CAP_SASL_IR] = "SASL-IR",
	[IMAP_CAP_ID] = "ID",
	[IMAP_CAP_ENABLE] = "ENABLE",
	[IMAP_CAP_NAMESPACE] = "NAMESPACE",
	[IMAP_CAP_IDLE] = "IDLE",
	[IMAP_CAP_NOTIFY] = "NOTIFY",
	[IMAP_CAP_CONDSTORE] = "CONDSTORE",
	[IMAP_CAP_QRESYNC] = "QRESYNC",
	[IMAP_CAP_ESEARCH] = "ESEARCH",
	[IMAP_CAP_SEARCHRES] = "SEARCHRES",
	[IMAP_CAP_CONTEXT_SEARCH] = "CONTEXT=SEARCH",
	[IMAP_CAP_PARTIAL] = "PARTIAL",
	[IMAP_CAP_WITHIN] = "WITHIN",
	[IMAP_CAP_SORT] = "SORT",
	[IMAP_CAP_SORT_DISPLAY] = "SORT=DISPLAY",
	[IMAP_CAP_ESORT] = "ESORT",
	[IMAP_CAP_THREAD_REFERENCES] = "THREAD=REFERENCES",
	[IMAP_CAP_THREAD_REFS] = "THREAD=REFS",
	[IMAP_CAP_THREAD_ORDEREDSUBJECT] = "THREAD=ORDEREDSUBJECT",
	[IMAP_CAP_LIST_EXTENDED] = "LIST-EXTENDED",
	[IMAP_CAP_LIST_STATUS] = "LIST-STATUS",
	[IMAP_CAP_LIST_MYRIGHTS] = "LIST-MYRIGHTS",
	[IMAP_CAP_CHILDREN] = "CHILDREN",
	[IMAP_CAP_SPECIAL_USE] = "SPECIAL-USE",
	[IMAP_CAP_CREATE_SPECIAL_USE] = "CREATE-SPECIAL-USE",
	[IMAP_CAP_XLIST] = "XLIST",
	[IMAP_CAP_MOVE] = "MOVE",
	[IMAP_CAP_UIDPLUS] = "UIDPLUS",
	[IMAP_CAP_UNSELECT] = "UNSELECT",
	[IMAP_CAP_MULTIAPPEND] = "MULTIAPPEND",
	[IMAP_CAP_REPLACE] = "REPLACE",
	[IMAP_CAP_LITERAL_PLUS] = "LITERAL+",
	[IMAP_CAP_LITERAL_MINUS] = "LITERAL-",
	[IMAP_CAP_BINARY] = "BINARY",
	[IMAP_CAP_UTF8_ACCEPT] = "UTF8=ACCEPT",
	[IMAP_CAP_UTF8_ONLY] = "UTF8=ONLY",
	[IMAP_CAP_COMPRESS_DEFLATE] = "COMPRESS=DEFLATE",
	[IMAP_CAP_PREVIEW] = "PREVIEW",
	[IMAP_CAP_OBJECTID] = "OBJECTID",
	[IMAP_CAP_SAVEDATE] = "SAVEDATE",
	[IMAP_CAP_STATUS_SIZE] = "STATUS=SIZE",
	[IMAP_CAP_QUOTA] = "QUOTA",
	[IMAP_CAP_ACL] = "ACL",
	[IMAP_CAP_METADATA] = "METADATA",
	[IMAP_CAP_UIDONLY] = "UIDONLY",
	[IMAP_CAP_UNAUTHENTICATE] = "UNAUTHENTICATE",
	[IMAP_CAP_X_GM_EXT_1] = "X-GM-EXT-1",
};

_Static_assert(IMAP_CAPS <= 64, "one bit each");

const char *imap_cap_name(enum imap_cap cap)
{
	return names[cap];
}

static uint64_t bit(enum imap_cap cap)
{
	return UINT64_C(1) << cap;
}

/* RFC 9051 appendix E; of BINARY it has only what FETCH needs, so not here. */
void imap_capabilities_add_rev2(struct imap_capabilities *c)
{
	c->bits |= bit(IMAP_CAP_NAMESPACE) | bit(IMAP_CAP_UNSELECT) | bit(IMAP_CAP_UIDPLUS) |
		   bit(IMAP_CAP_ESEARCH) | bit(IMAP_CAP_SEARCHRES) | bit(IMAP_CAP_ENABLE) |
		   bit(IMAP_CAP_IDLE) | bit(IMAP_CAP_SASL_IR) | bit(IMAP_CAP_LIST_EXTENDED) |
		   bit(IMAP_CAP_LIST_STATUS) | bit(IMAP_CAP_MOVE) | bit(IMAP_CAP_LITERAL_MINUS) |
		   bit(IMAP_CAP_SPECIAL_USE) | bit(IMAP_CAP_STATUS_SIZE) | bit(IMAP_CAP_CHILDREN);
}

static void add_auth(struct imap_capabilities *c, struct bytes mechanism)
{
	char *to = c->auth[c->auth_count];

	if (mechanism.len == 0 || mechanism.len > IMAP_AUTH_NAME_MAX ||
	    c->auth_count == IMAP_AUTHS_MAX)
		return;
	for (size_t i = 0; i < mechanism.len; i++) {
		uint8_t b = mechanism.at[i];

		to[i] = (char)(b >= 'a' && b <= 'z' ? b - 32 : b);
	}
	to[mechanism.len] = '\0';
	c->auth_count++;
}

static void add_append_limit(struct imap_capabilities *c, struct bytes n)
{
	if (bytes_to_u64(n, UINT64_MAX, &c->append_limit_bytes))
		c->has_append_limit = true;
}

static void add_word(struct imap_capabilities *c, struct bytes word)
{
	static const struct bytes auth = { (const uint8_t *)"AUTH=", 5 };
	static const struct bytes limit = { (const uint8_t *)"APPENDLIMIT=", 12 };

	if (bytes_starts_with_nocase(word, auth)) {
		add_auth(c, bytes_skip(word, auth.len));
		return;
	}
	if (bytes_starts_with_nocase(word, limit)) {
		add_append_limit(c, bytes_skip(word, limit.len));
		return;
	}
	for (int i = 0; i < IMAP_CAPS; i++)
		if (bytes_equal_str_nocase(word, names[i]))
			c->bits |= bit((enum imap_cap)i);
}

struct imap_capabilities imap_capabilities_of(const struct bytes_list *words)
{
	struct imap_capabilities c = { .is_known = true };

	for (size_t i = 0; i < words->count; i++)
		add_word(&c, words->at[i]);
	/* RFC 7162 §3.2.3 */
	if (imap_capabilities_has(&c, IMAP_CAP_QRESYNC))
		c.bits |= bit(IMAP_CAP_CONDSTORE);
	if (imap_capabilities_has(&c, IMAP_CAP_UTF8_ONLY))
		c.bits |= bit(IMAP_CAP_UTF8_ACCEPT);
	if (imap_capabilities_has(&c, IMAP_CAP_IMAP4REV2) &&
	    !imap_capabilities_has(&c, IMAP_CAP_IMAP4REV1))
		imap_capabilities_add_rev2(&c);
	return c;
}

bool imap_capabilities_has_auth(const struct imap_capabilities *c, const char *mechanism)
{
	for (size_t i = 0; i < c->auth_count; i++)
		if (strcmp(c->auth[i], mechanism) == 0)
			return true;
	return false;
}
