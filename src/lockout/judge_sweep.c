/*
 * What the run did not reach: the static sweep's hits become findings, unless
 * the run went that very way and kept SWD. What makes attaching harder without
 * touching SWJ_CFG is told once a cause, as the run would tell it, but never as
 * more than likely.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout_internal.h"
#include "lockout/sweep.h"

#define SWEEP_STEPS 2500000u
#define SWEEP_STEPS_QUICK 250000u

static bool executed(const struct subject *s, const struct outcome *o, uint32_t pc)
{
	uint32_t at = (pc >= s->chip->flash_base ? pc - s->chip->flash_base : pc) / 2;

	return o->coverage && at / 8 < o->coverage_size && o->coverage[at / 8] >> at % 8 & 1;
}

static bool changed_swj(const struct outcome *o, uint32_t pc)
{
	for (size_t i = 0; i < o->watch.change_count; i++)
		if (o->watch.changes[i].by_store && o->watch.changes[i].store.pc == pc)
			return true;
	return false;
}

/* The run took every step of the way: it has judged this store already. What
 * an IT block skips counts as executed; then only the effect tells. */
static bool was_run(const struct subject *s, const struct outcome *o, const struct sweep_hit *h)
{
	if (!executed(s, o, h->store_pc) || (h->origin && !executed(s, o, h->origin)))
		return false;
	for (size_t i = 0; i < h->call_count; i++)
		if (!executed(s, o, h->calls[i]))
			return false;
	return !h->in_it || h->kind != SWEEP_SWJ || changed_swj(o, h->store_pc);
}

/* The statement to change: where the constant entered, or the call that chose
 * it, or that chose the function that was compiled for it. */
static uint32_t blamed_address(const struct image *img, const struct sweep_hit *h,
			       struct lockout_place *out)
{
	bool whole = true;
	uint32_t at = 0;

	for (size_t i = h->chosen; whole && i <= h->call_count; i++) {
		at = i ? h->calls[i - 1] : h->origin ? h->origin : h->store_pc;
		(void)inlined_climb(img, at, NULL, h->table, out, &whole);
	}
	return at;
}

static void fill_stack(const struct image *img, const struct sweep_hit *h,
		       struct lockout_finding *f)
{
	for (size_t i = 0; i <= h->call_count; i++)
		f->stack_len += places_at(img, i ? h->calls[i - 1] : h->store_pc,
					  f->stack + f->stack_len,
					  LOCKOUT_STACK_MAX - f->stack_len);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first step of the way that no run took, outermost first. */
static uint32_t first_not_run(const struct subject *s, const struct outcome *o,
			      const struct sweep_hit *h)
{
	for (size_t i = h->call_count; i--;)
		if (!executed(s, o, h->calls[i]))
			return h->calls[i];
	return h->origin && !executed(s, o, h->origin) ? h->origin : h->store_pc;
}

/* "interrupt 37 (usart1_isr) comes", when that is the way in and none came; else "". */
static void describe_interrupt(const struct subject *s, const struct outcome *o,
			       const struct sweep_hit *h, char *out, size_t size)
{
	unsigned vectors = 16u + s->chip->irqs, found = 0, count = 0;
	struct lockout_place place;
	uint32_t entry;

	out[0] = 0;
	if (!h->root_is_vector || executed(s, o, h->root))
		return;
	for (unsigned i = 2; i < vectors; i++)
		if (image_read(s->img, s->vectors + 4 * i, &entry, sizeof entry) &&
		    (entry & ~1u) == h->root && count++ == 0)
			found = i;
	lockout_place_at(s->img, h->root, &place);
	if (count > 1)
		snprintf(out, size, "an interrupt without a handler of its own comes");
	else if (count && found < 16)
		snprintf(out, size, "exception %u is taken", found);
	else if (count)
		snprintf(out, size, place.function[0] ? "interrupt %u (%.30s) comes"
						      : "interrupt %u comes", found - 16, place.function);
}

static void describe_condition(const struct subject *s, const struct outcome *o,
			       const struct sweep_hit *h, struct lockout_finding *f)
{
	uint32_t missed = first_not_run(s, o, h);
	struct lockout_place place;
	char line[48] = "", irq[64];

	describe_interrupt(s, o, h, irq, sizeof irq);
	lockout_place_at(s->img, h->branch ? h->branch : missed, &place);
	if (place.line)
		snprintf(line, sizeof line, " (%.30s:%u)", file_name(place.file), place.line);
	if (h->branch) {
		snprintf(f->condition, sizeof f->condition,
			 "if %s%sthe branch at 0x%08X%s goes that way", irq,
			 irq[0] ? " and " : "", h->branch, line);
	} else if (irq[0]) {
		snprintf(f->condition, sizeof f->condition, "if %s", irq);
	} else if (!h->root_is_vector && executed(s, o, h->root)) {
		snprintf(f->condition, sizeof f->condition,
			 "if the program comes to 0x%08X%s, which it did not here", missed, line);
	} else if (!h->root_is_vector) {
		lockout_place_at(s->img, h->root, &place);
		snprintf(f->condition, sizeof f->condition,
			 "if %.80s at 0x%08X is called (it is reached through a pointer only)",
			 place.function[0] ? place.function : "the function", h->root);
	}
}

static bool same_place(const struct lockout_place *a, const struct lockout_place *b)
{
	return a->address == b->address ||
	       (a->line && a->line == b->line && strcmp(a->file, b->file) == 0);
}

static bool known_already(const struct lockout_report *r, const struct sweep_hit *h,
			  const struct lockout_place *blame)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].level == LEVEL_LOCKOUT &&
		    (same_place(&r->findings[i].blame, blame) ||
		     (r->findings[i].cause == CAUSE_SWJ_RMW &&
		      r->findings[i].store.address == h->store_pc)))
			return true;
	return false;
}

static void describe_hit(const struct sweep_hit *h, struct lockout_finding *f)
{
	if (h->gate_off)
		snprintf(f->summary, sizeof f->summary,
			 "a store of SWJ_CFG=100 has no effect because AFIO's clock is off there; "
			 "with RCC_APB2ENR.AFIOEN set it would switch SWD and JTAG off");
	else if (h->doubtful)
		snprintf(f->summary, sizeof f->summary,
			 "%.80s would switch SWD and JTAG off if a variable held what nothing "
			 "found here gives it",
			 f->store.function[0] ? f->store.function : "a path that this run did not take");
	else if (h->dma)
		snprintf(f->summary, sizeof f->summary,
			 "a path that this run did not take lets DMA write to AFIO_MAPR, which may "
			 "switch SWD and JTAG off");
	else
		snprintf(f->summary, sizeof f->summary,
			 "a path that this run did not take switches SWD and JTAG off%s",
			 h->read_back ? " when AFIO_MAPR's SWJ_CFG bits read back as 100" : "");
}

static void fill_finding(const struct subject *s, const struct outcome *o,
			 const struct sweep_hit *h, const struct lockout_place *blame,
			 struct lockout_finding *f)
{
	f->store_target = h->target;
	f->store_value = h->value;
	f->pins_needed = o->watch.pins;
	fill_stack(s->img, h, f);
	f->store = f->stack[0];
	f->blame = *blame;
	name_table(s->img, h->table, f);
	describe_condition(s, o, h, f);
}

static enum status add_hit(const struct subject *s, const struct outcome *o,
			   const struct sweep_hit *h, struct lockout_report *r)
{
	struct lockout_finding *f = report_add(r);
	struct lockout_place blame;

	if (!f)
		return STATUS_NO_MEMORY;
	(void)blamed_address(s->img, h, &blame);
	fill_finding(s, o, h, &blame, f);
	blame_helpers_caller(f);
	r->finding_count--; /* not yet one of those it is held against */
	if (known_already(r, h, &f->blame))
		return STATUS_OK;
	r->finding_count++;
	f->cause = h->read_back ? CAUSE_SWJ_RMW : CAUSE_SWJ_OFF;
	f->level = h->gate_off || h->doubtful ? LEVEL_NOTE : LEVEL_LOCKOUT;
	f->certainty = h->read_back || h->dma ? CERTAIN_POSSIBLE : CERTAIN_LIKELY;
	describe_hit(h, f);
	if (!h->gate_off)
		fix_swj(s->img, f, f->fix, sizeof f->fix);
	return STATUS_OK;
}

/* ---- what makes attaching harder ------------------------------------------------------ */

static const struct peril {
	enum cause cause;
	enum lockout_level level;
	const char *what, *fix;
} perils[] = {
	[SWEEP_RDP] = {CAUSE_RDP, LEVEL_HAZARD,
		       "programs the RDP option byte: read-out protection is on after the next reset",
		       "Read-out protection is removed by `reflash options unlock`, which erases the "
		       "chip. Let the firmware protect itself only in release builds."},
	[SWEEP_WRP] = {CAUSE_WRP, LEVEL_HAZARD,
		       "write-protects flash pages: writing to them fails until "
		       "`reflash options wrp=none`",
		       "Protect only what must not change (a boot loader), or leave WRP at 0xFF."},
	[SWEEP_USER] = {CAUSE_OPTION_BYTES, LEVEL_HAZARD,
			"changes the USER option byte (hardware watchdog, reset on Stop or Standby)",
			""},
	[SWEEP_ERASE] = {CAUSE_RDP, LEVEL_HAZARD,
			 "erases the option bytes, and nothing writes RDP=0xA5 back: read-out "
			 "protection is on after the next reset",
			 "Program RDP=0xA5 (0x1FFFF800) right after erasing the option bytes."},
	[SWEEP_STOP] = {CAUSE_STOP, LEVEL_HAZARD,
			"enters Stop mode; the debug port does not answer meanwhile",
			"Attach under reset: the debug tool then sets DBGMCU_CR's bits, and the chip "
			"stays attachable until power-off."},
	[SWEEP_STANDBY] = {CAUSE_STANDBY, LEVEL_HAZARD,
			   "enters Standby mode; the debug port does not answer meanwhile",
			   "Attach under reset: the debug tool then sets DBGMCU_CR's bits, and the chip "
			   "stays attachable until power-off."},
	[SWEEP_IWDG] = {CAUSE_WATCHDOG, LEVEL_NOTE, "starts the independent watchdog (IWDG)", ""},
};

/* Functions that do not return, called by such, none of them run: that is how a
 * program gives up (panics, failed assertions), not how it saves power. */
static bool gives_up(const struct subject *s, const struct outcome *o, const struct sweep_hit *h)
{
	unsigned dead_ends = 0;

	for (size_t i = 0; i < h->call_count; i++)
		dead_ends += h->no_return >> (h->call_count - i) & 1 && !executed(s, o, h->calls[i]);
	return (h->kind == SWEEP_STOP || h->kind == SWEEP_STANDBY) && dead_ends > 1;
}

/* An option byte whose value nobody knows here may as well be what it was. */
static enum lockout_level peril_level(const struct subject *s, const struct outcome *o,
				      const struct sweep_hit *h)
{
	bool is_byte = h->kind == SWEEP_RDP || h->kind == SWEEP_WRP || h->kind == SWEEP_USER;

	if (gives_up(s, o, h) || (is_byte && (h->known & 0xFF) != 0xFF))
		return LEVEL_NOTE;
	return perils[h->kind].level;
}

/* Said already, by the run or of another path? */
static bool peril_told(const struct lockout_report *r, enum cause cause, enum lockout_level level)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].cause == cause && r->findings[i].level >= level)
			return true;
	return false;
}

/* Whoever erases what follows, by stores that the sweep cannot place, may well
 * write RDP back. */
static bool is_peril(const struct sweep_result *found, const struct sweep_hit *h)
{
	return h->kind != SWEEP_ERASE ||
	       (!found->rdp_programmed && (found->options_programmed || !found->option_mode));
}

static enum status add_peril(const struct subject *s, const struct outcome *o,
			     const struct sweep_hit *h, enum lockout_level level,
			     struct lockout_report *r)
{
	const struct peril *p = &perils[h->kind];
	struct lockout_place blame;
	struct lockout_finding *f;

	if (peril_told(r, p->cause, level))
		return STATUS_OK;
	(void)blamed_address(s->img, h, &blame);
	f = report_add(r);
	if (!f)
		return STATUS_NO_MEMORY;
	f->cause = p->cause;
	f->level = level;
	f->certainty = level == LEVEL_NOTE ? CERTAIN_POSSIBLE : CERTAIN_LIKELY;
	fill_finding(s, o, h, &blame, f);
	blame_helpers_caller(f);
	snprintf(f->summary, sizeof f->summary, "a path that this run did not take %s%s", p->what,
		 level == p->level ? "" : gives_up(s, o, h) ? " (when the program gives up)"
		 : ", if the value (not known here) says so");
	if (level != LEVEL_NOTE)
		snprintf(f->fix, sizeof f->fix, "%s", p->fix);
	return STATUS_OK;
}

/* Hazards first, so that a note of the same cause is not told beside them. */
static enum status add_perils(const struct subject *s, const struct outcome *o,
			      const struct sweep_result *found, struct lockout_report *r)
{
	enum status status = STATUS_OK;

	for (int level = LEVEL_HAZARD; level >= LEVEL_NOTE; level--)
		for (size_t i = 0; status == STATUS_OK && i < found->hit_count; i++) {
			const struct sweep_hit *h = &found->hits[i];

			if (h->kind != SWEEP_SWJ && (int)peril_level(s, o, h) == level &&
			    is_peril(found, h) && !was_run(s, o, h))
				status = add_peril(s, o, h, (enum lockout_level)level, r);
		}
	return status;
}

static bool has_lockout(const struct lockout_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].cause == CAUSE_SWJ_OFF && r->findings[i].level == LEVEL_LOCKOUT)
			return true;
	return false;
}

static bool is_swj(const struct sweep_hit *h, bool variable)
{
	return h->kind == SWEEP_SWJ && h->variable == variable;
}

enum status judge_sweep(const struct subject *s, const struct lockout_options *opt,
			const struct outcome *o, struct lockout_report *r, struct err *err)
{
	struct sweep_result *found = calloc(1, sizeof *found);
	enum status status = STATUS_NO_MEMORY;

	if (found)
		status = sweep_image(s->img, s->vectors, 16u + s->chip->irqs, o->watch.afio_clocked,
				     opt->quick ? SWEEP_STEPS_QUICK : SWEEP_STEPS, found, err);
	for (size_t i = 0; status == STATUS_OK && i < found->hit_count; i++)
		if (is_swj(&found->hits[i], false) && !was_run(s, o, &found->hits[i]))
			status = add_hit(s, o, &found->hits[i], r);
	/* What a variable may hold was put there: mostly by what is found already. */
	for (size_t i = 0; status == STATUS_OK && i < found->hit_count && !has_lockout(r); i++)
		if (is_swj(&found->hits[i], true) && !was_run(s, o, &found->hits[i]))
			status = add_hit(s, o, &found->hits[i], r);
	if (status == STATUS_OK)
		status = add_perils(s, o, found, r);
	free(found);
	return status;
}
