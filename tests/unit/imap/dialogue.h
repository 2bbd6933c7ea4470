/*
 * A conversation with what it is for: a script (script.h) whose A lines say what
 * is asked of the mail store and whose R lines say what it gives back. The next
 * A line is read when the answer to the one before it is complete.
 *
 *	A: open                         as alice with a password; "open token": with a token
 *	A: list
 *	A: status FOLDER
 *	A: page FOLDER LIMIT            the newest first, all that a summary needs
 *	A: sort FOLDER LIMIT            the same by the date of arrival
 *	A: find FOLDER KIND TEXT        KIND text, from, subject, body, header:NAME, after,
 *	                                keyword, minSize
 *	A: fetch FOLDER UIDS            flags and dates
 *	A: stream FOLDER UID SECTION SIZE   SECTION "" is the whole, SIZE 0: not known
 *	A: flag FOLDER UIDS +NAME -NAME ...
 *	A: copy FOLDER UIDS TO          and move
 *	A: expunge FOLDER UIDS
 *	A: append FOLDER FLAGS TEXT     FLAGS "$seen,todo" or ""; TEXT with \r \n as escapes
 *	A: quota
 *	A: create FOLDER                and delete, subscribe, unsubscribe; rename FOLDER TO
 *	A: ping
 *	A: ended                        the server has closed the conversation
 *
 * Words with blanks stand in double quotes, UIDS are separated by commas and belong
 * to the UIDVALIDITY that was seen last.
 */
#ifndef UNIT_IMAP_DIALOGUE_H
#define UNIT_IMAP_DIALOGUE_H

#include "store_test.h"

/* Plays the file at `path`. Fails the test where the two differ, unless `faults` cut
 * the conversation off: then nothing is expected but that every operation ends. */
void dialogue_play(const char *path, const struct script_faults *faults);
/* How many octets the server says in it. */
uint64_t dialogue_server_bytes(const char *path);

#endif
