/*
 * Motorola S-records: S0 header, S1/S2/S3 data with 16/24/32-bit addresses,
 * S5/S6 record count, S7/S8/S9 end. Source: M68000 Family Programmer's
 * Reference Manual (M68000PM/AD), appendix C. Extra characters after a
 * record's checksum are ignored, as the manual allows.
 */
#include "image/image_internal.h"

struct srec {
	struct records r;
	uint32_t data_records; /* so far */
};

static uint32_t big_endian(const uint8_t *p, size_t len)
{
	uint32_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

/* rec: the bytes after the count, without the checksum */
static enum status take_record(struct srec *r, unsigned type, const uint8_t *rec, size_t len)
{
	size_t address_len = type >= 1 && type <= 3 ? type + 1 : 0;

	if (type >= 7) {
		r->r.ended = true;
		return STATUS_OK;
	}
	if ((type == 5 || type == 6) && big_endian(rec, len) != r->data_records)
		return records_bad(&r->r, "records are missing: the count does not match");
	if (address_len == 0)
		return STATUS_OK;
	if (len < address_len)
		return records_bad(&r->r, "the record is truncated");
	r->data_records++;
	return chunks_add(r->r.out, big_endian(rec, address_len), rec + address_len,
			  len - address_len, r->r.err);
}

static enum status take_line(struct records *r, const uint8_t *text, size_t len)
{
	enum { SHORTEST = 4 }; /* count, two bytes of address, checksum */
	uint8_t rec[1 + 255], sum;
	size_t count;
	enum status s;

	if (text[0] != 'S' || len < 2 || text[1] < '0' || text[1] > '9')
		return records_bad(r, "is not an S-record");
	s = records_bytes(r, text + 2, len - 2, 1, rec, &count, &sum);
	if (s != STATUS_OK)
		return s;
	if (count < SHORTEST)
		return records_bad(r, "the record is truncated");
	return sum == 0xFF ? take_record((struct srec *)r, text[1] - '0', rec + 1, count - 2)
			   : records_bad(r, "the checksum does not match");
}

enum status srec_parse(const char *name, const uint8_t *text, size_t len, struct chunks *out,
		       struct err *err)
{
	struct srec r = {.r = {.name = name, .mark = 'S', .end_names = " (S7, S8 or S9)", .out = out,
			       .err = err}};

	return records_each(&r.r, text, len, take_line);
}
