/* The wall clock as a wire's clock. */
#include <errno.h>
#include <time.h>

#include "wire/wire_internal.h"

uint64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void monotonic_sleep_us(uint64_t us)
{
	struct timespec t = {.tv_sec = (time_t)(us / 1000000u),
			     .tv_nsec = (long)(us % 1000000u) * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		continue;
}

uint64_t wall_now_us(struct usb_wire *w)
{
	(void)w;
	return monotonic_us();
}

void wall_sleep_us(struct usb_wire *w, uint64_t us)
{
	(void)w;
	monotonic_sleep_us(us);
}
