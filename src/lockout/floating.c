/*
 * Does a lock-out hang on an input that nothing pulls? Such a pin reads 0 here
 * (periph/gpio.c, ASSUMED); on a board something outside decides, a button's
 * resistor say. The run is repeated with the floating inputs high that were read
 * shortly before SWD was lost: if it keeps SWD then, one pin is named.
 * Left out: reads further back than the window, and two pins that count together.
 */
#include <stdlib.h>

#include "lockout/lockout_internal.h"

#define WINDOW 2048u
#define PORTS 7u
#define GPIO_BASE 0x40010800u
#define PORT_STEP 0x400u
#define IDR 0x08u
#define FLOATING_INPUT 4u /* CNF 01, MODE 00 */

/* A bit a port whose IDR the traced steps load. */
static unsigned ports_read(const struct trace *t)
{
	unsigned ports = 0;
	uint32_t address;

	for (size_t at = 0; at < t->count; at++)
		for (unsigned reg = 0; reg < 13; reg++)
			if (slice_loaded(t, at, reg, &address) &&
			    address - GPIO_BASE < PORTS * PORT_STEP &&
			    (address - GPIO_BASE) % PORT_STEP == IDR)
				ports |= 1u << (address - GPIO_BASE) / PORT_STEP;
	return ports;
}

/* The floating inputs of a port that read 0. */
static uint32_t floating_low(struct mcu *m, unsigned port)
{
	uint32_t base = GPIO_BASE + port * PORT_STEP, cr[2] = {0}, idr = 0, pins = 0;

	if (mcu_debug_read(m, base, 4, &cr[0]) != MCU_ACCESS_OK ||
	    mcu_debug_read(m, base + 4, 4, &cr[1]) != MCU_ACCESS_OK ||
	    mcu_debug_read(m, base + IDR, 4, &idr) != MCU_ACCESS_OK)
		return 0;
	for (unsigned pin = 0; pin < 16; pin++)
		if ((cr[pin / 8] >> 4 * (pin % 8) & 15) == FLOATING_INPUT && !(idr >> pin & 1))
			pins |= 1u << pin;
	return port == 0 ? pins & ~0xE000u : pins; /* SWDIO, SWCLK and JTDI have their pulls */
}

/* Is SWD kept with one more answer, for as long as it took to lose it and more? */
static bool keeps_swd(const struct subject *s, const struct plan *base, uint64_t lost_ns,
		      const struct answer *a)
{
	struct plan plan = *base;
	struct outcome *o = calloc(1, sizeof *o);
	uint64_t until = lost_ns * 2 + 20ull * NS_PER_MS;
	bool kept = false;

	if (!o)
		return false;
	plan.answers[plan.answer_count++] = *a;
	if (until < plan.run_ns)
		plan.run_ns = until;
	if (run_plan(s, &plan, false, o, NULL) == STATUS_OK) {
		kept = !o->watch.off;
		outcome_fini(o);
	}
	free(o);
	return kept;
}

static bool name_pin(const struct subject *s, const struct plan *plan, uint64_t lost_ns,
		     unsigned port, uint32_t pins, struct answer *pin)
{
	for (unsigned i = 0; i < 16; i++) {
		struct answer a = {.kind = ANSWER_PIN, .unit = (uint8_t)port, .which = (uint8_t)i,
				   .value = 1, .until_ns = NEVER};

		if (!(pins >> i & 1) || !keeps_swd(s, plan, lost_ns, &a))
			continue;
		a.value = 0;
		*pin = a;
		return true;
	}
	return false;
}

bool floating_decides(const struct subject *s, const struct plan *plan,
		      const struct swj_change *c, struct answer *pin)
{
	struct trace t;
	bool found = false;
	unsigned ports;

	if (plan->answer_count || !c ||
	    trace_take(s, plan, c->instructions, WINDOW, &t, NULL) != STATUS_OK)
		return false;
	ports = ports_read(&t);
	for (unsigned port = 0; port < PORTS && !found; port++) {
		uint32_t pins = ports >> port & 1 ? floating_low(t.m, port) : 0;
		struct answer all = {.kind = ANSWER_BITS, .value = pins, .mask = pins,
				     .address = GPIO_BASE + port * PORT_STEP + IDR};

		if (pins && keeps_swd(s, plan, c->ns, &all))
			found = name_pin(s, plan, c->ns, port, pins, pin);
	}
	trace_fini(&t);
	return found;
}
