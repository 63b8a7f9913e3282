/*
 * Intel HEX (Intel, "Hexadecimal Object File Format Specification", rev. A,
 * 1988): record types 00 data, 01 end, 02/04 address extension, 03/05 start
 * address (read and not used).
 */
#include "image/image_internal.h"

struct ihex {
	const char *name;
	unsigned line;
	uint32_t base;      /* from types 02 and 04 */
	bool segmented;     /* 02: offsets wrap within 64 KiB */
	bool ended;
	struct chunks *out;
	struct err *err;
};

static enum status bad(struct ihex *h, const char *what)
{
	err_set(h->err, STATUS_BAD_FILE, "%s, line %u: %s", h->name, h->line, what);
	err_next(h->err, "make the file again; it was damaged or cut while being copied");
	return STATUS_BAD_FILE;
}

static enum status take_data(struct ihex *h, uint32_t offset, const uint8_t *data, size_t len)
{
	size_t first = len;
	enum status s;

	if (h->segmented && offset + len > 0x10000)
		first = 0x10000 - offset;
	s = chunks_add(h->out, h->base + offset, data, first, h->err);
	if (s == STATUS_OK && first < len)
		s = chunks_add(h->out, h->base, data + first, len - first, h->err);
	return s;
}

/* rec: count, address high, address low, type, data..., checksum */
static enum status take_record(struct ihex *h, const uint8_t *rec)
{
	uint32_t offset = get_be16(rec + 1);
	size_t len = rec[0];

	switch (rec[3]) {
	case 0:
		return take_data(h, offset, rec + 4, len);
	case 1:
		h->ended = true;
		return STATUS_OK;
	case 2:
	case 4:
		if (len != 2)
			return bad(h, "an address record of the wrong length");
		h->segmented = rec[3] == 2;
		h->base = (uint32_t)get_be16(rec + 4) << (h->segmented ? 4 : 16);
		return STATUS_OK;
	case 3:
	case 5:
		return STATUS_OK;
	default:
		return bad(h, "a record of an unknown type");
	}
}

static enum status take_line(struct ihex *h, const uint8_t *text, size_t len)
{
	uint8_t rec[5 + 255], sum = 0;
	size_t count;

	if (text[0] != ':')
		return bad(h, "does not begin with ':'");
	if (len < 11 || hex_byte(text + 1) < 0)
		return bad(h, "the record is truncated");
	count = (size_t)hex_byte(text + 1) + 5;
	if (len < 1 + 2 * count)
		return bad(h, "the record is truncated");
	for (size_t i = 0; i < count; i++) {
		int v = hex_byte(text + 1 + 2 * i);

		if (v < 0)
			return bad(h, "not a hexadecimal digit");
		rec[i] = (uint8_t)v;
		sum = (uint8_t)(sum + v);
	}
	if (sum != 0)
		return bad(h, "the checksum does not match");
	return take_record(h, rec);
}

enum status ihex_parse(const char *name, const uint8_t *text, size_t len, struct chunks *out,
		       struct err *err)
{
	struct ihex h = {.name = name, .line = 1, .out = out, .err = err};

	for (size_t at = 0; at < len && !h.ended; h.line++) {
		size_t end = at, next;

		while (end < len && text[end] != '\n' && text[end] != '\r')
			end++;
		next = end + (end + 1 < len && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
		while (at < end && (text[at] == ' ' || text[at] == '\t'))
			at++;
		if (end > at) {
			enum status s = take_line(&h, text + at, end - at);

			if (s != STATUS_OK)
				return s;
		}
		at = next;
	}
	if (!h.ended) {
		err_set(err, STATUS_BAD_FILE, "%s is truncated: it has no end record", name);
		err_next(err, "make the file again; it was cut while being written or copied");
		return STATUS_BAD_FILE;
	}
	return STATUS_OK;
}
