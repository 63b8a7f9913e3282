/*
 * Every exchange of a whole command fails, one after the other, in every way a
 * wire can fail, once and for good. Each time: it ends, in bounded board time;
 * a failure says what happened; nothing outside the image is touched; and the
 * next run, on the same board, does the whole job.
 *
 * Arguments: how many exchanges to go on from one failure to the next (1: all);
 * "write" for writes only, "rest" for the other commands.
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 0x08000000, IMAGE = 1100, FLASH = 128 * 1024 };
#define NEVER_LONGER_US 60000000u

static unsigned step = 1;

enum work { WRITE, ERASE, OPTIONS, READ, VERIFY };
enum { ERASE_FROM = 1024, ERASE_LEN = 2048, DATA0 = 0x3C };

struct job {
	const char *name;
	enum work work;
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

static enum status set_options(struct target *t, const struct chip *chip, struct err *err)
{
	struct flash_options_bytes ob = {.rdp = 0xA5, .user = 0xFF, .data0 = DATA0, .data1 = 0xFF,
					 .wrp = {0xFF, 0xFF, 0xFF, 0xFF}};

	return flash_write_option_bytes(t, chip, &ob, err);
}

static enum status read_all(struct target *t, const struct job *job, struct err *err)
{
	uint8_t *data = malloc(FLASH);
	enum status s = target_read(t, BASE, data, FLASH, err);

	if (s == STATUS_OK && memcmp(data, job->want, FLASH) != 0)
		fail_msg("%s: reading gives something else", job->name);
	free(data);
	return s;
}

static enum status work(struct desk *d, const struct job *job, struct err *err)
{
	const struct flash_options opt = {0};
	const struct flash_piece piece = {BASE, job->image, IMAGE};
	const struct chip *chip = mcu_chip(board_mcu(d->board));
	struct flash_result r;

	switch (job->work) {
	case WRITE:
		return flash_write(d->target, chip, &piece, 1, &opt, &r, err);
	case ERASE:
		return flash_erase(d->target, chip, BASE + ERASE_FROM, ERASE_LEN, &opt, &r, err);
	case OPTIONS:
		return set_options(d->target, chip, err);
	case READ:
		return read_all(d->target, job, err);
	case VERIFY:
		return flash_verify(d->target, chip, &piece, 1, &opt, &r, err);
	}
	return STATUS_FAILED;
}

static enum status run(struct board *b, const struct job *job, const struct desk_fault *fault,
		       uint64_t *exchanges, struct err *err)
{
	struct desk d;
	enum status s = desk_connect(&d, b, fault, err);

	if (s == STATUS_OK)
		s = work(&d, job, err);
	if (s == STATUS_OK)
		s = target_reset(d.target, false, err);
	if (exchanges)
		*exchanges = usb_faulty_count(d.wire);
	desk_leave(&d);
	return s;
}

static bool has_option(struct board *b)
{
	struct flash_options_bytes ob = {0};
	struct err err = ERR_INIT;
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, &err);

	if (s == STATUS_OK)
		s = flash_read_option_bytes(d.target, mcu_chip(board_mcu(b)), &ob, &err);
	desk_leave(&d);
	return s == STATUS_OK && ob.data0 == DATA0 && ob.rdp == 0xA5;
}

/* What shares a page with the image goes with it when a write is cut. */
static bool as_wanted(struct board *b, const struct job *job)
{
	const uint8_t *flash = mcu_flash(board_mcu(b));

	if (job->work == OPTIONS)
		return has_option(b);
	return memcmp(flash, job->want, job->work == WRITE ? IMAGE : FLASH) == 0;
}

/* Everything in front of and behind the pages that the command may change. */
static void expect_untouched(struct board *b, const struct job *job, const char *when)
{
	enum { AFTER_IMAGE = (IMAGE + 1023) / 1024 * 1024, AFTER_ERASE = ERASE_FROM + ERASE_LEN };
	const uint8_t *flash = mcu_flash(board_mcu(b));
	size_t from = job->work == WRITE ? AFTER_IMAGE : job->work == ERASE ? AFTER_ERASE : 0;

	if (memcmp(flash + from, job->old + from, FLASH - from) != 0 ||
	    (job->work == ERASE && memcmp(flash, job->old, ERASE_FROM) != 0))
		fail_msg("%s: flash changed that is none of its business", when);
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
	if (s == STATUS_OK && (memcmp(mcu_flash(board_mcu(b)), job->want, FLASH) != 0 ||
			       !as_wanted(b, job)))
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

static void make_job(struct job *job, const char *name, enum work what, bool locked)
{
	uint64_t seed = desk_seed();

	job->name = name;
	job->work = what;
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
	if (what == WRITE)
		memcpy(job->want, job->image, IMAGE);
	if (what == ERASE)
		memset(job->want + ERASE_FROM, 0xFF, ERASE_LEN);
	if (what == VERIFY)
		memcpy(job->image, job->old, IMAGE);
}

static void all_of(const char *name, enum work what, bool locked)
{
	struct job *job = calloc(1, sizeof *job);
	unsigned cases = 0, failed = 0;
	uint64_t exchanges = 0;
	struct board *b;
	struct err err = ERR_INIT;

	make_job(job, name, what, locked);
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
	assert_true(failed > cases / 3);
	free(job);
}

static void test_write(void **state)
{
	all_of("write", WRITE, false);
}

static void test_write_to_a_locked_chip(void **state)
{
	all_of("write under reset", WRITE, true);
}

static void test_erase(void **state)
{
	all_of("erase", ERASE, false);
}

static void test_options(void **state)
{
	all_of("options", OPTIONS, false);
}

static void test_read(void **state)
{
	all_of("read", READ, false);
}

static void test_verify(void **state)
{
	all_of("verify", VERIFY, false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest writes[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_to_a_locked_chip),
	};
	const struct CMUnitTest rest[] = {
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_verify),
	};

	if (argc > 1)
		step = (unsigned)atoi(argv[1]);
	if (argc > 2 && strcmp(argv[2], "rest") == 0)
		return cmocka_run_group_tests_name("faults of the rest", rest, NULL, NULL);
	return cmocka_run_group_tests_name("faults", writes, NULL, NULL);
}
