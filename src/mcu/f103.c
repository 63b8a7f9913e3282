/*
 * What is on an STM32F103: name, place, interrupts, clock gate.
 * RM0008 tables 3 (memory map), 61-63 (vectors), 7.3.6-7.3.8 (gates).
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"
#include "mcu/periph/rcc.h"

#define LOW (1u << DENSITY_LOW)
#define MEDIUM (1u << DENSITY_MEDIUM)
#define HIGH (1u << DENSITY_HIGH | 1u << DENSITY_XL) /* XL's TIM9 to 14: not modelled */
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
	{"WWDG", &wwdg_def, 0x40002C00, 0x400, BUS_APB1, 0, {0, -1, -1, -1}, APB1(11), ALL},
	{"CRC", &crc_def, 0x40023000, 0x400, BUS_AHB, 0, NONE, AHB(6), ALL},
	{"BKP", &bkp_def, 0x40006C00, 0x400, BUS_APB1, 0, NONE, APB1(27), ALL},
	{"RTC", &rtc_def, 0x40002800, 0x400, BUS_APB1, 0, {3, -1, -1, -1}, UNGATED, ALL},
	{"TIM1", &advanced_timer_def, 0x40012C00, 0x400, BUS_APB2, 1, {24, 25, 26, 27}, APB2(11), ALL},
	{"TIM2", &timer_def, 0x40000000, 0x400, BUS_APB1, 2, {28, -1, -1, -1}, APB1(0), ALL},
	{"TIM3", &timer_def, 0x40000400, 0x400, BUS_APB1, 3, {29, -1, -1, -1}, APB1(1), ALL},
	{"TIM4", &timer_def, 0x40000800, 0x400, BUS_APB1, 4, {30, -1, -1, -1}, APB1(2), MEDIUM | HIGH},
	{"TIM5", &timer_def, 0x40000C00, 0x400, BUS_APB1, 5, {50, -1, -1, -1}, APB1(3), HIGH},
	{"TIM6", &basic_timer_def, 0x40001000, 0x400, BUS_APB1, 6, {54, -1, -1, -1}, APB1(4), HIGH},
	{"TIM7", &basic_timer_def, 0x40001400, 0x400, BUS_APB1, 7, {55, -1, -1, -1}, APB1(5), HIGH},
	{"TIM8", &advanced_timer_def, 0x40013400, 0x400, BUS_APB2, 8, {43, 44, 45, 46}, APB2(13), HIGH},
	{"SPI1", &spi_def, 0x40013000, 0x400, BUS_APB2, 1, {35, -1, -1, -1}, APB2(12), ALL},
	{"SPI2", &spi_def, 0x40003800, 0x400, BUS_APB1, 2, {36, -1, -1, -1}, APB1(14), MEDIUM | HIGH},
	{"SPI3", &spi_def, 0x40003C00, 0x400, BUS_APB1, 3, {51, -1, -1, -1}, APB1(15), HIGH},
	{"I2C1", &i2c_def, 0x40005400, 0x400, BUS_APB1, 1, {31, 32, -1, -1}, APB1(21), ALL},
	{"I2C2", &i2c_def, 0x40005800, 0x400, BUS_APB1, 2, {33, 34, -1, -1}, APB1(22), MEDIUM | HIGH},
	{"ADC1", &adc_def, 0x40012400, 0x400, BUS_APB2, 1, {18, -1, -1, -1}, APB2(9), ALL},
	{"ADC2", &adc_def, 0x40012800, 0x400, BUS_APB2, 2, {18, -1, -1, -1}, APB2(10), ALL},
	{"ADC3", &adc_def, 0x40013C00, 0x400, BUS_APB2, 3, {47, -1, -1, -1}, APB2(15), HIGH},
	{"USB", &usb_def, 0x40005C00, 0x400, BUS_APB1, 0, {20, 19, 42, -1}, APB1(23), ALL},
	{"USBRAM", &usb_ram_def, 0x40006000, 0x400, BUS_APB1, 0, NONE, UNGATED, ALL},
	{"CAN", &can_def, 0x40006400, 0x400, BUS_APB1, 0, {19, 20, 21, 22}, APB1(25), ALL},
	{"DAC", &dac_def, 0x40007400, 0x400, BUS_APB1, 0, NONE, APB1(29), HIGH},
	{"FSMC", &fsmc_def, 0xA0000000, 0x400, BUS_AHB, 0, {48, -1, -1, -1}, AHB(8), HIGH},
	{"SDIO", &sdio_def, 0x40018000, 0x400, BUS_AHB, 0, {49, -1, -1, -1}, AHB(10), HIGH},
	{"DMA1", &dma_def, 0x40020000, 0x400, BUS_AHB, 1, NONE, AHB(0), ALL},
	{"DMA2", &dma_def, 0x40020400, 0x400, BUS_AHB, 2, NONE, AHB(1), HIGH},
	{"USART1", &usart_def, 0x40013800, 0x400, BUS_APB2, 1, {37, -1, -1, -1}, APB2(14), ALL},
	{"USART2", &usart_def, 0x40004400, 0x400, BUS_APB1, 2, {38, -1, -1, -1}, APB1(17), ALL},
	{"USART3", &usart_def, 0x40004800, 0x400, BUS_APB1, 3, {39, -1, -1, -1}, APB1(18), ALL},
	{"UART4", &usart_def, 0x40004C00, 0x400, BUS_APB1, 4, {52, -1, -1, -1}, APB1(19), HIGH},
	{"UART5", &usart_def, 0x40005000, 0x400, BUS_APB1, 5, {53, -1, -1, -1}, APB1(20), HIGH},
};
const size_t f103_periph_count = sizeof f103_periphs / sizeof f103_periphs[0];
