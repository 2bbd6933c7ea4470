#include "account/message_work.h"

void message_work_gone(struct message_work *m)
{
	work_fail_code(&m->work, ERR_NOT_FOUND, "message-not-found");
}

static void on_folder(struct work *w, const struct folder *folder)
{
	struct message_work *m = (struct message_work *)w;

	if (!folder) {
		message_work_gone(m);
		return;
	}
	m->folder = folder;
	w->step.lease.path = folder->path;
	m->ready(m);
}

static void on_step_failed(struct step *s, const struct fault *fault)
{
	struct message_work *m = s->owner;

	if (fault->err != ERR_NOT_FOUND) {
		work_end(&m->work, fault);
		return;
	}
	m->work.account->folders.is_stale = true;
	message_work_gone(m);
}

void message_work_begin(struct message_work *m, struct bytes id,
			void (*ready)(struct message_work *m))
{
	m->ready = ready;
	m->work.step.failed = on_step_failed;
	if (message_id_parse(id, &m->id) != ERR_OK)
		message_work_gone(m);
	else
		folders_try_look_up(&m->work, bytes_of_str(m->id.folder.text), on_folder);
}
