/*
 * Which chip is a firmware image for? A file does not name its chip; where it
 * lies, how much RAM its stack pointer assumes and which peripheral addresses
 * appear in it decide. Sources: RM0008 table 3 (F1: GPIO at 0x40010800), RM0090
 * (F2/F4: RCC at 0x40023800), RM0091/RM0316/RM0351 (F0, F3, L4: GPIO at
 * 0x48000000), RM0444 (G0: GPIO at 0x50000000).
 */
#include <stdio.h>

#include "lockout/lockout_internal.h"

/* What the largest parts of the family have (RM0008 2.3.3, 3.3.1). */
#define FLASH_MOST (1024u * 1024)
#define RAM_MOST (96u * 1024)

struct family_hint {
	const char *family;
	uint32_t low, high; /* literals in [low, high) belong to it alone */
};
static const struct family_hint hints[] = {
	{"STM32F1", 0x40010800, 0x40012400},
	{"STM32F0, F3, L4 or G4", 0x48000000, 0x48002000},
	{"STM32F2, F4 or F7", 0x40023800, 0x40023C80},
	{"STM32G0 or L0", 0x50000000, 0x50002000},
	{"STM32H7", 0x58020000, 0x58025000},
};
#define HINTS (sizeof hints / sizeof hints[0])

static void count_hints(const struct image *img, unsigned count[HINTS])
{
	size_t n;
	const struct image_segment *s = image_segments(img, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t at = -s[i].address & 3u; at + 4 <= s[i].len; at += 4) {
			uint32_t word = get_le32(s[i].data + at);

			for (size_t h = 0; h < HINTS; h++)
				count[h] += word >= hints[h].low && word < hints[h].high;
		}
}

/* The family whose addresses appear though no F1 address does; NULL: none. */
static const char *other_family(const struct image *img)
{
	unsigned count[HINTS] = {0};
	size_t best = 0;

	count_hints(img, count);
	for (size_t h = 1; h < HINTS; h++)
		if (count[h] > count[best])
			best = h;
	return count[0] == 0 && count[best] >= 2 ? hints[best].family : NULL;
}

static bool fits(const struct chip *c, uint32_t high, uint32_t sp)
{
	return high <= c->flash_base + c->flash_size && sp <= c->ram_base + c->ram_size;
}

/* The commonest parts first: a Blue Pill, its bigger flash, then high density. */
static const char *const candidates[] = {"STM32F103C8", "STM32F103CB", "STM32F103RC",
					 "STM32F103RE", "STM32F103RG"};

static uint32_t flash_end(const struct image *img)
{
	size_t n;
	const struct image_segment *s = image_segments(img, &n);
	uint32_t high = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].address >= 0x08000000 && s[i].address < 0x10000000)
			high = s[i].address + (uint32_t)s[i].len;
	return high;
}

const struct chip *chip_for_image(const struct image *img, const struct lockout_options *opt,
				  char *why, size_t why_size)
{
	uint32_t vectors, sp = 0, high = flash_end(img);
	const char *family;

	if (opt->chip) {
		snprintf(why, why_size, "as given");
		return opt->chip;
	}
	family = other_family(img);
	if (family) {
		snprintf(why, why_size, "it uses the peripheral addresses of an %s", family);
		return NULL;
	}
	if (image_vectors(img, &vectors, NULL))
		(void)image_read(img, vectors, &sp, 4);
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
		const struct chip *c = chip_by_name(candidates[i]);

		if (!c || !fits(c, high, sp))
			continue;
		snprintf(why, why_size, "assumed: the smallest common part with %u KiB of flash and "
			 "its stack at 0x%08X", (high - 0x08000000 + 1023) / 1024, sp);
		return c;
	}
	snprintf(why, why_size, "it ends at 0x%08X and has its stack at 0x%08X: no part that is "
		 "modelled has so much memory", high, sp);
	return NULL;
}

const struct chip *chip_above(const struct image *img, const struct chip *assumed)
{
	uint32_t vectors, sp = 0;

	if (assumed->density >= DENSITY_HIGH)
		return NULL;
	if (image_vectors(img, &vectors, NULL))
		(void)image_read(img, vectors, &sp, 4);
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
		const struct chip *c = chip_by_name(candidates[i]);

		if (c && c->density >= DENSITY_HIGH && fits(c, flash_end(img), sp))
			return c;
	}
	return NULL;
}

/* Whether the part has what lies at `address`, as far as that is memory of any part:
 * a stray pointer is no sign of a bigger one. */
static bool has_memory(const struct chip *c, uint32_t address)
{
	if (address - c->flash_base < FLASH_MOST)
		return address - c->flash_base < c->flash_size;
	return address - c->ram_base >= RAM_MOST || address - c->ram_base < c->ram_size;
}

const struct chip *chip_with_memory(const struct image *img, const struct chip *assumed,
				    uint32_t address)
{
	uint32_t vectors, sp = 0;

	if (has_memory(assumed, address))
		return NULL;
	if (image_vectors(img, &vectors, NULL))
		(void)image_read(img, vectors, &sp, 4);
	for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
		const struct chip *c = chip_by_name(candidates[i]);

		if (c && c->density >= assumed->density && has_memory(c, address) &&
		    fits(c, flash_end(img), sp))
			return c;
	}
	return NULL;
}
