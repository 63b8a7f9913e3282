/*
 * Option bytes that the firmware changed: what do they say when it is done? An
 * erase alone switches read-out protection on (RDP reads 0xFF then); one that
 * is followed by RDP=0xA5 does not, and what else was written counts. PM0075
 * 2.5: RDP, USER, Data0, Data1, WRP0 to WRP3, each in the low byte of a
 * half-word.
 *
 * A helper that programs an option byte is not blamed, but who called it with
 * the value; one that was inlined is.
 *
 * ASSUMED: bytes that were not erased keep what they had from the factory.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/lockout_internal.h"

enum { WORD_RDP, WORD_USER, WORD_DATA0, WORD_DATA1, WORD_WRP0 };
#define RDP_OFF 0xA5u
#define USER_MASK 7u /* WDG_SW, nRST_STOP, nRST_STDBY */
#define OPTIONS_FIRST 0x1FFFF800u

static bool is_programmed(const struct outcome *o, unsigned word)
{
	return o->watch.options.event[word].seen;
}

static uint8_t value_of(const struct outcome *o, unsigned word)
{
	return (uint8_t)o->watch.options.word[word];
}

/* Libraries program an option byte in a function of their own: who gave it the value? */
static void climb(const struct subject *s, const struct plan *plan, const struct first_event *at,
		  const struct outcome *o, struct lockout_finding *f)
{
	uint16_t word = o->watch.options.word[(at->b & 0xF) / 2];
	struct swj_change c = {.instructions = at->instructions,
			       .store = {.pc = at->pc, .address = at->b, .target = at->b,
					 .value = word & 0xFFu, .size = 2, .by_core = true}};
	struct blame *b = malloc(sizeof *b);

	if (b && blame_store(s, plan, &c, b, NULL) == STATUS_OK && b->store.address == at->pc)
		f->blame = b->blame;
	blame_helpers_caller(f);
	free(b);
}

static struct lockout_finding *add(const struct subject *s, const struct plan *plan,
				   const struct outcome *o, const struct first_event *e, enum cause cause,
				   enum lockout_level level, struct lockout_report *r)
{
	struct first_event at = *e;
	struct lockout_finding *f;

	/* Programming is told when it is done. */
	if (e->a)
		(void)lookback_store(s, plan, e->instructions, e->b, &at.pc, &at.instructions);
	f = report_add_at(s, plan, at.instructions, e->since_reset_ns, at.pc, cause, level, r);

	if (f) {
		f->store_target = e->store.target;
		f->store_value = e->store.value;
		if (e->a)
			climb(s, plan, &at, o, f);
	}
	return f;
}

static void judge_rdp(const struct subject *s, const struct plan *plan, const struct outcome *o,
		      struct lockout_report *r)
{
	bool erased = o->watch.option_erase.seen;
	const struct first_event *e = is_programmed(o, WORD_RDP) ? &o->watch.options.event[WORD_RDP]
								 : &o->watch.option_erase;
	struct lockout_finding *f;

	if ((!erased && !is_programmed(o, WORD_RDP)) || value_of(o, WORD_RDP) == RDP_OFF)
		return;
	f = add(s, plan, o, e, CAUSE_RDP, LEVEL_HAZARD, r);
	if (!f)
		return;
	snprintf(f->summary, sizeof f->summary, is_programmed(o, WORD_RDP)
		 ? "the firmware writes RDP=0x%02X: read-out protection is on after the next reset"
		 : "the firmware erases the option bytes and does not write RDP=0xA5 back: "
		   "read-out protection is on after the next reset", value_of(o, WORD_RDP));
	snprintf(f->fix, sizeof f->fix,
		 "Read-out protection is removed by `reflash options unlock`, which erases the chip. "
		 "Let the firmware protect itself only in release builds.");
}

static void judge_wrp(const struct subject *s, const struct plan *plan, const struct outcome *o,
		      struct lockout_report *r)
{
	struct lockout_finding *f;
	unsigned word = WORD_WRP0;

	while (word < OPTION_WORDS && (!is_programmed(o, word) || value_of(o, word) == 0xFF))
		word++;
	if (word == OPTION_WORDS)
		return;
	f = add(s, plan, o, &o->watch.options.event[word], CAUSE_WRP, LEVEL_HAZARD, r);
	if (!f)
		return;
	snprintf(f->summary, sizeof f->summary,
		 "the firmware write-protects flash pages (WRP%u=0x%02X): writing to them fails "
		 "until `reflash options wrp=none`", word - WORD_WRP0, value_of(o, word));
	snprintf(f->fix, sizeof f->fix,
		 "Protect only what must not change (a boot loader), or leave WRP at 0xFF.");
}

static void judge_user(const struct subject *s, const struct plan *plan, const struct outcome *o,
		       struct lockout_report *r)
{
	static const char *const words[] = {"WDG_SW=0, the watchdog runs from reset on",
					    "nRST_STOP=0, Stop mode resets",
					    "nRST_STDBY=0, Standby resets"};
	uint8_t cleared = (uint8_t)(~value_of(o, WORD_USER) & USER_MASK);
	struct lockout_finding *f;

	if (!is_programmed(o, WORD_USER) || !cleared)
		return;
	f = add(s, plan, o, &o->watch.options.event[WORD_USER], CAUSE_OPTION_BYTES, LEVEL_HAZARD, r);
	if (f)
		snprintf(f->summary, sizeof f->summary, "the firmware changes the option bytes: %s",
			 words[__builtin_ctz(cleared)]);
}

static void judge_data(const struct subject *s, const struct plan *plan, const struct outcome *o,
		       struct lockout_report *r)
{
	for (unsigned word = WORD_DATA0; word <= WORD_DATA1; word++) {
		struct lockout_finding *f;

		if (!is_programmed(o, word))
			continue;
		f = add(s, plan, o, &o->watch.options.event[word], CAUSE_OPTION_BYTES, LEVEL_NOTE, r);
		if (f)
			snprintf(f->summary, sizeof f->summary,
				 "the firmware keeps data in the option bytes (0x%08X=0x%02X); a power "
				 "failure in between leaves read-out protection on",
				 OPTIONS_FIRST + 2 * word, value_of(o, word));
		return;
	}
}

void judge_protection(const struct subject *s, const struct plan *plan, const struct outcome *o,
		      struct lockout_report *r)
{
	judge_rdp(s, plan, o, r);
	judge_wrp(s, plan, o, r);
	judge_user(s, plan, o, r);
	judge_data(s, plan, o, r);
}
