/* Inside the arm room. */
#ifndef REFLASH_ARM_INTERNAL_H
#define REFLASH_ARM_INTERNAL_H

#include "arm/arm.h"

/* How a row's i, h and l bits become operands. */
enum arm_imm {
	ARM_IMM_NONE,
	ARM_IMM_U,    /* as they are */
	ARM_IMM_X2,
	ARM_IMM_X4,
	ARM_IMM_SP4,  /* x4, rn = SP */
	ARM_IMM_SPSP4,/* x4, rd = rn = SP */
	ARM_IMM_LIT,  /* rn = PC */
	ARM_IMM_LIT4, /* x4, rn = PC */
	ARM_IMM_DN,   /* rn = rd */
	ARM_IMM_DNR,  /* register form, rn = rd */
	ARM_IMM_DMR,  /* rm = rd */
	ARM_IMM_DNR_LSR, ARM_IMM_DNR_ASR, ARM_IMM_DNR_ROR, /* shift by register, rn = rd */
	ARM_IMM_LSL, ARM_IMM_LSR_R, ARM_IMM_ASR_R, ARM_IMM_ROR_R, /* shift by register */
	ARM_IMM_LSR, ARM_IMM_ASR, /* shift by h; 0 means 32 */
	ARM_IMM_SHIFT, /* y type, h amount (A7.4.2) */
	ARM_IMM_SAT, ARM_IMM_SAT_ASR, /* saturate: shift left or right by h */
	ARM_IMM_ROT8, /* rotate by 8 * h */
	ARM_IMM_T32,  /* modified immediate (A5.3.2) */
	ARM_IMM_MOVW, /* imm4:i:imm3:imm8 */
	ARM_IMM_B8, ARM_IMM_B11, ARM_IMM_B20, ARM_IMM_B24, /* branch offsets */
	ARM_IMM_PUSH, ARM_IMM_POP, /* 9-bit list: bit 8 is LR or PC; rn = SP */
	ARM_IMM_LDM16, /* writes back unless rn is in the list */
	ARM_IMM_CPS,  /* im : I F, to list */
};

/* The row an encoding belongs to; the undefined row when there is none. */
const struct arm_row *arm_find_row(uint16_t hw1, uint16_t hw2);
/* Does the encoding, as decoded, fall under one of the manual's UNPREDICTABLE
 * sentences? */
bool arm_unpredictable(const struct arm_insn *insn, const struct arm_row *row);

#endif
