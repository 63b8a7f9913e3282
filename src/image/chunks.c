/*
 * Pieces of a firmware file on their way to segments: gathered in the order of
 * the file, then sorted, checked for overlaps and merged.
 */
#include <stdlib.h>

#include "image/image_internal.h"

static bool grow(void **array, size_t *room, size_t needed, size_t element)
{
	size_t bigger = *room ? *room * 2 : 64;
	void *p;

	if (needed <= *room)
		return true;
	if (bigger < needed)
		bigger = needed;
	p = realloc(*array, bigger * element);
	if (!p)
		return false;
	*array = p;
	*room = bigger;
	return true;
}

static bool joins_last(const struct chunks *c, uint32_t address)
{
	const struct chunk *last = c->count ? &c->list[c->count - 1] : NULL;

	return last && last->address + last->len == address && last->offset + last->len == c->used;
}

enum status chunks_add(struct chunks *c, uint32_t address, const uint8_t *data, size_t len,
		       struct err *err)
{
	if (len == 0)
		return STATUS_OK;
	if (len > (size_t)UINT32_MAX - address)
		return err_set(err, STATUS_BAD_FILE,
			       "data at 0x%08X runs past the end of the address space", address);
	if (!grow((void **)&c->bytes, &c->size, c->used + len, 1) ||
	    !grow((void **)&c->list, &c->room, c->count + 1, sizeof *c->list))
		return err_set(err, STATUS_NO_MEMORY, "out of memory for %zu bytes of firmware", len);
	if (joins_last(c, address))
		c->list[c->count - 1].len += len;
	else
		c->list[c->count++] = (struct chunk){address, c->used, len};
	memcpy(c->bytes + c->used, data, len);
	c->used += len;
	return STATUS_OK;
}

void chunks_fini(struct chunks *c)
{
	free(c->list);
	free(c->bytes);
	*c = (struct chunks){0};
}

static int by_address(const void *a, const void *b)
{
	const struct chunk *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Flash seen at address 0 is the same flash: give it its own address. */
static bool move_alias(struct chunks *c)
{
	bool moved = false;

	for (size_t i = 0; i < c->count; i++) {
		if (c->list[i].address >= BOOT_ALIAS_END)
			continue;
		c->list[i].address += FLASH_BASE;
		moved = true;
	}
	return moved;
}

static enum status check_overlaps(const struct chunks *c, const char *name, struct err *err)
{
	for (size_t i = 1; i < c->count; i++) {
		const struct chunk *a = &c->list[i - 1], *b = &c->list[i];

		if (b->address - a->address >= a->len)
			continue;
		err_set(err, STATUS_BAD_FILE, "%s gives two contents for address 0x%08X (overlapping)",
			name, b->address);
		err_at(err, b->address);
		err_next(err, "check the linker script, or how the file was joined from others");
		return STATUS_BAD_FILE;
	}
	return STATUS_OK;
}

static enum status merge(const struct chunks *c, struct image *img, struct err *err)
{
	uint8_t *to;

	img->bytes = malloc(c->used);
	img->segments = calloc(c->count, sizeof *img->segments);
	if (!img->bytes || !img->segments)
		return err_set(err, STATUS_NO_MEMORY, "out of memory reading %s", img->name);
	to = img->bytes;
	for (size_t i = 0; i < c->count; i++) {
		const struct chunk *k = &c->list[i];
		struct image_segment *last = img->segments + img->segment_count;

		memcpy(to, c->bytes + k->offset, k->len);
		if (img->segment_count && last[-1].address + last[-1].len == k->address) {
			last[-1].len += k->len;
		} else {
			*last = (struct image_segment){k->address, to, k->len};
			img->segment_count++;
		}
		to += k->len;
	}
	return STATUS_OK;
}

enum status chunks_finish(struct chunks *c, struct image *img, struct err *err)
{
	enum status s;

	if (c->count == 0) {
		err_set(err, STATUS_BAD_FILE, "%s holds nothing to load into a chip", img->name);
		err_next(err, "check that the program was linked and not stripped of its code");
		return STATUS_BAD_FILE;
	}
	img->moved = move_alias(c);
	qsort(c->list, c->count, sizeof *c->list, by_address);
	s = check_overlaps(c, img->name, err);
	return s == STATUS_OK ? merge(c, img, err) : s;
}
