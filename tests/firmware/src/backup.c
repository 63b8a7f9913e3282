/*
 * CRC, backup registers, RTC, device signature, DBGMCU (RM0008 4, 6, 18, 30,
 * 31; erratum "debug registers cannot be read by user software").
 */
#include "check.h"

#define CRC_DR	    REG(0x40023000)
#define CRC_CR	    REG(0x40023008)
#define PWR_CR	    REG(0x40007000)
#define BKP_DR(n)   REG(0x40006C00 + 4 * (n))
#define RTC(offset) REG(0x40002800 + (offset))
#define RTC_CRL	    RTC(4)
#define RTOFF	    0x20u
#define RSF	    8u

static uint32_t crc_word(uint32_t crc, uint32_t word)
{
	crc ^= word;
	for (unsigned i = 0; i < 32; i++)
		crc = crc & 0x80000000u ? crc << 1 ^ 0x04C11DB7u : crc << 1;
	return crc;
}

static void test_rtc(void)
{
	RCC_CSR |= 1;
	check(wait_for(&RCC_CSR, 2, 2), "LSI ready");
	RCC_BDCR = 2u << 8 | 1u << 15;
	RTC_CRL = 0;
	check(wait_for(&RTC_CRL, RSF, RSF), "RTC synchronises (RSF)");
	check(wait_for(&RTC_CRL, RTOFF, RTOFF), "RTOFF");
	RTC_CRL = 0x10;
	RTC(0x08) = 0;
	RTC(0x0C) = 3999; /* 40 kHz / 4000: 100 ms */
	RTC(0x18) = 0;
	RTC(0x1C) = 0x1234;
	RTC_CRL = 0;
	check(wait_for(&RTC_CRL, RTOFF, RTOFF), "configuration is taken over");
	check_equal(RTC(0x1C), 0x1234, "counter was set");
	for (uint32_t start = cycles(); cycles() - start < 8000000 / 4;)
		;
	check_between(RTC(0x1C), 0x1236, 0x1237, "and counts");
}

int main(void)
{
	uint32_t expected = crc_word(crc_word(0xFFFFFFFF, 0x12345678), 0xDEADBEEF);

	check_setup();
	RCC_AHBENR |= 1u << 6;
	CRC_CR = 1;
	CRC_DR = 0x12345678;
	CRC_DR = 0xDEADBEEF;
	check_equal(CRC_DR, expected, "CRC unit");
	RCC_APB1ENR |= 3u << 27;
	BKP_DR(1) = 0x5555;
	check_equal(BKP_DR(1), 0, "backup registers are protected");
	PWR_CR |= 1u << 8;
	BKP_DR(1) = 0xA5A55555;
	check_equal(BKP_DR(1), 0x5555, "16 bits, once DBP is set");
	test_rtc();
	check_equal(REG(0x1FFFF7E0) & 0xFFFF, 64, "flash size register");
	check(REG(0x1FFFF7E8) != 0xFFFFFFFF, "unique id is there");
	check_equal(REG(0xE0042000), 0, "DBGMCU reads 0 until a debugger was there");
	finish();
}
