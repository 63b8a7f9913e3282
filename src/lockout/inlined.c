/*
 * Inlined functions have no call to see in the trace, but the debug
 * information says what they were given: where a parameter is the constant
 * (or the pin, the register or the table that stands for it), the choice was
 * the caller's. The same goes for a function of which the compiler made a copy
 * for one argument.
 */
#include "lockout/lockout_internal.h"

#define AFIO_BASE 0x40010000u

static bool named_for_it(const char *function)
{
	static const char *const words[] = {"swj", "SWJ", "debug", "Debug", "jtag", "JTAG",
					    "remap", "Remap", "afio", "AFIO", "swd", "SWD"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(function, words[i]))
			return true;
	return false;
}

#define SPL_SWJ_DISABLE 0x00300400u /* GPIO_Remap_SWJ_Disable: position and value packed */

#define TABLE_REACH 64u /* a pointer to a table may stand at its start or past the entry */

/* A function for pins that was given PA13 or PA14, as number or mask. */
static bool is_debug_pin(uint32_t v, const char *function)
{
	bool pins = strstr(function, "pin") || strstr(function, "Pin") ||
		    strstr(function, "gpio") || strstr(function, "GPIO");

	return pins && (v == 13 || v == 14 || v == 1u << 13 || v == 1u << 14 || v == 3u << 13);
}

/* A function that is told which register to write. */
static bool is_the_register(uint32_t v)
{
	return v == AFIO_MAPR_ADDRESS || v == AFIO_BASE;
}

/* A register class's method that takes a field's value. */
static bool sets_a_field(const char *function)
{
	return strcmp(function, "set") == 0 || strcmp(function, "write") == 0 ||
	       strcmp(function, "modify") == 0;
}

/* Is this parameter the value that ends up as SWJ_CFG = 100, or what led to it?
 * AFIO_MAPR has nothing above SWJ_CFG; 0x44444444 is four pins, not that. */
static bool is_the_constant(uint32_t v, const char *function, uint32_t table)
{
	return v >> SWJ_SHIFT == SWJ_OFF || v == SPL_SWJ_DISABLE ||
	       (v == SWJ_OFF && (named_for_it(function) || sets_a_field(function))) ||
	       is_debug_pin(v, function) || is_the_register(v) ||
	       (table && v - table + TABLE_REACH < 2 * TABLE_REACH);
}

static bool parameter_carries(const struct image *img, const uint32_t *regs, uint32_t pc,
			      unsigned frame, const char *function, uint32_t table)
{
	struct image_parameter p[24];
	size_t n = image_parameters_at(img, pc, frame, p, 24);

	for (size_t i = 0; i < n; i++) {
		bool in_register = p[i].kind == IMAGE_PARAMETER_REGISTER;
		uint32_t v = in_register && regs ? regs[p[i].value & 15] : p[i].value;

		if (in_register && !regs)
			continue;
		if (is_the_constant(v, function, table))
			return true;
	}
	return false;
}

bool inlined_climb(const struct image *img, uint32_t pc, const uint32_t *regs, uint32_t table,
		   struct lockout_place *out, bool *whole)
{
	struct lockout_place places[8];
	size_t n = places_at(img, pc, places, 8), k = 0;

	while (k + 1 < n &&
	       parameter_carries(img, regs, pc, (unsigned)k, places[k].function, table))
		k++;
	*out = places[k];
	/* Registers tell nothing here: the bit would have been followed through
	 * them. A constant is what the compiler made of an argument. */
	*whole = n && k + 1 == n &&
		 parameter_carries(img, NULL, pc, (unsigned)k, places[k].function, table);
	return k > 0;
}

bool inlined_choice(const struct image *img, uint32_t pc, const uint32_t *regs, uint32_t table,
		    struct lockout_place *out)
{
	bool whole;

	return inlined_climb(img, pc, regs, table, out, &whole);
}
