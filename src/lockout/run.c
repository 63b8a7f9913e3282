/*
 * One run from reset under a plan: until its time or instructions are used up,
 * or nothing can happen any more.
 */
#include <stdlib.h>

#include "lockout/lockout_internal.h"

static void copy_coverage(const struct mcu *m, struct outcome *out)
{
	const uint8_t *bits = mcu_coverage(m);

	if (!bits)
		return;
	out->coverage_size = mcu_chip(m)->flash_die / 16;
	out->coverage = malloc(out->coverage_size);
	if (out->coverage)
		memcpy(out->coverage, bits, out->coverage_size);
}

enum status run_plan(const struct subject *s, const struct plan *plan, bool coverage,
		     struct outcome *out, struct err *err)
{
	struct mcu_limits limits = {.until_ns = plan->run_ns, .instructions = plan->instructions};
	struct mcu *m = rig_new(s, plan, err);

	if (!m)
		return err && err->status ? err->status : STATUS_NO_MEMORY;
	*out = (struct outcome){.stop = MCU_STOP_HOOK};
	watch_attach(&out->watch, m, plan);
	mcu_coverage_enable(m, coverage);
	while (out->stop == MCU_STOP_HOOK) {
		out->stop = answers_run(&out->watch, m, &limits);
		watch_settle(&out->watch, m);
	}
	watch_end(&out->watch, m);
	out->ns = mcu_now_ns(m);
	out->instructions = mcu_instructions(m);
	out->mode = mcu_mode(m);
	out->swd_off = out->watch.off;
	copy_coverage(m, out);
	mcu_free(m);
	return STATUS_OK;
}

void outcome_fini(struct outcome *o)
{
	free(o->coverage);
	o->coverage = NULL;
}
