/*
 * Intel HEX (Intel, "Hexadecimal Object File Format Specification", rev. A,
 * 1988): record types 00 data, 01 end, 02/04 address extension, 03/05 start
 * address (read and not used).
 */
#include "image/image_internal.h"

struct ihex {
	struct records r;
	uint32_t base;      /* from types 02 and 04 */
	bool segmented;     /* 02: offsets wrap within 64 KiB */
};

static enum status take_data(struct ihex *h, uint32_t offset, const uint8_t *data, size_t len)
{
	size_t first = len;
	enum status s;

	if (h->segmented && offset + len > 0x10000)
		first = 0x10000 - offset;
	s = chunks_add(h->r.out, h->base + offset, data, first, h->r.err);
	if (s == STATUS_OK && first < len)
		s = chunks_add(h->r.out, h->base, data + first, len - first, h->r.err);
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
		h->r.ended = true;
		return STATUS_OK;
	case 2:
	case 4:
		if (len != 2)
			return records_bad(&h->r, "an address record of the wrong length");
		h->segmented = rec[3] == 2;
		h->base = (uint32_t)get_be16(rec + 4) << (h->segmented ? 4 : 16);
		return STATUS_OK;
	case 3:
	case 5:
		return STATUS_OK;
	default:
		return records_bad(&h->r, "a record of an unknown type");
	}
}

static enum status take_line(struct records *r, const uint8_t *text, size_t len)
{
	uint8_t rec[5 + 255], sum;
	size_t count;
	enum status s;

	if (text[0] != ':')
		return records_bad(r, "does not begin with ':'");
	s = records_bytes(r, text + 1, len - 1, 5, rec, &count, &sum);
	if (s != STATUS_OK)
		return s;
	return sum == 0 ? take_record((struct ihex *)r, rec)
			: records_bad(r, "the checksum does not match");
}

enum status ihex_parse(const char *name, const uint8_t *text, size_t len, struct chunks *out,
		       struct err *err)
{
	struct ihex h = {.r = {.name = name, .mark = ':', .end_names = "", .out = out, .err = err}};

	return records_each(&h.r, text, len, take_line);
}
