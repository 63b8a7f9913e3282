/* Known-bits arithmetic. See absval.h. */
#include "lockout/absval.h"

static uint32_t low_mask(unsigned bits)
{
	return bits >= 32 ? UINT32_MAX : (1u << bits) - 1;
}

/* SWJ_CFG=100 sets this bit alone: the operand that brings it is to blame. */
#define GUILTY_BIT (1u << 26)

static bool brings_guilty_bit(const struct absval *v)
{
	return v->origin && (v->known & v->value & GUILTY_BIT);
}

/* Where a result's constant entered: with the operand that carries the guilty
 * bit; else, of two, with the one brought in nearest to the root: that is what
 * a person would change. */
static struct absval blame_of(struct absval r, const struct absval *a, const struct absval *b)
{
	const struct absval *from = a;

	if (brings_guilty_bit(a) != brings_guilty_bit(b))
		from = brings_guilty_bit(a) ? a : b;
	else if (!a->origin || (b->origin && b->depth < a->depth))
		from = b;
	r.origin = from->origin;
	r.table = from->table;
	r.depth = from->depth;
	r.variable = (a->variable && a->known & a->value & GUILTY_BIT) ||
		     (b->variable && b->known & b->value & GUILTY_BIT);
	return r;
}

static struct absval make(uint32_t value, uint32_t known, const struct absval *a,
			  const struct absval *b)
{
	struct absval r = {.value = value & known, .known = known};

	r.read_back = (a->read_back | b->read_back) & ~known;
	return blame_of(r, a, b);
}

/* A stack address in arithmetic other than + and - is nothing we follow. */
static struct absval plain(struct absval v)
{
	return v.stack ? ABS_UNKNOWN : v;
}

bool abs_equal(const struct absval *a, const struct absval *b)
{
	return a->value == b->value && a->known == b->known && a->stack == b->stack &&
	       a->read_back == b->read_back;
}

struct absval abs_join(struct absval a, struct absval b)
{
	if (a.stack != b.stack || (a.stack && a.value != b.value))
		return ABS_UNKNOWN;
	if (a.stack)
		return a;
	struct absval r = a;

	r.known = a.known & b.known & ~(a.value ^ b.value);
	r.value = a.value & r.known;
	r.read_back = (a.read_back | b.read_back) & ~r.known;
	return r;
}

struct absval abs_and(struct absval a, struct absval b)
{
	a = plain(a);
	b = plain(b);
	uint32_t zero = (a.known & ~a.value) | (b.known & ~b.value);
	uint32_t one = (a.known & a.value) & (b.known & b.value);
	struct absval r = make(one, zero | one, &a, &b);

	/* A mask only clears: the bits that stay are the other operand's. */
	if (one && abs_is_const(&a) && !abs_is_const(&b) && b.origin)
		r.origin = b.origin, r.table = b.table, r.depth = b.depth, r.variable = b.variable;
	return r;
}

struct absval abs_or(struct absval a, struct absval b)
{
	a = plain(a);
	b = plain(b);
	uint32_t one = (a.known & a.value) | (b.known & b.value);
	uint32_t zero = (a.known & ~a.value) & (b.known & ~b.value);

	return make(one, zero | one, &a, &b);
}

struct absval abs_xor(struct absval a, struct absval b)
{
	a = plain(a);
	b = plain(b);
	return make(a.value ^ b.value, a.known & b.known, &a, &b);
}

struct absval abs_not(struct absval a)
{
	a = plain(a);
	a.value = ~a.value & a.known;
	return a;
}

struct absval abs_add(struct absval a, struct absval b, unsigned carry_in)
{
	if (a.stack != b.stack && a.known == UINT32_MAX && b.known == UINT32_MAX) {
		a.value += b.value + carry_in;
		a.stack = true;
		return a;
	}
	a = plain(a);
	b = plain(b);
	uint32_t unknown = ~(a.known & b.known);
	uint32_t exact = unknown ? (unknown & -unknown) - 1 : UINT32_MAX;

	/* A carry out of an undefined bit makes the ones above it undefined. */
	if (a.read_back | b.read_back)
		a.read_back = UINT32_MAX;
	return make(a.value + b.value + carry_in, exact, &a, &b);
}

struct absval abs_sub(struct absval a, struct absval b)
{
	if (a.stack && b.stack)
		return abs_const(a.value - b.value, 0, 0);
	if (a.stack && b.known == UINT32_MAX) {
		a.value -= b.value;
		return a;
	}
	return abs_add(a, abs_not(b), 1);
}

struct absval abs_mul(struct absval a, struct absval b)
{
	if (!abs_is_const(&a) || !abs_is_const(&b))
		return ABS_UNKNOWN;
	return make(a.value * b.value, UINT32_MAX, &a, &b);
}

static struct absval shift_right_signed(struct absval a, unsigned n)
{
	uint32_t sign = 1u << 31;
	uint32_t fill = n ? ~low_mask(32 - n) : 0;
	struct absval r = a;

	r.value = a.value >> n;
	r.known = a.known >> n;
	r.read_back = a.read_back >> n | (a.read_back & sign ? fill : 0);
	if (a.known & sign) {
		r.known |= fill;
		r.value |= a.value & sign ? fill : 0;
	}
	return r;
}

struct absval abs_shift(struct absval a, unsigned type, unsigned n)
{
	if (n == 0)
		return a;
	a = plain(a);
	switch (type) {
	case 0:
		a.value <<= n;
		a.read_back <<= n;
		a.known = a.known << n | low_mask(n);
		return a;
	case 1:
		a.value >>= n;
		a.read_back >>= n;
		a.known = a.known >> n | ~low_mask(32 - n);
		return a;
	case 2:
		return shift_right_signed(a, n);
	default:
		a.value = a.value >> n | a.value << (32 - n);
		a.known = a.known >> n | a.known << (32 - n);
		a.read_back = a.read_back >> n | a.read_back << (32 - n);
		return a;
	}
}

struct absval abs_extend(struct absval a, unsigned bits, bool is_signed)
{
	return abs_shift(abs_shift(a, 0, 32 - bits), is_signed ? 2 : 1, 32 - bits);
}

struct absval abs_insert(struct absval a, struct absval b, unsigned lsb, unsigned width)
{
	uint32_t field = low_mask(width) << lsb;
	struct absval keep = abs_and(a, abs_const(~field, 0, 0));
	struct absval put = abs_and(abs_shift(b, 0, lsb), abs_const(field, 0, 0));

	return abs_or(keep, put);
}

struct absval abs_rev(struct absval a)
{
	a = plain(a);
	a.value = __builtin_bswap32(a.value);
	a.known = __builtin_bswap32(a.known);
	a.read_back = __builtin_bswap32(a.read_back);
	return a;
}
