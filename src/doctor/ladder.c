/*
 * The recovery ladder: from what needs nobody to what needs a jumper. Every
 * rung but the last needs no BOOT0: the debug port answers from the moment of
 * reset until the firmware's first store to SWJ_CFG, and a hit while RESET is
 * held arms the vector catch, so that the release halts before the first
 * instruction.
 */
#include "doctor/doctor.h"

#include <string.h>

static const struct rung rungs[] = {
	{.name = "plain", .way = WAY_PLAIN},
	{.name = "slow", .way = WAY_SLOW},
	{.name = "under reset", .way = WAY_UNDER_RESET},
	{.name = "RESET by hand", .way = WAY_CATCH, .polls = true,
	 .asks = "hold the RESET button on the board down, then let go (tapping it again and again works, too)"},
	{.name = "power by hand", .way = WAY_CATCH, .polls = true,
	 .asks = "unplug the board's power, wait a second and plug it in again, more than once if needed"},
	{.name = "BOOT0", .way = WAY_CATCH, .polls = true,
	 .asks = "move the BOOT0 jumper to 1 and press RESET: the chip then starts its boot ROM, which leaves SWD alone",
	 .afterwards = "move the BOOT0 jumper back to 0"},
};

const struct rung *doctor_ladder(size_t *count)
{
	*count = sizeof rungs / sizeof rungs[0];
	return rungs;
}

static enum status try_rung(struct probe *p, const struct climb *c, const struct rung *r,
			    struct target **out)
{
	struct target_options opt = c->opt.target;
	struct target_attempt a;
	struct err err = ERR_INIT;
	enum status s;

	memset(&a, 0, sizeof a);
	opt.halt = true;
	opt.catch_for_us = r->polls ? c->opt.wait_us : 0;
	if (r->asks && c->opt.ask)
		c->opt.ask(c->opt.ctx, r->asks);
	s = target_attach(p, r->way, &opt, &a, out, &err);
	a.status = s;
	a.err = err;
	if (s && c->tried)
		c->tried(c->opt.ctx, r, &a);
	return s;
}

static bool go_on(const struct climb *c)
{
	const struct target_options *t = &c->opt.target;

	return !t->keep_trying || t->keep_trying(t->ctx);
}

enum status doctor_climb(struct probe *p, const struct climb *c, const struct rung **rung,
			 struct target **out, struct err *err)
{
	size_t count;
	const struct rung *ladder = doctor_ladder(&count);

	for (size_t i = c->first; i < c->last && i < count; i++) {
		enum status s;

		if (ladder[i].asks && !c->opt.wait_us)
			continue;
		s = try_rung(p, c, &ladder[i], out);
		if (!s) {
			*rung = &ladder[i];
			return STATUS_OK;
		}
		if (s == STATUS_PROBE_LOST)
			return err_set(err, s, "the probe stopped answering during recovery");
		if (!go_on(c))
			return err_set(err, STATUS_INTERRUPTED, "interrupted");
	}
	return err_set(err, STATUS_NEED_PERSON, "no way in worked");
}
