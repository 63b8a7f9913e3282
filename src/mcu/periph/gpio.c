/*
 * GPIO ports. RM0008 chapter 9.2.
 *
 * A pin's level comes from the output driver, else from outside, else from the
 * pull; a floating input reads 0 (ASSUMED). Pins that SWJ owns have the pulls of
 * RM0008 31.4.3 whatever their configuration says: PA13 and PA15 and PB4 up,
 * PA14 down. An alternate-function output idles high (what a UART and an open-
 * drain bus do; ASSUMED for the others).
 * Not modelled: output current and slew, timer waveforms on pins.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CRL 0x00
#define CRH 0x04
#define IDR 0x08
#define ODR 0x0C
#define BSRR 0x10
#define BRR 0x14
#define LCKR 0x18
#define LCKK (1u << 16)

struct gpio_state {
	uint16_t levels; /* as last seen, for edges */
	uint16_t driven; /* pins we drive ... */
	uint16_t output; /* ... and how */
	uint16_t plain;  /* push-pull outputs: level, drive and ODR are one */
	uint8_t lock_step; /* of the LCKR key sequence: 0..3 */
	bool locked;
};

/* The pin's four configuration bits: CNF << 2 | MODE. */
static unsigned pin_config(const struct periph *p, unsigned pin)
{
	return periph_get(p, pin < 8 ? CRL : CRH) >> pin % 8 * 4 & 15;
}

/* Which pins the debug port owns: it decides their pull. */
static int swj_pull(const struct periph *p, unsigned pin)
{
	unsigned swj = afio_swj_cfg(p->m);

	if (p->index == 0 && (pin == 13 || pin == 14))
		return swj == 4 ? -1 : pin == 13;
	if (p->index == 0 && pin == 15)
		return swj <= 1 ? 1 : -1;
	if (p->index == 1 && pin == 4)
		return swj == 0 ? 1 : -1;
	return -1;
}

/* 0 or 1 when we drive the pin, -1 when not. */
static int drive(const struct periph *p, unsigned pin)
{
	unsigned config = pin_config(p, pin);
	bool high = periph_get(p, ODR) >> pin & 1;

	if (!(config & 3) || swj_pull(p, pin) >= 0)
		return -1;
	switch (config >> 2) {
	case 0:
		return high;
	case 1:
		return high ? -1 : 0;
	case 2:
		return 1;
	default:
		return -1;
	}
}

static bool pin_level(const struct periph *p, unsigned pin)
{
	int out = drive(p, pin), outside = p->m->s.side.pin_drive[p->index][pin];
	int pull = swj_pull(p, pin);
	unsigned config = pin_config(p, pin);

	if (out >= 0)
		return out;
	if (config == 0 && pull < 0)
		return false; /* analog: the Schmitt trigger is off */
	if (outside >= 0)
		return outside;
	if (pull >= 0)
		return pull;
	if (config == 8)
		return periph_get(p, ODR) >> pin & 1;
	/* An open-drain line that nobody pulls low is expected to have a pull-up. */
	return config & 3;
}

bool gpio_level(const struct mcu *m, unsigned port, unsigned pin)
{
	return port < 8 && m->gpio[port] && pin_level(m->gpio[port], pin);
}

/* `pins`: those that what happened can have moved. */
static void refresh(struct periph *p, uint32_t pins)
{
	struct gpio_state *s = p->state;
	struct mcu *m = p->m;

	for (; pins; pins &= pins - 1) {
		unsigned pin = (unsigned)__builtin_ctz(pins), port = p->index;
		int out = drive(p, pin), bit = 1 << pin;
		int was = s->driven & bit ? !!(s->output & bit) : -1;
		bool level = pin_level(p, pin);

		s->driven = (uint16_t)(out >= 0 ? s->driven | bit : s->driven & ~bit);
		s->output = (uint16_t)(out > 0 ? s->output | bit : s->output & ~bit);
		if (out != was && m->hooks.pin)
			m->hooks.pin(m->hooks.ctx, m, port, pin, out);
		if (level == !!(s->levels & bit))
			continue;
		s->levels = (uint16_t)(s->levels ^ bit);
		gpio_edge(m, port, pin, level);
	}
}

static uint32_t plain_outputs(const struct periph *p)
{
	uint32_t plain = 0;

	for (unsigned pin = 0; pin < 16; pin++) {
		unsigned config = pin_config(p, pin);

		if (config & 3 && config >> 2 == 0 && swj_pull(p, pin) < 0)
			plain |= 1u << pin;
	}
	return plain;
}

void gpio_refresh(struct mcu *m, unsigned port)
{
	struct gpio_state *s;

	if (port >= 8 || !m->gpio[port])
		return;
	s = m->gpio[port]->state;
	s->plain = (uint16_t)plain_outputs(m->gpio[port]);
	refresh(m->gpio[port], 0xFFFF);
}

/* ODR's bits `pins`, all of plain outputs, changed: the way of every bit-banged bus. */
static void toggle(struct periph *p, uint32_t pins)
{
	struct gpio_state *s = p->state;
	struct mcu *m = p->m;

	s->output = (uint16_t)(s->output ^ pins);
	s->levels = (uint16_t)(s->levels ^ pins);
	for (; pins; pins &= pins - 1) {
		unsigned pin = (unsigned)__builtin_ctz(pins);
		bool level = s->levels >> pin & 1;

		if (m->hooks.pin)
			m->hooks.pin(m->hooks.ctx, m, p->index, pin, level);
		gpio_edge(m, p->index, pin, level);
	}
}

int mcu_pin_output(const struct mcu *m, unsigned port, unsigned pin)
{
	if (port >= 8 || pin >= 16 || !m->gpio[port])
		return -1;
	return drive(m->gpio[port], pin);
}

void mcu_pin_drive(struct mcu *m, unsigned port, unsigned pin, int level)
{
	bool rises;

	if (port >= 8 || pin >= 16)
		return;
	rises = level > 0 && m->s.side.pin_drive[port][pin] <= 0;
	m->s.side.pin_drive[port][pin] = (int8_t)(level < 0 ? -1 : level != 0);
	if (m->gpio[port])
		refresh(m->gpio[port], 1u << pin);
	/* WKUP (PA0) works whatever the pin's configuration is. */
	if (rises && port == 0 && pin == 0)
		pwr_wkup_pin(m);
}

/* ---- registers -------------------------------------------------------------------- */

static uint32_t read_idr(struct periph *p, const struct reg *r)
{
	const struct gpio_state *s = p->state;

	return s->levels; /* whatever moves a pin refreshes it */
}

/* Locked pins keep their configuration until the next reset. */
static void write_config(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	const struct gpio_state *s = p->state;
	uint32_t keep = 0, lock = periph_get(p, LCKR) & 0xFFFF;

	if (s->locked)
		for (unsigned i = 0; i < 8; i++)
			if (lock >> (i + 8 * r->arg) & 1)
				keep |= 15u << 4 * i;
	periph_set(p, r->offset, (old & keep) | (value & ~keep));
	gpio_refresh(p->m, p->index);
}

static void set_odr(struct periph *p, uint32_t odr)
{
	const struct gpio_state *s = p->state;
	uint32_t moved = (periph_get(p, ODR) ^ odr) & 0xFFFF;

	periph_set(p, ODR, odr & 0xFFFF);
	toggle(p, moved & s->plain);
	refresh(p, moved & ~(uint32_t)s->plain);
}

static void write_odr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_odr(p, value);
}

static void write_bsrr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_odr(p, (periph_get(p, ODR) & ~(value >> 16)) | (value & 0xFFFF));
}

static void write_brr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_odr(p, periph_get(p, ODR) & ~value);
}

/* LCKK: write 1, 0, 1 with the same pins, then read (RM0008 9.2.7). */
static void write_lckr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct gpio_state *s = p->state;
	bool key = value & LCKK, same = (value & 0xFFFF) == (old & 0xFFFF);

	if (s->locked)
		return;
	if (key && s->lock_step == 2 && same)
		s->lock_step = 3;
	else if (!key && s->lock_step == 1 && same)
		s->lock_step = 2;
	else
		s->lock_step = key;
	periph_set(p, LCKR, value & 0xFFFF);
	s->locked = s->lock_step == 3;
}

static uint32_t read_lckr(struct periph *p, const struct reg *r)
{
	const struct gpio_state *s = p->state;

	return periph_get(p, LCKR) | (s->locked ? LCKK : 0);
}

static void gpio_reset(struct periph *p, enum mcu_reset why)
{
	struct gpio_state *s = p->state;

	s->locked = false;
	s->lock_step = 0;
	gpio_refresh(p->m, p->index);
}

static const struct reg regs[] = {
	{CRL, "CRL", 0x44444444, ~0u, ~0u, .write = write_config, .arg = 0},
	{CRH, "CRH", 0x44444444, ~0u, ~0u, .write = write_config, .arg = 1},
	{IDR, "IDR", 0, 0xFFFF, 0, .read = read_idr, .stable = true},
	{ODR, "ODR", 0, 0xFFFF, 0xFFFF, .write = write_odr},
	{BSRR, "BSRR", 0, 0, ~0u, .write = write_bsrr},
	{BRR, "BRR", 0, 0, 0xFFFF, .write = write_brr},
	{LCKR, "LCKR", 0, 0x1FFFF, 0x1FFFF, .read = read_lckr, .stable = true, .write = write_lckr},
};

const struct periph_def gpio_def = {
	.kind = "GPIO",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct gpio_state),
	.reset = gpio_reset,
	.not_modelled = "waveforms of alternate functions; drive strength",
};
