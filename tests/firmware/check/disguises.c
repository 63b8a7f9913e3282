/*
 * What looks like a lock-out and is none, one program a FORM: the state counts,
 * not the store. Built to run, and with BEHIND for the sweep alone.
 */
#include "styles.h"

#define IS(name) (FORM == FORM_##name)
enum {
	FORM_clock_off = 1, FORM_clock_later, FORM_clock_gone, FORM_all_ones, FORM_odd_values,
	FORM_pins_as_outputs, FORM_pins_analog, FORM_pins_reset, FORM_cleared, FORM_second_map,
	FORM_event_output, FORM_clock_output, FORM_in_ram, FORM_shadow_kept, FORM_enabled_choice,
	FORM_switch_other, FORM_pin_other, FORM_table_kept, FORM_arm_not_taken, FORM_read_only,
	FORM_compared, FORM_port_bit, FORM_remaps_masked, FORM_field_kept, FORM_keeps_swd,
	FORM_no_ntrst, FORM_after_end, FORM_data_only, FORM_on_at_once,
};

static volatile uint32_t sink;
static volatile uint32_t copy_of_mapr;

struct mapr_fields {
	uint32_t low : 24, swj : 3, rest : 5;
};

static const uint32_t unused_words[] = {0x40010004, SWJ_DISABLE, 0x40010004};
static const struct lib_row kept_rows[] = {
	{0x40010800, 0x44444444}, {0x40010004, SWJ_NOJTAG}, {0x4001001C, SWJ_DISABLE}, {0, 0}};

__attribute__((noinline)) void set_debug(int enable)
{
	AFIO_MAPR = enable ? SWJ_NOJTAG : SWJ_DISABLE;
}

__attribute__((noinline)) void select_debug(unsigned which)
{
	switch (which) {
	case 0:
		AFIO_MAPR = 0;
		break;
	case 1:
		AFIO_MAPR = 1u << 24;
		break;
	case 2:
		AFIO_MAPR = SWJ_NOJTAG;
		break;
	case 3:
		AFIO_MAPR = SWJ_DISABLE;
		break;
	default:
		sink = which;
	}
}

static void without_clock(void)
{
	if (IS(clock_off))
		AFIO_MAPR = SWJ_DISABLE; /* blame clock_off */
	if (IS(clock_later)) {
		lib_remap(SWJ_DISABLE, 0); /* blame clock_later */
		AFIO_ON();
	}
	if (IS(clock_gone)) {
		AFIO_ON();
		AFIO_MAPR = SWJ_NOJTAG;
		RCC_APB2ENR &= ~RCC_APB2ENR_AFIOEN;
		lib_remap(SWJ_DISABLE, 0); /* blame clock_gone */
	}
}

static void other_values(void)
{
	if (IS(all_ones))
		AFIO_MAPR = (AFIO_MAPR | AFIO_MAPR_SWJ_MASK) | 1;
	if (IS(odd_values)) {
		AFIO_MAPR = 3u << 24;
		AFIO_MAPR = 5u << 24;
		AFIO_MAPR = 6u << 24;
	}
	if (IS(cleared))
		AFIO_MAPR &= ~AFIO_MAPR_SWJ_MASK;
	if (IS(remaps_masked))
		AFIO_MAPR = (AFIO_MAPR & 0xF0FFFFFF) | SWJ_NOJTAG | 4;
	if (IS(field_kept))
		((volatile struct mapr_fields *)&AFIO_MAPR)->swj = 2;
	if (IS(keeps_swd))
		lib_pin_remap(LIB_SWJ_NOJTAG, 1);
	if (IS(no_ntrst))
		lib_remap(1u << 24, 2);
	if (IS(on_at_once)) {
		AFIO_MAPR = SWJ_DISABLE;
		AFIO_MAPR = SWJ_NOJTAG;
	}
}

/* RM0008 9.3.5: only SWJ_CFG gives PA13 and PA14 away. */
static void pins(void)
{
	if (IS(pins_as_outputs)) {
		RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
		GPIO_CRH(GPIOA) = 0x43344444;
		GPIO_ODR(GPIOA) = 3u << 13;
	}
	if (IS(pins_analog)) {
		RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
		GPIO_CRL(GPIOA) = 0;
		GPIO_CRH(GPIOA) = 0;
	}
	if (IS(pins_reset)) {
		RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
		GPIO_CRH(GPIOA) = (GPIO_CRH(GPIOA) & ~(15u << 20)) | 4u << 20;
		REG(AFIO_BASE + 0x14) &= ~(15u << 4);
	}
	if (IS(pin_other))
		lib_pin_mode(12, 3);
}

static void other_places(void)
{
	if (IS(second_map))
		REG(AFIO_BASE + 0x1C) = SWJ_DISABLE;
	if (IS(event_output))
		REG(AFIO_BASE) = SWJ_DISABLE;
	if (IS(clock_output))
		RCC_CFGR = (RCC_CFGR & ~(7u << 24)) | 4u << 24;
	if (IS(in_ram))
		*(volatile uint32_t *)0x20000400 = SWJ_DISABLE;
	if (IS(shadow_kept)) {
		copy_of_mapr = SWJ_DISABLE;
		sink = copy_of_mapr;
		AFIO_MAPR = SWJ_NOJTAG;
	}
	if (IS(port_bit))
		REG(0x42000000u + (GPIOA + 12 - 0x40000000u) * 32 + 13 * 4) = 1;
	if (IS(read_only))
		sink = AFIO_MAPR | SWJ_DISABLE;
	if (IS(compared) && AFIO_MAPR == SWJ_DISABLE)
		sink = 1;
	if (IS(data_only))
		for (unsigned i = 0; i < 3; i++)
			sink = unused_words[i];
}

static void choices(void)
{
	if (IS(enabled_choice))
		set_debug(1);
	if (IS(switch_other))
		select_debug(2);
	if (IS(table_kept))
		lib_apply(kept_rows);
	if (IS(arm_not_taken) && sizeof(void *) == 8)
		lib_remap(SWJ_DISABLE, 0);
	if (IS(after_end)) {
		for (;;)
			sink++;
		lib_remap(SWJ_DISABLE, 0);
	}
}

int main(void)
{
	if (!IS(clock_off) && !IS(clock_later) && !IS(clock_gone))
		AFIO_ON();
	if (OPEN()) {
		without_clock();
		other_values();
		pins();
		other_places();
		choices();
	}
	for (;;)
		sink++;
}
