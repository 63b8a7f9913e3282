/*
 * Memory as the sweep knows it: flash is constant, AFIO_MAPR[26:24] reads back
 * undefined (RM0008 9.4.2), RCC_APB2ENR.AFIOEN as last written, RAM as it may
 * be; and which stores are hits.
 */
#include <string.h>

#include "lockout/sweep_internal.h"

#define MAPR 0x40010004u
#define MAPR_BIT_BAND 0x42200080u /* 0x42000000 + 0x10004 * 32 */
#define APB2ENR 0x40021018u
#define AFIOEN_BIT_BAND 0x42420300u
#define DMA1 0x40020000u
#define DMA2 0x40020400u
#define SWJ_SHIFT 24
#define SWJ_FIELD (7u << SWJ_SHIFT)
#define SWJ_OFF 4u
#define CODE_REACH 4096u /* literals lie that near to the code that loads them */

static bool in_ram(uint32_t address)
{
	return address - 0x20000000u < 0x20000000u;
}

uint32_t sweep_load_address(const struct image *img, uint32_t address)
{
	size_t n;
	const struct image_section *s = image_sections(img, &n);

	for (size_t i = 0; i < n; i++)
		if (address - s[i].run_address < s[i].len)
			return s[i].load_address + (address - s[i].run_address);
	return 0;
}

/* ---- loads -------------------------------------------------------------------------- */

static bool image_word(const struct image *img, uint32_t address, unsigned size, uint32_t *v)
{
	uint8_t bytes[4] = {0};

	if (!image_read(img, address, bytes, size))
		return false;
	*v = 0;
	for (unsigned i = 0; i < size; i++)
		*v |= (uint32_t)bytes[i] << (8 * i);
	return true;
}

static bool switches_off(const struct absval *v)
{
	return (v->known & SWJ_FIELD) == SWJ_FIELD && (v->value & SWJ_FIELD) >> SWJ_SHIFT == SWJ_OFF;
}

/* A variable: not known, but where SWJ_CFG=100 is ever put, it may be found. */
static struct absval load_ram(const struct sweep *sw, uint32_t address, unsigned size)
{
	struct absval v = {.value = SWJ_OFF << SWJ_SHIFT, .known = SWJ_FIELD, .depth = ABS_DEEP,
			   .variable = true};
	uint32_t from = sweep_load_address(sw->img, address), word;

	if (size != 4)
		return ABS_UNKNOWN;
	for (size_t i = 0; i < sw->cell_count; i++)
		if (sw->cells[i].address == address) {
			v.origin = sw->cells[i].origin;
			return v;
		}
	if (!from || !image_word(sw->img, from, 4, &word))
		return ABS_UNKNOWN;
	return (word & SWJ_FIELD) == SWJ_OFF << SWJ_SHIFT && !(word & 0xFC000000 & ~SWJ_FIELD)
		       ? v : ABS_UNKNOWN;
}

/* The word's entry; NULL: not there (and no room, for `add`). */
static struct sweep_word *word_at(const struct sweep *sw, uint32_t address, bool add)
{
	uint32_t word = address & ~3u;

	for (size_t i = 0; i < 16; i++) {
		struct sweep_word *w = &sw->words[(word / 4 + i) & (SWEEP_WORDS - 1)];

		if (add && !w->address)
			w->address = word;
		if (w->address == word || !w->address)
			return w->address ? w : NULL;
	}
	return NULL;
}

/* Does start-up put this there, a word of .data? */
static bool is_initial(const struct sweep *sw, uint32_t address, const struct absval *v)
{
	uint32_t from = sweep_load_address(sw->img, address), word;

	if (sw->root->is_reset && sw->depth == 0) /* the reset handler itself */
		return true;
	return from && image_word(sw->img, from, 4, &word) && word == v->value;
}

/* A loop that clears a range tells nothing; what one copies there (start-up
 * does with .data) is where a variable begins, not what it keeps. */
static void note_variable(struct sweep *sw, uint32_t address, unsigned size, const struct absval *v)
{
	bool clearing = sw->round && abs_is_const(v) && v->value == 0;
	bool begins = sw->round || is_initial(sw, address, v);
	struct sweep_word *w = clearing ? NULL : word_at(sw, address, true);

	for (unsigned i = 0; w && i < size && (address & 3) + i < 4; i++) {
		unsigned at = (address & 3) + i;
		uint8_t byte = (uint8_t)(v->value >> 8 * i), *state = &w->state[at];

		if (begins || !abs_is_const(v) || (*state == SWEEP_BYTE_ONE && w->bytes[at] != byte))
			*state = SWEEP_BYTE_MANY;
		else if (*state == SWEEP_BYTE_NEVER)
			*state = SWEEP_BYTE_ONE;
		w->bytes[at] = byte;
	}
}

/* A variable as this way left it, or one that is given one value wherever its
 * address is known: what a constructor put there, as a rule. Zero is no such
 * value: buffers begin so. */
static struct absval trusted(const struct sweep *sw, uint32_t address, unsigned size)
{
	const struct sweep_word *w = word_at(sw, address, false);
	struct absval left = abs_ram_load(sw->now, address, size);
	uint32_t v = 0;

	if (abs_is_const(&left))
		return left;
	if (sw->variables != VARIABLES_TRUSTED || !w || (address & 3) + size > 4)
		return ABS_UNKNOWN;
	for (unsigned i = 0; i < size; i++) {
		if (w->state[(address & 3) + i] != SWEEP_BYTE_ONE)
			return ABS_UNKNOWN;
		v |= (uint32_t)w->bytes[(address & 3) + i] << 8 * i;
	}
	return v ? abs_const(v, 0, 0) : ABS_UNKNOWN;
}

static struct absval load_known(void *ctx, uint32_t address, unsigned size)
{
	struct sweep *sw = ctx;
	struct absval bit;
	uint32_t v;

	if (address >= MAPR && address < MAPR + 4)
		return (struct absval){.read_back = SWJ_FIELD >> 8 * (address - MAPR)};
	if (address == APB2ENR && sw->now->gate != GATE_UNKNOWN)
		return (struct absval){.known = 1, .value = sw->now->gate == GATE_ON};
	if (peril_load(sw, address, &bit))
		return bit;
	if (in_ram(address) && in_ram(sw->pc) && address - sw->pc + CODE_REACH < 2 * CODE_REACH)
		address = sweep_load_address(sw->img, address);
	else if (in_ram(address)) {
		struct absval found = load_ram(sw, address, size);

		return found.known || sw->variables == VARIABLES_UNKNOWN ? found : trusted(sw, address, size);
	}
	return image_word(sw->img, address, size, &v) ? abs_const(v, 0, 0) : ABS_UNKNOWN;
}

static void note_constant(void *ctx, uint32_t pc, uint32_t value)
{
	struct sweep *sw = ctx;

	(void)pc;
	if (roots_is_function(sw, value))
		roots_add(sw, value, false);
}

/* ---- stores ------------------------------------------------------------------------- */

/* What the APB bridge makes of a narrow store: the data on every lane. */
static struct absval widened(struct absval v, unsigned size)
{
	struct absval w = v;

	if (size == 4)
		return v;
	w = abs_extend(v, size * 8, false);
	for (unsigned filled = size * 8; filled < 32; filled *= 2)
		w = abs_or(w, abs_shift(w, ARM_LSL, filled));
	return w;
}

/* The same constant in the same store is one thing to change, however many ways
 * lead there; the first way is kept, unless AFIO had no clock there. */
static struct sweep_hit *hit_place(struct sweep *sw, enum sweep_kind kind, uint32_t pc,
				   uint32_t origin)
{
	struct sweep_result *out = sw->out;
	size_t perils = 0;

	for (size_t i = 0; i < out->hit_count; i++) {
		perils += out->hits[i].kind != SWEEP_SWJ;
		if (out->hits[i].store_pc == pc && out->hits[i].origin == origin)
			return kind == SWEEP_SWJ && sw->hit_gate[i] != GATE_ON &&
					       sw->now->gate > sw->hit_gate[i]
				       ? &out->hits[i] : NULL;
	}
	if (out->hit_count == SWEEP_HITS_MAX || (kind != SWEEP_SWJ && perils == SWEEP_PERILS_MAX))
		return NULL;
	return &out->hits[out->hit_count++];
}

struct sweep_hit *sweep_add_hit(struct sweep *sw, enum sweep_kind kind, uint32_t pc,
				uint32_t target, const struct absval *v)
{
	struct sweep_hit *h = hit_place(sw, kind, pc, v->origin);
	size_t at;

	if (!h)
		return NULL;
	at = (size_t)(h - sw->out->hits);
	memcpy(sw->hit_block[at], sw->block, sizeof sw->block);
	sw->hit_gate[at] = sw->now->gate;
	sw->hit_root[at] = sw->root;
	sw->hit_number[at] = sw->hits_added++;
	*h = (struct sweep_hit){.kind = kind, .store_pc = pc, .target = target, .value = v->value,
				.known = v->known, .origin = v->origin, .table = v->table,
				.variable = v->variable,
				.root = sw->root->entry, .root_is_vector = sw->root->is_vector,
				.chosen = (unsigned)(sw->depth - choice_depth(sw, v, pc)),
				.branch = sw->assumed_at, .in_it = sw->assumed_at != 0,
				.call_count = sw->depth};
	for (size_t i = 0; i < sw->depth; i++)
		h->calls[i] = sw->calls[sw->depth - 1 - i];
	return h;
}

static struct sweep_hit *add_hit(struct sweep *sw, uint32_t pc, const struct absval *v)
{
	return sweep_add_hit(sw, SWEEP_SWJ, pc, MAPR, v);
}

/* SWD is on again before anything else could happen: what the same straight
 * way did before is undone. */
static void undo_hits(struct sweep *sw)
{
	struct sweep_result *out = sw->out;

	while (out->hit_count && out->hits[out->hit_count - 1].kind == SWEEP_SWJ &&
	       out->hits[out->hit_count - 1].root == sw->root->entry &&
	       out->hits[out->hit_count - 1].call_count >= sw->depth &&
	       memcmp(sw->hit_block[out->hit_count - 1], sw->block,
		      (sw->depth + 1) * sizeof sw->block[0]) == 0)
		out->hit_count--;
}

static void store_mapr(struct sweep *sw, uint32_t pc, const struct absval *v)
{
	uint32_t unknown = SWJ_FIELD & ~v->known;
	struct sweep_hit *h;

	sweep_touch(sw);
	if (!unknown) {
		if (switches_off(v))
			add_hit(sw, pc, v);
		else if ((v->value & SWJ_FIELD) >> SWJ_SHIFT <= 2)
			undo_hits(sw);
		return;
	}
	/* Undefined bits get through, and nothing known rules 100 out. With 1 in
	 * bit 26 the answers 000 and "as in force" both give 100. */
	if ((unknown & ~v->read_back) || ((v->value ^ SWJ_OFF << SWJ_SHIFT) & v->known & SWJ_FIELD))
		return;
	h = add_hit(sw, pc, v);
	if (h)
		h->read_back = unknown >> (SWJ_SHIFT + 2) & 1;
}

/* A bit-band store writes the whole word back, undefined bits and all. */
static void store_mapr_bit(struct sweep *sw, uint32_t pc, unsigned bit, struct absval v)
{
	struct absval word = {.read_back = SWJ_FIELD, .origin = v.origin, .depth = v.depth};

	if (bit >= SWJ_SHIFT && bit < SWJ_SHIFT + 3)
		word = abs_insert(word, v, bit, 1);
	store_mapr(sw, pc, &word);
}

static void set_gate(struct sweep *sw, const struct absval *v)
{
	sw->now->gate = !(v->known & 1) ? GATE_UNKNOWN : v->value & 1 ? GATE_ON : GATE_OFF;
	if (sw->now->gate != GATE_OFF)
		sw->root->enables_afio = true;
}

/* CPAR and CMAR of a DMA channel (RM0008 13.4.5, 13.4.6). */
static bool is_dma_address(uint32_t address)
{
	uint32_t at = address >= DMA2 ? address - DMA2 : address - DMA1;

	return at >= 8 && at < 8 + 20 * 7 && ((at - 8) % 20 == 8 || (at - 8) % 20 == 12);
}

static void store_dma_address(struct sweep *sw, uint32_t pc, const struct absval *v)
{
	struct sweep_hit *h;

	if (!abs_is_const(v) || (v->value & ~3u) != MAPR)
		return;
	h = add_hit(sw, pc, v);
	if (h)
		h->dma = true;
}

static void store_ram(struct sweep *sw, uint32_t pc, uint32_t address, unsigned size,
		      const struct absval *v)
{
	size_t depth;

	if (sw->variables != VARIABLES_UNKNOWN)
		abs_ram_store(sw->now, address, size, *v);
	if (sw->variables == VARIABLES_NOTED)
		note_variable(sw, address, size, v);
	if (size != 4 || !switches_off(v) || sw->cell_count == SWEEP_CELLS_MAX)
		return;
	for (size_t i = 0; i < sw->cell_count; i++)
		if (sw->cells[i].address == address)
			return;
	depth = choice_depth(sw, v, pc);
	sw->cells[sw->cell_count++] = (struct sweep_cell){
		address, depth < sw->depth ? sw->calls[depth] : v->origin};
}

static void store_known(void *ctx, uint32_t pc, uint32_t address, unsigned size, struct absval v)
{
	struct sweep *sw = ctx;

	if (in_ram(address))
		store_ram(sw, pc, address, size, &v);
	else if (address >= MAPR_BIT_BAND && address < MAPR_BIT_BAND + 128)
		store_mapr_bit(sw, pc, (address - MAPR_BIT_BAND) / 4, v);
	else if (address == AFIOEN_BIT_BAND)
		set_gate(sw, &v);
	else if ((address & ~3u) == APB2ENR)
		v = widened(v, size), set_gate(sw, &v);
	else if (is_dma_address(address))
		store_dma_address(sw, pc, &v);
	else if ((address & ~3u) == MAPR)
		v = widened(v, size), store_mapr(sw, pc, &v);
	else
		v = widened(v, size), peril_store(sw, pc, address, &v);
}

const struct abs_memory sweep_memory = {.load = load_known, .store = store_known,
					.constant = note_constant};
