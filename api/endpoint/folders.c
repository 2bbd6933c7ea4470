/* /v1/folders and /v1/folders/{folderId} */
#include "endpoint/endpoint.h"
#include "endpoint/user.h"
#include "json/folder.h"

#define FOLDER_MAX_BYTES (16 * 1024)
#define LIST_MAX_BYTES   (64 << 20)

static void on_listed(void *ctx, const struct fault *fault, const struct folder_list *folders)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;

	if (!answer_took(rq, fault))
		return;
	buf_init(&body, LIST_MAX_BYTES);
	w = json_writer_of(&body);
	json_folder_list(&w, folders);
	reply_json_tagged(rq, 200, &body);
}

void get_folders(struct request *rq)
{
	request_wait(rq, account_list_folders(user_account(rq), request_call(rq), on_listed, rq));
}

static void on_folder(void *ctx, const struct fault *fault, const struct folder *folder)
{
	struct request *rq = ctx;
	struct json_writer w;
	struct buf body;

	if (!answer_took(rq, fault))
		return;
	buf_init(&body, FOLDER_MAX_BYTES);
	w = json_writer_of(&body);
	json_folder(&w, folder);
	reply_json_tagged(rq, 200, &body);
}

void get_folder(struct request *rq)
{
	request_wait(rq, account_get_folder(user_account(rq), request_call(rq),
					    request_path_param(rq, "folderId"), on_folder, rq));
}
