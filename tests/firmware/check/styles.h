/*
 * For the programs that show one way of writing it each: styles.c and its
 * siblings. With BEHIND defined the way lies behind a condition that nobody's
 * answers open (a word of the unique ID), so that only the sweep can see it.
 */
#ifndef CHECK_STYLES_H
#define CHECK_STYLES_H

#include "lib.h"

#define AFIO_ON() (RCC_APB2ENR |= RCC_APB2ENR_AFIOEN)
#define AFIO_BASE 0x40010000u

#ifdef BEHIND
#define OPEN() (REG(0x1FFFF7E8) == 0x5A5A1234)
#else
#define OPEN() 1
#endif

/* style_asm.S */
void asm_disable(void);
void asm_store_exclusive(volatile uint32_t *reg, uint32_t value);
void asm_store_two(volatile uint32_t *reg, uint32_t first, uint32_t second);
void asm_with_base(uint32_t value);

#endif
