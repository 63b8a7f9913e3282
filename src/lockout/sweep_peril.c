/*
 * What makes attaching harder, besides SWJ_CFG: option bytes (PM0075 2.5, 3.3),
 * Stop and Standby (RM0008 5.3: WFI or WFE with SCR.SLEEPDEEP, and PWR_CR.PDDS
 * says which), the IWDG's start (RM0008 19.3).
 *
 * Not modelled: the keys that unlock the option bytes; stores to option bytes
 * whose address is not known; the data bytes, which protect nothing.
 * ASSUMED: a callee that is not walked leaves the two bits as they are.
 */
#include "lockout/sweep_internal.h"

#define SCR 0xE000ED10u
#define SLEEPDEEP 2 /* bit */
#define PWR_CR 0x40007000u
#define PDDS 1 /* bit */
#define PDDS_BIT_BAND 0x420E0004u
#define IWDG_KR 0x40003000u
#define IWDG_START 0xCCCCu
#define FLASH_CR 0x40022010u
#define FLASH_CR_OPTPG (1u << 4)
#define FLASH_CR_OPTER (1u << 5)
#define OPTIONS 0x1FFFF800u
#define RDP_OFF 0xA5u

static enum abs_gate bit_of(const struct absval *v, unsigned bit)
{
	return !(v->known >> bit & 1) ? GATE_UNKNOWN : v->value >> bit & 1 ? GATE_ON : GATE_OFF;
}

bool peril_load(const struct sweep *sw, uint32_t address, struct absval *v)
{
	enum abs_gate is = address == SCR ? sw->now->deep : sw->now->standby;
	unsigned bit = address == SCR ? SLEEPDEEP : PDDS;

	if ((address != SCR && address != PWR_CR) || is == GATE_UNKNOWN)
		return false;
	*v = (struct absval){.known = 1u << bit, .value = is == GATE_ON ? 1u << bit : 0};
	return true;
}

/* Are the bits `mask` all ones for certain (nothing is protected)? */
static bool is_ones(const struct absval *v, uint32_t mask)
{
	return (v->known & v->value & mask) == mask;
}

static uint32_t innermost_call(const struct sweep *sw)
{
	return sw->depth ? sw->calls[sw->depth - 1] : 0;
}

static bool is_doubtful(const struct sweep *sw, uint32_t pc)
{
	for (size_t i = 0; i < sw->harmless_count; i++)
		if (sw->harmless[i].pc == pc && sw->harmless[i].call == innermost_call(sw))
			return true;
	return false;
}

/* This store, come to by this call, leaves the byte as it is, or may: then what
 * it does otherwise hangs on something (on what the chip says it was, mostly). */
static void note_harmless(struct sweep *sw, uint32_t pc)
{
	uint32_t call = innermost_call(sw);

	for (size_t i = 0; i < sw->out->hit_count; i++) {
		struct sweep_hit *h = &sw->out->hits[i];

		if (h->kind != SWEEP_SWJ && h->store_pc == pc &&
		    (h->call_count ? h->calls[0] : 0) == call)
			h->known = 0;
	}
	if (sw->harmless_count < SWEEP_HARMLESS_MAX && !is_doubtful(sw, pc))
		sw->harmless[sw->harmless_count++] = (struct sweep_harmless){pc, call};
}

/* Is it a value that protects, or one that is not known? */
static bool protects(unsigned word, const struct absval *v, enum sweep_kind *kind)
{
	*kind = word == 0 ? SWEEP_RDP : word == 1 ? SWEEP_USER : SWEEP_WRP;
	if (word == 0)
		return (v->known & 0xFF) != 0xFF || (v->value & 0xFF) != RDP_OFF;
	return word == 1 ? !is_ones(v, 7) : word >= 4 && !is_ones(v, 0xFF);
}

/* RDP, USER, Data0, Data1, WRP0 to WRP3, a half-word each. */
static void store_option(struct sweep *sw, uint32_t pc, uint32_t address, const struct absval *v)
{
	unsigned word = (address - OPTIONS) / 2;
	enum sweep_kind kind;
	struct sweep_hit *h;
	bool does = protects(word, v, &kind);

	sw->out->options_programmed = true;
	sw->out->rdp_programmed |= word == 0;
	if (!does || (v->known & 0xFF) != 0xFF)
		note_harmless(sw, pc);
	h = does ? sweep_add_hit(sw, kind, pc, address, v) : NULL;
	if (h && is_doubtful(sw, pc))
		h->known = 0;
}

static void store_flash_cr(struct sweep *sw, uint32_t pc, const struct absval *v)
{
	if (v->known & v->value & FLASH_CR_OPTPG)
		sw->out->option_mode = true;
	if (v->known & v->value & FLASH_CR_OPTER)
		sweep_add_hit(sw, SWEEP_ERASE, pc, FLASH_CR, v);
}

void peril_store(struct sweep *sw, uint32_t pc, uint32_t address, const struct absval *v)
{
	if (address - OPTIONS < 16)
		store_option(sw, pc, address, v);
	else if (address == FLASH_CR)
		store_flash_cr(sw, pc, v);
	else if (address == SCR)
		sw->now->deep = bit_of(v, SLEEPDEEP);
	else if (address == PWR_CR)
		sw->now->standby = bit_of(v, PDDS);
	else if (address == PDDS_BIT_BAND)
		sw->now->standby = bit_of(v, 0);
	else if (address == IWDG_KR && (v->known & 0xFFFF) == 0xFFFF &&
		 (v->value & 0xFFFF) == IWDG_START)
		sweep_add_hit(sw, SWEEP_IWDG, pc, IWDG_KR, v);
}

void peril_sleep(struct sweep *sw, uint32_t pc)
{
	struct absval nothing = ABS_UNKNOWN;

	if (sw->now->deep == GATE_ON)
		sweep_add_hit(sw, sw->now->standby == GATE_ON ? SWEEP_STANDBY : SWEEP_STOP, pc, 0,
			      &nothing);
}
