/* Lines of hexadecimal bytes with a checksum: what Intel HEX and S-records share. */
#include "image/image_internal.h"

enum status records_bad(const struct records *r, const char *what)
{
	err_set(r->err, STATUS_BAD_FILE, "%s, line %u: %s", r->name, r->line, what);
	err_next(r->err, "make the file again; it was damaged or cut while being copied");
	return STATUS_BAD_FILE;
}

enum status records_bytes(const struct records *r, const uint8_t *text, size_t len, size_t extra,
			  uint8_t *bytes, size_t *count, uint8_t *sum)
{
	if (len < 2 || hex_byte(text) < 0)
		return records_bad(r, "the record is truncated");
	*count = (size_t)hex_byte(text) + extra;
	*sum = 0;
	if (len < 2 * *count)
		return records_bad(r, "the record is truncated");
	for (size_t i = 0; i < *count; i++) {
		int v = hex_byte(text + 2 * i);

		if (v < 0)
			return records_bad(r, "not a hexadecimal digit");
		bytes[i] = (uint8_t)v;
		*sum = (uint8_t)(*sum + v);
	}
	return STATUS_OK;
}

static bool is_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

/* Files joined by `cat`: every reader would stop at the first end, and half of
 * what is meant would be missing. What is no record (a blank, Ctrl-Z) may stand. */
static enum status refuse_more(const struct records *r, const uint8_t *text, size_t len, size_t at)
{
	while (at < len && (is_end(text[at]) || text[at] == ' ' || text[at] == '\t'))
		at++;
	if (len - at < 3 || text[at] != (uint8_t)r->mark || hex_byte(text + at + 1) < 0)
		return STATUS_OK;
	err_set(r->err, STATUS_BAD_FILE,
		"%s goes on with another record after its end record: files joined?", r->name);
	err_next(r->err, "write them one after the other, or join them with objcopy or srec_cat");
	return STATUS_BAD_FILE;
}

enum status records_each(struct records *r, const uint8_t *text, size_t len,
			 enum status (*take_line)(struct records *r, const uint8_t *line,
						  size_t len))
{
	size_t at = 0;

	r->line = 1;
	for (; at < len && !r->ended; r->line++) {
		size_t end = at, next;
		enum status s = STATUS_OK;

		while (end < len && !is_end(text[end]))
			end++;
		next = end + (end + 1 < len && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
		while (at < end && (text[at] == ' ' || text[at] == '\t'))
			at++;
		if (end > at)
			s = take_line(r, text + at, end - at);
		if (s != STATUS_OK)
			return s;
		at = next;
	}
	if (r->ended)
		return refuse_more(r, text, len, at);
	err_set(r->err, STATUS_BAD_FILE, "%s is truncated: it has no end record%s", r->name,
		r->end_names);
	err_next(r->err, "make the file again; it was cut while being written or copied");
	return STATUS_BAD_FILE;
}
