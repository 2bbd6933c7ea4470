/* The files of static/, made part of the program by static/embed.py. */
#ifndef ENDPOINT_STATIC_FILES_H
#define ENDPOINT_STATIC_FILES_H

#include "http/reply.h"

struct static_file {
	const char *name; /* NULL ends the table */
	struct reply_file file;
};

extern const struct static_file static_files[];

#endif
