/* The family files' tables, seen only by chips.c. */
#ifndef REFLASH_CHIPS_INTERNAL_H
#define REFLASH_CHIPS_INTERNAL_H

#include "chips/chips.h"

extern const struct chip stm32f1_chips[];
extern const size_t stm32f1_chip_count;

#endif
