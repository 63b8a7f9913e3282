/* EXTI, USART interrupts, SPI, I2C without a partner, CAN, USB at rest. */
#include "check.h"

#define EXTI(offset) REG(0x40010400 + (offset))
#define I2C(offset)  REG(0x40005400 + (offset))
#define CAN(offset)  REG(0x40006400 + (offset))
#define USB(offset)  REG(0x40005C00 + (offset))

static volatile uint32_t edges;

void irq_handler(void);
void irq_handler(void)
{
	EXTI(0x14) = 0xFFFFF;
	edges++;
	__asm volatile("dsb");
}

static void test_exti(void)
{
	RCC_APB2ENR |= RCC_APB2ENR_AFIOEN | RCC_APB2ENR_IOPBEN;
	gpio_set_mode(GPIOB, GPIO_OUT_2MHZ, GPIO(0));
	REG(0x40010008) = 1; /* EXTICR1: line 0 is PB0 */
	EXTI(0x00) = 1;
	EXTI(0x08) = 1;
	NVIC_ISER(0) = 1u << 6;
	gpio_set(GPIOB, GPIO(0));
	__asm volatile("isb\nnop\nnop");
	check_equal(edges, 1, "rising edge of PB0 interrupts");
	gpio_clear(GPIOB, GPIO(0));
	check_equal(edges, 1, "the falling one does not");
	EXTI(0x0C) = 1;
	gpio_set(GPIOB, GPIO(0));
	gpio_clear(GPIOB, GPIO(0));
	__asm volatile("isb\nnop\nnop");
	check_equal(edges, 3, "until FTSR selects it");
	EXTI(0x10) = 1;
	__asm volatile("isb\nnop\nnop");
	check_equal(edges, 4, "software interrupt");
	EXTI(0x00) = 0;
	gpio_set(GPIOB, GPIO(0));
	check_equal(edges, 4, "a masked line does not interrupt");
}

static void test_spi(void)
{
	RCC_APB2ENR |= RCC_APB2ENR_SPI1EN;
	check_equal(SPI1_SR, SPI_SR_TXE, "SPI: TXE after reset");
	SPI1_CR1 = SPI_CR1_MSTR | SPI_CR1_BR_DIV8 | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_SPE;
	SPI1_DR = 0x9F;
	check(wait_for(&SPI1_SR, SPI_SR_RXNE, SPI_SR_RXNE), "SPI: a byte comes back");
	check_equal(SPI1_DR, 0xFF, "SPI: nobody drives MISO");
	check(wait_for(&SPI1_SR, SPI_SR_BSY, 0), "SPI: idle again");
}

static void test_i2c(void)
{
	RCC_APB1ENR |= 1u << 21;
	I2C(0x04) = 8;
	I2C(0x1C) = 40;
	I2C(0x20) = 9;
	I2C(0x00) = 1;
	I2C(0x00) |= 1u << 8;
	check(wait_for(&I2C(0x14), 1, 1), "I2C: start condition");
	I2C(0x10) = 0x27 << 1;
	check(wait_for(&I2C(0x14), 1u << 10, 1u << 10), "I2C: nobody acknowledges (AF)");
	I2C(0x14) = 0;
	check_equal(I2C(0x14) & 1u << 10, 0, "I2C: AF clears by writing 0");
	I2C(0x00) |= 1u << 9;
	check(wait_for(&I2C(0x18), 2, 0), "I2C: stop frees the bus");
}

static void test_can_usb(void)
{
	RCC_APB1ENR |= 1u << 25 | 1u << 23;
	check_equal(CAN(0x00) & 0xFFFF, 2, "CAN: asleep after reset");
	CAN(0x00) = 1;
	check(wait_for(&CAN(0x04), 3, 1), "CAN: INAK follows INRQ, SLAK goes");
	check_equal(USB(0x40) & 0xFFFF, 3, "USB: CNTR after reset");
	USB(0x40) = 1;
	USB(0x44) = 0;
	USB(0x40) = 0;
	check_equal(USB(0x40) & 0xFFFF, 0, "USB: leaves reset");
	REG(0x40006000) = 0xBEEF;
	check_equal(REG(0x40006000) & 0xFFFF, 0xBEEF, "USB: packet memory");
}

int main(void)
{
	check_setup();
	test_exti();
	test_spi();
	test_i2c();
	test_can_usb();
	finish();
}
