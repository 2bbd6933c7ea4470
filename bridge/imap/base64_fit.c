#include "imap/base64_fit.h"

struct lines {
	uint64_t length;    /* digits of each but the last */
	uint64_t end_bytes; /* of a line end: CRLF or LF */
};

static bool is_digit(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

static bool find_lines(uint64_t encoded, struct bytes head, struct lines *ret)
{
	size_t n = 0;

	while (n < head.len && is_digit(head.at[n]))
		n++;
	if (n == head.len) {
		*ret = (struct lines){ n, 0 };
		return n == encoded; /* there is but one */
	}
	*ret = (struct lines){ n, 1 + (head.at[n] == '\r') };
	/* Padding, and more behind it than line ends: several pieces. */
	if (n && head.at[n - 1] == '=' && n + 4 < encoded)
		return false;
	return n > 0 && n + ret->end_bytes <= head.len && head.at[n + ret->end_bytes - 1] == '\n';
}

bool imap_base64_fits(uint64_t encoded, uint64_t decoded, struct bytes head, struct bytes tail)
{
	uint64_t digits, padding = 0, line_count;
	size_t end = tail.len;
	struct lines lines;

	if (decoded > encoded)
		return false;
	while (end && (tail.at[end - 1] == '\n' || tail.at[end - 1] == '\r'))
		end--;
	while (padding < end && tail.at[end - padding - 1] == '=')
		padding++;
	digits = (decoded + 2) / 3 * 4;
	if (!digits || padding != (3 - decoded % 3) % 3 || !find_lines(encoded, head, &lines))
		return false;
	line_count = (digits + lines.length - 1) / lines.length;
	return digits + (line_count - 1) * lines.end_bytes + (tail.len - end) == encoded;
}
