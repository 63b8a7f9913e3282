/*
 * What is on an STM32F103: name, place, interrupts, clock gate.
 * RM0008 tables 3 (memory map), 61-63 (vectors), 7.3.6-7.3.8 (gates).
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"
#include "mcu/periph/rcc.h"

#define LOW (1u << DENSITY_LOW)
#define MEDIUM (1u << DENSITY_MEDIUM)
#define HIGH (1u << DENSITY_HIGH)
#define ALL (LOW | MEDIUM | HIGH)
#define NONE {-1, -1, -1, -1}
#define AHB(bit) GATE(RCC_AHBENR, bit)
#define APB2(bit) GATE(RCC_APB2ENR, bit)
#define APB1(bit) GATE(RCC_APB1ENR, bit)

const struct periph_row f103_periphs[] = {
	{"RCC", &rcc_def, 0x40021000, 0x400, BUS_AHB, 0, {5, -1, -1, -1}, UNGATED, ALL},
	{"FLASH", &flash_def, 0x40022000, 0x400, BUS_AHB, 0, {4, -1, -1, -1}, UNGATED, ALL},
	{"PWR", &pwr_def, 0x40007000, 0x400, BUS_APB1, 0, {1, -1, -1, -1}, APB1(28), ALL},
	{"IWDG", &iwdg_def, 0x40003000, 0x400, BUS_APB1, 0, NONE, UNGATED, ALL},
	{"DBGMCU", &dbgmcu_def, 0xE0042000, 0x400, BUS_PPB, 0, NONE, UNGATED, ALL},
	{"AFIO", &afio_def, 0x40010000, 0x400, BUS_APB2, 0, NONE, APB2(0), ALL},
	{"EXTI", &exti_def, 0x40010400, 0x400, BUS_APB2, 0, NONE, UNGATED, ALL},
	{"GPIOA", &gpio_def, 0x40010800, 0x400, BUS_APB2, 0, NONE, APB2(2), ALL},
	{"GPIOB", &gpio_def, 0x40010C00, 0x400, BUS_APB2, 1, NONE, APB2(3), ALL},
	{"GPIOC", &gpio_def, 0x40011000, 0x400, BUS_APB2, 2, NONE, APB2(4), ALL},
	{"GPIOD", &gpio_def, 0x40011400, 0x400, BUS_APB2, 3, NONE, APB2(5), ALL},
	{"GPIOE", &gpio_def, 0x40011800, 0x400, BUS_APB2, 4, NONE, APB2(6), MEDIUM | HIGH},
	{"GPIOF", &gpio_def, 0x40011C00, 0x400, BUS_APB2, 5, NONE, APB2(7), HIGH},
	{"GPIOG", &gpio_def, 0x40012000, 0x400, BUS_APB2, 6, NONE, APB2(8), HIGH},
	{"DMA1", &dma_def, 0x40020000, 0x400, BUS_AHB, 1, NONE, AHB(0), ALL},
	{"DMA2", &dma_def, 0x40020400, 0x400, BUS_AHB, 2, NONE, AHB(1), HIGH},
	{"USART1", &usart_def, 0x40013800, 0x400, BUS_APB2, 1, {37, -1, -1, -1}, APB2(14), ALL},
	{"USART2", &usart_def, 0x40004400, 0x400, BUS_APB1, 2, {38, -1, -1, -1}, APB1(17), ALL},
	{"USART3", &usart_def, 0x40004800, 0x400, BUS_APB1, 3, {39, -1, -1, -1}, APB1(18), ALL},
	{"UART4", &usart_def, 0x40004C00, 0x400, BUS_APB1, 4, {52, -1, -1, -1}, APB1(19), HIGH},
	{"UART5", &usart_def, 0x40005000, 0x400, BUS_APB1, 5, {53, -1, -1, -1}, APB1(20), HIGH},
};
const size_t f103_periph_count = sizeof f103_periphs / sizeof f103_periphs[0];
