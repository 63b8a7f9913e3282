/*
 * A raw binary does not say where it goes. One that was linked for a place
 * behind a boot loader and is taken for flash's start shows it: its vectors
 * lead into the middle of functions, and to their beginnings where it was
 * linked. What comes before a function ends one, or is data (DDI 0403 A7.7 for
 * the encodings).
 *
 * Left out: images whose vectors hardly lead anywhere, and places that are not
 * at a page's start.
 */
#include "image/image_internal.h"

#define TARGETS_MAX 76u
#define TARGETS_MIN 3u
#define PAGE 1024u
#define PLACES 128u /* pages that a boot loader may take */

struct targets {
	uint32_t at[TARGETS_MAX]; /* without the Thumb bit */
	unsigned count;
	uint32_t low, high;
};

static void add_target(struct targets *t, uint32_t target)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->at[i] == target)
			return;
	if (!t->count || target < t->low)
		t->low = target;
	if (!t->count || target > t->high)
		t->high = target;
	t->at[t->count++] = target;
}

/* The vectors, up to the first word behind the system's 16 that is none. */
static void read_targets(const struct image_segment *s, struct targets *t)
{
	for (unsigned i = 1; i <= TARGETS_MAX && (i + 1) * 4 <= s->len; i++) {
		uint32_t v = get_le32(s->data + 4 * i);

		if (v & 1 && v - FLASH_BASE < 1024 * PAGE)
			add_target(t, v & ~1u);
		else if (v && i >= 16)
			return;
	}
}

/* The last half-word of something that does not go on. */
static bool ends_here(uint16_t last, uint16_t before)
{
	return last == 0x4770 || (last & 0xFF87) == 0x4700 || /* BX */
	       (last & 0xFF00) == 0xBD00 ||                    /* POP {..., PC} */
	       (last & 0xF800) == 0xE000 ||                    /* B */
	       last == 0xBF00 || last == 0 ||                  /* filled up */
	       (before == 0xE8BD && last & 0x8000) ||          /* POP.W {..., PC} */
	       (before == 0xF85D && (last & 0xF000) == 0xF000) || /* LDR PC, [SP], #4 */
	       ((before & 0xF800) == 0xF000 && (last & 0xD000) == 0x9000); /* B.W */
}

/* An address as literal pools hold them. */
static bool is_literal(uint32_t word)
{
	return word >> 20 == 0x080 || word >> 20 == 0x200 || word >> 20 == 0x400 ||
	       word >> 20 == 0xE00;
}

static bool begins_at(const struct image_segment *s, size_t offset)
{
	const uint8_t *p = s->data + offset;

	if (offset <= 8)
		return offset == 8;
	return ends_here(get_le16(p - 2), get_le16(p - 4)) ||
	       (offset % 4 == 0 && is_literal(get_le32(p - 4)));
}

/* How many vectors lead to a beginning if the image lies at `base`. */
static unsigned beginnings(const struct image_segment *s, const struct targets *t, uint32_t base)
{
	unsigned n = 0;

	if (t->low < base + 8 || t->high - base >= s->len)
		return 0;
	for (unsigned i = 0; i < t->count; i++)
		n += begins_at(s, t->at[i] - base);
	return n;
}

bool image_linked_elsewhere(const struct image *img, uint32_t *address)
{
	const struct image_segment *s = &img->segments[0];
	struct targets t = {0};
	unsigned best = 0, second;

	if (img->format != IMAGE_RAW || img->segment_count != 1)
		return false;
	read_targets(s, &t);
	second = beginnings(s, &t, s->address);
	if (t.count < TARGETS_MIN)
		return false;
	for (unsigned i = 0; i <= PLACES; i++) {
		uint32_t base = FLASH_BASE + i * PAGE;
		unsigned n = base == s->address ? 0 : beginnings(s, &t, base);

		if (n > best) {
			second = best > second ? best : second;
			best = n;
			*address = base;
		} else if (n > second) {
			second = n;
		}
	}
	/* any place fits some vectors by chance, where it lies as well as elsewhere */
	return best * 5 >= t.count * 4 && best > second && (best - second) * 4 >= t.count;
}
