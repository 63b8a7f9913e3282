/* A thread's processor, kept for a while. */
#include "wire/seat.h"

#include <unistd.h>

/* Often enough to leave a processor that others have come to need, seldom
 * enough to cost nothing: a move takes as long as a few messages. */
enum { MESSAGES = 256 };

uint32_t seat_take(struct seat *s)
{
	cpu_set_t one;
	int cpu;

	if (s->left > 0) {
		s->left--;
		return s->here;
	}
	seat_leave(s);
	cpu = sched_getcpu();
	if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof s->home, &s->home) != 0)
		return 0;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof one, &one) != 0)
		return 0;
	s->thread = gettid();
	s->here = (uint32_t)cpu + 1;
	s->left = MESSAGES;
	return s->here;
}

void seat_leave(struct seat *s)
{
	/* the thread may have ended: then there is nothing to undo */
	if (s->thread)
		(void)sched_setaffinity(s->thread, sizeof s->home, &s->home);
	s->thread = 0;
	s->left = 0;
}
