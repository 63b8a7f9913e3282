/*
 * Where the vector table is. Start-up files call it by a handful of names;
 * without one of them the lowest address with a plausible pair of initial
 * stack pointer and reset vector is taken. Source: DDI 0403 B1.5.3; RM0008
 * section 3.3.3 (SRAM at 0x20000000, at most 96 KiB).
 */
#include "image/image_internal.h"

static const char *const table_names[] = {
	"__Vectors", "g_pfnVectors", "vector_table", "__isr_vector", "__vector_table",
	"_vectors", "vectors", "__vectors", "isr_vector", "isr_vectors", "__interrupt_vector",
	"stm32_vectors", "_vector_table", "vtable", "__stm32_vector_table", "interrupt_table",
	"cortex_vector_base", "exception_table", "__VECTOR_TABLE",
};

#define RAM_MOST (128u * 1024)

static bool plausible(const struct image *img, uint32_t address, const char **why)
{
	uint8_t pair[8];
	uint32_t sp, reset, low, high;

	*why = "has no vector table";
	if (!image_read(img, address, pair, sizeof pair))
		return false;
	sp = get_le32(pair);
	reset = get_le32(pair + 4);
	*why = "has an erased vector table";
	if (sp == UINT32_MAX && reset == UINT32_MAX)
		return false;
	*why = "has a vector table whose initial stack pointer is not in RAM";
	if (sp <= RAM_BASE || sp > RAM_BASE + RAM_MOST || sp & 3)
		return false;
	*why = "has a vector table whose reset vector is not a Thumb address";
	if (!(reset & 1))
		return false;
	image_span(img, &low, &high);
	if (img->moved && reset < BOOT_ALIAS_END)
		reset += FLASH_BASE;
	*why = "has a reset vector that points outside the image";
	return image_read(img, reset & ~1u, pair, 2);
}

static bool by_name(const struct image *img, uint32_t *address)
{
	const char *why;

	for (size_t i = 0; i < sizeof table_names / sizeof table_names[0]; i++) {
		const struct image_symbol *s = image_symbol_named(img, table_names[i]);
		uint32_t at;

		if (!s)
			continue;
		at = s->address;
		if (img->moved && at < BOOT_ALIAS_END)
			at += FLASH_BASE;
		if (plausible(img, at, &why)) {
			*address = at;
			return true;
		}
	}
	return false;
}

/* VTOR on a Cortex-M3 points to multiples of 128 bytes. */
static bool by_contents(const struct image *img, uint32_t *address)
{
	const char *why;

	for (size_t i = 0; i < img->segment_count; i++) {
		const struct image_segment *s = &img->segments[i];

		if (plausible(img, s->address, &why)) {
			*address = s->address;
			return true;
		}
		for (uint64_t at = (s->address + 127ull) & ~127ull; at + 8 <= s->address + s->len;
		     at += 128) {
			if (plausible(img, (uint32_t)at, &why)) {
				*address = (uint32_t)at;
				return true;
			}
		}
	}
	return false;
}

bool image_vectors(const struct image *img, uint32_t *address, struct err *err)
{
	const char *why;

	if (plausible(img, FLASH_BASE, &why)) {
		*address = FLASH_BASE;
		return true;
	}
	if (by_name(img, address) || by_contents(img, address))
		return true;
	plausible(img, img->segments[0].address, &why);
	err_set(err, STATUS_BAD_FILE, "%s %s", img->name, why);
	err_next(err, "check the linker script and the start-up file: the table of initial stack "
		      "pointer and reset vector must come first in flash");
	return false;
}
