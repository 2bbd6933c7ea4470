#include "account/edit.h"
#include "model/folder_name.h"

#define NAME_MAX_BYTES 255

bool edit_name_is_valid(struct bytes name, char delimiter)
{
	if (bytes_is_null(name) || !name.len || name.len > NAME_MAX_BYTES || !bytes_is_utf8(name) ||
	    folder_name_has_raw(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] < 0x20 || name.at[i] == 0x7f)
			return false;
	return !delimiter || bytes_index(name, (uint8_t)delimiter) == name.len;
}

void edit_refuse(struct work *w, enum err err, const char *code, const char *text)
{
	struct fault coded = fault_with_code(err, code);
	struct fault worded = fault_with_text(err, text);

	memcpy(coded.text, worded.text, sizeof coded.text);
	work_end(w, &coded);
}

struct fault edit_fault(struct account *a, const struct fault *fault)
{
	struct fault told = *fault;
	const char *code = NULL;

	if (fault->err == ERR_NOT_FOUND)
		return folders_fault(a, fault);
	if (fault->err == ERR_EXISTS)
		code = "folder-exists";
	else if (fault->err == ERR_UNSUPPORTED && !fault->protocol[0])
		code = "not-supported";
	else if (fault->err == ERR_INVALID)
		code = "invalid-folder-name";
	if (!code)
		return told;
	told = fault_with_code(fault->err, code);
	memcpy(told.text, fault->text, sizeof told.text);
	return told;
}

char edit_delimiter(const struct account *a, const struct folder_list *all,
		    const struct folder *parent)
{
	if (parent)
		return parent->delimiter;
	if (a->has_caps && a->caps.delimiter)
		return a->caps.delimiter;
	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].name_space == FOLDER_PERSONAL && all->at[i].delimiter)
			return all->at[i].delimiter;
	return 0;
}
