/* DMA1: memory to memory, to USART1, flags and errors (RM0008 13). */
#include "check.h"

#define DMA_ISR	 REG(0x40020000)
#define DMA_IFCR REG(0x40020004)
#define CCR(n)	 REG(0x40020008 + 20 * ((n)-1))
#define CNDTR(n) REG(0x4002000C + 20 * ((n)-1))
#define CPAR(n)	 REG(0x40020010 + 20 * ((n)-1))
#define CMAR(n)	 REG(0x40020014 + 20 * ((n)-1))

static const uint32_t from[8] = {1, 2, 3, 5, 8, 13, 21, 0xCAFEBABE};
static uint32_t to[8];
static uint8_t bytes[8];
static volatile uint32_t interrupts;

void irq_handler(void);
void irq_handler(void)
{
	DMA_IFCR = 0xF;
	interrupts++;
	__asm volatile("dsb");
}

int main(void)
{
	uint32_t same = 0;

	check_setup();
	RCC_AHBENR |= 1;
	CPAR(1) = (uint32_t)(uintptr_t)from;
	CMAR(1) = (uint32_t)(uintptr_t)to;
	CNDTR(1) = 8;
	NVIC_ISER(0) = 1u << 11;
	CCR(1) = 1u << 14 | 2u << 10 | 2u << 8 | 1u << 7 | 1u << 6 | 2 | 1;
	for (uint32_t tries = 10000; tries && !interrupts; tries--)
		;
	for (unsigned i = 0; i < 8; i++)
		same += to[i] == from[i];
	check_equal(same, 8, "memory to memory copies words");
	check_equal(interrupts, 1, "one transfer-complete interrupt");
	check_equal(CNDTR(1), 0, "CNDTR counts down to 0");
	CCR(1) = 0;
	CPAR(2) = (uint32_t)(uintptr_t)&from[7];
	CMAR(2) = (uint32_t)(uintptr_t)bytes;
	CNDTR(2) = 4;
	CCR(2) = 1u << 14 | 1u << 7 | 1u << 6 | 1;
	check(wait_for(&DMA_ISR, 2u << 4, 2u << 4), "TCIF2 without interrupt");
	check_equal(bytes[0] | (uint32_t)bytes[3] << 24, 0xCA0000BE, "byte transfers");
	DMA_IFCR = 1u << 4;
	check_equal(DMA_ISR & 0xF0, 0, "CGIF clears all flags of the channel");
	while (!(USART1_SR & USART_SR_TC))
		;
	CPAR(4) = 0x40013804;
	CMAR(4) = (uint32_t)(uintptr_t) "# sent by DMA\n";
	CNDTR(4) = 14;
	REG(0x40013814) |= 1u << 7;
	CCR(4) = 1u << 7 | 1u << 4 | 1;
	check(wait_for(&DMA_ISR, 2u << 12, 2u << 12), "USART1 takes bytes by DMA");
	finish();
}
