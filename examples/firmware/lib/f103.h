/*
 * The few registers of an STM32F103 that the example programs use. Addresses
 * and bits from RM0008 (chapters 3, 7, 9, 25, 27) and PM0056 (SysTick, SCB).
 */
#ifndef EXAMPLE_F103_H
#define EXAMPLE_F103_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* ---- RCC and FLASH ---------------------------------------------------------- */
#define RCC_CR		     REG(0x40021000)
#define RCC_CR_HSION	     (1u << 0)
#define RCC_CR_HSEON	     (1u << 16)
#define RCC_CR_HSERDY	     (1u << 17)
#define RCC_CR_PLLON	     (1u << 24)
#define RCC_CR_PLLRDY	     (1u << 25)
#define RCC_CFGR	     REG(0x40021004)
#define RCC_CFGR_SW_PLL	     2u
#define RCC_CFGR_SWS_MASK    (3u << 2)
#define RCC_CFGR_SWS_PLL     (2u << 2)
#define RCC_CFGR_PPRE1_DIV2  (4u << 8)
#define RCC_CFGR_PLLSRC_HSE  (1u << 16)
#define RCC_CFGR_PLLMUL(n)   (((n)-2u) << 18)
#define RCC_APB2ENR	     REG(0x40021018)
#define RCC_APB2ENR_AFIOEN   (1u << 0)
#define RCC_APB2ENR_IOPAEN   (1u << 2)
#define RCC_APB2ENR_IOPBEN   (1u << 3)
#define RCC_APB2ENR_IOPCEN   (1u << 4)
#define RCC_APB2ENR_SPI1EN   (1u << 12)
#define RCC_APB2ENR_USART1EN (1u << 14)
#define FLASH_ACR	     REG(0x40022000)
#define FLASH_ACR_LATENCY_2  2u
#define FLASH_ACR_PRFTBE     (1u << 4)

/* ---- GPIO and AFIO ------------------------------------------------------------ */
#define GPIOA		0x40010800u
#define GPIOB		0x40010C00u
#define GPIOC		0x40011000u
#define GPIO_CRL(port)	REG((port) + 0x00)
#define GPIO_CRH(port)	REG((port) + 0x04)
#define GPIO_ODR(port)	REG((port) + 0x0C)
#define GPIO_BSRR(port) REG((port) + 0x10)
#define GPIO(n)		(1u << (n))

/* CNF << 2 | MODE, as CRL and CRH take it. */
#define GPIO_INPUT_FLOAT 0x4u
#define GPIO_OUT_50MHZ	 0x3u
#define GPIO_OUT_2MHZ	 0x2u
#define GPIO_ALT_50MHZ	 0xBu

#define AFIO_MAPR			     REG(0x40010004)
#define AFIO_MAPR_SWJ_MASK		     (7u << 24)
#define AFIO_MAPR_SWJ_CFG_FULL_SWJ	     (0u << 24)
#define AFIO_MAPR_SWJ_CFG_FULL_SWJ_NO_JNTRST (1u << 24)
#define AFIO_MAPR_SWJ_CFG_JTAG_OFF_SW_ON     (2u << 24)
#define AFIO_MAPR_SWJ_CFG_JTAG_OFF_SW_OFF    (4u << 24)
#define AFIO_MAPR_SPI1_REMAP		     (1u << 0)

/* ---- USART1, SPI1 ---------------------------------------------------------------- */
#define USART1_SR    REG(0x40013800)
#define USART1_DR    REG(0x40013804)
#define USART1_BRR   REG(0x40013808)
#define USART1_CR1   REG(0x4001380C)
#define USART_SR_TXE (1u << 7)
#define USART_SR_TC  (1u << 6)
#define USART_CR1_RE (1u << 2)
#define USART_CR1_TE (1u << 3)
#define USART_CR1_UE (1u << 13)

#define SPI1_CR1	REG(0x40013000)
#define SPI1_SR		REG(0x40013008)
#define SPI1_DR		REG(0x4001300C)
#define SPI_CR1_MSTR	(1u << 2)
#define SPI_CR1_BR_DIV8 (2u << 3)
#define SPI_CR1_SPE	(1u << 6)
#define SPI_CR1_SSI	(1u << 8)
#define SPI_CR1_SSM	(1u << 9)
#define SPI_SR_RXNE	(1u << 0)
#define SPI_SR_TXE	(1u << 1)
#define SPI_SR_BSY	(1u << 7)

/* ---- core ----------------------------------------------------------------------------- */
#define SYST_CSR	   REG(0xE000E010)
#define SYST_RVR	   REG(0xE000E014)
#define SYST_CVR	   REG(0xE000E018)
#define SYST_CSR_RUN	   7u /* core clock, interrupt, enable */
#define SCB_ICSR	   REG(0xE000ED04)
#define SCB_ICSR_PENDSVSET (1u << 28)
#define SCB_VTOR	   REG(0xE000ED08)
#define SCB_SHPR3	   REG(0xE000ED20)

/* rcc.c: run from the PLL, 72 MHz with a crystal, 64 MHz without. Returns the
 * core clock in Hz; APB2 has the same, APB1 half of it. */
uint32_t rcc_clock_setup(void);

/* gpio.c: `mode` is CNF << 2 | MODE; `pins` a mask. */
void gpio_set_mode(uint32_t port, uint32_t mode, uint32_t pins);
void gpio_set(uint32_t port, uint32_t pins);
void gpio_clear(uint32_t port, uint32_t pins);
void gpio_toggle(uint32_t port, uint32_t pins);
/* AFIO_MAPR: choose the debug port's pins (`swj`) and remap peripherals
 * (`maps`). SWJ_CFG cannot be read back, so every call decides it anew. */
void gpio_primary_remap(uint32_t swj, uint32_t maps);

/* usart.c: USART1 on PA9, 8N1. `clock` is the APB2 clock in Hz. */
void usart_setup(uint32_t clock, uint32_t baud);
void usart_send(char c);
void usart_print(const char *text);
void usart_print_number(uint32_t n);

#endif
