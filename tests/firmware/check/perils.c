/*
 * What makes attaching harder without touching SWJ_CFG, one program a FORM:
 * low power, watchdogs, reset loops, option bytes, faults; and the harmless
 * likes of them, also by functions that are named as in the libraries. The line to look at carries `blame FORM`. BEHIND (styles.h),
 * where only the sweep sees them, and at -O0, `behind_FORM` where that differs.
 */
#include "styles.h"

#define IS(name) (FORM == FORM_##name)
enum {
	FORM_stop_loop = 1, FORM_stop_event, FORM_stop_with_debug_bits,
	FORM_standby_wakes, FORM_sleep_on_exit, FORM_sleep_ticking, FORM_deep_set_only,
	FORM_window_bites, FORM_window_fed, FORM_iwdg_late,
	FORM_reset_from_fault, FORM_reset_core, FORM_reset_once,
	FORM_protect_read, FORM_protect_erase_only, FORM_protect_until_stuck, FORM_protect_write,
	FORM_protect_pages, FORM_hardware_watchdog, FORM_user_data, FORM_rdp_kept,
	FORM_options_moved, FORM_options_unlocked, FORM_null_call, FORM_undefined,
	FORM_unaligned_word, FORM_stack_gone, FORM_locked_up,
	FORM_divided, FORM_shallow_again, FORM_standby_unused, FORM_gives_up,
	FORM_semihosting, FORM_big_part, FORM_bigger_part, FORM_big_flash, FORM_big_ram,
	FORM_library_stop, FORM_library_reset, FORM_library_watchdog,
};

static volatile uint32_t sink, ticks;

#define PWR_CR REG(0x40007000)
#define SCR REG(0xE000ED10)
#define IWDG_KR REG(0x40003000)
#define FLASH_SR REG(0x4002200C)
#define FLASH_CR REG(0x40022010)
#define OPTIONS 0x1FFFF800u
#define RESET_NOW() (REG(0xE000ED0C) = 0x05FA0004)

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	ticks++;
}

static void start_ticks(void)
{
	SYST_RVR = 8000 - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
}

/* ---- low power ------------------------------------------------------------------- */

static void stop_forms(void)
{
	REG(0x4002101C) |= 1u << 28;
	if (IS(stop_loop) || IS(stop_with_debug_bits)) {
		if (IS(stop_with_debug_bits))
			REG(0xE0042004) |= 7;
		SCR |= 4;
		for (;;) /* blame stop_loop stop_with_debug_bits */
			__asm volatile("wfi"); /* blame stop_loop stop_with_debug_bits */
	}
	if (IS(stop_event)) {
		SCR |= 4;
		__asm volatile("sev\n wfe"); /* blame behind_stop_event */
		for (;;) /* blame stop_event */
			__asm volatile("wfe"); /* blame stop_event */
	}
}

/* Linked, and called by nobody. */
void standby_unused(void);
__attribute__((used)) void standby_unused(void)
{
	if (IS(standby_unused)) {
		PWR_CR |= 2;
		SCR |= 4;
		__asm volatile("wfi");
	}
}

/* Called by what never returns, called by the same: how a program gives up. */
__attribute__((noinline, noreturn)) static void halt(void)
{
	PWR_CR |= 2;
	SCR |= 4;
	for (;;) /* blame gives_up */
		__asm volatile("wfi"); /* blame gives_up */
}

__attribute__((noinline, noreturn)) static void give_up(void)
{
	sink++;
	halt();
}

static void sleep_forms(void)
{
	if (IS(standby_wakes)) {
		PWR_CR |= 6;
		SCR |= 4;
		__asm volatile("wfi"); /* blame standby_wakes */
	}
	if (IS(sleep_on_exit)) {
		SCR |= 2;
		for (;;) /* blame sleep_on_exit */
			__asm volatile("wfi"); /* blame sleep_on_exit */
	}
	if (IS(sleep_ticking)) {
		start_ticks();
		for (;;) /* blame sleep_ticking */
			__asm volatile("wfi"); /* blame sleep_ticking */
	}
	if (IS(deep_set_only))
		SCR |= 4;
	if (IS(gives_up))
		give_up();
	if (IS(shallow_again)) {
		SCR |= 4;
		PWR_CR |= 2;
		SCR &= ~4u;
		start_ticks();
		for (;;)
			__asm volatile("wfi"); /* blame shallow_again */
	}
}

/* ---- watchdogs and resets ------------------------------------------------------------- */

static void watchdogs(void)
{
	REG(0x4002101C) |= 1u << 11;
	if (IS(window_bites))
		REG(0x40002C00) = 0xFF; /* blame window_bites */
	if (IS(window_fed)) {
		REG(0x40002C04) = 0x1FF;
		REG(0x40002C00) = 0xFF; /* blame window_fed */
		for (;;)
			REG(0x40002C00) = 0xFF;
	}
	if (IS(iwdg_late)) {
		IWDG_KR = 0x5555;
		REG(0x40003004) = 3;
		IWDG_KR = 0xCCCC; /* blame iwdg_late */
		for (unsigned i = 0; i < 20; i++) {
			lib_wait(1000);
			IWDG_KR = 0xAAAA;
		}
	}
}

void hard_fault_handler(void);
void hard_fault_handler(void)
{
	if (IS(reset_from_fault))
		RESET_NOW(); /* blame reset_from_fault */
	if (IS(locked_up))
		sink = REG(0x70000000);
	for (;;)
		;
}

static void resets(void)
{
	if (IS(reset_from_fault))
		sink = REG(0x70000000); /* blame reset_from_fault */
	if (IS(reset_core))
		RESET_NOW(); /* blame reset_core */
	if (IS(reset_once) && !(REG(0x40021024) >> 28 & 1))
		RESET_NOW();
}

/* ---- option bytes -------------------------------------------------------------------------- */

static void unlock_options(void)
{
	REG(0x40022004) = 0x45670123;
	REG(0x40022004) = 0xCDEF89AB;
	REG(0x40022008) = 0x45670123;
	REG(0x40022008) = 0xCDEF89AB;
}

static void wait_flash(void)
{
	while (FLASH_SR & 1)
		;
}

static void erase_options(void)
{
	FLASH_CR = 1u << 9 | 1u << 5; /* blame behind_protect_erase_only */
	FLASH_CR = 1u << 9 | 1u << 5 | 1u << 6; /* blame protect_read protect_erase_only protect_until_stuck */
	wait_flash();
	FLASH_CR = 1u << 9;
}

static void program_option(uint32_t at, uint16_t v)
{
	FLASH_CR = 1u << 9 | 1u << 4;
	*(volatile uint16_t *)(uintptr_t)at = v; /* blame protect_read protect_write protect_pages hardware_watchdog user_data protect_until_stuck behind_protect_read@O2 behind_protect_until_stuck@O2 behind_protect_pages@O2 behind_hardware_watchdog@O2 */
	wait_flash();
	FLASH_CR = 1u << 9;
}

/* What the option bytes were, read before they are erased. */
static uint16_t saved[8];

static void save_options(void)
{
	for (unsigned i = 0; i < 8; i++)
		saved[i] = ((const volatile uint16_t *)OPTIONS)[i];
}

static void option_forms(void)
{
	unlock_options();
	if (IS(options_unlocked))
		return;
	if (IS(protect_until_stuck) && REG(0x4002201C) & 2)
		return;
	if (IS(options_moved))
		save_options();
	if (!IS(protect_write))
		erase_options();
	if (IS(protect_erase_only))
		return;
	if (IS(rdp_kept)) {
		program_option(OPTIONS, REG(0x4002201C) & 2 ? 0x00FF : 0x00A5); /* blame behind_rdp_kept */
		return;
	}
	if (IS(options_moved)) {
		for (unsigned i = 0; i < 8; i++)
			program_option(OPTIONS + 2 * i, saved[i]);
		return;
	}
	program_option(OPTIONS, IS(protect_read) || IS(protect_until_stuck) ? 0x0033 : 0x00A5); /* blame behind_protect_read behind_protect_until_stuck */
	if (IS(protect_pages) || IS(protect_write))
		program_option(OPTIONS + 8, 0x00FE); /* blame behind_protect_pages */
	if (IS(hardware_watchdog))
		program_option(OPTIONS + 2, 0x00FE); /* blame behind_hardware_watchdog */
	if (IS(user_data))
		program_option(OPTIONS + 4, 0x0042);
	if (IS(protect_until_stuck))
		RESET_NOW();
}

/* ---- by functions of the libraries, which nobody is to change ----------------------- */

#define APART __attribute__((noinline)) static

APART void __WFI(void)
{
	__asm volatile("wfi");
}

APART void HAL_PWR_EnterSTOPMode(void)
{
	REG(0x4002101C) |= 1u << 28;
	SCR |= 4;
	__WFI();
	sink = 1;
}

APART void __NVIC_SystemReset(void)
{
	RESET_NOW();
	for (;;)
		;
}

APART void IWDG_Enable(void)
{
	IWDG_KR = 0xCCCC;
}

static void library_forms(void)
{
	if (IS(library_stop))
		HAL_PWR_EnterSTOPMode(); /* blame library_stop */
	if (IS(library_reset))
		__NVIC_SystemReset(); /* blame library_reset */
	if (IS(library_watchdog)) {
		IWDG_Enable(); /* blame library_watchdog */
		for (;;)
			IWDG_KR = 0xAAAA;
	}
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void fault_forms(void)
{
	if (IS(null_call))
		((void (*)(void))0x20004001)(); /* blame null_call */
	if (IS(undefined))
		__asm volatile("udf #0"); /* blame undefined */
	if (IS(unaligned_word)) {
		REG(0xE000ED14) |= 8;
		sink = *(volatile uint32_t *)0x20000001; /* blame unaligned_word */
	}
	if (IS(stack_gone))
		__asm volatile("mov sp, %0\n push {r0}" : : "r"(0x1FFFFF00)); /* blame stack_gone */
	if (IS(locked_up))
		sink = REG(0x70000000); /* blame locked_up */
	if (IS(divided)) {
		REG(0xE000ED14) |= 16;
		sink = 7 / sink; /* blame divided */
	}
	if (IS(semihosting))
		__asm__ volatile("bkpt 0xAB"); /* blame semihosting */
	if (IS(big_part)) { /* FSMC: no part with so little flash and RAM has it */
		REG(0x40021014) |= 1u << 8;
		REG(0xA0000000) = 0x1011;
		AFIO_ON();
		AFIO_MAPR = SWJ_DISABLE; /* blame big_part */
	}
	if (IS(bigger_part)) { /* likewise the DAC, which reads 0 where it is not */
		REG(0x4002101C) |= 1u << 29;
		REG(0x40007408) = 0x123;
		AFIO_ON();
		if (REG(0x40007408) == 0x123)
			AFIO_MAPR = SWJ_DISABLE; /* blame bigger_part */
	}
	if (IS(big_flash)) { /* settings in the last page of 256 KiB, a log in that of 1 MiB */
		sink = REG(0x0803F800) == 1 ? 1 : REG(0x080FF800);
		AFIO_ON();
		AFIO_MAPR = SWJ_DISABLE; /* blame big_flash */
	}
	if (IS(big_ram)) { /* a frame buffer above a stack that lies low */
		REG(0x2000BFFC) = 7;
		sink = REG(0x2000BFFC);
		AFIO_ON();
		if (sink == 7)
			AFIO_MAPR = SWJ_DISABLE; /* blame big_ram */
	}
}

int main(void)
{
	if (OPEN()) {
		stop_forms();
		sleep_forms();
		watchdogs();
		resets();
		if (FORM >= FORM_protect_read && FORM <= FORM_options_unlocked)
			option_forms();
		library_forms();
		fault_forms();
	}
	for (;;)
		sink = ticks;
}
