/*
 * Abstract values of the sweep: what is known of a 32-bit word on every path
 * that leads here. Bit by bit: `known` says which bits are certain, `value`
 * their state. A word may instead be an offset from the stack pointer at
 * function entry. Beside it travels where its constant entered the program
 * (for blame), and whether bits read back from AFIO_MAPR[26:24], undefined on
 * silicon, flowed in.
 */
#ifndef REFLASH_LOCKOUT_ABSVAL_H
#define REFLASH_LOCKOUT_ABSVAL_H

#include <stdbool.h>
#include <stdint.h>

struct absval {
	uint32_t value;   /* bits outside `known` are 0 */
	uint32_t known;
	uint32_t origin;  /* instruction that brought the constant in; 0: none */
	uint32_t table;   /* the word of a table that it loaded; 0: none */
	uint8_t depth;    /* call depth where it was chosen, 0 = the root function */
	bool variable;    /* the constant came by way of a variable in RAM */
	bool stack;       /* value is an offset from the entry SP (known is all ones) */
	uint32_t read_back; /* unknown bits that come from a write-only field's read-back */
};

#define ABS_DEEP UINT8_MAX /* depth of what a function that returned brought in */
#define ABS_UNKNOWN ((struct absval){0})

static inline struct absval abs_const(uint32_t value, uint32_t origin, uint8_t depth)
{
	return (struct absval){.value = value, .known = UINT32_MAX, .origin = origin,
			       .depth = depth};
}

static inline bool abs_is_const(const struct absval *v)
{
	return v->known == UINT32_MAX && !v->stack;
}

bool abs_equal(const struct absval *a, const struct absval *b);
/* What is known when either may be the case. */
struct absval abs_join(struct absval a, struct absval b);

struct absval abs_and(struct absval a, struct absval b);
struct absval abs_or(struct absval a, struct absval b);
struct absval abs_xor(struct absval a, struct absval b);
struct absval abs_not(struct absval a);
/* Exact from bit 0 up to the lowest unknown bit of either operand. */
struct absval abs_add(struct absval a, struct absval b, unsigned carry_in);
struct absval abs_sub(struct absval a, struct absval b);
struct absval abs_mul(struct absval a, struct absval b);
/* type: 0 LSL, 1 LSR, 2 ASR, 3 ROR (as in the encodings); n 0..31. */
struct absval abs_shift(struct absval a, unsigned type, unsigned n);
/* The low `bits` bits of a, zero- or sign-extended. */
struct absval abs_extend(struct absval a, unsigned bits, bool is_signed);
/* Bits [lsb, lsb+width) of b put into a. */
struct absval abs_insert(struct absval a, struct absval b, unsigned lsb, unsigned width);
/* Bit-reverse is not worth knowing; byte reverse (REV). */
struct absval abs_rev(struct absval a);

#endif
