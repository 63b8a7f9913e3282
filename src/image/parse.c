/*
 * What kind of file is it, and off to its parser. The content decides; a
 * file's name is used in messages only.
 */
#include <stdlib.h>

#include "image/image_internal.h"

/* Things people pass by mistake, told apart by their first bytes. */
struct foreign {
	const char *magic;
	size_t len;
	const char *what, *next;
};
static const struct foreign foreign_files[] = {
	{"!<arch>\n", 8, "a library archive (.a)", "give the linked program (usually .elf)"},
	{"UF2\n", 4, "a UF2 file", "convert it to binary or Intel HEX first"},
	{"DfuSe", 5, "a DfuSe file", "take the .bin, .hex or .elf it was made from"},
	{"\x1f\x8b\x08", 3, "a gzip archive", "unpack it first"},
	{"PK\x03\x04", 4, "a zip archive", "unpack it first"},
	{"\x89PNG", 4, "a picture", "give the firmware file"},
	{"<?xml", 5, "an XML file", "give the firmware file"},
};

const char *image_format_name(enum image_format f)
{
	static const char *const names[] = {"ELF", "Intel HEX", "S-record", "raw binary"};

	return names[f];
}

static bool starts_with(const uint8_t *bytes, size_t len, const char *magic, size_t magic_len)
{
	return len >= magic_len && memcmp(bytes, magic, magic_len) == 0;
}

int hex_byte(const uint8_t *text)
{
	int value = 0;

	for (int i = 0; i < 2; i++) {
		int c = text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* A record mark with a few hexadecimal digits behind it: text, not code. */
static bool looks_like_records(const uint8_t *text, size_t len, enum image_format *format)
{
	size_t at = 0;

	while (at < len && (text[at] == '\n' || text[at] == '\r' || text[at] == ' '))
		at++;
	if (len - at >= 9 && text[at] == ':' && hex_byte(text + at + 1) >= 0 &&
	    hex_byte(text + at + 3) >= 0 && hex_byte(text + at + 7) >= 0)
		*format = IMAGE_IHEX;
	else if (len - at >= 6 && text[at] == 'S' && text[at + 1] >= '0' && text[at + 1] <= '9' &&
		 hex_byte(text + at + 2) >= 0 && hex_byte(text + at + 4) >= 0)
		*format = IMAGE_SREC;
	else
		return false;
	return true;
}

static enum image_format sniff(const uint8_t *bytes, size_t len)
{
	enum image_format format;

	if (starts_with(bytes, len, "\x7f" "ELF", 4))
		return IMAGE_ELF;
	if (looks_like_records(bytes, len, &format))
		return format;
	return IMAGE_RAW;
}

static enum status refuse_foreign(const char *name, const uint8_t *bytes, size_t len,
				  struct err *err)
{
	for (size_t i = 0; i < sizeof foreign_files / sizeof foreign_files[0]; i++) {
		const struct foreign *f = &foreign_files[i];

		if (!starts_with(bytes, len, f->magic, f->len))
			continue;
		err_set(err, STATUS_BAD_FILE, "%s is %s, not a firmware file", name, f->what);
		err_next(err, "%s", f->next);
		return STATUS_BAD_FILE;
	}
	return STATUS_OK;
}

#define RAW_MAX (2u * 1024 * 1024)

static enum status raw_parse(const char *name, const uint8_t *bytes, size_t len, uint32_t address,
			     struct chunks *out, struct err *err)
{
	enum status s = refuse_foreign(name, bytes, len, err);

	if (s != STATUS_OK)
		return s;
	if (len > RAW_MAX) {
		err_set(err, STATUS_BAD_FILE,
			"%s is %zu bytes and no ELF, Intel HEX or S-record file: too large to be a "
			"raw image of an STM32's flash", name, len);
		err_next(err, "give the firmware's .elf, .hex or .bin file");
		return STATUS_BAD_FILE;
	}
	return chunks_add(out, address == IMAGE_NO_ADDRESS ? FLASH_BASE : address, bytes, len, err);
}

static enum status parse_into(struct image *img, const uint8_t *bytes, size_t len, uint32_t address,
			      struct chunks *chunks, struct err *err)
{
	switch (img->format) {
	case IMAGE_ELF:
		return elf_parse(bytes, len, img, chunks, err);
	case IMAGE_IHEX:
		return ihex_parse(img->name, bytes, len, chunks, err);
	case IMAGE_SREC:
		return srec_parse(img->name, bytes, len, chunks, err);
	case IMAGE_RAW:
		break;
	}
	return raw_parse(img->name, bytes, len, address, chunks, err);
}

static enum status check_request(const char *name, size_t len, enum image_format format,
				 uint32_t raw_address, struct err *err)
{
	if (len == 0) {
		err_set(err, STATUS_BAD_FILE, "%s is empty", name);
		err_next(err, "build the firmware again: the last build or copy left no data");
		return STATUS_BAD_FILE;
	}
	if (format != IMAGE_RAW && raw_address != IMAGE_NO_ADDRESS) {
		err_set(err, STATUS_USAGE, "%s is an %s file, which says itself where it goes", name,
			image_format_name(format));
		err_next(err, "leave the address out");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

enum status image_parse(const char *name, const uint8_t *bytes, size_t len, uint32_t raw_address,
			struct image **out, struct err *err)
{
	enum image_format format = sniff(bytes, len);
	struct chunks chunks = {0};
	struct image *img;
	enum status s = check_request(name, len, format, raw_address, err);

	if (s != STATUS_OK)
		return s;
	img = calloc(1, sizeof *img);
	if (!img || !(img->name = strdup(name))) {
		free(img);
		return err_set(err, STATUS_NO_MEMORY, "out of memory reading %s", name);
	}
	img->format = format;
	s = parse_into(img, bytes, len, raw_address, &chunks, err);
	if (s == STATUS_OK)
		s = chunks_finish(&chunks, img, err);
	chunks_fini(&chunks);
	if (s != STATUS_OK) {
		image_free(img);
		return s;
	}
	*out = img;
	return STATUS_OK;
}
