/*
 * Weighing the evidence. Each cause's score is its prior plus the weights of
 * the facts that were seen; confidences are the scores' exponentials over
 * their sum, beside one silent rival: "something nobody has listed".
 */
#include "doctor/rank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIVAL_SCORE 0      /* of the unlisted cause ... */
#define RIVAL_LEAST 0.01   /* ... which is never quite ruled out */
#define WORTH_NAMING 0.01

static const struct cause_row *const groups[] = {causes_firmware, causes_protection, causes_desk,
					      causes_elsewhere};

const struct cause_row *cause_row_of(enum cause c)
{
	for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
		for (const struct cause_row *r = groups[g]; r->means; r++)
			if (r->cause == c)
				return r;
	return NULL;
}

/* Put `detail` where the text says "%s". */
static void fill_in(const char *says, const char *detail, char *out, size_t size)
{
	const char *hole = strstr(says, "%s");

	if (hole)
		snprintf(out, size, "%.*s%s%s", (int)(hole - says), says, detail, hole + 2);
	else
		snprintf(out, size, "%s", says);
}

void opinion_add(struct opinion *op, int weight, const char *says, const char *detail)
{
	if (weight > 0 && op->pros < OPINION_REASONS)
		fill_in(says, detail, op->pro[op->pros++], sizeof op->pro[0]);
	else if (weight < 0 && op->cons < OPINION_REASONS)
		fill_in(says, detail, op->con[op->cons++], sizeof op->con[0]);
}

/* One cause's score; `op` gets the reasons. */
static int weigh(const struct cause_row *row, const struct observations *o, struct opinion *op)
{
	int score = row->prior;

	for (const struct evidence *e = row->evidence; e->seen; e++) {
		char detail[DETAIL_MAX] = "";

		if (!e->seen(o, detail))
			continue;
		score += e->weight;
		opinion_add(op, e->weight, e->says, detail);
	}
	return score;
}

static int most_likely_first(const void *a, const void *b)
{
	const struct opinion *x = a, *y = b;

	return (y->confidence > x->confidence) - (y->confidence < x->confidence);
}

size_t opinions_settle(struct opinion *op, const int *scores, size_t count)
{
	double sum = exp(RIVAL_SCORE / 10.0);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		sum += exp(scores[i] / 10.0);
	for (size_t i = 0; i < count; i++)
		op[i].confidence = (1 - RIVAL_LEAST) * exp(scores[i] / 10.0) / sum;
	for (size_t i = 0; i < count; i++)
		if (op[i].pros && op[i].confidence >= WORTH_NAMING)
			op[kept++] = op[i];
	qsort(op, kept, sizeof *op, most_likely_first);
	return kept;
}

void opinion_from_row(const struct cause_row *row, struct opinion *op)
{
	memset(op, 0, sizeof *op);
	op->cause = row->cause;
	op->means = row->means;
	op->next = row->next;
	op->test = row->test;
	op->status = row->status;
}

size_t doctor_rank(const struct observations *o, struct opinion out[CAUSE_COUNT])
{
	int scores[CAUSE_COUNT];
	size_t n = 0;

	for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
		for (const struct cause_row *r = groups[g]; r->means && n < CAUSE_COUNT; r++) {
			opinion_from_row(r, &out[n]);
			scores[n] = weigh(r, o, &out[n]);
			n++;
		}
	}
	return opinions_settle(out, scores, n);
}
