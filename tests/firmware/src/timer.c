/* TIM2: update period, interrupt, one pulse, PWM compare flags (RM0008 15). */
#include "check.h"

#define TIM(offset) REG(0x40000000 + (offset))
#define CR1	    TIM(0x00)
#define DIER	    TIM(0x0C)
#define SR	    TIM(0x10)
#define EGR	    TIM(0x14)
#define CNT	    TIM(0x24)
#define PSC	    TIM(0x28)
#define ARR	    TIM(0x2C)
#define CCR1	    TIM(0x34)

static volatile uint32_t updates;

void irq_handler(void);
void irq_handler(void)
{
	SR = ~1u;
	updates++;
	__asm volatile("dsb");
}

int main(void)
{
	uint32_t start, took, compared;

	check_setup();
	RCC_APB1ENR |= 1;
	check_equal(ARR, 0xFFFF, "ARR after reset");
	PSC = 7;
	ARR = 999;
	EGR = 1;
	check_equal(SR & 1, 1, "UG raises the update flag");
	SR = 0;
	check_equal(SR & 1, 0, "SR clears by writing 0");
	check_equal(CNT, 0, "UG clears the counter");
	CCR1 = 500;
	CR1 = 1;
	start = cycles();
	while (!(SR & 2))
		;
	compared = cycles() - start;
	while (!(SR & 1))
		;
	took = cycles() - start;
	check_between(compared, 3900, 4100, "compare at 500 us of 8 MHz");
	check_between(took, 7900, 8120, "update after 1000 us");
	SR = 0;
	DIER = 1;
	NVIC_ISER(0) = 1u << 28;
	start = cycles();
	while (updates < 10)
		;
	took = cycles() - start;
	check_between(took, 71900, 80200, "ten update interrupts in 10 ms");
	DIER = 0;
	CR1 = 0;
	took = CNT;
	check_equal(CNT, took, "stops when disabled");
	CNT = 990;
	CR1 = 9;
	for (volatile uint32_t i = 0; i < 200; i++)
		;
	check_equal(CR1 & 1, 0, "one-pulse mode stops by itself");
	RCC_APB1RSTR = 1;
	RCC_APB1RSTR = 0;
	check_equal(PSC, 0, "peripheral reset by RCC");
	finish();
}
