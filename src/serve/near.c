/*
 * On which processor the board's thread runs. While a client waits for an
 * answer the board works, and while the client works the board waits: two
 * threads that never have anything to do at once. On one processor a message
 * is handed over in a few microseconds; on two, each has to wake the other's
 * sleeping processor, which takes several times that and, on a busy or a
 * virtual machine, a tenth of a millisecond. So the board of a local client
 * follows it to its processor.
 *
 * Driven boards only: one that follows the wall clock runs the chip while its
 * client works.
 */
#include "serve/server_internal.h"

#include <sched.h>

void near_start(struct server *s)
{
	s->near.allowed = s->pace.driven && sched_getaffinity(0, sizeof s->near.home,
							      &s->near.home) == 0;
	s->near.cpu = NEAR_NOWHERE;
}

void near_follow(struct server *s, unsigned cpu)
{
	cpu_set_t one;

	if (cpu == s->near.cpu || !s->near.allowed || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* refused (another cpuset, say): where it may run is where it stays */
	s->near.allowed = sched_setaffinity(0, sizeof one, &one) == 0;
	if (s->near.allowed)
		s->near.cpu = cpu;
}

void near_leave(struct server *s)
{
	if (s->near.cpu == NEAR_NOWHERE)
		return;
	s->near.cpu = NEAR_NOWHERE;
	s->near.allowed = sched_setaffinity(0, sizeof s->near.home, &s->near.home) == 0;
}
