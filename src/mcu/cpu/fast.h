/*
 * The operations of the fast loop: one name a handler, in two sizes (a
 * half-word or a word of code). predecode.c chooses one for an instruction,
 * interp.c executes it.
 *
 * Operands of struct op: a = Rd or Rt, b = Rn, c = Rm unless said otherwise;
 * imm = immediate, shift amount or signed offset. An operation never has PC
 * among its registers, nor SP as a result that could lose its alignment: such
 * instructions go the plain way (GENERIC).
 *
 * Names: S sets flags; R, L, SR, AR: operand 2 is Rm, Rm LSL, LSR, ASR imm; I:
 * operand 2 is imm.
 */
#ifndef REFLASH_MCU_CPU_FAST_H
#define REFLASH_MCU_CPU_FAST_H

#include "mcu/cpu/cpu_internal.h"

#define FAST_SHIFTED(X, NAME) X(NAME##_R) X(NAME##_L) X(NAME##_SR) X(NAME##_AR) X(NAME##_I)

#define FAST_OPS(X)                                                                                \
	X(MOV_I) X(MOVS_I) X(MOV_R) X(MOV_L) X(MOV_SR) X(MOV_AR) X(MVN_R) X(MVNS_R)                \
	X(MOVS_R) X(MOVS_L) X(MOVS_SR) X(MOVS_AR) X(MOVT)                                          \
	FAST_SHIFTED(X, ADD) FAST_SHIFTED(X, SUB) FAST_SHIFTED(X, RSB) FAST_SHIFTED(X, AND)        \
	FAST_SHIFTED(X, ORR) FAST_SHIFTED(X, EOR) FAST_SHIFTED(X, BIC)                             \
	X(ADDS_R) X(ADDS_I) X(SUBS_R) X(SUBS_I) X(RSBS_I) X(ADC_R) X(ADCS_R) X(SBC_R) X(SBCS_R)    \
	X(ANDS_R) X(ANDS_I) X(ORRS_R) X(EORS_R) X(BICS_R)                                          \
	FAST_SHIFTED(X, CMP) X(CMN_I) X(CMN_R) X(TST_R) X(TST_I)                                   \
	X(LSL) X(LSLS) X(LSR) X(LSRS) X(ASR) X(ASRS)                                               \
	X(MUL) X(MULS) X(MLA) X(MLS) X(UMULL) X(SMULL) X(UMLAL) X(SMLAL) X(UDIV) X(SDIV)           \
	X(UXTB) X(UXTH) X(SXTB) X(SXTH) X(UBFX) X(SBFX) X(BFI) X(BFC) X(CLZ) X(REV)                \
	X(LDR_I) X(LDRB_I) X(LDRH_I) X(LDRSB_I) X(LDRSH_I) X(LDR_LIT)                              \
	X(LDR_R) X(LDRB_R) X(LDRH_R) X(LDRSB_R) X(LDRSH_R)                                         \
	X(LDR_PRE) X(LDRB_PRE) X(LDRH_PRE) X(LDR_POST) X(LDRB_POST) X(LDRH_POST)                   \
	X(STR_I) X(STRB_I) X(STRH_I) X(STR_R) X(STRB_R) X(STRH_R)                                  \
	X(STR_PRE) X(STRB_PRE) X(STRH_PRE) X(STR_POST) X(STRB_POST) X(STRH_POST)                   \
	X(LDRD) X(STRD) X(LDM) X(LDM_PC) X(STM) X(STMDB)                                           \
	X(B) X(BEQ) X(BNE) X(BCS) X(BCC) X(BMI) X(BPL) X(BVS) X(BVC) X(BHI) X(BLS) X(BGE)          \
	X(BLT) X(BGT) X(BLE) X(BL) X(BX) X(BLX) X(CBZ) X(CBNZ) X(TBB) X(TBH)                       \
	X(IT) X(NOP) X(BARRIER) X(MRS) X(MSR) X(CPS) X(GENERIC)

enum fast_op {
	FAST_DECODE, /* nothing decoded here yet */
	FAST_EDGE,   /* past the end of a region */
	FAST_SINGLE, /* breakpoints: cpu_single decides */
#define X(name) FAST_##name, FAST_##name##_W,
	FAST_OPS(X)
#undef X
	FAST_COUNT
};

/* Choose the operation for the instruction at `address`, inside an IT block
 * when `it`. Fills everything but the handler; the result is for a half-word
 * instruction, + 1 for a word. */
enum fast_op fast_choose(const struct mcu *m, const struct arm_insn *in, uint32_t address, bool it,
			 const struct region *region, struct op *op);

/* Run from r15 until `cycles` have passed (the instruction that reaches it is
 * completed) or something asks for the run loop. */
void fast_run(struct mcu *m, uint64_t cycles);

#endif
