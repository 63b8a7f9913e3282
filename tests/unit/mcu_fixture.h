/* A C8 that spins at its reset vector, reached through its debug bus. */
#ifndef REFLASH_TESTS_UNIT_MCU_FIXTURE_H
#define REFLASH_TESTS_UNIT_MCU_FIXTURE_H

#include "test.h"

#include <string.h>

#include "mcu/mcu.h"

#define MS 1000000ull

static struct mcu_config fixture_config(const char *chip)
{
	return (struct mcu_config){.chip = chip_by_name(chip), .hse_hz = 8000000,
				   .lse_fitted = true};
}

static void run_for(struct mcu *m, uint64_t ns)
{
	struct mcu_limits l = {.until_ns = mcu_now_ns(m) + ns, .instructions = UINT64_MAX};

	mcu_run(m, &l);
}

/* Powered, out of reset, running "b ." from flash. */
static struct mcu *fixture_from(const struct mcu_config *config)
{
	static const uint8_t image[] = {0x00, 0x10, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0xFE, 0xE7};
	struct mcu *m = mcu_new(config, NULL);

	assert_non_null(m);
	assert_int_equal(mcu_load(m, 0x08000000, image, sizeof image, NULL), STATUS_OK);
	mcu_power(m, true);
	run_for(m, 3 * MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_RUN);
	return m;
}

static inline struct mcu *fixture(void)
{
	struct mcu_config config = fixture_config("c8");

	return fixture_from(&config);
}

static uint32_t rd(struct mcu *m, uint32_t address)
{
	uint32_t v = 0xDEADBEEF;

	assert_int_equal(mcu_debug_read(m, address, 4, &v), MCU_ACCESS_OK);
	return v;
}

static void wr(struct mcu *m, uint32_t address, uint32_t value)
{
	assert_int_equal(mcu_debug_write(m, address, 4, value), MCU_ACCESS_OK);
}

static inline void wr16(struct mcu *m, uint32_t address, uint16_t value)
{
	assert_int_equal(mcu_debug_write(m, address, 2, value), MCU_ACCESS_OK);
}

/* Every clock on, so that a test looks at its peripheral only. */
static inline void clocks_on(struct mcu *m)
{
	wr(m, 0x40021014, ~0u);
	wr(m, 0x40021018, ~0u);
	wr(m, 0x4002101C, ~0u);
}

static inline struct mcu *clocked(void)
{
	struct mcu *m = fixture();

	clocks_on(m);
	return m;
}

/* Reset, and halt before the first instruction; and run on without debugging. */
static inline void hold_at_reset(struct mcu *m)
{
	mcu_nrst(m, true);
	wr(m, 0xE000EDF0, 0xA05F0003);
	wr(m, 0xE000EDFC, 1);
	mcu_nrst(m, false);
	run_for(m, MS);
}

static inline void let_go(struct mcu *m)
{
	wr(m, 0xE000EDFC, 0);
	wr(m, 0xE000EDF0, 0xA05F0000);
}

/* Is the interrupt pending in the NVIC? */
static inline bool pending(struct mcu *m, unsigned irq)
{
	return rd(m, 0xE000E200 + irq / 32 * 4) >> irq % 32 & 1;
}

/* What was reported through the event hook. */
struct event_log {
	unsigned count[16];
	struct mcu_event last[16];
};

static inline void log_event(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct event_log *log = ctx;

	(void)m;
	log->count[e->kind]++;
	log->last[e->kind] = *e;
}

static inline void watch_events(struct mcu *m, struct event_log *log)
{
	struct mcu_hooks hooks = {.ctx = log, .event = log_event};

	memset(log, 0, sizeof *log);
	mcu_set_hooks(m, &hooks);
}

#endif
