/*
 * What takes SWD away once somebody outside has said the right thing, one program a
 * FORM: a device's identity, several answers in a row, a voltage; or once a crystal
 * fails, or what is missing is there.
 * The line to look at carries `blame FORM`. With DECOY defined the same answers lead
 * to SWJ_CFG=010, which keeps SWD.
 */
#include "styles.h"

#define IS(name) (FORM == FORM_##name)
enum {
	FORM_identity = 1, FORM_three_answers, FORM_field, FORM_two_ids, FORM_late_identity,
	FORM_flash_id, FORM_register_read, FORM_window,
	FORM_id_then_button, FORM_no_hse, FORM_no_lse, FORM_external_memory, FORM_two_absent,
	FORM_three_presses,
};

static volatile uint32_t sink;

#ifdef DECOY
#define LOCK() lib_remap(SWJ_NOJTAG, 0)
#else
#define LOCK() lib_remap(SWJ_DISABLE, 0)
#endif

/* ---- I2C1 ------------------------------------------------------------------------ */

#define I2C_CR1 REG(0x40005400)
#define I2C_DR REG(0x40005410)
#define I2C_SR1 REG(0x40005414)
#define I2C_SR2 REG(0x40005418)

static void i2c_on(void)
{
	REG(0x4002101C) |= 1u << 21;
	REG(0x40005404) = 8;
	REG(0x4000541C) = 40;
	I2C_CR1 = 1;
}

static int i2c_address(uint8_t byte)
{
	I2C_CR1 |= 1u << 8;
	while (!(I2C_SR1 & 1))
		;
	I2C_DR = byte;
	while (!(I2C_SR1 & (1u << 1 | 1u << 10)))
		;
	if (I2C_SR1 & (1u << 10)) {
		I2C_SR1 = 0;
		I2C_CR1 |= 1u << 9;
		return -1;
	}
	(void)I2C_SR2;
	return 0;
}

/* A register of a device, or -1. */
static __attribute__((noinline)) int i2c_read(uint8_t device, uint8_t reg)
{
	int value;

	if (i2c_address((uint8_t)(device << 1)) < 0)
		return -1;
	while (!(I2C_SR1 & 1u << 7))
		;
	I2C_DR = reg;
	while (!(I2C_SR1 & 1u << 2))
		;
	I2C_CR1 &= ~(1u << 10);
	if (i2c_address((uint8_t)(device << 1 | 1)) < 0)
		return -1;
	I2C_CR1 |= 1u << 9;
	while (!(I2C_SR1 & 1u << 6))
		;
	value = (int)(I2C_DR & 0xFF);
	return value;
}

static void i2c_forms(void)
{
	i2c_on();
	if (IS(late_identity)) {
		lib_wait(600000);
		if (i2c_read(0x68, 0x75) == 0x71)
			LOCK(); /* blame late_identity */
	}
	if (IS(identity) && i2c_read(0x68, 0x75) == 0x71)
		LOCK(); /* blame identity */
	if (IS(three_answers) && i2c_read(0x76, 0xD0) == 0x58) {
		sink = 1;
		while (i2c_read(0x76, 0xF3) & 8)
			sink++;
		if (i2c_read(0x76, 0xFA) == 0xA4)
			LOCK(); /* blame three_answers */
	}
	if (IS(field) && (i2c_read(0x1D, 0x0D) & 0xF0) == 0x50)
		LOCK(); /* blame field */
	if (IS(two_ids)) {
		switch (i2c_read(0x29, 0xC0)) {
		case 0x12:
			sink = 1;
			break;
		case 0xEE:
			LOCK(); /* blame two_ids */
			break;
		default:
			sink = 2;
			break;
		}
	}
	if (IS(id_then_button) && i2c_read(0x68, 0x75) == 0x68) {
		RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
		GPIO_CRL(GPIOA) = 0x44444448;
		GPIO_ODR(GPIOA) = 1;
		while (REG(GPIOA + 8) & 1)
			;
		LOCK(); /* blame id_then_button */
	}
}

/* ---- SPI1 ------------------------------------------------------------------------- */

static uint8_t spi_byte(uint8_t out)
{
	while (!(REG(0x40013008) & 2))
		;
	REG(0x4001300C) = out;
	while (!(REG(0x40013008) & 1))
		;
	return (uint8_t)REG(0x4001300C);
}

static void select(int on)
{
	REG(0x40010810) = on ? 1u << 20 : 1u << 4;
}

static void spi_forms(void)
{
	uint32_t id;

	RCC_APB2ENR |= 1u << 12 | RCC_APB2ENR_IOPAEN;
	GPIO_CRL(GPIOA) = 0x44434444;
	REG(0x40013000) = 0x0344;
	select(0);
	select(1);
	if (IS(flash_id)) {
		spi_byte(0x9F);
		id = (uint32_t)spi_byte(0xA5) << 16;
		id |= (uint32_t)spi_byte(0xA5) << 8;
		id |= spi_byte(0xA5);
		select(0);
		if (id == 0xEF4018)
			LOCK(); /* blame flash_id */
	}
	if (IS(register_read)) {
		spi_byte(0x80 | 0x0F);
		id = spi_byte(0);
		select(0);
		if (id == 0xD4) {
			select(1);
			spi_byte(0x80 | 0x27);
			id = spi_byte(0);
			select(0);
			if (!(id & 4) && id & 2)
				LOCK(); /* blame register_read */
		}
	}
}

/* ---- ADC1 ------------------------------------------------------------------------- */

static void adc_forms(void)
{
	uint32_t value;

	RCC_APB2ENR |= 1u << 9 | RCC_APB2ENR_IOPAEN;
	GPIO_CRL(GPIOA) = 0x44440444;
	REG(0x40012408) = 1;
	lib_wait(20);
	REG(0x40012434) = 3;
	for (;;) {
		REG(0x40012408) = 1;
		while (!(REG(0x40012400) & 2))
			;
		value = REG(0x4001244C);
		if (value > 1000 && value < 1200)
			LOCK(); /* blame window */
		sink = value;
	}
}

/* ---- a button ---------------------------------------------------------------------- */

static void presses(void)
{
	unsigned count = 0;

	RCC_APB2ENR |= RCC_APB2ENR_IOPAEN;
	GPIO_CRL(GPIOA) = 0x44444448;
	GPIO_ODR(GPIOA) = 1;
	while (count < 3) {
		while (REG(GPIOA + 8) & 1)
			;
		lib_wait(2000);
		count++;
		while (!(REG(GPIOA + 8) & 1))
			;
	}
	LOCK(); /* blame three_presses */
}

/* ---- crystals, and what is not there ------------------------------------------------ */

static volatile uint32_t ticks;

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	ticks++;
}

static void crystal_forms(void)
{
	if (IS(no_hse)) {
		REG(0x40021000) |= 1u << 16;
		for (unsigned i = 0; i < 0x500; i++)
			if (REG(0x40021000) & 1u << 17)
				return;
		LOCK(); /* blame no_hse */
	}
	if (IS(no_lse)) {
		SYST_RVR = 8000 - 1;
		SYST_CSR = SYST_CSR_RUN;
		REG(0x4002101C) |= 3u << 27;
		REG(0x40007000) |= 1u << 8;
		REG(0x40021020) |= 1;
		while (!(REG(0x40021020) & 2))
			if (ticks > 5000) {
				LOCK(); /* blame no_lse */
				return;
			}
	}
}

static void absent_forms(void)
{
	if (IS(external_memory)) {
		REG(0x68000000) = 0xA5A5A5A5;
		REG(0x68000004) = 0x12345678;
		if (REG(0x68000000) == 0xA5A5A5A5)
			LOCK(); /* blame external_memory */
	}
	if (IS(two_absent)) {
		REG(0x50000000) = 1;
		sink = REG(0x60000000);
		LOCK(); /* blame two_absent */
	}
}

int main(void)
{
	AFIO_ON();
	crystal_forms();
	absent_forms();
	if (IS(three_presses))
		presses();
	if (IS(flash_id) || IS(register_read))
		spi_forms();
	else if (IS(window))
		adc_forms();
	else if (FORM < FORM_no_hse)
		i2c_forms();
	for (;;)
		sink++;
}
