/*
 * Memory as the sweep knows it: flash is constant, AFIO_MAPR[26:24] reads back
 * undefined (RM0008 9.4.2), everything else is unknown; and which stores are
 * hits.
 */
#include <string.h>

#include "lockout/sweep_internal.h"

#define MAPR 0x40010004u
#define MAPR_BIT_BAND 0x42200080u /* 0x42000000 + 0x10004 * 32 */
#define SWJ_SHIFT 24
#define SWJ_OFF 4u

static struct absval load_known(void *ctx, uint32_t address, unsigned size)
{
	struct sweep *sw = ctx;
	uint8_t bytes[4] = {0};
	uint32_t v = 0;

	if (address >= MAPR && address < MAPR + 4)
		return (struct absval){.read_back = true};
	if (!image_read(sw->img, address, bytes, size))
		return ABS_UNKNOWN;
	for (unsigned i = 0; i < size; i++)
		v |= (uint32_t)bytes[i] << (8 * i);
	return abs_const(v, address, 0);
}

static void note_constant(void *ctx, uint32_t pc, uint32_t value)
{
	struct sweep *sw = ctx;

	(void)pc;
	if (roots_is_function(sw, value))
		roots_add(sw, value, false);
}

/* What the APB bridge makes of a narrow store: the data on every lane. */
static struct absval widened(struct absval v, unsigned size)
{
	struct absval w = v;

	if (size == 4)
		return v;
	w = abs_extend(v, size * 8, false);
	for (unsigned filled = size * 8; filled < 32; filled *= 2)
		w = abs_or(w, abs_shift(w, ARM_LSL, filled));
	w.read_back = v.read_back;
	return w;
}

/* The same constant in the same store is one thing to change, however many ways
 * lead there; the first way, from the vectors, is kept. */
static bool hit_known(const struct sweep_result *out, uint32_t pc, uint32_t origin)
{
	for (size_t i = 0; i < out->hit_count; i++)
		if (out->hits[i].store_pc == pc && out->hits[i].origin == origin)
			return true;
	return false;
}

static void add_hit(struct sweep *sw, uint32_t pc, uint32_t address, struct absval v,
		    bool read_back)
{
	struct sweep_result *out = sw->out;
	struct sweep_hit *h;

	if (out->hit_count >= SWEEP_HITS_MAX || hit_known(out, pc, v.origin))
		return;
	memcpy(sw->hit_block[out->hit_count], sw->block, sizeof sw->block);
	h = &out->hits[out->hit_count++];
	*h = (struct sweep_hit){.store_pc = pc, .target = address, .value = v.value,
				.known = v.known, .origin = v.origin, .read_back = read_back,
				.root = sw->root, .root_is_vector = sw->root_is_vector,
				.call_count = sw->depth};
	for (size_t i = 0; i < sw->depth; i++)
		h->calls[i] = sw->calls[sw->depth - 1 - i];
}

static void store_known(void *ctx, uint32_t pc, uint32_t address, unsigned size, struct absval v)
{
	struct sweep *sw = ctx;
	uint32_t field = 7u << SWJ_SHIFT;

	if (address >= MAPR_BIT_BAND && address < MAPR_BIT_BAND + 128) {
		/* A bit-band store writes the whole word back, undefined bits and all. */
		add_hit(sw, pc, MAPR, (struct absval){.read_back = true}, true);
		return;
	}
	if ((address & ~3u) != MAPR)
		return;
	v = widened(v, size);
	if ((v.known & field) == field) {
		if ((v.value & field) >> SWJ_SHIFT == SWJ_OFF)
			add_hit(sw, pc, MAPR, v, false);
		return;
	}
	/* Undefined bits get through, and nothing known rules 100 out. */
	if (v.read_back && ((v.value ^ SWJ_OFF << SWJ_SHIFT) & v.known & field) == 0)
		add_hit(sw, pc, MAPR, v, true);
}

const struct abs_memory sweep_memory = {.load = load_known, .store = store_known,
					.constant = note_constant};
