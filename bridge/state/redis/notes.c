#include "state/redis/notes.h"

#include <stdlib.h>

/* Of each state_ear; it has the list of them, and they this one. */
struct redis_note_ear {
	struct redis_ear ear;
	struct redis_notes *notes;
	struct state_ear *of;
	struct redis_note_ear *next, **prev;
};

/* The message: who says it, the note. */
static void on_message(struct redis_ear *ear, struct bytes message)
{
	struct redis_note_ear *e = (struct redis_note_ear *)ear;
	struct bytes from = bytes_first(message, PROCESS_ID_BYTES);

	if (message.len >= PROCESS_ID_BYTES && !bytes_equal_str(from, e->notes->process->id))
		e->of->on_note(e->of, bytes_skip(message, PROCESS_ID_BYTES));
}

enum err redis_notes_hear(struct redis_notes *n, struct bytes name, struct state_ear *of)
{
	struct redis_note_ear *e = calloc(1, sizeof *e);

	if (!e)
		return ERR_NOMEM;
	e->ear.on_message = on_message;
	e->notes = n;
	e->of = of;
	if (redis_process_listen(n->process, "note", name, &e->ear)) {
		free(e);
		return ERR_NOMEM;
	}
	e->next = n->ears;
	e->prev = &n->ears;
	if (e->next)
		e->next->prev = &e->next;
	n->ears = e;
	of->of_store = e;
	return ERR_OK;
}

void redis_notes_unhear(struct state_ear *of)
{
	struct redis_note_ear *e = of->of_store;

	redis_ears_unlisten(&e->ear);
	*e->prev = e->next;
	if (e->next)
		e->next->prev = e->prev;
	of->of_store = NULL;
	free(e);
}

void redis_notes_say(struct redis_notes *n, struct bytes name, struct bytes note)
{
	struct redis_args a;
	const struct bytes *list;

	if (note.len > STATE_NOTE_MAX_BYTES)
		return;
	redis_args_init(&a);
	redis_args_add_str(&a, "PUBLISH");
	redis_process_add_channel(n->process, &a, "note", name);
	redis_args_add_pieces(&a, (const struct bytes[]){ bytes_of_str(n->process->id), note }, 2);
	list = redis_args_list(&a);
	if (list)
		redis_tell(n->process->link, list, 3);
	redis_args_done(&a);
}

void redis_notes_init(struct redis_notes *n, struct redis_process *p)
{
	*n = (struct redis_notes){ .process = p };
}

void redis_notes_done(struct redis_notes *n)
{
	while (n->ears) {
		struct state_ear *of = n->ears->of;

		of->state = NULL;
		redis_notes_unhear(of);
	}
}
