/* mcu: USART, SPI, I2C and the DMA that serves them. */
#include "mcu_fixture.h"

#define USART1 0x40013800u
#define SPI1 0x40013000u
#define I2C1 0x40005400u
#define DMA1 0x40020000u

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

/* TXE, TC, IDLE by their enable bits; errors by EIE when DMA takes the bytes. */
static void usart_interrupts_by_its_enable_bits(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	usart_on(m);
	assert_false(pending(m, 37));
	wr(m, USART1 + 0x0C, 0x208C);
	assert_true(pending(m, 37)); /* TXE */
	wr(m, USART1 + 0x0C, 0x200C);
	wr(m, 0xE000E284, 1u << 5);
	assert_false(pending(m, 37));
	wr(m, USART1, ~0x40u); /* TC by writing 0 */
	wr(m, USART1 + 0x0C, 0x204C);
	assert_false(pending(m, 37));
	wr(m, USART1 + 4, 'A');
	run_for(m, 100000);
	assert_true(pending(m, 37)); /* TC */
	wr(m, USART1 + 0x0C, 0x201C);
	wr(m, USART1, ~0x40u);
	wr(m, 0xE000E284, 1u << 5);
	mcu_uart_rx(m, 1, (const uint8_t *)"x", 1);
	run_for(m, 100000);
	assert_false(pending(m, 37));
	run_for(m, 100000);
	assert_int_equal(rd(m, USART1) & 0x30, 0x30);
	assert_true(pending(m, 37)); /* IDLE */
	mcu_free(m);
}

static void usart_errors_interrupt_with_dma(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	usart_on(m);
	wr(m, USART1 + 0x14, 1); /* EIE alone is not enough (27.6.6) */
	mcu_uart_rx_at(m, 1, (const uint8_t *)"z", 1, 9600);
	run_for(m, 2 * MS);
	assert_true(rd(m, USART1) & 2);
	assert_false(pending(m, 37));
	wr(m, USART1 + 0x14, 0x41);
	assert_true(pending(m, 37));
	mcu_free(m);
}

static void dma_takes_what_usart_receives(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	usart_on(m);
	wr(m, USART1 + 0x14, 0x40);
	wr(m, 0x20000100, 0);
	wr(m, DMA1 + 0x58 + 4, 4); /* channel 5 */
	wr(m, DMA1 + 0x58 + 8, USART1 + 4);
	wr(m, DMA1 + 0x58 + 12, 0x20000100);
	wr(m, DMA1 + 0x58, 0x85); /* MINC, HTIE, EN */
	mcu_uart_rx(m, 1, (const uint8_t *)"abcd", 4);
	run_for(m, 250000);
	assert_true(pending(m, 15)); /* half */
	run_for(m, 200000);
	assert_int_equal(rd(m, 0x20000100), 0x64636261);
	assert_int_equal(rd(m, USART1) & 0x28, 0);
	mcu_free(m);
}

static void a_switched_off_usart_sends_nothing(void **state)
{
	struct mcu *m = clocked();
	char text[8] = "";
	struct mcu_hooks hooks = {.ctx = text, .uart_tx = collect};

	(void)state;
	mcu_set_hooks(m, &hooks);
	usart_on(m);
	wr(m, USART1 + 4, 'A');
	wr(m, USART1 + 0x0C, 0);
	run_for(m, MS);
	wr(m, USART1 + 4, 'B');
	run_for(m, MS);
	assert_string_equal(text, "");
	mcu_free(m);
}

static void dma_errors_interrupt(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, DMA1 + 0x08 + 4, 1);
	wr(m, DMA1 + 0x08 + 8, 0x20000100);
	wr(m, DMA1 + 0x08 + 12, 0x10000000);
	wr(m, DMA1 + 0x08, 0x4AC9); /* TEIE */
	assert_true(pending(m, 11));
	mcu_free(m);
}

static void settings_of_an_enabled_channel_stand(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, DMA1 + 0x08 + 4, 5);
	wr(m, DMA1 + 0x08, 1);
	wr(m, DMA1 + 0x08 + 4, 9);
	wr(m, DMA1 + 0x08 + 8, 0x20000100);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 5);
	assert_int_equal(rd(m, DMA1 + 0x08 + 8), 0);
	mcu_free(m);
}

/* Long transfers take time: 5 cycles an item at 8 MHz, the first 64 ahead of it. */
static void a_long_copy_takes_its_time(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, DMA1 + 0x08 + 4, 1024);
	wr(m, DMA1 + 0x08 + 8, 0x20000100);
	wr(m, DMA1 + 0x08 + 12, 0x20001100);
	wr(m, 0x20000100 + 4 * 1023, 0x55AA55AA);
	wr(m, DMA1 + 0x08, 0x4AC3);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 1024 - 64);
	run_for(m, 500000);
	assert_in_range(rd(m, DMA1 + 0x08 + 4), 150, 300);
	assert_int_equal(rd(m, DMA1) & 2, 0);
	run_for(m, 150000);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 0);
	assert_int_equal(rd(m, 0x20001100 + 4 * 1023), 0x55AA55AA);
	assert_true(pending(m, 11));
	mcu_free(m);
}

static void dma2_s_last_channels_share_an_interrupt(void **state)
{
	struct mcu_config config = fixture_config("ze");

	(void)state;
	for (unsigned ch = 3; ch <= 5; ch++) {
		struct mcu *m = fixture_from(&config);
		uint32_t base = 0x40020400 + 8 + 20 * (ch - 1);

		clocks_on(m);
		wr(m, base + 4, 1);
		wr(m, base + 8, 0x20000100);
		wr(m, base + 12, 0x20000200);
		wr(m, base, 0x4AC3);
		assert_int_equal(pending(m, 58), ch == 3);
		assert_int_equal(pending(m, 59), ch >= 4);
		mcu_free(m);
	}
}

static uint16_t echo(void *ctx, struct mcu *m, unsigned n, uint16_t out)
{
	(void)ctx;
	(void)m;
	assert_int_equal(n, 1);
	return (uint16_t)(out + 1);
}

static void spi_interrupts_and_overruns(void **state)
{
	struct mcu *m = clocked();
	struct mcu_hooks hooks = {.spi = echo};

	(void)state;
	mcu_set_hooks(m, &hooks);
	wr(m, SPI1, 0x0344);
	wr(m, SPI1 + 4, 0x40); /* RXNEIE */
	wr(m, SPI1 + 0x0C, 0x10);
	assert_false(pending(m, 35));
	run_for(m, 20000);
	assert_true(pending(m, 35));
	wr(m, SPI1 + 4, 0x20); /* ERRIE */
	wr(m, 0xE000E284, 1u << 3);
	wr(m, SPI1 + 0x0C, 0x20);
	run_for(m, 20000);
	assert_int_equal(rd(m, SPI1 + 8) & 0x41, 0x41); /* OVR: the first one stays */
	assert_true(pending(m, 35));
	assert_int_equal(rd(m, SPI1 + 0x0C), 0x11);
	assert_int_equal(rd(m, SPI1 + 8) & 0x40, 0x40);
	assert_int_equal(rd(m, SPI1 + 8) & 0x40, 0); /* by DR, then SR */
	mcu_free(m);
}

static void spi_moves_by_dma(void **state)
{
	struct mcu *m = clocked();
	struct mcu_hooks hooks = {.spi = echo};

	(void)state;
	mcu_set_hooks(m, &hooks);
	wr(m, 0x20000100, 0x40302010);
	wr(m, 0x20000200, 0);
	wr(m, DMA1 + 0x1C + 4, 4); /* channel 2 receives */
	wr(m, DMA1 + 0x1C + 8, SPI1 + 0x0C);
	wr(m, DMA1 + 0x1C + 12, 0x20000200);
	wr(m, DMA1 + 0x1C, 0x81);
	wr(m, DMA1 + 0x30 + 4, 4); /* channel 3 sends */
	wr(m, DMA1 + 0x30 + 8, SPI1 + 0x0C);
	wr(m, DMA1 + 0x30 + 12, 0x20000100);
	wr(m, DMA1 + 0x30, 0x91);
	wr(m, SPI1 + 4, 3);
	wr(m, SPI1, 0x0344);
	run_for(m, 100000);
	assert_int_equal(rd(m, 0x20000200), 0x41312111);
	mcu_free(m);
}

static void i2c_interrupts_for_events_and_errors(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	i2c_start_address(m, 0x4E);
	assert_false(pending(m, 31));
	wr(m, I2C1 + 4, 0x108); /* ITERREN */
	assert_true(pending(m, 32));
	assert_false(pending(m, 31));
	mcu_free(m);
	m = clocked();
	wr(m, I2C1 + 4, 0x208); /* ITEVTEN */
	wr(m, I2C1 + 0x1C, 40);
	wr(m, I2C1, 1);
	wr(m, I2C1, 0x101);
	run_for(m, 50000);
	assert_true(pending(m, 31)); /* SB */
	assert_false(pending(m, 32));
	wr(m, I2C1, 0); /* switched off: flags and bus are free */
	assert_int_equal(rd(m, I2C1 + 0x14), 0);
	assert_int_equal(rd(m, I2C1 + 0x18), 0);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usart_sends_a_byte_in_ten_bits),
		cmocka_unit_test(usart_receives_and_overruns),
		cmocka_unit_test(dma_feeds_the_usart),
		cmocka_unit_test(dma_copies_memory_and_says_when_it_cannot),
		cmocka_unit_test(spi_reads_ones_and_faults_without_nss),
		cmocka_unit_test(nobody_acknowledges_on_i2c),
		cmocka_unit_test(a_plugged_in_i2c_device_takes_bytes),
		cmocka_unit_test(usart_interrupts_by_its_enable_bits),
		cmocka_unit_test(usart_errors_interrupt_with_dma),
		cmocka_unit_test(dma_takes_what_usart_receives),
		cmocka_unit_test(a_switched_off_usart_sends_nothing),
		cmocka_unit_test(dma_errors_interrupt),
		cmocka_unit_test(settings_of_an_enabled_channel_stand),
		cmocka_unit_test(a_long_copy_takes_its_time),
		cmocka_unit_test(dma2_s_last_channels_share_an_interrupt),
		cmocka_unit_test(spi_interrupts_and_overruns),
		cmocka_unit_test(spi_moves_by_dma),
		cmocka_unit_test(i2c_interrupts_for_events_and_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
