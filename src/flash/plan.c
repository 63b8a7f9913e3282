/* See plan.h. */
#include "flash/plan.h"

#include <stdlib.h>
#include <string.h>

static enum status check_piece(const struct chip *chip, const struct flash_piece *p,
			       uint64_t previous_end, struct err *err)
{
	uint32_t end = chip->flash_base + chip->flash_size;

	if (!range_inside(p->address, p->len, chip->flash_base, chip->flash_size)) {
		err_set(err, STATUS_BAD_FILE,
			"the image has %zu bytes at 0x%08X; the flash of the %s is 0x%08X to "
			"0x%08X",
			p->len, p->address, chip->name, chip->flash_base, end - 1);
		err_next(err, "check that the file is for this chip, or name the chip with --chip");
		err_at(err, p->address);
		return STATUS_BAD_FILE;
	}
	if (p->address < previous_end)
		return err_set(err, STATUS_BAD_FILE,
			       "the image gives the bytes at 0x%08X twice, or out of order",
			       p->address);
	return STATUS_OK;
}

static enum status check_pieces(const struct chip *chip, const struct flash_piece *pieces,
				size_t count, struct err *err)
{
	uint64_t end = 0;

	for (size_t i = 0; i < count; i++) {
		enum status s = check_piece(chip, &pieces[i], end, err);

		if (s != STATUS_OK)
			return s;
		end = (uint64_t)pieces[i].address + pieces[i].len;
	}
	return STATUS_OK;
}

/* Marks the pages of flash that any piece touches; returns how many. */
static size_t mark(const struct chip *chip, const struct flash_piece *pieces, size_t count,
		   uint8_t *touched)
{
	size_t pages = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t offset = pieces[i].address - chip->flash_base;

		if (pieces[i].len == 0)
			continue;
		for (size_t n = offset / chip->page_size;
		     n <= (offset + pieces[i].len - 1) / chip->page_size; n++) {
			pages += !touched[n];
			touched[n] = 1;
		}
	}
	return pages;
}

static enum status allocate(struct plan *plan, size_t pages, struct err *err)
{
	size_t bytes = pages * plan->chip->page_size;

	plan->pages = calloc(pages + 1, sizeof *plan->pages);
	plan->room = malloc(bytes + 1);
	plan->covered = calloc(bytes + 1, 1);
	if (!plan->pages || !plan->room || !plan->covered)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	memset(plan->room, 0xFF, bytes);
	return STATUS_OK;
}

static void lay_pages(struct plan *plan, const uint8_t *touched)
{
	uint32_t size = plan->chip->page_size;

	for (size_t n = 0; n < plan->chip->flash_size / size; n++) {
		if (!touched[n])
			continue;
		plan->pages[plan->count].address = plan->chip->flash_base + (uint32_t)n * size;
		plan->pages[plan->count].want = plan->room + plan->count * size;
		plan->count++;
	}
}

static struct plan_page *page_of(struct plan *plan, uint32_t address)
{
	for (size_t i = 0; i < plan->count; i++)
		if (address - plan->pages[i].address < plan->chip->page_size)
			return &plan->pages[i];
	return NULL;
}

static void copy_piece(struct plan *plan, const struct flash_piece *piece)
{
	uint32_t size = plan->chip->page_size, address = piece->address;
	size_t done = 0;

	while (done < piece->len) {
		struct plan_page *page = page_of(plan, address);
		uint32_t in = address - page->address;
		size_t n = size - in < piece->len - done ? size - in : piece->len - done;

		memcpy(page->want + in, piece->data + done, n);
		memset(plan->covered + (page->want - plan->room) + in, 1, n);
		address += (uint32_t)n;
		done += n;
	}
}

static void find_partial(struct plan *plan)
{
	uint32_t size = plan->chip->page_size;

	for (size_t i = 0; i < plan->count; i++)
		plan->pages[i].partial = memchr(plan->covered + i * size, 0, size) != NULL;
}

enum status plan_new(const struct chip *chip, const struct flash_piece *pieces, size_t count,
		     struct plan *out, struct err *err)
{
	struct plan plan = {.chip = chip};
	uint8_t *touched = NULL;
	enum status s = check_pieces(chip, pieces, count, err);

	if (s == STATUS_OK) {
		touched = calloc(chip->flash_size / chip->page_size, 1);
		s = touched ? allocate(&plan, mark(chip, pieces, count, touched), err)
			    : err_set(err, STATUS_NO_MEMORY, "out of memory");
	}
	if (s == STATUS_OK) {
		lay_pages(&plan, touched);
		for (size_t i = 0; i < count; i++)
			copy_piece(&plan, &pieces[i]);
		find_partial(&plan);
		plan.pages[plan.key].key = true; /* one spare page is there even for no piece */
	}
	free(touched);
	if (s != STATUS_OK)
		plan_free(&plan);
	else
		*out = plan;
	return s;
}

void plan_free(struct plan *plan)
{
	free(plan->pages);
	free(plan->room);
	free(plan->covered);
	*plan = (struct plan){0};
}

void plan_fill(struct plan *plan, size_t page, const uint8_t *old)
{
	uint32_t size = plan->chip->page_size;
	const uint8_t *covered = plan->covered + page * size;

	for (uint32_t i = 0; i < size; i++)
		if (!covered[i])
			plan->pages[page].want[i] = old[i];
}

bool plan_is_blank(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != 0xFF)
			return false;
	return true;
}

size_t plan_run(const struct plan *plan, size_t first, bool (*pick)(const struct plan_page *))
{
	size_t n = first;

	while (n < plan->count && (!pick || pick(&plan->pages[n])) &&
	       plan->pages[n].address ==
		       plan->pages[first].address + (n - first) * plan->chip->page_size)
		n++;
	return n - first;
}
