/* Runs the runner firmware on our core, by the fast loop or each instruction by
 * its plain function, and plays its mailbox. */
#include <stdlib.h>
#include <string.h>

#include "isa.h"
#include "mcu/cpu/cpu_internal.h"
#include "mcu/mcu.h"

#define BOX(field)  (SLOT_MAILBOX + (uint32_t)offsetof(struct slot_mailbox, field))
#define BATCH_LIMIT 40000000u /* instructions; a batch takes a hundredth of it */

static bool load_file(struct mcu *m, const char *path)
{
	static const uint32_t driven = MAILBOX_DRIVEN;
	uint8_t bytes[8192];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;

	if (f)
		fclose(f);
	if (!len || mcu_load(m, 0x08000000u, bytes, len, NULL) != STATUS_OK) {
		fprintf(stderr, "%s: cannot load\n", path);
		return false;
	}
	mcu_power(m, true);
	return mcu_load(m, BOX(mode), &driven, 4, NULL) == STATUS_OK;
}

/* Let it run until it asks for a batch. */
static bool until_ready(struct mcu *m)
{
	struct mcu_limits limits = {.until_ns = UINT64_MAX};
	uint64_t end = mcu_instructions(m) + BATCH_LIMIT;
	uint32_t state = 0;

	while (state != MAILBOX_READY && mcu_instructions(m) < end) {
		limits.instructions = mcu_instructions(m) + 5000;
		enum mcu_stop stop = mcu_run(m, &limits);

		if (stop != MCU_STOP_INSTRUCTIONS) {
			fprintf(stderr, "our core stopped (%d) at %08x\n", stop,
				mcu_reg(m, MCU_PC));
			return false;
		}
		mcu_peek(m, BOX(state), &state, 4);
	}
	return state == MAILBOX_READY;
}

static bool run_batch(struct mcu *m, const struct isa_case *cases, uint32_t count,
		      struct slot_result *out)
{
	uint32_t state = MAILBOX_WORKING;

	for (uint32_t i = 0; i < count; i++)
		if (mcu_load(m, BOX(in) + i * (uint32_t)sizeof cases->slot, &cases[i].slot,
			     sizeof cases->slot, NULL) != STATUS_OK)
			return false;
	if (mcu_load(m, BOX(count), &count, 4, NULL) != STATUS_OK ||
	    mcu_load(m, BOX(state), &state, 4, NULL) != STATUS_OK)
		return false;
	if (!until_ready(m))
		return false;
	return mcu_peek(m, BOX(out), out, count * sizeof *out);
}

static bool run_cases(const char *runner_bin, const struct isa_case *cases, size_t count,
		      struct slot_result *out, bool plainly)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103RC"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);
	bool ok = m && load_file(m, runner_bin) && until_ready(m);

	if (ok)
		cpu_plain_only(m, plainly);
	for (size_t at = 0; ok && at < count; at += SLOT_BATCH) {
		size_t n = count - at < SLOT_BATCH ? count - at : SLOT_BATCH;

		ok = run_batch(m, cases + at, (uint32_t)n, out + at);
		if (!ok)
			fprintf(stderr, "our core hung in cases %zu..%zu of this run, pc %08x\n",
				at, at + n - 1, mcu_reg(m, MCU_PC));
	}
	mcu_free(m);
	return ok;
}

bool own_run(const char *runner_bin, const struct isa_case *cases, size_t count,
	     struct slot_result *out)
{
	return run_cases(runner_bin, cases, count, out, false);
}

bool own_run_plainly(const char *runner_bin, const struct isa_case *cases, size_t count,
		     struct slot_result *out)
{
	return run_cases(runner_bin, cases, count, out, true);
}
