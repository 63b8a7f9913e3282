/*
 * ARMv7-M facts, no state: instruction table, decoding, disassembly, what an
 * instruction reads and writes, and the System Control Space's register map.
 * Source: ARM DDI 0403 (ARMv7-M Architecture Reference Manual), Cortex-M3 TRM
 * (DDI 0337). One table of bit-pattern rows (arm/table.c) feeds decoding,
 * execution, disassembly and analysis.
 */
#ifndef REFLASH_ARM_H
#define REFLASH_ARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/ops.h" /* enum arm_op: one name a row of the table */

enum arm_cond { ARM_EQ, ARM_NE, ARM_CS, ARM_CC, ARM_MI, ARM_PL, ARM_VS, ARM_VC, ARM_HI, ARM_LS,
		ARM_GE, ARM_LT, ARM_GT, ARM_LE, ARM_AL };

/* Does the condition hold under these flags? `nzcv`: N Z C V as bits 3..0, which
 * are bits 31..28 of xPSR. 1111, which an UNPREDICTABLE IT can ask for, holds like
 * AL (DDI 0403 A7.3.1). One row a condition, one bit a combination of flags. */
static inline bool arm_condition_holds(unsigned cond, unsigned nzcv)
{
	static const uint16_t table[16] = {0xF0F0, 0x0F0F, 0xCCCC, 0x3333, 0xFF00, 0x00FF,
					   0xAAAA, 0x5555, 0x0C0C, 0xF3F3, 0xAA55, 0x55AA,
					   0x0A05, 0xF5FA, 0xFFFF, 0xFFFF};

	return table[cond] >> nzcv & 1;
}

enum arm_shift { ARM_LSL, ARM_LSR, ARM_ASR, ARM_ROR, ARM_RRX };

/* One decoded instruction. `imm` is the final immediate: expanded, scaled and
 * sign-extended; for direct branches the byte offset from the instruction's
 * own address + 4. Loads and stores: rd = Rt, ra = Rt2, address = rn +/- imm
 * or rn + (rm << shift_n); a literal has rn = 15 (PC aligned to 4). STREX: rd
 * = status, ra = the value stored. SMULL and kin: ra = RdLo, rd = RdHi.
 * BFI, BFC: imm = msb, shift_n = lsb; SBFX, UBFX: imm = width - 1, shift_n = lsb. */
struct arm_insn {
	enum arm_op op;      /* the row */
	enum arm_kind kind;  /* what it does: ARM_KIND_ADD for every encoding of ADD */
	uint8_t size;    /* 2 or 4 bytes */
	uint8_t cond;    /* enum arm_cond; ARM_AL except for conditional branches */
	uint8_t rd, rn, rm, ra; /* registers as the row's operands name them; 0 when unused */
	uint8_t shift_type, shift_n; /* applied to rm */
	uint16_t flags;  /* ARM_INSN_* */
	uint16_t list;   /* register list of LDM/STM/PUSH/POP; IT mask; CPS bits */
	uint32_t imm;
	uint32_t raw;    /* hw1 | hw2 << 16 */
};

#define ARM_INSN_SETFLAGS 1u     /* sets N Z C V when outside an IT block (16-bit) or always */
#define ARM_INSN_SETFLAGS_NOT_IT 2u /* 16-bit form: sets flags only outside an IT block */
#define ARM_INSN_ADD 4u          /* offset is added (U bit) */
#define ARM_INSN_INDEX 8u        /* P: pre-indexed or offset */
#define ARM_INSN_WBACK 16u       /* W: base is written back */
#define ARM_INSN_UNPREDICTABLE 32u /* see docs/unpredictable.md for what is done */
#define ARM_INSN_IMM 64u         /* operand 2 (or the offset) is imm, not rm */
#define ARM_INSN_UNPRIV 128u     /* LDRT and kin: access as unprivileged code would */
#define ARM_INSN_CARRY 256u      /* a flag-setting logical operation takes C from imm[31] */

/* Decode the half-words at an address. `hw2` may be anything when the first
 * half-word is a 16-bit instruction. An undefined encoding gives op ARM_OP_UDF
 * with its size. Never fails. */
void arm_decode(uint16_t hw1, uint16_t hw2, struct arm_insn *out);
/* Is the instruction that starts with this half-word 32 bits long? */
static inline bool arm_is_32bit(uint16_t hw1)
{
	return hw1 >= 0xE800;
}

/* What one instruction does, seen from outside, for analysis. */
enum arm_flow {
	ARM_FLOW_NEXT,     /* falls through */
	ARM_FLOW_BRANCH,   /* to `target`; conditional when insn.cond != AL or it is CBZ/CBNZ */
	ARM_FLOW_CALL,     /* BL to `target` */
	ARM_FLOW_CALL_REG, /* BLX rm */
	ARM_FLOW_JUMP_REG, /* BX rm other than LR, MOV PC, LDR PC, TBB/TBH */
	ARM_FLOW_RETURN,   /* BX LR, POP {..,PC}, LDM SP!,{..,PC} */
	ARM_FLOW_TRAP,     /* UDF, BKPT, SVC */
};
enum arm_mem { ARM_MEM_NONE, ARM_MEM_LOAD, ARM_MEM_STORE };

struct arm_effects {
	uint16_t reads, writes; /* bit n = Rn; bit 15 = PC as an operand / as a destination */
	bool reads_flags, writes_flags;
	bool conditional;       /* B<c>, CBZ, CBNZ (an IT block's condition is the caller's to add) */
	enum arm_flow flow;
	uint32_t target;        /* for ARM_FLOW_BRANCH/CALL: absolute address */
	enum arm_mem mem;
	uint8_t mem_size;       /* bytes of one element: 1, 2, 4 */
	uint8_t mem_count;      /* number of elements (LDM/STM/LDRD...) */
	bool literal;           /* PC-relative load; `literal_address` is its address */
	uint32_t literal_address;
};
void arm_effects(const struct arm_insn *insn, uint32_t address, struct arm_effects *out);

/* UAL text of one instruction ("str r1, [r0, #4]"), as GNU as accepts it.
 * Returns the length written (like snprintf). */
int arm_disassemble(const struct arm_insn *insn, uint32_t address, char *out, size_t size);

/* The instruction table's rows, for tests and tools. */
struct arm_row {
	enum arm_op op;
	const char *name;
	enum arm_kind kind;
	uint8_t size;        /* 2 or 4 */
	uint8_t immediate;   /* how the i bits become insn.imm: inside arm/ */
	uint16_t flags;      /* ARM_INSN_* the encoding implies */
	uint32_t mask, value; /* on hw1 (16-bit) or hw1 << 16 | hw2 (32-bit) */
	const char *pattern; /* the bit ruler the row was made from */
	const char *forbid;  /* registers that make it UNPREDICTABLE (ops.h) */
	const char *text;    /* UAL template (disasm.c) */
	const char *section; /* DDI 0403 section */
};
/* The row of an op; that of UDF for ARM_OP_UDF. */
const struct arm_row *arm_row(enum arm_op op);
const struct arm_row *arm_rows(size_t *count);

#endif
