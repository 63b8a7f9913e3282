/* Register offsets of the RCC that other peripherals' clock gates name. */
#ifndef REFLASH_MCU_PERIPH_RCC_H
#define REFLASH_MCU_PERIPH_RCC_H

#define RCC_CR 0x00
#define RCC_CFGR 0x04
#define RCC_CIR 0x08
#define RCC_APB2RSTR 0x0C
#define RCC_APB1RSTR 0x10
#define RCC_AHBENR 0x14
#define RCC_APB2ENR 0x18
#define RCC_APB1ENR 0x1C
#define RCC_BDCR 0x20
#define RCC_CSR 0x24

#define GATE(reg, bit) ((int16_t)((reg) << 5 | (bit)))
#define UNGATED ((int16_t)-1)

#endif
