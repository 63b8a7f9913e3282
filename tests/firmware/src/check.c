/* TAP on USART1. */
#include "check.h"

static uint32_t checks;

void check_setup(void)
{
	usart_setup(8000000, 115200);
	SYST_RVR = 0xFFFFFF;
	SYST_CVR = 0;
	SYST_CSR = 5;
}

uint32_t cycles(void)
{
	return 0xFFFFFF - SYST_CVR;
}

static void print_hex(uint32_t value)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		usart_send("0123456789abcdef"[value >> shift & 15]);
}

static void start_line(bool good, const char *what)
{
	usart_print(good ? "ok " : "not ok ");
	usart_print_number(++checks);
	usart_print(" - ");
	usart_print(what);
}

void check(bool good, const char *what)
{
	start_line(good, what);
	usart_print("\n");
}

void check_between(uint32_t got, uint32_t low, uint32_t high, const char *what)
{
	bool good = got >= low && got <= high;

	start_line(good, what);
	if (!good) {
		usart_print(": got ");
		print_hex(got);
		usart_print(", expected ");
		print_hex(low);
		if (high != low) {
			usart_print("..");
			print_hex(high);
		}
	}
	usart_print("\n");
}

void check_equal(uint32_t got, uint32_t expected, const char *what)
{
	check_between(got, expected, expected, what);
}

void note(const char *what, uint32_t value)
{
	usart_print("# ");
	usart_print(what);
	usart_print(" ");
	print_hex(value);
	usart_print("\n");
}

void finish(void)
{
	usart_print("1..");
	usart_print_number(checks);
	usart_print("\n");
	while (!(USART1_SR & USART_SR_TC))
		;
	for (;;)
		;
}

bool wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
	for (uint32_t tries = 100000; tries > 0; tries--)
		if ((*reg & mask) == value)
			return true;
	return false;
}
