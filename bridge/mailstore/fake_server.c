#include "mailstore/fake_server.h"

#include <stdlib.h>

struct fake_server *fake_server_new(struct loop *l)
{
	struct fake_server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->loop = l;
	s->chunk_bytes = 16 * 1024;
	s->data.mem = arena_new(FAKE_MEM_MAX);
	s->caps = (struct mailstore_caps){ .protocol = "imap",
					   .folders = true,
					   .move = true,
					   .append = true,
					   .search = true,
					   .sort = true,
					   .custom_keywords = true,
					   .uid_expunge = true,
					   .changes = true,
					   .whole_moves = true,
					   .counts_in_list = true,
					   .flags = MAILSTORE_FLAGS_SERVER,
					   .push = MAILSTORE_PUSH_NOTIFY };
	fake_add_folder(s, "INBOX", FOLDER_ROLE_INBOX);
	return s;
}

void fake_server_free(struct fake_server *s)
{
	if (!s)
		return;
	fake_data_done(&s->data);
	free(s);
}

struct mailstore_caps *fake_server_caps(struct fake_server *s)
{
	return &s->caps;
}

void fake_add_user(struct fake_server *s, const char *username, const char *password,
		   const char *token)
{
	struct arena *mem = s->data.mem;
	struct fake_user u = { arena_bytes(mem, bytes_of_str(username)),
			       arena_bytes(mem, bytes_of_str(password)),
			       arena_bytes(mem, bytes_of_str(token)) };

	for (size_t i = 0; i < s->user_count; i++) {
		if (bytes_equal(s->users[i].name, u.name)) {
			s->users[i] = u;
			return;
		}
	}
	if (s->user_count < USERS_MAX)
		s->users[s->user_count++] = u;
}

struct folder *fake_add_folder(struct fake_server *s, const char *path, enum folder_role role)
{
	struct fake_folder *f = fake_data_find(&s->data, bytes_of_str(path));

	if (!f)
		f = fake_data_add_folder(&s->data, bytes_of_str(path));
	fake_server_changed(s);
	f->info.role = role;
	return &f->info;
}

void fake_set_uidvalidity(struct fake_server *s, const char *path, uint32_t uidvalidity)
{
	fake_data_find(&s->data, bytes_of_str(path))->uidvalidity = uidvalidity;
	fake_server_changed(s);
}

static struct keywords parse_keywords(struct fake_server *s, const char *text)
{
	struct keywords k = { 0 };
	struct bytes rest = bytes_of_str(text), name;

	while (bytes_split(&rest, ' ', &name)) {
		unsigned bit = keywords_system_bit(name);

		k.system |= bit;
		if (!bit && name.len)
			fake_add_keyword(&k, s->data.mem, name);
	}
	return k;
}

uint32_t fake_add_message(struct fake_server *s, const char *path, struct bytes raw,
			  const char *keywords, int64_t received_at)
{
	struct keywords k = parse_keywords(s, keywords);

	fake_server_changed(s);
	return fake_folder_add(&s->data, fake_data_find(&s->data, bytes_of_str(path)), raw, &k,
			       received_at);
}

void fake_set_message_keywords(struct fake_server *s, const char *path, uint32_t uid,
			       const char *keywords)
{
	struct fake_folder *f = fake_data_find(&s->data, bytes_of_str(path));
	struct fake_message *m = fake_folder_find(f, uid);

	m->keywords = parse_keywords(s, keywords);
	m->modseq = ++f->modseq;
	fake_server_changed(s);
}

void fake_remove_message(struct fake_server *s, const char *path, uint32_t uid)
{
	fake_folder_remove(fake_data_find(&s->data, bytes_of_str(path)), uid);
	fake_server_changed(s);
}

void fake_fail_next(struct fake_server *s, enum mail_verb verb, const struct fault *fault)
{
	struct fake_script *sc = &s->script[verb];

	if (sc->fault_count < FAULTS_MAX)
		sc->faults[sc->fault_count++] = *fault;
}

void fake_hold(struct fake_server *s, enum mail_verb verb)
{
	s->script[verb].held = true;
	for (struct fake_session *se = s->sessions; se; se = se->next) {
		if (se->first && se->first->rq.verb == verb)
			loop_timer_stop(s->loop, &se->step);
	}
}

void fake_release(struct fake_server *s, enum mail_verb verb)
{
	s->script[verb].held = false;
	for (struct fake_session *se = s->sessions; se; se = se->next)
		fake_session_kick(se);
}

void fake_set_delay(struct fake_server *s, uint64_t delay_ms)
{
	s->delay_ms = delay_ms;
}

void fake_set_chunk(struct fake_server *s, size_t bytes)
{
	s->chunk_bytes = bytes;
}

void fake_set_half_moves(struct fake_server *s)
{
	s->data.half_moves = true;
}

void fake_hide_structure(struct fake_server *s)
{
	s->data.hides_structure = true;
}

void fake_drop_all(struct fake_server *s)
{
	struct fault fault = fault_with_text(ERR_NET, "closed by the server");
	struct fake_session *se = s->sessions;

	/* Callbacks may free any of them: begin anew after each. */
	while (se) {
		bool lost = se->open;

		if (lost)
			fake_session_end(se, &fault);
		se = lost ? s->sessions : se->next;
	}
}

unsigned fake_calls(const struct fake_server *s, enum mail_verb verb)
{
	return s->script[verb].calls;
}

unsigned fake_cancels(const struct fake_server *s, enum mail_verb verb)
{
	return s->script[verb].cancels;
}

unsigned fake_sessions_open(const struct fake_server *s)
{
	return s->open;
}

unsigned fake_sessions_peak(const struct fake_server *s)
{
	return s->peak;
}
