/*
 * Hostile firmware: whatever is in flash, the chip must neither crash, hang nor
 * leak, and the same image must give the same run. With clang's libFuzzer
 * (-DLIBFUZZER) the input is the flash image; else `fuzz_mcu ROUNDS FILE...`
 * mutates the given images and prints TAP.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcu/mcu.h"

#define BUDGET 60000u /* instructions an image may use */

struct end {
	uint64_t instructions, now;
	uint32_t pc, sp;
	enum mcu_mode mode;
};

/* One run, some input from outside included. False: the chip was not made. */
static bool run(const uint8_t *image, size_t len, struct end *out)
{
	struct mcu_config config = {
		.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000, .lse_fitted = true};
	struct mcu_limits limits = {.until_ns = 2000000000ull, .instructions = BUDGET / 2};
	struct mcu *m = mcu_new(&config, NULL);

	if (!m)
		return false;
	if (len > config.chip->flash_size)
		len = config.chip->flash_size;
	if (len && mcu_load(m, 0x08000000u, image, len, NULL) != STATUS_OK)
		abort();
	mcu_power(m, true);
	mcu_run(m, &limits);
	mcu_uart_rx(m, 1, image, len < 32 ? len : 32);
	mcu_pin_drive(m, 0, 0, 1);
	limits.instructions = BUDGET * 3 / 4;
	mcu_run(m, &limits);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	limits.instructions = BUDGET;
	mcu_run(m, &limits);
	mcu_crystal(m, MCU_CRYSTAL_HSE, true);
	limits.until_ns += 100000000; /* the core may have stood still to the last */
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	limits.instructions += 1000;
	mcu_run(m, &limits);
	memset(out, 0, sizeof *out);
	out->instructions = mcu_instructions(m);
	out->now = mcu_now_ns(m);
	out->pc = mcu_reg(m, MCU_PC);
	out->sp = mcu_reg(m, MCU_SP);
	out->mode = mcu_mode(m);
	mcu_free(m);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct end end;

	(void)run(data, size, &end);
	return 0;
}

#ifndef LIBFUZZER
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Kinds: flipped bits, overwritten words (peripheral addresses among them),
 * code of nothing but noise behind a sound vector table, noise throughout. */
static void mutate(uint8_t *image, size_t len, uint64_t *rng)
{
	unsigned kind = next(rng) % 4, changes = 1 + next(rng) % 40;
	uint32_t word;

	if (kind >= 2) {
		for (size_t i = kind == 2 ? 0x108 : 0; i < len; i++)
			image[i] = (uint8_t)(next(rng) >> 24);
		return;
	}
	for (unsigned i = 0; i < changes; i++) {
		size_t at = next(rng) % (len - 4);

		if (kind == 0) {
			image[at] ^= (uint8_t)(1u << next(rng) % 8);
			continue;
		}
		word = next(rng) & 1 ? 0x40000000u + (next(rng) & 0x23FFC) : (uint32_t)next(rng);
		memcpy(image + (at & ~(size_t)3), &word, 4);
	}
}

static int rounds_of(const char *path, unsigned rounds)
{
	static uint8_t good[64 * 1024], image[64 * 1024];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(good, 1, sizeof good, f) : 0;
	uint64_t rng = 0x9E3779B97F4A7C15u ^ len, instructions = 0;
	unsigned differ = 0;
	struct end a, b;

	if (f)
		fclose(f);
	for (unsigned i = 0; len > 0x200 && i < rounds; i++) {
		memcpy(image, good, len);
		mutate(image, len, &rng);
		if (!run(image, len, &a) || !run(image, len, &b))
			differ++;
		else
			differ += memcmp(&a, &b, sizeof a) != 0;
		instructions += a.instructions;
	}
	bool ok = len > 0x200 && !differ && instructions > rounds;

	printf("%s - %s: %u damaged images end, and end the same way twice (%" PRIu64
	       " instructions)\n",
	       ok ? "ok" : "not ok", strrchr(path, '/') ? strrchr(path, '/') + 1 : path, rounds,
	       instructions);
	return !ok;
}

int main(int argc, char **argv)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i < argc; i++)
		failed += rounds_of(argv[i], (unsigned)atoi(argv[1]));
	return failed || argc < 3;
}
#endif
