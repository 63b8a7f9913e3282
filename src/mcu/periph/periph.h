/* The peripherals: one const definition a file, named here and in f103.c. */
#ifndef REFLASH_MCU_PERIPH_PERIPH_H
#define REFLASH_MCU_PERIPH_PERIPH_H

struct periph_def;

extern const struct periph_def adc_def, afio_def, bkp_def, can_def, crc_def, dac_def, dbgmcu_def,
	dma_def, exti_def, flash_def, fsmc_def, gpio_def, i2c_def, iwdg_def, pwr_def, rcc_def,
	rtc_def, sdio_def, spi_def, advanced_timer_def, timer_def, basic_timer_def, usart_def,
	usb_def, usb_ram_def, wwdg_def;

#endif
