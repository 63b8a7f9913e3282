/* ADC1: calibration, software conversion, end of conversion (RM0008 11). */
#include "check.h"

#define ADC(offset) REG(0x40012400 + (offset))
#define SR	    ADC(0x00)
#define CR2	    ADC(0x08)
#define SMPR1	    ADC(0x0C)
#define SQR3	    ADC(0x34)
#define DR	    ADC(0x4C)
#define ADON	    1u
#define CAL	    4u
#define RSTCAL	    8u

int main(void)
{
	check_setup();
	RCC_APB2ENR |= 1u << 9;
	check_equal(CR2, 0, "CR2 after reset");
	CR2 = ADON;
	for (volatile uint32_t i = 0; i < 20; i++)
		;
	CR2 = ADON | RSTCAL;
	check(wait_for(&CR2, RSTCAL, 0), "RSTCAL clears by itself");
	CR2 = ADON | CAL;
	check(wait_for(&CR2, CAL, 0), "CAL clears by itself");
	CR2 = 1u << 23 | 7u << 17 | 1u << 20 | ADON;
	SMPR1 = 7u << 21;
	SQR3 = 17;
	CR2 |= 1u << 22;
	check(wait_for(&SR, 2, 2), "EOC after SWSTART");
	check_between(DR, 1400, 1580, "the internal reference is 1.2 V of 3.3 V");
	check_equal(SR & 2, 0, "reading DR clears EOC");
	finish();
}
