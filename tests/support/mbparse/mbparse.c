#include "mbparse.h"

#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "imap") == 0)
		return mbparse_imap(stdin, stdout);
	fputs("usage: mbparse imap < bytes as a server sent them\n"
	      "prints how mailbridge understands them, one JSON line per response; exit code 1\n"
	      "and a line with the position where they are malformed\n",
	      stderr);
	return 2;
}
