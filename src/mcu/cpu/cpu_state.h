/*
 * The core's state, as far as a snapshot must copy it. Registers follow the
 * architecture's names. Source: DDI 0403 B1.4, B3.2, C1.
 */
#ifndef REFLASH_MCU_CPU_STATE_H
#define REFLASH_MCU_CPU_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_state {
	uint32_t r[16];      /* r13: the active stack pointer */
};

#endif
