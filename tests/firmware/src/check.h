/*
 * Firmware that tests the chip it runs on: each check prints one TAP line on
 * USART1, and `finish` prints how many there were. Expected values come from
 * RM0008 (register reset values and behaviour), PM0056 (core) and PM0075
 * (flash), never from a run.
 */
#ifndef FIRMWARE_CHECK_H
#define FIRMWARE_CHECK_H

#include "f103.h"

/* ---- registers the example header does not have ---- */
#define RCC_CIR		 REG(0x40021008)
#define RCC_AHBENR	 REG(0x40021014)
#define RCC_APB1ENR	 REG(0x4002101C)
#define RCC_APB1RSTR	 REG(0x40021010)
#define RCC_APB2RSTR	 REG(0x4002100C)
#define RCC_BDCR	 REG(0x40021020)
#define RCC_CSR		 REG(0x40021024)
#define NVIC_ISER(n)	 REG(0xE000E100u + 4 * (n))
#define NVIC_ICER(n)	 REG(0xE000E180u + 4 * (n))
#define NVIC_ISPR(n)	 REG(0xE000E200u + 4 * (n))
#define NVIC_ICPR(n)	 REG(0xE000E280u + 4 * (n))
#define NVIC_IPR8(n)	 (*(volatile uint8_t *)(uintptr_t)(0xE000E400u + (n)))
#define GPIO_IDR(port)	 REG((port) + 0x08)
#define GPIO_BRR(port)	 REG((port) + 0x14)
#define GPIO_LCKR(port)	 REG((port) + 0x18)
#define GPIO_INPUT_PULL	 0x8u
#define GPIO_OUT_OD_2MHZ 0x6u
/* Bit `bit` of a peripheral register through the bit-band alias. */
#define BITBAND(address, bit) REG(0x42000000u + ((uint32_t)(address)-0x40000000u) * 32 + (bit)*4)

/* Console up at 115200 Bd from an 8-MHz APB2 clock (reset state). */
void check_setup(void);
/* One TAP line. */
void check(bool good, const char *what);
/* Equal? If not, the line shows both. */
void check_equal(uint32_t got, uint32_t expected, const char *what);
/* between low and high, both included */
void check_between(uint32_t got, uint32_t low, uint32_t high, const char *what);
/* A line that is not a check ("# ..."). */
void note(const char *what, uint32_t value);
/* "1..N", and stay here. */
void finish(void) __attribute__((noreturn));
/* Wait for (*reg & mask) == value, at most about 100 ms at 8 MHz. */
bool wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value);
/* Core cycles since check_setup (SysTick, 24 bits: 2 s at 8 MHz). */
uint32_t cycles(void);

#endif
