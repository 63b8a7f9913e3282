/*
 * engines COMPUTE.bin SWITCHING.bin RTOS.bin IDLE.bin ASLEEP.bin...: our core's speed, beside
 * Unicorn's when built with it. Processor time; the same program, to the same end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "mcu/mcu.h"

#define HARDFAULT 3

double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t read_file(const char *path, uint8_t *out, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(out, 1, room, f) : 0;

	if (f)
		fclose(f);
	return len;
}

static struct mcu *boot(const uint8_t *bytes, size_t len)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);

	if (m && mcu_load(m, 0x08000000u, bytes, len, NULL) != STATUS_OK) {
		mcu_free(m);
		return NULL;
	}
	if (m)
		mcu_power(m, true);
	return m;
}

/* Until the end marker; returns MIPS, and the sum and count for the others. */
static double own_compute(const uint8_t *bytes, size_t len, uint32_t *sum, uint64_t *count)
{
	struct mcu *m = boot(bytes, len);
	struct mcu_limits limits = {.until_ns = UINT64_MAX, .no_idle_skip = true};
	double start = cpu_seconds(), took;

	if (!m)
		return 0;
	do {
		limits.instructions = mcu_instructions(m) + 100000;
	} while (mcu_run(m, &limits) == MCU_STOP_INSTRUCTIONS && mcu_exception(m) != HARDFAULT);
	took = cpu_seconds() - start;
	*sum = mcu_reg(m, 4);
	*count = mcu_instructions(m);
	mcu_free(m);
	return (double)*count / took / 1e6;
}

/* Virtual seconds per second of processor time, and instructions. */
static double own_virtual(const char *path, double seconds, bool no_skip, double *mips)
{
	static uint8_t bytes[64 * 1024];
	size_t len = read_file(path, bytes, sizeof bytes);
	struct mcu *m = len ? boot(bytes, len) : NULL;
	struct mcu_limits limits = {.until_ns = (uint64_t)(seconds * 1e9),
				    .instructions = UINT64_MAX, .no_idle_skip = no_skip};
	double start = cpu_seconds(), took;

	if (!m)
		return 0;
	mcu_run(m, &limits);
	took = cpu_seconds() - start;
	*mips = (double)mcu_instructions(m) / took / 1e6;
	mcu_free(m);
	return seconds / took;
}

static double own_snapshot(const uint8_t *bytes, size_t len)
{
	enum { PAIRS = 20000 };
	struct mcu *m = boot(bytes, len);
	struct mcu_snapshot *s = m ? mcu_snapshot_new(m) : NULL;
	struct mcu_limits limits = {.until_ns = UINT64_MAX, .instructions = 1000};
	double start, took;

	if (!s) {
		mcu_free(m);
		return 0;
	}
	mcu_run(m, &limits);
	start = cpu_seconds();
	for (unsigned i = 0; i < PAIRS; i++) {
		mcu_snapshot_take(s, m);
		mcu_snapshot_restore(m, s);
	}
	took = cpu_seconds() - start;
	mcu_snapshot_free(s);
	mcu_free(m);
	return took / PAIRS * 1e6;
}

/* The line begins with the program's name and what was measured, 40 columns wide. */
static void column(const char *name, const char *what)
{
	char text[80];

	snprintf(text, sizeof text, "%s, %s", name, what);
	printf("%-40s ", text);
}

/* One program of tests/bench/src on our core and on Unicorn. */
static bool side_by_side(const char *name, const char *path)
{
	static uint8_t bytes[16 * 1024];
	size_t len = read_file(path, bytes, sizeof bytes);
	uint64_t count = 0;
	uint32_t sum = 0;
	double own;

	if (len < 64)
		return false;
	own = own_compute(bytes, len, &sum, &count);
	column(name, "own core");
	printf("%6.0f MIPS  (%" PRIu64 " instructions, sum %08x)\n", own, count, sum);
#ifdef HAVE_UNICORN
	uint32_t theirs = 0;
	bool switches = strcmp(name, "compute") != 0;
	double mips = switches ? unicorn_switching(bytes, len, count, &theirs)
			       : unicorn_compute(bytes, len, count, &theirs);

	column(name, "Unicorn with block hook");
	printf("%6.0f MIPS  (sum %08x)   own / Unicorn %.1f\n", mips, theirs, own / mips);
	if (theirs != sum)
		printf("the sums differ\n");
#endif
	printf("instructions-million %s %.3f\n", name, (double)count / 1e6);
	return true;
}

/* A program that sleeps between ticks, with whole ticks skipped and without. */
static void asleep(const char *path)
{
	const char *name = basename(path);
	double mips, times;

	times = own_virtual(path, 60, true, &mips);
	column(name, "asleep, every tick run");
	printf("%6.0f virtual s/s\n", times);
	times = own_virtual(path, 600, false, &mips);
	column(name, "asleep, ticks skipped");
	printf("%6.0f virtual s/s\n", times);
}

int main(int argc, char **argv)
{
	static uint8_t bytes[16 * 1024];
	double mips, times;
	size_t len;

	if (argc < 5 || !side_by_side("compute", argv[1]) || !side_by_side("switching", argv[2])) {
		fprintf(stderr, "usage: bench_engines COMPUTE.bin SWITCHING.bin RTOS.bin IDLE.bin ASLEEP.bin...\n");
		return 2;
	}
	len = read_file(argv[1], bytes, sizeof bytes);
	times = own_virtual(argv[3], 5, true, &mips);
	printf("RTOS, spinning idle task         %8.0f MIPS  %7.0f virtual s/s\n", mips, times);
	times = own_virtual(argv[3], 60, false, &mips);
	printf("RTOS, idle skipped                              %7.0f virtual s/s\n", times);
	times = own_virtual(argv[4], 60, false, &mips);
	printf("blinky, idle skipped                            %7.0f virtual s/s\n", times);
	for (int i = 5; i < argc; i++)
		asleep(argv[i]);
	printf("snapshot and restore             %8.2f us a pair\n", own_snapshot(bytes, len));
	return 0;
}
