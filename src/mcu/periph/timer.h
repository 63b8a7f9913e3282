/*
 * What the two halves of a timer share: timer_count.c counts, timer.c is what
 * software and the other peripherals see. Registers by RM0008 14.4, 15.4, 17.4.
 */
#ifndef REFLASH_MCU_PERIPH_TIMER_H
#define REFLASH_MCU_PERIPH_TIMER_H

#include "mcu/mcu_internal.h"

#define TIM_CR1 0x00
#define TIM_CR2 0x04
#define TIM_SMCR 0x08
#define TIM_DIER 0x0C
#define TIM_SR 0x10
#define TIM_EGR 0x14
#define TIM_CCMR1 0x18
#define TIM_CCER 0x20
#define TIM_CNT 0x24
#define TIM_PSC 0x28
#define TIM_ARR 0x2C
#define TIM_RCR 0x30
#define TIM_CCR1 0x34
#define TIM_BDTR 0x44
#define TIM_DCR 0x48
#define TIM_DMAR 0x4C
#define TIM_CR1_CEN 0x01u
#define TIM_CR1_UDIS 0x02u
#define TIM_CR1_URS 0x04u
#define TIM_CR1_OPM 0x08u
#define TIM_CR1_DIR 0x10u
#define TIM_CR1_CMS 0x60u
#define TIM_CR1_ARPE 0x80u
#define TIM_SR_UIF 0x01u
#define TIM_SR_TIF 0x40u
#define TIM_SR_BIF 0x80u
#define TIM_DIER_UDE 0x100u
#define TIM_BDTR_BKE 0x1000u
#define TIM_BDTR_MOE 0x8000u

struct timer_state {
	uint64_t base;     /* HCLK cycle at which CNT (the register) was what it is */
	uint32_t tick;     /* HCLK cycles a tick */
	uint32_t psc, arr; /* shadow registers in force */
	uint16_t repeat;   /* updates still to be left out */
	bool served;       /* a trigger is being answered: one that comes back is not */
	bool polled;       /* SR was read: the next flag to rise is an event */
	uint16_t pulses;   /* of an external clock since the last tick */
	uint8_t burst;     /* items of a DMA burst that DMAR has passed on */
	uint8_t captures;  /* LSI edges counted by the channel-4 prescaler */
};

/* Is CEN set, and the clock that it counts not one from outside? */
bool timer_counting(const struct periph *p);
/* HCLK cycles a tick of the present prescaler and clock tree. */
uint32_t timer_tick_cycles(const struct periph *p);
/* An update event: PSC, ARR and RCR take effect. */
void timer_load_shadows(struct periph *p);
/* Bring CNT to the present. Returns the flags (SR's bits) that rose meanwhile. */
uint32_t timer_catch_up(struct periph *p);
/* A pulse of the external clock that CEN lets in. Returns the flags that rose. */
uint32_t timer_pulse(struct periph *p);
/* Ticks to the first of the flags `want`; only as far as the next wrap, which
 * then looks again. */
uint32_t timer_to_wanted(const struct periph *p, uint32_t want);

#endif
