/*
 * Which pages an image touches, what they are to hold, and what is to be done
 * with each.
 */
#ifndef REFLASH_FLASH_PLAN_H
#define REFLASH_FLASH_PLAN_H

#include "flash/flash.h"

struct plan_page {
	uint32_t address;
	uint8_t *want;       /* page_size bytes, in the plan's room */
	bool partial;        /* some of it is not the image's: filled from the chip */
	bool old_blank;      /* holds 0xFF only */
	bool differs;        /* from what it is to hold */
	bool erase, program; /* what will be done */
	bool key;            /* what makes the image bootable: see flash.h */
};

struct plan {
	const struct chip *chip;
	struct plan_page *pages; /* ascending */
	size_t count;
	size_t key;              /* index of the key page */
	uint8_t *room;
	uint8_t *covered;        /* one byte a byte of room: 1 where the image says what it is */
};

/* Refuses pieces outside flash, out of order or overlapping (STATUS_BAD_FILE). */
enum status plan_new(const struct chip *chip, const struct flash_piece *pieces, size_t count,
		     struct plan *out, struct err *err) MUST_CHECK;
void plan_free(struct plan *plan);
/* Take over what the chip holds where the image says nothing. `old` is a page. */
void plan_fill(struct plan *plan, size_t page, const uint8_t *old);
bool plan_is_blank(const uint8_t *data, size_t len);
/* How many pages from `first` on follow each other without a gap, and are
 * chosen by `pick` (NULL: all). */
size_t plan_run(const struct plan *plan, size_t first, bool (*pick)(const struct plan_page *));

#endif
