/*
 * Trying the ways in, and noting what each saw. The probe hides the raw
 * acknowledge, so a diagnosis lives from differences between attempts.
 */
#include "doctor/doctor.h"

#include <string.h>

/* A sleeping or restarting chip answers now and then: ask more than once. */
#define PLAIN_TRIES 4u
#define BETWEEN_TRIES_US 3700u /* no multiple of 1 ms: not in step with a tick */

struct look {
	struct probe *probe;
	const struct doctor_options *opt;
	struct observations *o;
};

/* One attempt by one way. True: attached. */
static bool attempt(struct look *l, enum target_way way, uint64_t catch_us, struct target **out)
{
	struct target_options opt = l->opt->target;
	struct target_attempt *a = &l->o->ways[way];
	enum status s;

	memset(a, 0, sizeof *a);
	opt.halt = true;
	opt.catch_for_us = catch_us;
	l->o->tried[way] = true;
	s = target_attach(l->probe, way, &opt, a, out, &a->err);
	a->status = s;
	log_line(l->opt->target.log, LOG_VERBOSE, "%s: %s", target_way_name(way),
		 s ? a->err.what : "attached");
	if (s)
		return false;
	l->o->in = true;
	l->o->in_way = way;
	return true;
}

static bool lost(const struct look *l, enum target_way way)
{
	return l->o->ways[way].status == STATUS_PROBE_LOST;
}

static bool interrupted(const struct look *l)
{
	const struct target_options *t = &l->opt->target;

	return t->keep_trying && !t->keep_trying(t->ctx);
}

static bool plain(struct look *l, struct target **out)
{
	for (unsigned i = 0; i < PLAIN_TRIES; i++) {
		l->o->plain_tries++;
		if (attempt(l, WAY_PLAIN, 0, out)) {
			l->o->plain_hits++;
			return true;
		}
		if (lost(l, WAY_PLAIN) || interrupted(l))
			return false;
		probe_sleep_us(l->probe, BETWEEN_TRIES_US);
	}
	return false;
}

static bool ask_for_reset(struct look *l, struct target **out)
{
	if (!l->opt->wait_us)
		return false;
	l->o->asked = true;
	if (l->opt->ask)
		l->opt->ask(l->opt->ctx, "press the RESET button on the board (hold it a moment, "
					 "then let go), or unplug the board's power and plug it in again");
	return attempt(l, WAY_CATCH, l->opt->wait_us, out);
}

static void read_probe(struct look *l)
{
	l->o->version = l->probe->version;
	l->o->voltage_known = l->probe->ops->voltage &&
			      l->probe->ops->voltage(l->probe, &l->o->millivolt, NULL) == STATUS_OK;
}

enum status doctor_look(struct probe *p, const struct doctor_options *opt, struct observations *o,
			struct target **out, struct err *err)
{
	static const enum target_way after_plain[] = {WAY_SLOW, WAY_UNDER_RESET};
	struct look l = {p, opt, o};
	bool in;

	*out = NULL;
	read_probe(&l);
	in = plain(&l, out);
	for (size_t i = 0; i < 2 && !in && !lost(&l, WAY_PLAIN) && !interrupted(&l); i++)
		in = attempt(&l, after_plain[i], 0, out);
	if (!in && !interrupted(&l))
		in = ask_for_reset(&l, out);
	for (int w = 0; w < WAY_COUNT && !in; w++) {
		if (!o->tried[w] || !lost(&l, (enum target_way)w))
			continue;
		*err = o->ways[w].err;
		return STATUS_PROBE_LOST;
	}
	if (in && o->in_way == WAY_UNDER_RESET)
		o->nrst = o->ways[WAY_UNDER_RESET].reset_seen ? NRST_PROVEN : NRST_NOT_DRIVEN;
	if (!in && interrupted(&l))
		return err_set(err, STATUS_INTERRUPTED, "interrupted");
	return STATUS_OK;
}
