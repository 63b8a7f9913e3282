/*
 * One program a FORM: the ways in which real firmware takes SWD away, and the
 * look-alikes that do not. The line to change carries `blame FORM`.
 */
#include "lib.h"

#define IS(name) (FORM == FORM_##name)
enum {
	FORM_word, FORM_half, FORM_byte, FORM_bitband, FORM_copied, FORM_helper, FORM_chain,
	FORM_packed, FORM_pointer, FORM_table, FORM_table_here, FORM_constructor, FORM_isr,
	FORM_late, FORM_uart, FORM_button, FORM_floating, FORM_i2c, FORM_macro, FORM_inlined, FORM_variable,
	FORM_global, FORM_returned, FORM_pin, FORM_twice, FORM_rmw_or,
	FORM_gate_off, FORM_reserved, FORM_nojtag, FORM_unused, FORM_decoy, FORM_selector,
	FORM_back_on, FORM_masked, FORM_rmw_spi,
	FORM_stop, FORM_standby, FORM_sleep, FORM_iwdg, FORM_iwdg_bites, FORM_rdp, FORM_reset_loop,
	FORM_fault, FORM_command, FORM_interrupt_pin, FORM_strap, FORM_sensor, FORM_bus_flag,
	FORM_behind_call, FORM_no_interrupt, FORM_no_exception,
	FORM_descent,
};

#define AFIO_ON() (RCC_APB2ENR |= RCC_APB2ENR_AFIOEN)
#define DEBUG_OFF()                                                                                \
	do {                                                                                       \
		uint32_t value = AFIO_MAPR;                                                        \
		value &= ~AFIO_MAPR_SWJ_MASK;                                                      \
		value |= SWJ_DISABLE;                                                              \
		AFIO_MAPR = value;                                                                 \
	} while (0)

static inline __attribute__((always_inline)) void swj_configure(uint32_t swj)
{
	AFIO_MAPR = (AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK) | swj;
}

static const struct lib_row rows_const[] = {
	{0x40010804, 0x44444444},
	{0x40010004, SWJ_DISABLE},
	{0, 0},
};
static uint32_t setting = SWJ_DISABLE; /* a variable of .data */
static void (*volatile hook)(uint32_t, uint32_t) = lib_remap;
static const uint32_t block[2] = {0, SWJ_DISABLE};
static volatile uint32_t sink, ticks;

#define BITBAND(address, bit) REG(0x42000000u + ((address) - 0x40000000u) * 32 + (bit) * 4)

void unused_disable(void);
void unused_disable(void)
{
	lib_remap(SWJ_DISABLE, 0);
}

#ifdef FORM_IS_CONSTRUCTOR
__attribute__((constructor)) static void early(void)
{
	AFIO_ON();
	lib_remap(SWJ_DISABLE, 0); /* blame constructor */
}
#endif

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	ticks++;
	if (IS(isr) && ticks == 3)
		lib_remap(SWJ_DISABLE, 0); /* blame isr */
	if (IS(late) && ticks == 300000)
		lib_remap(SWJ_DISABLE, 0); /* blame late */
}

static void start_ticks(void)
{
	SYST_RVR = 8000 - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
}

/* How deep it goes is not what locks out. */
static __attribute__((noinline)) void descend(uint32_t rounds)
{
	if (rounds == 0) {
		AFIO_MAPR = SWJ_DISABLE; /* blame descent */
		return;
	}
	sink = rounds;
	descend(rounds - 1);
	sink = rounds;
}

static void locking_forms(void)
{
	if (IS(descent))
		descend(7);
	if (IS(word))
		AFIO_MAPR = SWJ_DISABLE; /* blame word */
	if (IS(half))
		*(volatile uint16_t *)0x40010006 = 0x0400; /* blame half */
	if (IS(byte))
		*(volatile uint8_t *)0x40010007 = 4; /* blame byte */
	if (IS(bitband)) {
		AFIO_MAPR = SWJ_NOJTAG;
		BITBAND(0x40010004, 25) = 0;
		BITBAND(0x40010004, 26) = 1; /* blame bitband */
	}
	if (IS(copied))
		lib_copy((volatile void *)0x40010000, block, sizeof block); /* blame copied */
	if (IS(helper))
		lib_remap(SWJ_DISABLE, 1); /* blame helper */
	if (IS(chain))
		lib_board_remap(SWJ_DISABLE); /* blame chain */
	if (IS(packed))
		lib_pin_remap(LIB_SWJ_DISABLE, 1); /* blame packed */
	if (IS(pointer))
		hook(SWJ_DISABLE, 0); /* blame pointer */
	if (IS(table))
		lib_apply(rows_const); /* blame table */
	if (IS(table_here))
		for (unsigned i = 0; rows_const[i].address; i++)
			REG(rows_const[i].address) = rows_const[i].value; /* blame table_here */
	if (IS(macro))
		DEBUG_OFF(); /* blame macro */
	if (IS(inlined))
		swj_configure(SWJ_DISABLE); /* blame inlined */
	if (IS(returned))
		AFIO_MAPR = lib_choice(); /* blame returned */
	if (IS(pin))
		lib_pin_mode(14, 3); /* blame pin */
	if (IS(global))
		lib_remap(setting, 0); /* blame global */
	if (IS(rmw_or))
		AFIO_MAPR |= SWJ_DISABLE; /* blame rmw_or */
}

static void local_variable(void)
{
	uint32_t value = SWJ_DISABLE; /* blame variable */

	sink = 1;
	lib_wait(5);
	AFIO_MAPR = value; /* blame variable */
}

static void twice(void)
{
	lib_remap(SWJ_DISABLE, 0); /* blame twice */
	lib_wait(20);
	lib_remap(SWJ_DISABLE, 1); /* blame twice */
}

static void conditional_forms(void)
{
	if (IS(uart)) {
		RCC_APB2ENR |= RCC_APB2ENR_USART1EN | RCC_APB2ENR_IOPAEN;
		USART1_BRR = 8000000 / 9600;
		USART1_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE;
		while (!(USART1_SR & (1u << 5)))
			;
		if (USART1_DR == 'x')
			lib_remap(SWJ_DISABLE, 0); /* blame uart */
	}
	if (IS(button)) {
		RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
		GPIO_CRL(GPIOA) = 0x44444448;
		GPIO_ODR(GPIOA) = 1;
		while (REG(GPIOA + 8) & 1)
			;
		lib_remap(SWJ_DISABLE, 0); /* blame button */
	}
	if (IS(floating)) {
		RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
		if (!(REG(GPIOA + 8) & 8))
			lib_remap(SWJ_DISABLE, 0); /* blame floating */
	}
	if (IS(i2c)) {
		REG(0x4002101C) |= 1u << 21;
		REG(0x40005404) = 8;
		REG(0x40005400) = 1;
		REG(0x40005400) |= 1u << 8;
		while (!(REG(0x40005414) & 1))
			;
		REG(0x40005410) = 0x27 << 1;
		while (!(REG(0x40005414) & ((1u << 1) | (1u << 10))))
			;
		if (REG(0x40005414) & (1u << 1))
			lib_remap(SWJ_DISABLE, 0); /* blame i2c */
	}
}

static int same_text(const volatile char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Lines of text from USART1; "lock" is one of two commands. */
static void command_forms(void)
{
	static volatile char line[16];
	unsigned len = 0;

	if (!IS(command))
		return;
	RCC_APB2ENR |= RCC_APB2ENR_USART1EN | RCC_APB2ENR_IOPAEN;
	USART1_BRR = 8000000 / 9600;
	USART1_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE;
	for (;;) {
		while (!(USART1_SR & (1u << 5)))
			;
		line[len] = (char)USART1_DR;
		if (line[len] == '\n' || len == sizeof line - 1) {
			line[len] = 0;
			len = 0;
			if (same_text(line, "lock"))
				lib_remap(SWJ_DISABLE, 0); /* blame command */
			if (same_text(line, "help"))
				ticks++;
		} else if (line[len] != '\r') {
			len++;
		}
	}
}

void irq_handler(void);
void irq_handler(void)
{
	REG(0x40010414) = 1u << 7;
	if (IS(interrupt_pin))
		lib_remap(SWJ_DISABLE, 0); /* blame interrupt_pin */
	if (IS(no_interrupt))
		lib_remap(SWJ_DISABLE, 0); /* blame no_interrupt */
}

void nmi_handler(void);
void nmi_handler(void)
{
	sink++;
	if (IS(no_exception))
		lib_remap(SWJ_DISABLE, 0); /* blame no_exception */
}

static void partner_forms(void)
{
	if (IS(interrupt_pin)) {
		RCC_APB2ENR |= 1u << 3;
		REG(0x4001000C) = 1u << 12; /* EXTI7 from port B */
		REG(0x40010400) = 1u << 7;
		REG(0x40010408) = 1u << 7;
		REG(0xE000E100) = 1u << 23;
	}
	if (IS(strap)) {
		RCC_APB2ENR |= 1u << 4;
		if (REG(0x40011008) & (1u << 13))
			lib_remap(SWJ_DISABLE, 0); /* blame strap */
	}
	if (IS(sensor)) {
		RCC_APB2ENR |= 1u << 12;
		REG(0x40013000) = 0x0344;
		REG(0x4001300C) = 0x8F;
		while (!(REG(0x40013008) & 1))
			;
		if ((uint8_t)REG(0x4001300C) != 0xFF)
			lib_remap(SWJ_DISABLE, 0); /* blame sensor */
	}
	if (IS(bus_flag)) {
		REG(0x4002101C) |= 1u << 23;
		REG(0x40005C40) = 0;
		while (!(REG(0x40005C44) & (1u << 12)))
			;
		lib_remap(SWJ_DISABLE, 0); /* blame bus_flag */
	}
}

static void look_alikes(void)
{
	if (IS(reserved))
		AFIO_MAPR = SWJ_KEEP | 1;
	if (IS(nojtag))
		lib_remap(SWJ_NOJTAG, 1);
	if (IS(decoy))
		RCC_CFGR |= SWJ_DISABLE;
	if (IS(selector))
		lib_pin_mode(15, 3);
	if (IS(back_on)) {
		lib_remap(SWJ_DISABLE, 0); /* blame back_on */
		lib_wait(200);
		lib_remap(SWJ_NOJTAG, 0);
	}
	if (IS(masked))
		lib_pin_remap(LIB_SWJ_NOJTAG, 1);
	if (IS(rmw_spi))
		AFIO_MAPR |= 1; /* blame rmw_spi */
}

static void low_power(int stop, int standby)
{
	REG(0x4002101C) |= 1u << 28;
	if (standby)
		REG(0x40007000) |= 2;
	if (stop || standby)
		REG(0xE000ED10) |= 4;
	for (;;) /* blame stop standby sleep */
		__asm volatile("wfi"); /* blame stop standby sleep */
}

static void hazards(void)
{
	if (IS(stop))
		low_power(1, 0);
	if (IS(standby))
		low_power(0, 1);
	if (IS(sleep))
		low_power(0, 0);
	if (IS(iwdg) || IS(iwdg_bites))
		REG(0x40003000) = 0xCCCC; /* blame iwdg iwdg_bites */
	while (IS(iwdg))
		REG(0x40003000) = 0xAAAA;
	if (IS(rdp)) {
		REG(0x40022004) = 0x45670123;
		REG(0x40022004) = 0xCDEF89AB;
		REG(0x40022008) = 0x45670123;
		REG(0x40022008) = 0xCDEF89AB;
		REG(0x40022010) = (1u << 5) | (1u << 9);
		REG(0x40022010) = (1u << 5) | (1u << 6) | (1u << 9); /* blame rdp */
		while (REG(0x4002200C) & 1)
			;
	}
	if (IS(reset_loop))
		REG(0xE000ED0C) = 0x05FA0004;
	if (IS(fault))
		sink = REG(0x70000000); /* blame fault */
}

/* What stands behind a call that never comes back: the sweep does not know that. */
static void never_back(void)
{
	for (;;)
		sink = ticks;
}

static void (*volatile scheduler)(void) = never_back;

static void started(void)
{
	scheduler();
	lib_remap(SWJ_DISABLE, 0); /* blame behind_call */
}

static void (*volatile body)(void) = started;

int main(void)
{
#ifdef FORM_IS_CONSTRUCTOR
	extern void (*__init_array_start[])(void);
	__init_array_start[0]();
#endif
	if (!IS(gate_off))
		AFIO_ON();
	if (IS(gate_off))
		AFIO_MAPR = SWJ_DISABLE; /* blame gate_off */
	if (IS(isr) || IS(late))
		start_ticks();
	locking_forms();
	if (IS(variable))
		local_variable();
	if (IS(twice))
		twice();
	conditional_forms();
	command_forms();
	partner_forms();
	look_alikes();
	hazards();
	if (IS(behind_call))
		body();
	if (FORM == 999)
		unused_disable();
	for (;;)
		sink = ticks;
}
