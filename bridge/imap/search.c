/* SEARCH and its two kinds of answer (RFC 9051 §6.4.4, RFC 4731). */
#include "imap/store.h"

bool imap_search_wants(const struct imap_exchange *x, const struct imap_response *r)
{
	/* Some that announce ESEARCH answer the old way all the same (iCloud): then
	 * only the order tells whose it is. */
	if (r->kind == IMAP_SEARCH)
		return !x->has_taken;
	return r->kind == IMAP_ESEARCH &&
	       (bytes_is_null(r->esearch.tag) || bytes_equal_str(r->esearch.tag, x->tag));
}

struct imap_exchange *imap_search_command(struct imap_op *op, const char *words,
					  const char *return_option,
					  void (*done)(struct imap_exchange *x,
						       const struct imap_reply *reply))
{
	struct imap_exchange *x = imap_op_command(op, words, done);

	if (!x)
		return NULL;
	x->wants = imap_search_wants;
	x->is_lonely = !imap_session_can(x->session, IMAP_CAP_ESEARCH);
	if (imap_session_can(x->session, IMAP_CAP_ESEARCH)) {
		imap_command_word(&x->command, "RETURN");
		imap_command_open(&x->command);
		imap_command_word(&x->command, return_option);
		imap_command_close(&x->command);
	}
	return x;
}

uint32_t imap_search_count(const struct imap_response *r)
{
	uint64_t n = 0;

	if (r->kind == IMAP_SEARCH)
		return (uint32_t)r->search.numbers.count;
	if (r->esearch.has & IMAP_ESEARCH_COUNT)
		return r->esearch.count;
	for (size_t i = 0; i < r->esearch.all.count; i++)
		n += r->esearch.all.at[i].last - r->esearch.all.at[i].first + 1;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}
