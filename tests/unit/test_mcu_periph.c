/* mcu: one or more tests a peripheral: what it does, when, and what it refuses. */
#include "mcu_fixture.h"

#define TIM2 0x40000000u
#define TIM3 0x40000400u
#define USART1 0x40013800u
#define SPI1 0x40013000u
#define I2C1 0x40005400u
#define ADC1 0x40012400u
#define DMA1 0x40020000u
#define RTC 0x40002800u
#define CAN 0x40006400u
#define USB 0x40005C00u
#define RCC 0x40021000u

static struct mcu *clocked(void)
{
	struct mcu *m = fixture();

	clocks_on(m);
	return m;
}

/* ---- GPIO and EXTI ---------------------------------------------------------------- */

static void a_pin_reads_what_drives_it(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010C00, 0x44444424); /* PB1 output */
	wr(m, 0x40010C10, 1u << 1);
	assert_true(rd(m, 0x40010C08) & 2);
	assert_int_equal(mcu_pin_output(m, 1, 1), 1);
	wr(m, 0x40010C14, 1u << 1);
	assert_false(rd(m, 0x40010C08) & 2);
	wr(m, 0x40010C00, 0x44444484); /* input with pull */
	wr(m, 0x40010C0C, 2);
	assert_true(rd(m, 0x40010C08) & 2);
	mcu_pin_drive(m, 1, 1, 0); /* outside is stronger */
	assert_false(rd(m, 0x40010C08) & 2);
	assert_true(rd(m, 0x40010808) & 1u << 13); /* SWDIO has its pull-up */
	assert_false(rd(m, 0x40010808) & 1u << 14);
	mcu_free(m);
}

static void locked_pins_keep_their_configuration(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010C18, 0x10002);
	wr(m, 0x40010C18, 0x00002);
	wr(m, 0x40010C18, 0x10002);
	assert_int_equal(rd(m, 0x40010C18), 0x10002);
	wr(m, 0x40010C00, 0x33333333);
	assert_int_equal(rd(m, 0x40010C00), 0x33333343);
	mcu_free(m);
}

static void edges_pend_the_chosen_ports_line(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010400, 1u << 5);
	wr(m, 0x40010408, 1u << 5);
	wr(m, 0x4001000C, 0x0010); /* EXTICR2: line 5 from port B */
	mcu_pin_drive(m, 0, 5, 1);
	assert_int_equal(rd(m, 0x40010414), 0);
	mcu_pin_drive(m, 1, 5, 1);
	assert_int_equal(rd(m, 0x40010414), 1u << 5);
	assert_true(pending(m, 23));
	wr(m, 0x40010414, 1u << 5);
	assert_int_equal(rd(m, 0x40010414), 0);
	wr(m, 0x40010410, 1u << 5); /* by software */
	assert_int_equal(rd(m, 0x40010414), 1u << 5);
	mcu_free(m);
}

/* ---- timers --------------------------------------------------------------------------- */

static void a_timer_overflows_when_it_should(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM2 + 0x28, 7);    /* 1 MHz */
	wr(m, TIM2 + 0x2C, 999);
	wr(m, TIM2 + 0x14, 1);    /* UG loads the prescaler */
	wr(m, TIM2 + 0x10, 0);
	wr(m, TIM2 + 0x0C, 1);
	wr(m, TIM2, 1);
	run_for(m, 990000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 0);
	assert_false(pending(m, 28));
	assert_in_range(rd(m, TIM2 + 0x24), 985, 995);
	run_for(m, 20000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 1);
	assert_true(pending(m, 28));
	assert_in_range(rd(m, TIM2 + 0x24), 5, 15);
	mcu_free(m);
}

static void one_pulse_stops_and_down_counts_down(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM3 + 0x2C, 99);
	wr(m, TIM3, 0x19); /* OPM, DIR, CEN */
	run_for(m, MS);
	assert_int_equal(rd(m, TIM3) & 1, 0);
	assert_int_equal(rd(m, TIM3 + 0x24), 99);
	mcu_free(m);
}

static void compare_flags_rise_on_the_way(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM2 + 0x28, 7);
	wr(m, TIM2 + 0x2C, 999);
	wr(m, TIM2 + 0x34, 100);
	wr(m, TIM2 + 0x38, 600);
	wr(m, TIM2 + 0x14, 1);
	wr(m, TIM2 + 0x10, 0);
	wr(m, TIM2, 1);
	run_for(m, 300000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 6, 2);
	run_for(m, 400000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 6, 6);
	mcu_free(m);
}

static void a_timer_stands_still_in_debug_halt_when_told(void **state)
{
	struct mcu *m = clocked();
	uint32_t cnt;

	(void)state;
	wr(m, TIM2, 1);
	wr(m, 0xE000EDF0, 0xA05F0003);
	wr(m, 0xE0042004, 1u << 11);
	run_for(m, 1000);
	cnt = rd(m, TIM2 + 0x24);
	run_for(m, 100000);
	assert_int_equal(rd(m, TIM2 + 0x24), cnt);
	wr(m, 0xE0042004, 0);
	run_for(m, 100000);
	assert_int_not_equal(rd(m, TIM2 + 0x24), cnt);
	mcu_free(m);
}

/* ---- watchdogs -------------------------------------------------------------------------- */

static void iwdg_bites_after_its_time_even_in_debug_halt(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0x40003000, 0xCCCC);
	wr(m, 0x40003000, 0x5555);
	wr(m, 0x40003008, 99); /* 100 * 4 / 40 kHz = 10 ms */
	run_for(m, MS);
	wr(m, 0x40003000, 0xAAAA);
	run_for(m, 9 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	wr(m, 0xE000EDF0, 0xA05F0003);
	run_for(m, 2 * MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_IWDG);
	assert_true(rd(m, RCC + 0x24) >> 29 & 1);
	mcu_free(m);
}

static void iwdg_pauses_with_dbg_iwdg_stop(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0xE0042004, 1u << 8);
	wr(m, 0x40003000, 0xCCCC); /* 409.6 ms */
	wr(m, 0xE000EDF0, 0xA05F0003);
	run_for(m, 2000 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	wr(m, 0xE000EDF0, 0xA05F0001);
	run_for(m, 500 * MS);
	assert_true(log.count[MCU_EVENT_RESET] > 0);
	mcu_free(m);
}

static void the_hardware_watchdog_starts_by_option_byte(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	assert_int_equal(mcu_load(m, 0x1FFFF802, "\xFE\x01", 2, NULL), STATUS_OK);
	watch_events(m, &log);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, 1000 * MS);
	assert_in_range(log.count[MCU_EVENT_RESET], 3, 3); /* the pin, and two bites */
	mcu_free(m);
}

static void wwdg_bites_late_and_early(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0x40002C04, 0x07F | 3u << 7);
	wr(m, 0x40002C00, 0xFF); /* 64 * 4096 * 8 / 8 MHz = 262 ms */
	run_for(m, 250 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	run_for(m, 20 * MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_WWDG);
	clocks_on(m);
	wr(m, 0x40002C04, 0x050 | 3u << 7);
	wr(m, 0x40002C00, 0xFF);
	wr(m, 0x40002C00, 0xFF); /* above the window */
	assert_int_equal(mcu_mode(m), MCU_MODE_RESET);
	mcu_free(m);
}

/* ---- USART, DMA, SPI, I2C ------------------------------------------------------------------ */

static void collect(void *ctx, struct mcu *m, unsigned n, uint8_t byte)
{
	char *text = ctx;

	(void)m;
	assert_int_equal(n, 1);
	text[strlen(text)] = (char)byte;
}

static void usart_on(struct mcu *m)
{
	wr(m, USART1 + 0x08, 8000000 / 115200);
	wr(m, USART1 + 0x0C, 0x200C);
}

static void usart_sends_a_byte_in_ten_bits(void **state)
{
	struct mcu *m = clocked();
	char text[8] = "";
	struct mcu_hooks hooks = {.ctx = text, .uart_tx = collect};

	(void)state;
	mcu_set_hooks(m, &hooks);
	usart_on(m);
	assert_int_equal(rd(m, USART1), 0xC0);
	wr(m, USART1 + 4, 'A');
	assert_int_equal(rd(m, USART1) & 0xC0, 0x80); /* TXE at once, TC not */
	wr(m, USART1 + 4, 'B');
	assert_int_equal(rd(m, USART1) & 0xC0, 0);
	run_for(m, 80000);
	assert_string_equal(text, "");
	run_for(m, 10000);
	assert_string_equal(text, "A");
	run_for(m, 90000);
	assert_string_equal(text, "AB");
	assert_int_equal(rd(m, USART1) & 0xC0, 0xC0);
	mcu_free(m);
}

static void usart_receives_and_overruns(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	usart_on(m);
	wr(m, USART1 + 0x0C, 0x202C);
	mcu_uart_rx(m, 1, (const uint8_t *)"xy", 2);
	run_for(m, 90000);
	assert_int_equal(rd(m, USART1) & 0x28, 0x20);
	assert_true(pending(m, 37));
	run_for(m, 90000);
	assert_int_equal(rd(m, USART1) & 0x28, 0x28);
	assert_int_equal(rd(m, USART1 + 4), 'x');
	mcu_uart_rx_at(m, 1, (const uint8_t *)"z", 1, 9600);
	run_for(m, 2 * MS);
	assert_true(rd(m, USART1) & 2); /* framing error */
	mcu_free(m);
}

static void dma_feeds_the_usart(void **state)
{
	struct mcu *m = clocked();
	char text[8] = "";
	struct mcu_hooks hooks = {.ctx = text, .uart_tx = collect};

	(void)state;
	mcu_set_hooks(m, &hooks);
	wr(m, 0x20000100, 'H' | 'i' << 8 | '!' << 16);
	usart_on(m);
	wr(m, USART1 + 0x14, 0x80);
	wr(m, DMA1 + 0x44 + 4, 3);
	wr(m, DMA1 + 0x44 + 8, USART1 + 4);
	wr(m, DMA1 + 0x44 + 12, 0x20000100);
	wr(m, DMA1 + 0x44, 0x93); /* channel 4: MINC, DIR, TCIE, EN */
	run_for(m, MS);
	assert_string_equal(text, "Hi!");
	assert_int_equal(rd(m, DMA1 + 0x44 + 4), 0);
	assert_int_equal(rd(m, DMA1) >> 12 & 0xF, 7); /* GIF, TCIF, HTIF */
	assert_true(pending(m, 14));
	wr(m, DMA1 + 4, 1u << 12);
	assert_int_equal(rd(m, DMA1), 0);
	mcu_free(m);
}

static void dma_copies_memory_and_says_when_it_cannot(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x20000100, 0x11223344);
	wr(m, DMA1 + 0x08 + 4, 1);
	wr(m, DMA1 + 0x08 + 8, 0x20000100);
	wr(m, DMA1 + 0x08 + 12, 0x20000200);
	wr(m, DMA1 + 0x08, 0x4AC1); /* MEM2MEM, words, both increments */
	assert_int_equal(rd(m, 0x20000200), 0x11223344);
	wr(m, DMA1 + 0x08, 0);
	wr(m, DMA1 + 4, 0xF);
	wr(m, DMA1 + 0x08 + 4, 1);
	wr(m, DMA1 + 0x08 + 12, 0x10000000);
	wr(m, DMA1 + 0x08, 0x4AC1);
	assert_int_equal(rd(m, DMA1) & 0xF, 9); /* TEIF */
	assert_int_equal(rd(m, DMA1 + 0x08) & 1, 0);
	mcu_free(m);
}

static void spi_reads_ones_and_faults_without_nss(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, SPI1, 0x0344 | 1u << 3);
	wr(m, SPI1 + 0x0C, 0x55);
	assert_true(rd(m, SPI1 + 8) & 0x80);
	run_for(m, 20000);
	assert_int_equal(rd(m, SPI1 + 8), 3);
	assert_int_equal(rd(m, SPI1 + 0x0C), 0xFF);
	assert_int_equal(rd(m, SPI1 + 8), 2);
	wr(m, SPI1, 0x0244);
	assert_int_equal(rd(m, SPI1 + 8) & 0x20, 0x20); /* MODF */
	assert_int_equal(rd(m, SPI1) & 0x44, 0);
	mcu_free(m);
}

static void i2c_start_address(struct mcu *m, uint8_t address)
{
	wr(m, I2C1 + 4, 8);
	wr(m, I2C1 + 0x1C, 40); /* 100 kHz */
	wr(m, I2C1, 1);
	wr(m, I2C1, 0x101);
	run_for(m, 50000);
	assert_int_equal(rd(m, I2C1 + 0x14) & 1, 1);
	wr(m, I2C1 + 0x10, address);
	run_for(m, 200000);
}

static void nobody_acknowledges_on_i2c(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	i2c_start_address(m, 0x4E);
	assert_int_equal(rd(m, I2C1 + 0x14) & 0x402, 0x400); /* AF, not ADDR */
	assert_int_equal(rd(m, I2C1 + 0x18) & 3, 3);
	wr(m, I2C1, 0x201);
	run_for(m, 50000);
	assert_int_equal(rd(m, I2C1 + 0x18) & 3, 0);
	wr(m, I2C1 + 0x14, 0);
	assert_int_equal(rd(m, I2C1 + 0x14), 0);
	mcu_free(m);
}

static bool acknowledge(void *ctx, struct mcu *m, unsigned n, uint8_t address, bool read)
{
	(void)ctx;
	(void)m;
	(void)read;
	return n == 1 && address == 0x27;
}

static void a_plugged_in_i2c_device_takes_bytes(void **state)
{
	struct mcu *m = clocked();
	struct mcu_hooks hooks = {.i2c_ack = acknowledge};

	(void)state;
	mcu_set_hooks(m, &hooks);
	i2c_start_address(m, 0x4E);
	assert_int_equal(rd(m, I2C1 + 0x14) & 0x402, 2);
	assert_int_equal(rd(m, I2C1 + 0x18) & 7, 7);
	assert_int_equal(rd(m, I2C1 + 0x14) & 0x82, 0x80);
	wr(m, I2C1 + 0x10, 0x11);
	run_for(m, 200000);
	assert_int_equal(rd(m, I2C1 + 0x14) & 0x84, 0x84); /* TXE, BTF */
	mcu_free(m);
}

/* ---- ADC, CRC, RTC, BKP ------------------------------------------------------------------------ */

static void a_conversion_moves_one_item(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, RCC + 0x18, 1u << 2 | 1u << 9);
	wr(m, RCC + 0x14, 1u);
	wr(m, DMA1 + 0x08 + 4, 8);
	wr(m, DMA1 + 0x08 + 8, ADC1 + 0x4C);
	wr(m, DMA1 + 0x08 + 12, 0x20000100);
	wr(m, DMA1 + 0x08, 0x5A1);       /* circular, half-words, MINC, EN */
	wr(m, ADC1 + 8, 1);
	wr(m, ADC1 + 8, 1 | 1u << 8 | 7u << 17 | 1u << 20 | 1u << 22); /* DMA, SWSTART */
	run_for(m, MS);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 7);
	wr(m, ADC1 + 8, 1 | 1u << 8 | 7u << 17 | 1u << 20 | 1u << 22);
	run_for(m, MS);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 6);
	mcu_free(m);
}

static void adc_calibrates_and_converts(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, ADC1 + 8, 1);
	wr(m, ADC1 + 8, 9);
	wr(m, ADC1 + 8, 5);
	assert_true(rd(m, ADC1 + 8) & 4);
	run_for(m, MS);
	assert_false(rd(m, ADC1 + 8) & 0xC);
	mcu_pin_drive(m, 0, 3, 1);
	wr(m, ADC1 + 0x34, 3);
	wr(m, ADC1 + 8, 1);
	assert_false(rd(m, ADC1) & 2);
	run_for(m, MS);
	assert_true(rd(m, ADC1) & 2);
	assert_int_equal(rd(m, ADC1 + 0x4C), 4095);
	assert_false(rd(m, ADC1) & 2);
	mcu_free(m);
}

static void crc_of_a_known_word(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40023008, 1);
	wr(m, 0x40023000, 0x12345678);
	assert_int_equal(rd(m, 0x40023000), 0xDF8A8A2B);
	mcu_free(m);
}

static void backup_registers_need_dbp_and_survive_resets(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40006C04, 0x1234);
	assert_int_equal(rd(m, 0x40006C04), 0);
	wr(m, 0x40007000, 0x100);
	wr(m, 0x40006C04, 0x1234);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	clocks_on(m);
	assert_int_equal(rd(m, 0x40006C04), 0x1234);
	wr(m, 0x40007000, 0x100);
	wr(m, RCC + 0x20, 1u << 16);
	assert_int_equal(rd(m, 0x40006C04), 0);
	mcu_free(m);
}

static void rtc_counts_seconds_from_lsi(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40007000, 0x100);
	wr(m, RCC + 0x24, 1);
	run_for(m, MS);
	assert_int_equal(rd(m, RCC + 0x24) & 3, 3);
	wr(m, RCC + 0x20, 0x8200);
	wr(m, RTC + 4, 0x10);
	wr(m, RTC + 8, 0);
	wr(m, RTC + 0xC, 39999);
	wr(m, RTC + 0x20, 0);
	wr(m, RTC + 0x24, 2);
	wr(m, RTC + 4, 0);
	wr(m, 0x40010400, 1u << 17);
	wr(m, 0x40010408, 1u << 17);
	run_for(m, 2500 * MS);
	assert_int_equal(rd(m, RTC + 0x1C), 2);
	assert_int_equal(rd(m, RTC + 4) & 0x2A, 0x28); /* RTOFF, RSF, no alarm yet */
	run_for(m, 1000 * MS);
	assert_int_equal(rd(m, RTC + 4) & 2, 2);
	assert_true(pending(m, 41));
	mcu_free(m);
}

/* RTCEN may be set long before the crystal oscillates: counting starts then, and not earlier. */
static void rtc_starts_when_its_clock_does(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40007000, 0x100);
	wr(m, RCC + 0x20, 0x8101);
	wr(m, RTC + 4, 0x10);
	wr(m, RTC + 8, 0);
	wr(m, RTC + 0xC, 0x7FFF);
	wr(m, RTC + 4, 0);
	run_for(m, 1000 * MS);
	assert_int_equal(rd(m, RTC + 4) & 8, 0); /* RSF: no RTC clock yet */
	assert_int_equal(rd(m, RTC + 0x1C), 0);
	run_for(m, 3700 * MS); /* LSE starts after 2.5 s */
	assert_int_equal(rd(m, RTC + 4) & 8, 8);
	assert_int_equal(rd(m, RTC + 0x1C), 2);
	mcu_free(m);
}

/* ---- USB, CAN ------------------------------------------------------------------------------------ */

static void usb_endpoint_bits_toggle_and_the_bus_is_idle(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, USB + 0x40, 0);
	wr(m, USB + 0x44, 0);
	wr(m, USB + 4, 0x3200 | 1);
	assert_int_equal(rd(m, USB + 4), 0x3201);
	wr(m, USB + 4, 0x1201); /* STAT_RX bit 12 toggles */
	assert_int_equal(rd(m, USB + 4), 0x2201);
	run_for(m, 10 * MS);
	assert_int_equal(rd(m, USB + 0x44), 0x0900); /* SUSP, ESOF */
	wr(m, 0x40006004, 0xABCD1234);
	assert_int_equal(rd(m, 0x40006004), 0x1234);
	mcu_free(m);
}

static void can_initialises_and_talks_to_itself(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	assert_int_equal(rd(m, CAN + 4) & 3, 2);
	wr(m, CAN, 1);
	assert_int_equal(rd(m, CAN + 4) & 3, 1);
	wr(m, CAN + 0x1C, 0x40230000 | 7);
	wr(m, CAN + 0x204, ~0u);
	assert_int_equal(rd(m, CAN + 0x204), 0x3FFF); /* fourteen banks */
	wr(m, CAN + 0x204, 0);
	wr(m, CAN + 0x20C, 1);
	wr(m, CAN + 0x240, 0);
	wr(m, CAN + 0x244, 0);
	wr(m, CAN + 0x21C, 1);
	wr(m, CAN + 0x200, 0x2A1C0E00);
	wr(m, CAN, 0);
	assert_int_equal(rd(m, CAN + 4) & 3, 0);
	wr(m, CAN + 0x184, 2);
	wr(m, CAN + 0x188, 0xBEEF);
	wr(m, CAN + 0x180, 0x123u << 21 | 1);
	assert_false(rd(m, CAN + 8) & 1u << 26);
	run_for(m, 10 * MS);
	assert_int_equal(rd(m, CAN + 8) & 3, 3);
	assert_int_equal(rd(m, CAN + 0xC) & 3, 1);
	assert_int_equal(rd(m, CAN + 0x1B8), 0xBEEF);
	wr(m, CAN + 0xC, 0x20);
	assert_int_equal(rd(m, CAN + 0xC) & 3, 0);
	mcu_free(m);
}

static void high_density_has_more(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	assert_int_equal(rd(m, 0xA0000000), 0x30DB);
	assert_int_equal(rd(m, 0x60000000), 0xFFFFFFFF);
	wr(m, 0x40018008, 0);
	wr(m, 0x4001800C, 0x440); /* expects a response */
	run_for(m, MS);
	assert_int_equal(rd(m, 0x40018034), 4);
	wr(m, 0x40007408, 0x123);
	assert_int_equal(rd(m, 0x4000742C), 0x123);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_reads_what_drives_it),
		cmocka_unit_test(locked_pins_keep_their_configuration),
		cmocka_unit_test(edges_pend_the_chosen_ports_line),
		cmocka_unit_test(a_timer_overflows_when_it_should),
		cmocka_unit_test(one_pulse_stops_and_down_counts_down),
		cmocka_unit_test(compare_flags_rise_on_the_way),
		cmocka_unit_test(a_timer_stands_still_in_debug_halt_when_told),
		cmocka_unit_test(iwdg_bites_after_its_time_even_in_debug_halt),
		cmocka_unit_test(iwdg_pauses_with_dbg_iwdg_stop),
		cmocka_unit_test(the_hardware_watchdog_starts_by_option_byte),
		cmocka_unit_test(wwdg_bites_late_and_early),
		cmocka_unit_test(usart_sends_a_byte_in_ten_bits),
		cmocka_unit_test(usart_receives_and_overruns),
		cmocka_unit_test(dma_feeds_the_usart),
		cmocka_unit_test(dma_copies_memory_and_says_when_it_cannot),
		cmocka_unit_test(spi_reads_ones_and_faults_without_nss),
		cmocka_unit_test(nobody_acknowledges_on_i2c),
		cmocka_unit_test(a_plugged_in_i2c_device_takes_bytes),
		cmocka_unit_test(adc_calibrates_and_converts),
		cmocka_unit_test(a_conversion_moves_one_item),
		cmocka_unit_test(crc_of_a_known_word),
		cmocka_unit_test(backup_registers_need_dbp_and_survive_resets),
		cmocka_unit_test(rtc_counts_seconds_from_lsi),
		cmocka_unit_test(rtc_starts_when_its_clock_does),
		cmocka_unit_test(usb_endpoint_bits_toggle_and_the_bus_is_idle),
		cmocka_unit_test(can_initialises_and_talks_to_itself),
		cmocka_unit_test(high_density_has_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
