/* The flash controller: keys, erase, program, its errors (PM0075). */
#include "check.h"

#define FLASH_KEYR    REG(0x40022004)
#define FLASH_SR      REG(0x4002200C)
#define FLASH_CR      REG(0x40022010)
#define FLASH_AR      REG(0x40022014)
#define FLASH_OBR     REG(0x4002201C)
#define FLASH_WRPR    REG(0x40022020)
#define BUSY	      1u
#define PGERR	      4u
#define EOP	      32u
#define LOCK	      128u
#define PAGE	      0x0800F000u
#define HALF(address) (*(volatile uint16_t *)(uintptr_t)(address))

static uint32_t timed_erase(uint32_t address)
{
	uint32_t start;

	FLASH_CR = 2;
	FLASH_AR = address;
	start = cycles();
	FLASH_CR = 0x42;
	while (FLASH_SR & BUSY)
		;
	start = cycles() - start;
	FLASH_CR = 0;
	return start / 8;
}

int main(void)
{
	uint32_t took;

	check_setup();
	RCC_CR |= 1;
	check_equal(FLASH_CR, LOCK, "locked after reset");
	FLASH_CR = 2;
	check_equal(FLASH_CR, LOCK, "a locked CR cannot be written");
	FLASH_KEYR = 0x45670123;
	FLASH_KEYR = 0xCDEF89AB;
	check_equal(FLASH_CR, 0, "both keys unlock");
	took = timed_erase(PAGE);
	check_between(took, 10000, 45000, "page erase takes 20 to 40 ms (datasheet)");
	check_equal(FLASH_SR, EOP, "EOP after the erase");
	FLASH_SR = EOP;
	check_equal(FLASH_SR, 0, "EOP clears by writing 1");
	check_equal(REG(PAGE), 0xFFFFFFFF, "an erased page reads ones");
	FLASH_CR = 1;
	took = cycles();
	HALF(PAGE) = 0xBEEF;
	while (FLASH_SR & BUSY)
		;
	took = (cycles() - took) / 8;
	check_between(took, 35, 75, "a half-word takes 40 to 70 us");
	check_equal(HALF(PAGE), 0xBEEF, "programmed");
	check_equal(HALF(PAGE + 2), 0xFFFF, "its neighbour untouched");
	FLASH_SR = EOP;
	HALF(PAGE) = 0x1234;
	while (FLASH_SR & BUSY)
		;
	check_equal(FLASH_SR & PGERR, PGERR, "PGERR when not erased");
	check_equal(HALF(PAGE), 0xBEEF, "and nothing changed");
	FLASH_SR = PGERR | EOP;
	HALF(PAGE) = 0;
	while (FLASH_SR & BUSY)
		;
	check_equal(HALF(PAGE), 0, "zero may be programmed over anything");
	FLASH_SR = PGERR | EOP;
	FLASH_CR = 0;
	FLASH_CR = LOCK;
	check_equal(FLASH_CR & LOCK, LOCK, "LOCK locks again");
	check_equal(FLASH_OBR & 2, 0, "no read-out protection from the factory");
	check_equal(FLASH_WRPR, 0xFFFFFFFF, "no write protection from the factory");
	check_equal(REG(0x1FFFF800) & 0xFFFF, 0x5AA5, "RDP option byte");
	finish();
}
