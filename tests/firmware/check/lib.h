/* The ways of a few libraries, in own words: see forms.c. */
#ifndef CHECK_LIB_H
#define CHECK_LIB_H

#include "f103.h"

#define SWJ_NOJTAG 0x02000000u
#define SWJ_DISABLE 0x04000000u
#define SWJ_KEEP 0x07000000u

/* One call a remap, the debug choice in every call. */
void lib_remap(uint32_t swj, uint32_t maps);
/* The same behind two more calls. */
void lib_board_remap(uint32_t swj);
/* Position and value packed into one word. */
void lib_pin_remap(uint32_t packed, int enable);
#define LIB_SWJ_DISABLE 0x00300400u
#define LIB_SWJ_NOJTAG 0x00300200u
/* Switches debugging off when a debug pin is given: the choice is the pin. */
void lib_pin_mode(unsigned pin, unsigned mode);
/* Applies rows until one with address 0. */
struct lib_row {
	uint32_t address, value;
};
void lib_apply(const struct lib_row *rows);
void lib_copy(volatile void *to, const void *from, unsigned len);
uint32_t lib_choice(void);
void lib_wait(volatile uint32_t n);

#endif
