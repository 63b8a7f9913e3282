/*
 * torture COMPUTE.bin COUNT SEED: interrupts at random instructions of a program
 * that only computes, inside IT blocks and handlers too (nested, tail-chained).
 * Its result must be the undisturbed one, and the handlers must have run exactly
 * as often as they were asked for (they count by LDREX and STREX).
 * Not forced: faults and NMI; the stack is the main one throughout.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "isa.h"
#include "mcu/mcu.h"

#define VECTORS 0x20004800u /* above the program's stack, whose top is 0x20002000 */
#define HANDLER 0x20004E00u
#define COUNTER 0x20004F00u
#define LINES	7u /* interrupts 0..2 */
#define ISER	0xE000E100u
#define ISPR	0xE000E200u
#define IPR	0xE000E400u
#define VTOR	0xE000ED08u

/* Counts, and spoils every register and flag that stacking must save. */
static const uint16_t handler[] = {
	0xB510,		/* push {r4, lr} */
	0xF644, 0x7100, /* movw r1, #COUNTER */
	0xF2C2, 0x0100, /* movt r1, #COUNTER */
	0xE851, 0x2F00, /* again: ldrex r2, [r1] */
	0x3201,		/* adds r2, #1 */
	0xE841, 0x2300, /* strex r3, r2, [r1] */
	0x2B00,		/* cmp r3, #0 */
	0xD1F8,		/* bne again */
	0xBF0C,		/* ite eq */
	0x2301,		/* moveq r3, #1 */
	0x2002,		/* movne r0, #2 */
	0xF06F, 0x0C00, /* mvn r12, #0 */
	0x2000,		/* movs r0, #0 */
	0xBD10,		/* pop {r4, pc} */
};

struct torture {
	struct mcu *m;
	uint64_t rng;
	uint64_t asked;	    /* interrupts that were not pending already */
	uint64_t in_it;	    /* ... asked for inside an IT block */
	uint64_t in_handler;
};

static uint32_t debug_read(struct torture *t, uint32_t address)
{
	uint32_t v = 0;

	if (mcu_debug_read(t->m, address, 4, &v) != MCU_ACCESS_OK)
		abort();
	return v;
}

static void debug_write(struct torture *t, uint32_t address, uint32_t value)
{
	if (mcu_debug_write(t->m, address, 4, value) != MCU_ACCESS_OK)
		abort();
}

static struct mcu *boot(const char *path, uint8_t *image, size_t room)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(image, 1, room, f) : 0;

	if (f)
		fclose(f);
	if (!m || len < 64 || mcu_load(m, 0x08000000u, image, len, NULL) != STATUS_OK) {
		mcu_free(m);
		return NULL;
	}
	mcu_power(m, true);
	while (mcu_mode(m) != MCU_MODE_RUN)
		mcu_step(m);
	return m;
}

/* To the BKPT that nobody answers: a HardFault with the sum in r4. */
static uint32_t finish(struct mcu *m)
{
	struct mcu_limits limits = {.until_ns = UINT64_MAX};

	do
		limits.instructions = mcu_instructions(m) + 100000;
	while (mcu_run(m, &limits) == MCU_STOP_INSTRUCTIONS && mcu_exception(m) != 3);
	return mcu_reg(m, 4);
}

/* Vectors and handler in RAM; interrupts 0 and 2 alike, 1 above them. */
static void prepare(struct torture *t, const uint8_t *image)
{
	uint32_t vectors[19], zero = 0;

	memcpy(vectors, image, 64);
	for (unsigned i = 16; i < 19; i++)
		vectors[i] = HANDLER | 1;
	if (mcu_load(t->m, VECTORS, vectors, sizeof vectors, NULL) != STATUS_OK ||
	    mcu_load(t->m, HANDLER, handler, sizeof handler, NULL) != STATUS_OK ||
	    mcu_load(t->m, COUNTER, &zero, 4, NULL) != STATUS_OK)
		abort();
	debug_write(t, VTOR, VECTORS);
	debug_write(t, IPR, 0x00804080);
	debug_write(t, ISER, LINES);
}

static void disturb(struct torture *t)
{
	uint32_t wanted = 1 + rng_below(&t->rng, LINES), pending = debug_read(t, ISPR) & LINES;
	uint32_t fresh = wanted & LINES & ~pending;

	t->asked += (unsigned)__builtin_popcount(fresh);
	if (fresh && mcu_reg(t->m, MCU_XPSR) & 0x0600FC00u)
		t->in_it++;
	if (fresh && mcu_exception(t->m))
		t->in_handler++;
	debug_write(t, ISPR, wanted & LINES);
}

/* A few instructions on, at once or one by one. */
static void go_on(struct torture *t, uint32_t instructions)
{
	struct mcu_limits limits = {.until_ns = UINT64_MAX,
				    .instructions = mcu_instructions(t->m) + instructions};

	if (rng_below(&t->rng, 4)) {
		mcu_run(t->m, &limits);
		return;
	}
	while (mcu_instructions(t->m) < limits.instructions)
		mcu_step(t->m);
}

static int say(bool good, const char *what)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	return !good;
}

static int torture(struct torture *t, const uint8_t *image, uint64_t count, uint32_t expected)
{
	uint32_t taken, sum;
	char text[160];
	int failed = 0;

	prepare(t, image);
	while (t->asked < count && mcu_exception(t->m) != 3) {
		go_on(t, 1 + rng_below(&t->rng, 60));
		disturb(t);
	}
	failed += say(t->asked >= count, "the program is long enough");
	sum = finish(t->m);
	taken = debug_read(t, COUNTER);
	snprintf(text, sizeof text,
		 "%" PRIu64 " interrupts (%" PRIu64 " in IT blocks, %" PRIu64
		 " in handlers) leave the result as it is: %08x, undisturbed %08x",
		 t->asked, t->in_it, t->in_handler, sum, expected);
	failed += say(sum == expected, text);
	snprintf(text, sizeof text, "each was taken once: %" PRIu32 " of %" PRIu64, taken, t->asked);
	failed += say(taken == t->asked, text);
	return failed + say(t->in_it > count / 100 && t->in_handler > count / 100,
			    "IT blocks and handlers were hit");
}

int main(int argc, char **argv)
{
	static uint8_t image[16 * 1024];
	struct torture t = {0};
	struct mcu *calm = argc == 4 ? boot(argv[1], image, sizeof image) : NULL;
	int failed;

	if (!calm) {
		fprintf(stderr, "usage: torture COMPUTE.bin COUNT SEED\n");
		return 2;
	}
	t.m = boot(argv[1], image, sizeof image);
	t.rng = strtoull(argv[3], NULL, 0);
	failed = !t.m || torture(&t, image, strtoull(argv[2], NULL, 0), finish(calm));
	mcu_free(t.m);
	mcu_free(calm);
	return failed;
}
