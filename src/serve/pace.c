/*
 * Board time and the wall clock. A driven board's time moves only by what
 * transfers cost and by what its client waits. A real one follows the wall: it
 * is brought up to it in slices, and an answer that cost more board time than
 * has passed is held back until the wall has caught up.
 *
 * It leaves a little early, by what waking up takes: were every answer late by
 * that, a client of many exchanges would see a probe that is slower than the
 * board. Nothing is gained by it: the next exchange starts where this one ended.
 *
 * When the machine cannot run the chip at its speed the board falls behind by
 * at most MAX_LAG; what is beyond is forgiven, so that clients see a chip that
 * runs slower and not one that answers ever later.
 */
#include "serve/server_internal.h"

#include <time.h>

enum { SLICE_NS = 1 * NS_PER_MS, MAX_LAG_NS = 20 * NS_PER_MS };
/* ASSUMED: two wake-ups, the board's and its client's. */
enum { EARLY_NS = 60 * NS_PER_US };
/* How often the board is looked at when nobody talks to it. */
enum { HELD_NS = NS_PER_MS / 2, ALONE_NS = 5 * NS_PER_MS, QUIET_NS = 50 * NS_PER_MS };

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void pace_start(struct server *s)
{
	s->pace.driven = s->config.driven;
	s->pace.wall0_ns = wall_ns();
	s->pace.board0_ns = board_now_ns(s->board);
}

uint64_t pace_target_ns(const struct server *s)
{
	if (s->pace.driven)
		return board_now_ns(s->board);
	return s->pace.board0_ns + (wall_ns() - s->pace.wall0_ns);
}

static uint64_t lag_ns(struct server *s)
{
	uint64_t now = board_now_ns(s->board), target = pace_target_ns(s);
	uint64_t lag = target > now ? target - now : 0;

	if (lag > MAX_LAG_NS && board_is_running(s->board)) {
		s->pace.forgiven_ns += lag - MAX_LAG_NS;
		s->pace.board0_ns -= lag - MAX_LAG_NS;
		lag = MAX_LAG_NS;
	}
	return lag;
}

bool pace_slice(struct server *s)
{
	uint64_t lag = lag_ns(s);

	if (lag == 0)
		return false;
	if (lag <= SLICE_NS || !board_is_running(s->board)) {
		board_advance(s->board, lag);
		return false;
	}
	board_advance(s->board, SLICE_NS);
	return true;
}

void pace_catch_up(struct server *s)
{
	/* Bounded: a board that is slower than the wall never arrives. */
	for (unsigned n = 0; n < MAX_LAG_NS / SLICE_NS && pace_slice(s); n++)
		continue;
}

void pace_pass(struct server *s, uint64_t ns)
{
	if (s->pace.driven)
		board_advance(s->board, ns);
}

uint64_t pace_idle_ns(const struct server *s)
{
	if (s->pace.driven)
		return UINT64_MAX;
	if (!board_is_running(s->board))
		return QUIET_NS;
	return s->holder || s->uart ? HELD_NS : ALONE_NS;
}

uint64_t pace_wait_ns(const struct server *s, uint64_t due_ns)
{
	uint64_t now = pace_target_ns(s) + EARLY_NS;

	return due_ns > now ? due_ns - now : 0;
}
