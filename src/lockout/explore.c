/*
 * Answers built upon answers. A run goes on to where the firmware first asks the
 * outside something that has no answer (input.c). There it is stepped on with marks
 * for answers, and what it compares them with (compare.c) gives answers worth
 * trying, from a snapshot taken just before. An answer that leads to code that no
 * run has come to yet is built upon: the device acknowledges, then gives the right
 * identity, then is ready. The deepest comes first; the whole ends after a counted
 * effort.
 *
 * A question that leads nowhere is left alone, and the run goes on to the next.
 * Left out: what shows only long after an answer (HORIZON_NS).
 */
#include <stdlib.h>

#include "lockout/explore.h"

#define LONG_LEG 1000000u     /* instructions between two snapshots, */
#define LEG 20000u            /* and when a question is near */
#define QUESTION_NS (3000ull * NS_PER_MS)
#define QUESTION_EFFORT 8000000u
#define NEAR_STEPS 30000u     /* a comparison is expected so soon behind a question */
#define FAR_STEPS 250000u
#define STEP_EFFORT 6u        /* of a step, beside a plain instruction */
#define EPISODES 6u           /* questions that lead nowhere, a run */
#define NODES_MAX 24u
#define GAIN_MIN 2u           /* half-words of new code that make an answer worth keeping */
#define NACKS_TRIED 6u
#define BESIDE_MAX 2u

struct node {
	struct plan plan;
	unsigned gain;
	bool done;
};

struct explorer {
	struct forks *f;
	struct mcu *m;
	struct mcu_snapshot *start, *before;
	struct inputs kept;        /* as of `before` */
	struct compares *one, *two;
	struct guesses guesses;
	uint8_t *seen;             /* coverage so far */
	size_t seen_size;
	struct node node[NODES_MAX];
	size_t count;
	struct nack nack[NACKS_MAX];
	size_t nack_count;
	unsigned besides;
};

/* ---- coverage ---------------------------------------------------------------------------- */

static void forget_coverage(struct explorer *x)
{
	mcu_coverage_enable(x->m, false);
	mcu_coverage_enable(x->m, true);
}

/* Half-words that nothing had come to before; now it has. */
static unsigned gained(struct explorer *x)
{
	const uint8_t *now = mcu_coverage(x->m);
	unsigned gain = 0;

	for (size_t i = 0; now && i < x->seen_size; i++) {
		if (!(now[i] & ~x->seen[i]))
			continue;
		gain += (unsigned)__builtin_popcount((uint8_t)(now[i] & ~x->seen[i]));
		x->seen[i] |= now[i];
	}
	return gain;
}

/* ---- nodes ------------------------------------------------------------------------------- */

static void push(struct explorer *x, const struct plan *plan, unsigned gain)
{
	struct node *to = NULL;

	for (size_t i = 0; i < x->count && !to; i++)
		if (x->node[i].done)
			to = &x->node[i];
	if (!to && x->count < NODES_MAX)
		to = &x->node[x->count++];
	if (to)
		*to = (struct node){.plan = *plan, .gain = gain};
}

static struct node *deepest(struct explorer *x)
{
	struct node *best = NULL;

	for (size_t i = 0; i < x->count; i++) {
		struct node *n = &x->node[i];

		if (n->done)
			continue;
		if (!best || n->plan.answer_count > best->plan.answer_count ||
		    (n->plan.answer_count == best->plan.answer_count && n->gain > best->gain))
			best = n;
	}
	return best;
}

/* ---- runs -------------------------------------------------------------------------------- */

static void keep_nacks(struct explorer *x)
{
	const struct watch *w = x->f->w;

	for (size_t i = 0; i < w->nack_count && x->nack_count < NACKS_MAX; i++) {
		bool known = false;

		for (size_t k = 0; k < x->nack_count; k++)
			known |= x->nack[k].unit == w->nacks[i].unit &&
				 x->nack[k].address == w->nacks[i].address;
		if (!known)
			x->nack[x->nack_count++] = w->nacks[i];
	}
}

/* Back to the snapshot before the question, under `plan`. */
static void back(struct explorer *x, const struct plan *plan)
{
	mcu_snapshot_restore(x->m, x->before);
	watch_attach(x->f->w, x->m, plan);
	x->f->w->inputs = x->kept;
	forget_coverage(x);
}

static struct mcu_limits horizon(const struct explorer *x)
{
	return (struct mcu_limits){.until_ns = mcu_now_ns(x->m) + HORIZON_NS,
				   .instructions = mcu_instructions(x->m) + HORIZON_INSTRUCTIONS};
}

/* In legs to the next question: `before` is a snapshot at most a leg before it. */
static bool legs_to_question(struct explorer *x, uint64_t leg_instructions)
{
	struct watch *w = x->f->w;
	size_t known = w->inputs.count;
	uint64_t from = mcu_effort(x->m);
	enum mcu_stop stop = MCU_STOP_HOOK;

	while (mcu_effort(x->m) - from < QUESTION_EFFORT && !w->off &&
	       mcu_now_ns(x->m) < QUESTION_NS && stop != MCU_STOP_LOCKUP) {
		struct mcu_limits leg = {.until_ns = QUESTION_NS,
					 .instructions = mcu_instructions(x->m) + leg_instructions};

		mcu_snapshot_take(x->before, x->m);
		x->kept = w->inputs;
		stop = answers_run(w, x->m, &leg);
		watch_settle(w, x->m);
		if (w->inputs.count > known)
			return true;
	}
	return false;
}

/* Run on to the next question. */
static bool next_question(struct explorer *x, const struct plan *plan)
{
	uint64_t from = mcu_effort(x->m);
	bool found;

	if (forks_over(x->f))
		return false;
	found = legs_to_question(x, LONG_LEG);
	forks_spend(x->f, mcu_effort(x->m) - from);
	keep_nacks(x);
	if (!found)
		return false;
	back(x, plan);
	return legs_to_question(x, LEG);
}

static enum status try_plan(struct explorer *x, const struct plan *plan,
			    const struct mcu_limits *limits)
{
	enum status status = STATUS_OK;
	unsigned gain;

	forks_go_on(x->f, x->m, limits);
	gain = gained(x);
	if (x->f->w->off)
		status = forks_settle_hit(x->f, plan);
	else if (gain >= GAIN_MIN)
		push(x, plan, gain);
	return status;
}

static bool add_guess(struct plan *plan, const struct guess *g)
{
	if (plan->answer_count + g->count > ANSWERS_MAX)
		return false;
	for (unsigned i = 0; i < g->count; i++)
		plan->answers[plan->answer_count++] = g->add[i];
	return true;
}

static void mark_and_note(struct explorer *x, const struct plan *plan, unsigned colour,
			  struct compares *into)
{
	uint64_t from;

	back(x, plan);
	x->f->w->inputs.colour = colour;
	x->f->w->inputs.dull = x->kept.count;
	from = mcu_instructions(x->m);
	compares_note(into, x->f->w, x->m, NEAR_STEPS, FAR_STEPS);
	forks_spend(x->f, (mcu_instructions(x->m) - from) * STEP_EFFORT);
}

/* At a question: what is it compared with? Try that. */
static enum status answer_question(struct explorer *x, const struct plan *plan)
{
	struct mcu_limits limits;
	enum status status = STATUS_OK;

	back(x, plan);
	limits = horizon(x);
	forks_go_on(x->f, x->m, &limits); /* what it does by itself is nothing new */
	keep_nacks(x);
	(void)gained(x);
	mark_and_note(x, plan, 1, x->one);
	mark_and_note(x, plan, 2, x->two);
	compares_solve(x->one, x->two, &x->guesses);
	for (size_t i = 0; i < x->guesses.count && status == STATUS_OK && !forks_over(x->f); i++) {
		struct plan child = *plan;

		if (!add_guess(&child, &x->guesses.guess[i]))
			continue;
		back(x, &child);
		status = try_plan(x, &child, &limits);
	}
	return status;
}

/* Pass by a question and those close behind it. */
static void pass_by(struct explorer *x, const struct plan *plan)
{
	struct mcu_limits limits;

	back(x, plan);
	limits = (struct mcu_limits){.until_ns = QUESTION_NS,
				     .instructions = mcu_instructions(x->m) + NEAR_STEPS};
	forks_go_on(x->f, x->m, &limits);
}

static enum status try_acknowledges(struct explorer *x, const struct plan *plan)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < x->nack_count && i < NACKS_TRIED && status == STATUS_OK; i++) {
		struct plan child = *plan;
		struct guess g = {.count = 1};
		struct mcu_limits limits = {
			.until_ns = x->nack[i].ns + HORIZON_NS,
			.instructions = x->nack[i].instructions + HORIZON_INSTRUCTIONS};

		g.add[0] = (struct answer){.kind = ANSWER_I2C, .unit = x->nack[i].unit,
					   .which = x->nack[i].address, .until_ns = NEVER};
		if (forks_over(x->f) || !add_guess(&child, &g))
			break;
		mcu_snapshot_restore(x->m, x->start);
		watch_attach(x->f->w, x->m, &child);
		forget_coverage(x);
		status = try_plan(x, &child, &limits);
	}
	return status;
}

static enum status expand(struct explorer *x, const struct plan *plan)
{
	enum status status = STATUS_OK;

	x->nack_count = 0;
	mcu_snapshot_restore(x->m, x->start);
	watch_attach(x->f->w, x->m, plan);
	for (unsigned i = 0; i < EPISODES && status == STATUS_OK && next_question(x, plan); i++) {
		status = answer_question(x, plan);
		pass_by(x, plan);
	}
	keep_nacks(x);
	if (status == STATUS_OK)
		status = try_acknowledges(x, plan);
	return status;
}

/* Behind the deepest answers it may wait for a pin or a byte. */
static enum status try_beside(struct explorer *x, const struct plan *plan)
{
	const struct plan *base = x->f->base;
	enum status status;

	if (plan->answer_count == base->answer_count || plan->answer_count == ANSWERS_MAX ||
	    x->besides++ == BESIDE_MAX || forks_over(x->f))
		return STATUS_OK;
	x->f->base = plan;
	status = forks_beside(x->f);
	x->f->base = base;
	return status;
}

static enum status search(struct explorer *x)
{
	enum status status = STATUS_OK;
	struct node *n;

	push(x, x->f->base, 0);
	while (status == STATUS_OK && !forks_over(x->f) && (n = deepest(x))) {
		struct plan plan = n->plan;
		size_t before = x->f->hit_count;

		n->done = true;
		status = expand(x, &plan);
		if (status == STATUS_OK && x->f->hit_count == before)
			status = try_beside(x, &plan);
	}
	return status;
}

enum status explore(struct forks *f)
{
	struct explorer *x = calloc(1, sizeof *x);
	enum status status = STATUS_NO_MEMORY;

	if (!x)
		return status;
	x->f = f;
	x->seen_size = f->o->coverage_size;
	x->seen = malloc(x->seen_size + 1);
	x->one = compares_new();
	x->two = compares_new();
	x->m = rig_new(f->s, f->base, f->err);
	x->start = x->m ? mcu_snapshot_new(x->m) : NULL;
	x->before = x->m ? mcu_snapshot_new(x->m) : NULL;
	if (x->seen && x->one && x->two && x->start && x->before) {
		if (f->o->coverage)
			memcpy(x->seen, f->o->coverage, x->seen_size);
		mcu_snapshot_take(x->start, x->m);
		status = search(x);
	}
	mcu_snapshot_free(x->start);
	mcu_snapshot_free(x->before);
	mcu_free(x->m);
	free(x->one);
	free(x->two);
	free(x->seen);
	free(x);
	return status;
}
