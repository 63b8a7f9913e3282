/*
 * The public face of an image: segments, bytes, hash, and the questions about
 * lines, inlining and structs that the child answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "image/image_internal.h"

void image_free(struct image *img)
{
	if (!img)
		return;
	dwarf_child_free(img->dwarf);
	free(img->name);
	free(img->segments);
	free(img->bytes);
	free(img->sections);
	free(img->functions);
	free(img->others);
	free(img->strings);
	free(img->plain);
	free(img->file);
	free(img);
}

enum image_format image_format(const struct image *img)
{
	return img->format;
}

const char *image_name(const struct image *img)
{
	return img->name;
}

const struct image_segment *image_segments(const struct image *img, size_t *count)
{
	*count = img->segment_count;
	return img->segments;
}

uint32_t image_left_out(const struct image *img, uint32_t *address)
{
	*address = img->left_out_at;
	return img->left_out;
}

const struct image_section *image_sections(const struct image *img, size_t *count)
{
	*count = img->section_count;
	return img->sections;
}

void image_span(const struct image *img, uint32_t *low, uint32_t *high)
{
	const struct image_segment *last = &img->segments[img->segment_count - 1];

	*low = img->segments[0].address;
	*high = last->address + (uint32_t)last->len;
}

bool image_read(const struct image *img, uint32_t address, void *out, size_t len)
{
	if (img->moved && address < BOOT_ALIAS_END)
		address += FLASH_BASE;
	for (size_t i = 0; i < img->segment_count; i++) {
		const struct image_segment *s = &img->segments[i];

		if (address < s->address || address - s->address >= s->len)
			continue;
		if (len > s->len - (address - s->address))
			return false;
		memcpy(out, s->data + (address - s->address), len);
		return true;
	}
	return false;
}

uint32_t image_own_address(const struct image *img, uint32_t address)
{
	if (img->moved && address >= FLASH_BASE && address < FLASH_BASE + BOOT_ALIAS_END)
		return address - FLASH_BASE;
	return address;
}

void image_hash(const struct image *img, uint8_t out[32])
{
	sha256(img, out);
}

bool image_has_lines(const struct image *img)
{
	return img->has_lines;
}

static const char *cursor_text(struct cursor *c)
{
	const uint8_t *start = c->data + c->pos;
	const uint8_t *end = c->overrun ? NULL : memchr(start, 0, c->len - c->pos);

	if (!end) {
		c->overrun = true;
		return "";
	}
	c->pos += (size_t)(end - start) + 1;
	return (const char *)start;
}

/* line, column, file, directory */
static struct image_line take_line(const struct image *img, struct cursor *c)
{
	struct image_line line = {.line = cursor_le32(c), .column = cursor_le32(c)};

	line.file = dwarf_keep(img, cursor_text(c));
	line.directory = dwarf_keep(img, cursor_text(c));
	return line;
}

bool image_line_at(const struct image *img, uint32_t address, struct image_line *out)
{
	uint8_t buffer[DWARF_MESSAGE_MAX];
	struct cursor answer;
	struct image_line line;

	if (!img->has_lines ||
	    !dwarf_ask(img, ASK_LINE, image_own_address(img, address), "", &answer, buffer))
		return false;
	line = take_line(img, &answer);
	if (answer.overrun || !line.file || line.line == 0)
		return false;
	*out = line;
	return true;
}

/* Names alone, when there is no debug information. */
static size_t inlines_by_symbol(const struct image *img, uint32_t address,
				struct image_inline *out)
{
	const struct image_symbol *s = image_symbol_at(img, address);

	if (!s)
		return 0;
	out[0] = (struct image_inline){.function = s->name};
	return 1;
}

size_t image_inlines_at(const struct image *img, uint32_t address, struct image_inline *out,
			size_t max)
{
	uint8_t buffer[DWARF_MESSAGE_MAX];
	struct cursor answer;
	size_t count;

	if (max == 0)
		return 0;
	if (!img->has_lines ||
	    !dwarf_ask(img, ASK_INLINES, image_own_address(img, address), "", &answer, buffer))
		return inlines_by_symbol(img, address, out);
	count = cursor_u8(&answer);
	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++) {
		out[i].function = dwarf_keep(img, cursor_text(&answer));
		out[i].where = take_line(img, &answer);
		if (answer.overrun || !out[i].function)
			return i ? i : inlines_by_symbol(img, address, out);
	}
	return count ? count : inlines_by_symbol(img, address, out);
}

size_t image_rows_in(const struct image *img, uint32_t from, uint32_t to, struct image_row *out,
		     size_t max)
{
	uint8_t buffer[DWARF_MESSAGE_MAX];
	uint32_t start = image_own_address(img, from), end = image_own_address(img, to), first = start;
	struct cursor answer;
	size_t count = 0;

	/* an answer holds what fits: ask again from the last row on */
	while (img->has_lines && start < end &&
	       dwarf_ask(img, ASK_ROWS, start, "", &answer, buffer)) {
		uint32_t n = cursor_le32(&answer), last = start;

		for (uint32_t i = 0; i < n && !answer.overrun; i++) {
			struct image_row row = {.address = cursor_le32(&answer)};

			row.line = cursor_le32(&answer);
			row.statement = cursor_u8(&answer);
			row.file = dwarf_keep(img, cursor_text(&answer));
			last = row.address;
			if (answer.overrun || row.address >= end)
				return count;
			row.address += from - first;
			if (count < max)
				out[count] = row;
			count++;
		}
		if (n == 0)
			break;
		start = last + 1;
	}
	return count;
}

bool image_member_offset(const struct image *img, const char *structure, const char *member,
			 uint32_t *offset)
{
	uint8_t buffer[DWARF_MESSAGE_MAX];
	char text[128];
	struct cursor answer;
	uint32_t value;

	if (snprintf(text, sizeof text, "%s.%s", structure, member) >= (int)sizeof text ||
	    !img->has_lines || !dwarf_ask(img, ASK_MEMBER, 0, text, &answer, buffer))
		return false;
	value = cursor_le32(&answer);
	if (answer.overrun)
		return false;
	*offset = value;
	return true;
}

size_t image_parameters_at(const struct image *img, uint32_t address, unsigned frame,
			   struct image_parameter *out, size_t max)
{
	uint8_t buffer[DWARF_MESSAGE_MAX];
	char text[16];
	struct cursor answer;
	size_t count, n = 0;

	snprintf(text, sizeof text, "%u", frame);
	if (!img->has_lines || !dwarf_ask(img, ASK_PARAMETERS, image_own_address(img, address),
					  text, &answer, buffer))
		return 0;
	count = cursor_u8(&answer);
	while (n < count && n < max) {
		struct image_parameter p = {.kind = cursor_u8(&answer) ? IMAGE_PARAMETER_REGISTER
								       : IMAGE_PARAMETER_CONSTANT};

		p.value = cursor_le32(&answer);
		if (answer.overrun)
			break;
		out[n++] = p;
	}
	return n;
}
