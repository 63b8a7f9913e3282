/*
 * What does a firmware wait for? Two looks are taken at it: at its start (straps
 * read once) and where it has settled (what it polls, over and over). From the
 * registers it looks at, the bits it tests, and what it has switched on
 * (receivers, interrupt lines), follow the answers worth trying.
 *
 * The tested bits are read from the few instructions behind the load: TST, AND,
 * a shift that brings one bit to the top, a bit-field extract. ASSUMED good
 * enough: a value that is kept and tested later is not followed; its pins are
 * then all tried.
 */
#include <ctype.h>
#include <string.h>

#include "lockout/lockout_internal.h"

#define GPIO_BASE 0x40010800u
#define GPIO_PORTS 7u
#define IDR 8u
#define TEST_REACH 8u /* instructions between a load and its test */

/* ---- which bits are tested ----------------------------------------------------------------- */

static uint32_t mask_of(const struct mcu *m, const struct arm_insn *i, unsigned reg)
{
	switch (i->kind) {
	case ARM_KIND_TST:
	case ARM_KIND_AND:
		if (i->flags & ARM_INSN_IMM)
			return i->imm;
		return i->shift_n ? 0 : mcu_reg(m, (enum mcu_reg)(i->rm == reg ? i->rn : i->rm));
	case ARM_KIND_MOV: /* lsls rd, rm, #n: the sign is the bit */
		if (!(i->flags & ARM_INSN_IMM) && i->shift_type == 0 && i->shift_n)
			return 1u << (31 - i->shift_n);
		return 0;
	case ARM_KIND_UBFX:
		return (uint32_t)(((2ull << i->imm) - 1) << i->shift_n);
	default:
		return 0;
	}
}

static uint32_t tested_bits(const struct mcu *m, uint32_t pc)
{
	struct arm_insn insn;
	struct arm_effects e;
	uint16_t hw[2] = {0, 0};
	unsigned reg = 16;

	for (unsigned n = 0; n < TEST_REACH; n++, pc += insn.size) {
		uint32_t mask;

		if (!mcu_peek(m, pc, hw, 4))
			return 0;
		arm_decode(hw[0], hw[1], &insn);
		arm_effects(&insn, pc, &e);
		if (n == 0) {
			reg = insn.rd;
			continue;
		}
		mask = e.reads >> reg & 1 ? mask_of(m, &insn, reg) : 0;
		if (mask)
			return mask;
		if (e.flow != ARM_FLOW_NEXT)
			return 0;
		if (e.writes >> reg & 1 && !(e.reads >> reg & 1))
			return 0;
		if (e.reads >> reg & 1 && e.writes) /* moved, widened: follow it */
			reg = (unsigned)__builtin_ctz(e.writes);
	}
	return 0;
}

/* ---- looking ------------------------------------------------------------------------------------- */

struct looker {
	struct watch *w;
	struct mcu_hooks below; /* the run's own */
	struct looks *looks;
};

static void note_look(struct looks *l, const struct mcu *m, uint32_t pc, uint32_t address,
		      uint32_t value)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->look[i].pc == pc && l->look[i].address == address)
			return;
	if (l->count == LOOKS_MAX)
		return;
	l->look[l->count++] = (struct look){pc, address, tested_bits(m, pc), value, mcu_now_ns(m)};
}

static void looker_load(void *ctx, struct mcu *m, uint32_t pc, uint32_t address, unsigned size,
			uint32_t *value)
{
	struct looker *l = ctx;

	if (l->below.load)
		l->below.load(l->w, m, pc, address, size, value);
	note_look(l->looks, m, pc, address & ~3u, *value);
}

static void looker_event(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct looker *l = ctx;

	l->below.event(l->w, m, e);
}

static void looker_store(void *ctx, struct mcu *m, struct mcu_store *store)
{
	struct looker *l = ctx;

	l->below.store(l->w, m, store);
}

static bool looker_i2c(void *ctx, struct mcu *m, unsigned n, uint8_t addr7, bool read)
{
	struct looker *l = ctx;

	return l->below.i2c_ack(l->w, m, n, addr7, read);
}

static void looker_i2c_data(void *ctx, struct mcu *m, unsigned n, bool read, uint8_t *byte)
{
	struct looker *l = ctx;

	l->below.i2c_data(l->w, m, n, read, byte);
}

static void looker_adc(void *ctx, struct mcu *m, unsigned n, unsigned channel, uint16_t *value)
{
	struct looker *l = ctx;

	l->below.adc(l->w, m, n, channel, value);
}

static bool looker_absent(void *ctx, struct mcu *m, uint32_t address, unsigned size, bool store,
			  uint32_t *value)
{
	struct looker *l = ctx;

	return l->below.absent && l->below.absent(l->w, m, address, size, store, value);
}

static uint16_t looker_spi(void *ctx, struct mcu *m, unsigned n, uint16_t out)
{
	struct looker *l = ctx;

	return l->below.spi(l->w, m, n, out);
}

void waits_look(struct watch *w, struct mcu *m, const struct mcu_limits *limits,
		struct looks *looks)
{
	struct looker l = {.w = w, .looks = looks};
	struct mcu_hooks above = {.ctx = &l, .event = looker_event, .store = looker_store,
				  .load = looker_load, .i2c_ack = looker_i2c, .spi = looker_spi,
				  .i2c_data = looker_i2c_data, .adc = looker_adc,
				  .absent = looker_absent};
	enum mcu_stop stop = MCU_STOP_HOOK;

	watch_hooks(w, &l.below);
	mcu_set_hooks(m, &above);
	while (stop == MCU_STOP_HOOK) {
		stop = answers_run(w, m, limits);
		watch_settle(w, m);
	}
	mcu_set_hooks(m, &l.below);
}

/* ---- candidates --------------------------------------------------------------------------------- */

static void add(struct candidates *c, const struct answer *a)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct answer *b = &c->answer[i];

		if (b->kind == a->kind && b->unit == a->unit && b->which == a->which &&
		    b->value == a->value && b->address == a->address && b->mask == a->mask &&
		    b->len == a->len && memcmp(b->text, a->text, a->len) == 0)
			return;
	}
	if (c->count < CANDIDATES_MAX)
		c->answer[c->count++] = *a;
}

static uint32_t peripheral(struct mcu *m, uint32_t address)
{
	uint32_t value = 0;

	return mcu_debug_read(m, address, 4, &value) == MCU_ACCESS_OK ? value : 0;
}

static bool is_idr(uint32_t address, unsigned *port)
{
	uint32_t at = address - GPIO_BASE;

	*port = at / 0x400;
	return at < GPIO_PORTS * 0x400 && at % 0x400 == IDR;
}

/* Pins whose mode is input (digital); `chosen`: other than after reset. */
static uint32_t input_pins(struct mcu *m, unsigned port, bool chosen)
{
	uint32_t base = GPIO_BASE + port * 0x400, pins = 0;
	uint32_t cr[2] = {peripheral(m, base), peripheral(m, base + 4)};

	for (unsigned pin = 0; pin < 16; pin++) {
		unsigned mode = cr[pin / 8] >> 4 * (pin % 8) & 15;

		if (mode == 8 || (mode == 4 && !chosen))
			pins |= 1u << pin;
	}
	if (port == 0)
		pins &= ~0x6000u; /* SWDIO and SWCLK have their pulls */
	return pins;
}

static void add_pin(struct mcu *m, unsigned port, unsigned pin, bool late, struct candidates *out)
{
	uint32_t now = peripheral(m, GPIO_BASE + port * 0x400 + IDR) >> pin & 1;
	struct answer a = {.kind = ANSWER_PIN, .unit = (uint8_t)port, .which = (uint8_t)pin,
			   .value = !now, .at_ns = late ? mcu_now_ns(m) : 0, .until_ns = NEVER};

	add(out, &a);
}

static void add_pins(struct mcu *m, const struct look *l, unsigned port, bool late,
		     struct candidates *out)
{
	uint32_t pins = l->mask & input_pins(m, port, false);

	if (!l->mask || __builtin_popcount(pins) > 8)
		pins = input_pins(m, port, true);
	if (!pins && !l->mask)
		pins = input_pins(m, port, false);
	for (unsigned pin = 0; pin < 16; pin++)
		if (pins >> pin & 1)
			add_pin(m, port, pin, late, out);
}

#define EXTI_IMR 0x40010400u
#define AFIO_EXTICR 0x40010008u

/* Pins that interrupt or wake it. */
static void add_exti(struct mcu *m, struct candidates *out)
{
	uint32_t lines = peripheral(m, EXTI_IMR) | peripheral(m, EXTI_IMR + 4);

	for (unsigned pin = 0; pin < 16; pin++)
		if (lines >> pin & 1)
			add_pin(m, peripheral(m, AFIO_EXTICR + pin / 4 * 4) >> 4 * (pin % 4) & 7, pin,
				true, out);
}

static const uint32_t usarts[] = {0x40013800, 0x40004400, 0x40004800, 0x40004C00, 0x40005000};

static int usart_of(uint32_t address)
{
	for (unsigned i = 0; i < 5; i++)
		if ((address & ~0x3FFu) == usarts[i])
			return (int)i;
	return -1;
}

/* Strings of the image that look like a command: letters first, short. */
static void add_strings(const struct subject *s, struct answer *a, struct candidates *out)
{
	size_t count;
	const struct image_segment *seg = image_segments(s->img, &count);

	for (size_t i = 0; i < count; i++) {
		size_t begin = 0;

		for (size_t k = 0; k < seg[i].len && out->count < CANDIDATES_MAX; k++) {
			const uint8_t *text = seg[i].data + begin;
			size_t len = k - begin;

			if (isprint(seg[i].data[k]))
				continue;
			begin = k + 1;
			/* a literal pool before it may end in a printable byte */
			for (; len && !isalpha(text[0]); len--)
				text++;
			if (seg[i].data[k] || len < 2 || len > ANSWER_TEXT_MAX - 2)
				continue;
			memcpy(a->text, text, len);
			memcpy(a->text + len, "\r\n", 2);
			a->len = (uint8_t)(len + 2);
			add(out, a);
		}
	}
}

/* Bytes that some CMP Rn, #imm8 compares with (A7.7.27): tried first. */
static void compared_bytes(const struct image *img, bool compared[256])
{
	size_t count;
	const struct image_segment *seg = image_segments(img, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k + 1 < seg[i].len; k += 2)
			if (seg[i].data[k + 1] >> 3 == 5)
				compared[seg[i].data[k]] = true;
}

static void add_bytes(struct answer *a, const bool compared[256], bool which,
		      struct candidates *out)
{
	for (unsigned byte = 0; byte < 0x80; byte++) {
		a->text[0] = (uint8_t)byte;
		if (compared[byte] == which)
			add(out, a);
	}
}

static void add_usart(const struct subject *s, struct mcu *m, unsigned index,
		      struct candidates *out)
{
	uint32_t cr1 = peripheral(m, usarts[index] + 0x0C);
	struct answer a = {.kind = ANSWER_UART, .unit = (uint8_t)(index + 1), .len = 1,
			   .at_ns = mcu_now_ns(m), .until_ns = NEVER};
	bool compared[256] = {false};

	if ((cr1 & 0x2004) != 0x2004) /* UE, RE */
		return;
	compared_bytes(s->img, compared);
	add_bytes(&a, compared, true, out);
	add_strings(s, &a, out);
	a.len = 1;
	add_bytes(&a, compared, false, out);
}

/* A status bit that is polled where it has settled, other than those above. */
static void add_bits(struct mcu *m, const struct look *l, struct candidates *out)
{
	struct answer a = {.kind = ANSWER_BITS, .address = l->address, .mask = l->mask,
			   .value = ~l->value & l->mask, .at_ns = mcu_now_ns(m), .until_ns = NEVER};
	uint32_t block = l->address & ~0x3FFu;

	if (!l->mask || block == 0x40021000 || block == 0x40022000 || block == 0x40010000)
		return; /* RCC, FLASH, AFIO: the model knows what they say */
	add(out, &a);
}

void waits_candidates(const struct subject *s, struct mcu *m, const struct looks *looks,
		      bool late, struct candidates *out)
{
	unsigned port;

	out->count = 0;
	for (size_t i = 0; i < looks->count; i++)
		if (is_idr(looks->look[i].address, &port))
			add_pins(m, &looks->look[i], port, late, out);
	if (!late)
		return;
	add_exti(m, out);
	for (size_t i = 0; i < looks->count; i++)
		if (!is_idr(looks->look[i].address, &port) && usart_of(looks->look[i].address) < 0)
			add_bits(m, &looks->look[i], out);
	for (unsigned i = 0; i < 5; i++)
		add_usart(s, m, i, out);
}
