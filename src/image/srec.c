/*
 * Motorola S-records: S0 header, S1/S2/S3 data with 16/24/32-bit addresses,
 * S5/S6 record count, S7/S8/S9 end. Source: M68000 Family Programmer's
 * Reference Manual (M68000PM/AD), appendix C. Extra characters after a
 * record's checksum are ignored, as the manual allows.
 */
#include "image/image_internal.h"

struct srec {
	const char *name;
	unsigned line;
	uint32_t records; /* data records so far */
	bool ended;
	struct chunks *out;
	struct err *err;
};

static enum status bad(struct srec *r, const char *what)
{
	err_set(r->err, STATUS_BAD_FILE, "%s, line %u: %s", r->name, r->line, what);
	err_next(r->err, "make the file again; it was damaged or cut while being copied");
	return STATUS_BAD_FILE;
}

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
		r->ended = true;
		return STATUS_OK;
	}
	if ((type == 5 || type == 6) && big_endian(rec, len) != r->records)
		return bad(r, "records are missing: the count does not match");
	if (address_len == 0)
		return STATUS_OK;
	if (len < address_len)
		return bad(r, "the record is truncated");
	r->records++;
	return chunks_add(r->out, big_endian(rec, address_len), rec + address_len,
			  len - address_len, r->err);
}

static enum status take_line(struct srec *r, const uint8_t *text, size_t len)
{
	uint8_t rec[256], sum = 0;
	size_t count;

	if (text[0] != 'S' || len < 2 || text[1] < '0' || text[1] > '9')
		return bad(r, "is not an S-record");
	if (len < 4 || hex_byte(text + 2) < 0)
		return bad(r, "the record is truncated");
	count = (size_t)hex_byte(text + 2) + 1;
	if (count < 4 || len < 2 + 2 * count)
		return bad(r, "the record is truncated");
	for (size_t i = 0; i < count; i++) {
		int v = hex_byte(text + 2 + 2 * i);

		if (v < 0)
			return bad(r, "not a hexadecimal digit");
		rec[i] = (uint8_t)v;
		sum = (uint8_t)(sum + v);
	}
	if (sum != 0xFF)
		return bad(r, "the checksum does not match");
	return take_record(r, text[1] - '0', rec + 1, count - 2);
}

enum status srec_parse(const char *name, const uint8_t *text, size_t len, struct chunks *out,
		       struct err *err)
{
	struct srec r = {.name = name, .line = 1, .out = out, .err = err};

	for (size_t at = 0; at < len && !r.ended; r.line++) {
		size_t end = at, next;

		while (end < len && text[end] != '\n' && text[end] != '\r')
			end++;
		next = end + (end + 1 < len && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
		while (at < end && (text[at] == ' ' || text[at] == '\t'))
			at++;
		if (end > at) {
			enum status s = take_line(&r, text + at, end - at);

			if (s != STATUS_OK)
				return s;
		}
		at = next;
	}
	if (!r.ended) {
		err_set(err, STATUS_BAD_FILE, "%s is truncated: it has no end record (S7, S8 or S9)",
			name);
		err_next(err, "make the file again; it was cut while being written or copied");
		return STATUS_BAD_FILE;
	}
	return STATUS_OK;
}
