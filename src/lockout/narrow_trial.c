/*
 * Narrowing's trial runs: the program from reset, whole or with an instruction
 * or the stores of a line left out, until SWD is lost, a fault, or the horizon.
 *
 * Left out is done in the copy of the flash, and put back after the run.
 *
 * Not modelled: inputs; a run is the program alone.
 */
#include <stdlib.h>
#include <string.h>

#include "lockout/narrow_internal.h"

/* How long a run goes on past the moment at which the unchanged program lost
 * SWD: a block that is skipped can delay the loss. */
#define GRACE_FACTOR 3
#define GRACE_NS 100000000u

static void watch(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct search *s = ctx;
	bool faults = e->kind == MCU_EVENT_FAULT || e->kind == MCU_EVENT_LOCKUP;

	if (s->looking_on) {
		if (!faults)
			return;
		s->own_fault = e->pc;
		mcu_stop_run(m);
		return;
	}
	if (e->kind == MCU_EVENT_SWJ && !mcu_swd_on(m))
		s->trial.swd_lost = true;
	/* the fault that it comes to anyway is not for want of what was left out */
	s->trial.faulted |= faults && e->pc != s->own_fault;
	if (s->trial.swd_lost || faults)
		mcu_stop_run(m);
}

static void set_bit(const struct search *s, uint8_t *bits, uint32_t address)
{
	const struct chip *chip = mcu_chip(s->m);
	uint32_t index = (address - chip->flash_base) / 2;

	if (address >= chip->flash_base && index / 8 < chip->flash_die / 16)
		bits[index / 8] |= (uint8_t)(1u << index % 8);
}

static void on_store(void *ctx, struct mcu *m, struct mcu_store *store)
{
	struct search *s = ctx;

	(void)m;
	if (s->learning && store->by_core)
		set_bit(s, s->stores, store->pc);
}

/* Run from reset to the horizon or the loss; coverage starts anew. */
static void run_trial(struct search *s)
{
	struct mcu_limits limits = {.until_ns = s->until_ns, .instructions = UINT64_MAX};

	mcu_coverage_enable(s->m, false);
	mcu_coverage_enable(s->m, true);
	s->trial = (struct trial){0};
	s->report->runs++;
	mcu_run(s->m, &limits);
}

static void patch(struct search *s, uint32_t address, const uint16_t *code, size_t count)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < count; i++) {
		bytes[2 * i] = (uint8_t)code[i];
		bytes[2 * i + 1] = (uint8_t)(code[i] >> 8);
	}
	/* The address was decoded from this same flash: it is inside. */
	if (mcu_load(s->m, address, bytes, 2 * count, NULL) != STATUS_OK)
		abort();
}

/* The program with one instruction skipped; what becomes of SWD? */
void narrow_run_without(struct search *s, uint32_t address, unsigned size, uint16_t instead)
{
	uint16_t code[2] = {instead, NOP};
	uint8_t saved[4];

	mcu_snapshot_restore(s->m, s->at_reset);
	if (!mcu_peek(s->m, address, saved, size))
		return;
	patch(s, address, code, size / 2);
	run_trial(s);
	if (mcu_load(s->m, address, saved, size, NULL) != STATUS_OK)
		abort();
}

void narrow_run_without_stores(struct search *s, struct line_stores *l)
{
	static const uint16_t nops[2] = {NOP, NOP};

	mcu_snapshot_restore(s->m, s->at_reset);
	for (size_t i = 0; i < l->count; i++)
		if (mcu_peek(s->m, l->address[i], l->saved[i], l->size[i]))
			patch(s, l->address[i], nops, l->size[i] / 2u);
	run_trial(s);
	for (size_t i = 0; i < l->count; i++)
		if (mcu_load(s->m, l->address[i], l->saved[i], l->size[i], NULL) != STATUS_OK)
			abort();
}

bool narrow_covered(const struct search *s, const uint8_t *coverage, uint32_t address)
{
	const struct chip *chip = mcu_chip(s->m);
	uint32_t index = (address - chip->flash_base) / 2;

	if (address < chip->flash_base || index / 8 >= chip->flash_die / 16)
		return false;
	return coverage[index / 8] >> (index % 8) & 1;
}

bool narrow_did_run(const struct search *s, uint32_t address)
{
	return narrow_covered(s, s->ran, address);
}

/* The unchanged program goes on to the horizon. */
static void look_on(struct search *s)
{
	struct mcu_limits limits = {.until_ns = s->until_ns, .instructions = UINT64_MAX};

	s->looking_on = true;
	mcu_run(s->m, &limits);
	s->looking_on = false;
}

/* The unchanged program once: when does it lose SWD, and what ran until then? */
static enum status baseline(struct search *s, struct err *err)
{
	const struct chip *chip = mcu_chip(s->m);
	size_t size = chip->flash_die / 16;
	uint64_t lost_ns;

	s->stores = calloc(1, size);
	s->ran = malloc(size);
	if (!s->stores || !s->ran)
		return err_set(err, STATUS_NO_MEMORY, "no memory for the coverage map");
	s->learning = true;
	run_trial(s);
	s->learning = false;
	if (!s->trial.swd_lost)
		return err_set(err, STATUS_UNKNOWN, "run alone, this firmware does not lose SWD");
	lost_ns = mcu_now_ns(s->m);
	s->until_ns = lost_ns * GRACE_FACTOR + GRACE_NS;
	memcpy(s->ran, mcu_coverage(s->m), size);
	look_on(s);
	return STATUS_OK;
}

enum status narrow_prepare(struct search *s, const struct lockout_report *check, struct err *err)
{
	struct subject subject = {.img = s->img, .chip = check->chip, .silicon = s->opt->silicon,
				  .log = s->opt->log};
	struct mcu_hooks hooks = {.ctx = s, .event = watch, .store = on_store};
	struct plan plan = {0};

	if (!image_vectors(s->img, &subject.vectors, err))
		return STATUS_BAD_FILE;
	s->m = rig_new(&subject, &plan, err);
	if (!s->m)
		return err && err->status ? err->status : STATUS_NO_MEMORY;
	mcu_set_hooks(s->m, &hooks);
	s->at_reset = mcu_snapshot_new(s->m);
	if (!s->at_reset)
		return err_set(err, STATUS_NO_MEMORY, "no memory for a snapshot");
	mcu_snapshot_take(s->at_reset, s->m);
	s->until_ns = s->opt->run_us ? s->opt->run_us * 1000 : 10000000000u;
	return baseline(s, err);
}
