/*
 * Durations and pins as text.
 */
#include <stdio.h>

#include "lockout/lockout_internal.h"

void time_text(uint64_t ns, char *out, size_t size)
{
	if (ns < 1000000)
		snprintf(out, size, "%.3g us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(out, size, "%.3g ms", (double)ns / 1e6);
	else if (ns < 120000000000u)
		snprintf(out, size, "%.3g s", (double)ns / 1e9);
	else
		snprintf(out, size, "%.3g min", (double)ns / 60e9);
}

void pins_text(uint16_t pins, char *out, size_t size)
{
	static const char *const names[] = {"PA13", "PA14", "PA15", "PB3", "PB4"};
	size_t at = 0;
	unsigned left = (unsigned)__builtin_popcount(pins & 31u);

	out[0] = '\0';
	for (unsigned i = 0; i < 5; i++) {
		if (!(pins & 1u << i))
			continue;
		left--;
		at += (size_t)snprintf(out + at, at < size ? size - at : 0, "%s%s", names[i],
				       left > 1 ? ", " : left == 1 ? " and " : "");
	}
}
