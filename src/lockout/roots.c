/*
 * Where walking starts: vectors, and functions whose address is taken (tasks,
 * callbacks, constructors, tables). Without symbols a function is recognised
 * by its first instruction saving LR.
 */
#include "lockout/sweep_internal.h"

struct sweep_root *roots_add(struct sweep *sw, uint32_t entry, bool is_vector)
{
	struct sweep_root *r;

	entry &= ~1u;
	for (size_t i = 0; i < sw->root_count; i++)
		if (sw->roots[i].entry == entry)
			return &sw->roots[i];
	if (sw->root_count == SWEEP_ROOTS_MAX)
		return NULL;
	r = &sw->roots[sw->root_count++];
	*r = (struct sweep_root){.entry = entry, .is_vector = is_vector};
	return r;
}

/* PUSH {..., LR} in either encoding. */
static bool saves_lr(const struct image *img, uint32_t entry)
{
	uint16_t hw[2] = {0};

	if (!image_read(img, entry, &hw[0], 2))
		return false;
	image_read(img, entry + 2, &hw[1], 2);
	return (hw[0] & 0xFF00) == 0xB500 || (hw[0] == 0xE92D && hw[1] >> 14 & 1);
}

bool roots_is_function(const struct sweep *sw, uint32_t pointer)
{
	uint32_t entry = pointer & ~1u;

	if (!(pointer & 1))
		return false;
	if (image_has_symbols(sw->img)) {
		const struct image_symbol *s = image_symbol_at(sw->img, entry);

		return s && s->is_function && s->address == entry;
	}
	return saves_lr(sw->img, entry);
}

/* Words within a function are its literals: they count when it is walked. */
static bool inside_function(const struct sweep *sw, uint32_t address)
{
	const struct image_symbol *s = image_symbol_at(sw->img, address);

	return s && s->is_function && s->size && address - s->address < s->size;
}

void roots_from_data(struct sweep *sw)
{
	size_t n;
	const struct image_segment *seg = image_segments(sw->img, &n);

	for (size_t i = 0; i < n; i++) {
		uint32_t first = (4 - (seg[i].address & 3)) & 3;

		for (size_t at = first; at + 4 <= seg[i].len; at += 4) {
			const uint8_t *p = seg[i].data + at;
			uint32_t word = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
					(uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

			if (roots_is_function(sw, word) &&
			    !inside_function(sw, seg[i].address + (uint32_t)at))
				roots_add(sw, word, false);
		}
	}
}
