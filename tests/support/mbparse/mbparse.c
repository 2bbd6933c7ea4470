#include "mbparse.h"

#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "imap") == 0)
		return mbparse_imap(stdin, stdout);
	if (argc == 2 && strcmp(argv[1], "mime") == 0)
		return mbparse_mime(stdin, stdout);
	fputs("usage: mbparse imap < bytes as a server sent them\n"
	      "       mbparse mime < a message\n"
	      "prints how mailbridge understands them: one JSON line per response, or the object\n"
	      "of GET /v1/messages/{id}; exit code 1 and a line with the position where they are\n"
	      "malformed\n",
	      stderr);
	return 2;
}
