/*
 * Every exchange of a whole command fails, one after the other, in every way a
 * wire can fail, once and for good. Each time: it ends, in bounded board time;
 * a failure says what happened; nothing outside the image is touched; and the
 * next run, on the same board, does the whole job.
 *
 * Argument: how many exchanges to go on from one failure to the next (1: all).
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 0x08000000, IMAGE = 1100, FLASH = 128 * 1024 };
#define NEVER_LONGER_US 60000000u

static unsigned step = 1;

struct job {
	const char *name;
	bool locked; /* the chip runs a program that took SWD away */
	uint8_t image[IMAGE];
	uint8_t old[FLASH], want[FLASH];
};

static struct board *fresh(const struct job *job)
{
	struct board *b = desk_board(NULL);

	memcpy(mcu_flash(board_mcu(b)), job->old, FLASH);
	mcu_flash_changed(board_mcu(b));
	board_power_cycle(b, 10);
	board_advance(b, 20000000);
	return b;
}

static enum status run(struct board *b, const struct job *job, const struct desk_fault *fault,
		       uint64_t *exchanges, struct err *err)
{
	const struct flash_options opt = {0};
	const struct flash_piece piece = {BASE, job->image, IMAGE};
	struct flash_result r;
	struct desk d;
	enum status s = desk_connect(&d, b, fault, err);

	if (s == STATUS_OK)
		s = flash_write(d.target, mcu_chip(board_mcu(b)), &piece, 1, &opt, &r, err);
	if (s == STATUS_OK)
		s = target_reset(d.target, false, err);
	if (exchanges)
		*exchanges = usb_faulty_count(d.wire);
	desk_leave(&d);
	return s;
}

/* The image, and every page that it does not touch. What shares a page with the
 * image goes with it when a write is cut. */
static bool as_wanted(struct board *b, const struct job *job)
{
	return memcmp(mcu_flash(board_mcu(b)), job->want, IMAGE) == 0;
}

static void expect_untouched(struct board *b, const struct job *job, const char *when)
{
	enum { FIRST = (IMAGE + 1023) / 1024 * 1024 };

	if (memcmp(mcu_flash(board_mcu(b)) + FIRST, job->old + FIRST, FLASH - FIRST) != 0)
		fail_msg("%s: flash outside the image changed", when);
}

static void one(const struct job *job, const struct desk_fault *fault, unsigned *failed)
{
	static const char *const kinds[] = {"lost", "timeout", "short", "status"};
	struct board *b = fresh(job);
	struct err err = ERR_INIT;
	uint64_t start = board_now_ns(b) / 1000;
	char when[64];
	enum status s = run(b, job, fault, NULL, &err);

	snprintf(when, sizeof when, "%s, exchange %u %s%s", job->name, (unsigned)fault->at,
		 kinds[fault->kind], fault->permanent ? " for good" : "");
	if (board_now_ns(b) / 1000 - start > NEVER_LONGER_US)
		fail_msg("%s: took %u s", when,
			 (unsigned)((board_now_ns(b) / 1000 - start) / 1000000));
	if (s == STATUS_OK && memcmp(mcu_flash(board_mcu(b)), job->want, FLASH) != 0)
		fail_msg("%s: success claimed", when);
	if (s != STATUS_OK && (err.status != s || err.what[0] == 0 || !err_remedy(&err)[0]))
		fail_msg("%s: status %s, but the text says %s, \"%s\"", when, status_name(s),
			 status_name(err.status), err.what);
	*failed += s != STATUS_OK;
	expect_untouched(b, job, when);
	err_clear(&err);
	s = run(b, job, NULL, NULL, &err);
	if (s != STATUS_OK)
		fail_msg("%s: the next run fails: %s", when, err.what);
	expect_untouched(b, job, when);
	if (!as_wanted(b, job))
		fail_msg("%s: the next run leaves flash wrong", when);
	board_free(b);
}

static void make_job(struct job *job, const char *name, bool locked)
{
	uint64_t seed = desk_seed();

	job->name = name;
	job->locked = locked;
	desk_fill(&seed, job->old, FLASH);
	if (locked)
		desk_locking_program(job->old);
	else
		memset(job->old, 0xFF, 1024);
	desk_fill(&seed, job->image, IMAGE);
	/* something that runs, so that the end of the command is the same each time */
	memcpy(job->image, "\x00\x50\x00\x20\x09\x00\x00\x08\xFE\xE7", 10);
	memcpy(job->want, job->old, FLASH);
	memcpy(job->want, job->image, IMAGE);
}

static void all_of(const char *name, bool locked)
{
	struct job *job = calloc(1, sizeof *job);
	unsigned cases = 0, failed = 0;
	uint64_t exchanges = 0;
	struct board *b;
	struct err err = ERR_INIT;

	make_job(job, name, locked);
	b = fresh(job);
	if (run(b, job, NULL, &exchanges, &err) != STATUS_OK)
		fail_msg("without any fault: %s", err.what);
	board_free(b);
	for (unsigned kind = USB_FAULT_LOST; kind <= USB_FAULT_STATUS; kind++)
		for (unsigned permanent = 0; permanent < 2; permanent++)
			for (uint64_t n = 1 + kind % step; n <= exchanges; n += step) {
				struct desk_fault fault = {n, kind, permanent};

				one(job, &fault, &failed);
				cases++;
			}
	printf("# %s: %u exchanges, %u faults, %u of them failed the command\n", name,
	       (unsigned)exchanges, cases, failed);
	assert_true(failed > cases / 2);
	free(job);
}

static void test_write(void **state)
{
	all_of("write", false);
}

static void test_write_to_a_locked_chip(void **state)
{
	all_of("write under reset", true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_to_a_locked_chip),
	};

	if (argc > 1)
		step = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
