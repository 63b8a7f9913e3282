/*
 * The client's half of running on one processor with a driven board
 * (serve/near.c says why): its thread stays where it is while it exchanges
 * messages, and says where that is.
 */
#ifndef REFLASH_WIRE_SEAT_H
#define REFLASH_WIRE_SEAT_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

/* All zero: none taken. */
struct seat {
	pid_t thread;    /* the one that is bound; 0: none */
	uint32_t here;   /* its processor + 1 */
	unsigned left;   /* messages until the scheduler may choose again */
	cpu_set_t home;  /* where it may run otherwise */
};

/* Before a message: bind the calling thread to its processor, now and then to
 * another one. That processor + 1, or 0 when it cannot be bound. */
uint32_t seat_take(struct seat *s);
/* The thread runs anywhere again. Nothing taken is fine. */
void seat_leave(struct seat *s);

#endif
