/*
 * For how many rounds does a condition come out the same? Values are straight
 * lines v + k * step; a bound may be smaller than the truth, never larger.
 * Z is told exactly, also when the value wraps (counters that go by 3 to 0).
 */
#include "mcu/cpu/drift.h"

#include "arm/arm.h"

void drift_bound(struct drifts *d, uint64_t rounds)
{
	if (rounds < d->rounds)
		d->rounds = rounds;
}

void drift_bound_range(struct drifts *d, int64_t v, int64_t step, int64_t low, int64_t high)
{
	if (step > 0)
		drift_bound(d, (uint64_t)(high - v) / (uint64_t)step);
	else if (step < 0)
		drift_bound(d, (uint64_t)(v - low) / (uint64_t)-step);
}

/* The inverse of an odd number modulo 2^32: each turn doubles the good bits. */
static uint32_t inverse(uint32_t odd)
{
	uint32_t x = odd;

	for (unsigned i = 0; i < 5; i++)
		x *= 2 - odd * x;
	return x;
}

void drift_bound_zero(struct drifts *d, uint32_t v, uint32_t step)
{
	unsigned even;
	uint32_t k;

	if (step == 0)
		return;
	if (v == 0) {
		drift_bound(d, 0);
		return;
	}
	even = (unsigned)__builtin_ctz(step);
	if (v & ((1u << even) - 1))
		return; /* it jumps over zero for ever */
	k = ((0u - v) >> even) * inverse(step >> even);
	drift_bound(d, (k & (UINT32_MAX >> even)) - 1);
}

/* As long as the sign of a 32-bit value stays, not letting it wrap. */
static void bound_sign(struct drifts *d, uint32_t v, uint32_t step)
{
	if ((int32_t)v < 0)
		drift_bound_range(d, (int32_t)v, (int32_t)step, INT32_MIN, -1);
	else
		drift_bound_range(d, (int32_t)v, (int32_t)step, 0, INT32_MAX);
}

/* As long as `v` (an exact difference or sum) keeps its sign; >= 0 is one. */
static void bound_order(struct drifts *d, int64_t v, int64_t step)
{
	if (v < 0)
		drift_bound_range(d, v, step, INT64_MIN / 2, -1);
	else
		drift_bound_range(d, v, step, 0, INT64_MAX / 2);
}

static int64_t sum_step(const struct drift_flags *f)
{
	return f->subtracts ? (int64_t)f->dx - f->dy : (int64_t)f->dx + f->dy;
}

/* C: no borrow, or a carry. */
static void bound_carry(struct drifts *d)
{
	const struct drift_flags *f = &d->flags;
	int64_t v = f->subtracts ? (int64_t)f->x - f->y : (int64_t)f->x + f->y - (1ll << 32);

	drift_bound_range(d, f->x, f->dx, 0, UINT32_MAX);
	drift_bound_range(d, f->y, f->dy, 0, UINT32_MAX);
	bound_order(d, v, sum_step(f));
}

/* N == V: the exact result, as signed numbers, is not negative. */
static void bound_signed(struct drifts *d)
{
	const struct drift_flags *f = &d->flags;
	int32_t x = (int32_t)f->x, y = (int32_t)f->y;

	if (!f->cv.step) {
		bound_sign(d, f->value, f->nz.step);
		return;
	}
	if (!f->one) {
		d->failed = true;
		return;
	}
	drift_bound_range(d, x, f->dx, INT32_MIN, INT32_MAX);
	drift_bound_range(d, y, f->dy, INT32_MIN, INT32_MAX);
	bound_order(d, f->subtracts ? (int64_t)x - y : (int64_t)x + y, sum_step(f));
}

void drift_condition(struct drifts *d, unsigned cond)
{
	const struct drift_flags *f = &d->flags;
	unsigned what = cond >> 1;
	bool nz = what == 0 || what == 2 || (what >= 4 && what <= 6);
	bool cv = what == 1 || (what >= 3 && what <= 6);

	if ((nz && f->nz.doubt) || (cv && f->cv.doubt))
		d->failed = true;
	if (d->failed)
		return;
	if (what == 0 || what == 4 || what == 6)
		drift_bound_zero(d, f->value, f->nz.step);
	if ((what == 1 || what == 4) && f->cv.step)
		bound_carry(d);
	if (what == 2)
		bound_sign(d, f->value, f->nz.step);
	if (what == 3 && f->cv.step)
		drift_bound(d, 0);
	if (what == 5 || what == 6)
		bound_signed(d);
}
