/*
 * Recovering a locked-out chip while the wire fails: every exchange, one after
 * the other, in every way, once and for good. Each time it ends in bounded
 * board time, a failure says what happened, nothing but page 0 is touched, and
 * the next run gets the chip back. Once with NRST wired, once with a finger on
 * RESET.
 *
 * Argument: how many exchanges to go on from one failure to the next (1: all).
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"

enum { BASE = 0x08000000, PAGE = 1024, CHECKED = 16 * 1024 };
#define NEVER_LONGER_US 120000000u

static unsigned step = 1;

/* A locked-out board, and the person in front of it. */
struct scene {
	struct board *b;
	bool finger;
	unsigned polls, asked;
	uint8_t old[CHECKED];
};

static void be_asked(void *ctx, const char *what)
{
	struct scene *s = ctx;

	assert_true(strlen(what) > 10);
	s->asked++;
}

/* Between polls: hold RESET for a while, let go. */
static bool work_reset(void *ctx)
{
	struct scene *s = ctx;

	s->polls++;
	if (s->finger && s->asked && s->polls % 8 == 4)
		board_hold_reset(s->b, true);
	if (s->finger && s->asked && s->polls % 8 == 6)
		board_hold_reset(s->b, false);
	return true; /* the wait, not the person, gives up */
}

static void lock_out(struct scene *s, bool finger)
{
	struct board_config config = {0};
	uint64_t seed = 7;

	memset(s, 0, sizeof *s);
	config.wires[WIRE_NRST] = finger ? WIRE_OPEN : WIRE_OK;
	s->finger = finger;
	s->b = desk_board(&config);
	desk_fill(&seed, mcu_flash(board_mcu(s->b)), CHECKED);
	desk_locking_program(mcu_flash(board_mcu(s->b)));
	memcpy(s->old, mcu_flash(board_mcu(s->b)), CHECKED);
	mcu_flash_changed(board_mcu(s->b));
	board_power_cycle(s->b, 10);
	board_advance(s->b, 20000000);
	assert_false(mcu_swd_on(board_mcu(s->b)));
}

/* What `recover -y` does, below the command line. */
static enum status recover(struct scene *s, const struct desk_fault *fault, uint64_t *exchanges,
			   struct err *err)
{
	struct climb climb = {.opt = {.target = {.keep_trying = work_reset, .ctx = s},
				      .wait_us = s->finger ? 1000000 : 0, .ask = be_asked, .ctx = s},
			      .last = 99};
	const struct flash_options flash = {0};
	struct flash_result result;
	const struct rung *rung = NULL;
	struct usb_wire *inner = NULL, *wire = NULL;
	struct probe *probe = NULL;
	struct target *t = NULL;
	enum status st;

	s->polls = s->asked = 0;
	assert_int_equal(serve_local_wire(s->b, &inner, NULL), STATUS_OK);
	assert_int_equal(usb_faulty_open(inner, fault->at, fault->kind, fault->permanent, &wire, NULL),
			 STATUS_OK);
	st = probe_open(wire, NULL, &probe, err);
	if (st == STATUS_OK)
		st = doctor_climb(probe, &climb, &rung, &t, err);
	if (st == STATUS_OK)
		st = flash_erase(t, mcu_chip(board_mcu(s->b)), BASE, PAGE, &flash, &result, err);
	if (st == STATUS_OK)
		st = target_reset(t, false, err);
	if (exchanges)
		*exchanges = usb_faulty_count(wire);
	target_close(t, false);
	probe_close(probe);
	board_hold_reset(s->b, false);
	board_advance(s->b, 50000000);
	return st;
}

static void one(bool finger, const struct desk_fault *fault, unsigned *failed)
{
	static const struct desk_fault none = {0};
	struct scene s;
	struct err err = ERR_INIT;
	uint64_t start;
	enum status st;

	lock_out(&s, finger);
	start = board_now_ns(s.b) / 1000;
	st = recover(&s, fault, NULL, &err);
	if (board_now_ns(s.b) / 1000 - start > NEVER_LONGER_US)
		fail_msg("exchange %u: took too long", (unsigned)fault->at);
	if (st == STATUS_OK && !mcu_swd_on(board_mcu(s.b)))
		fail_msg("exchange %u: success claimed", (unsigned)fault->at);
	if (st != STATUS_OK && (err.status == STATUS_OK || !err.what[0] || !err_remedy(&err)[0]))
		fail_msg("exchange %u: status %s without words", (unsigned)fault->at,
			 status_name(st));
	*failed += st != STATUS_OK;
	err_clear(&err);
	st = recover(&s, &none, NULL, &err);
	if (st != STATUS_OK)
		fail_msg("exchange %u, kind %d: the next run fails: %s", (unsigned)fault->at,
			 (int)fault->kind, err.what);
	assert_true(mcu_swd_on(board_mcu(s.b)));
	assert_memory_equal(mcu_flash(board_mcu(s.b)) + PAGE, s.old + PAGE, CHECKED - PAGE);
	board_free(s.b);
}

static void all_of(const char *name, bool finger)
{
	static const struct desk_fault none = {0};
	unsigned cases = 0, failed = 0;
	uint64_t exchanges = 0;
	struct err err = ERR_INIT;
	struct scene s;

	lock_out(&s, finger);
	if (recover(&s, &none, &exchanges, &err) != STATUS_OK)
		fail_msg("without any fault: %s", err.what);
	board_free(s.b);
	for (unsigned kind = USB_FAULT_LOST; kind <= USB_FAULT_STATUS; kind++)
		for (unsigned permanent = 0; permanent < 2; permanent++)
			for (uint64_t n = 1 + kind % step; n <= exchanges; n += step) {
				struct desk_fault fault = {n, kind, permanent};

				one(finger, &fault, &failed);
				cases++;
			}
	printf("# %s: %u exchanges, %u faults, %u of them failed the run\n", name,
	       (unsigned)exchanges, cases, failed);
	assert_true(failed > cases / 8); /* the ladder rides out most single faults */
}

static void test_under_reset(void **state)
{
	all_of("recover under reset", false);
}

static void test_by_hand(void **state)
{
	all_of("recover with a finger on RESET", true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_under_reset),
		cmocka_unit_test(test_by_hand),
	};

	if (argc > 1)
		step = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests_name("recover faults", tests, NULL, NULL);
}
