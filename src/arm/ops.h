/*
 * The instruction table: every encoding of ARMv7-M (Cortex-M3: no DSP, no FPU)
 * is one row here, and only here. The rows give enum arm_op, the decoder, the
 * disassembler, the executor's choice of function and the analysis.
 * Source: ARM DDI 0403 chapters A5 and A7.
 *
 *   X(NAME, size, pattern, kind, immediate, flags, not, text, section)
 *
 *   pattern    bit ruler, most significant bit first; a 32-bit encoding has a
 *              space between its half-words. 0 and 1 are fixed; . is ignored
 *              (should-be-zero or should-be-one); letters collect operand bits
 *              in reading order:
 *                d rd (Rd, Rt)   n rn   m rm   a ra (Ra, Rt2, RdLo)
 *                i immediate     h shift amount   y shift type   l list
 *                c condition     S sets flags   P index   U add   W write back
 *   kind       what it does (enum arm_kind), shared by all encodings of it
 *   immediate  how the i bits become insn.imm (enum arm_imm)
 *   flags      ARM_INSN_* that the encoding implies
 *   not        registers that make it UNPREDICTABLE: a small letter forbids PC,
 *              a capital one PC and SP
 *   text       UAL template, see disasm.c
 *   section    of DDI 0403
 *
 * The first row that matches wins. Rows overlap only when one contains the
 * other (the special one stands first) or when the first is a literal, to which
 * Rn = PC belongs; a test holds that. What no row matches is undefined.
 */
#ifndef REFLASH_ARM_OPS_H
#define REFLASH_ARM_OPS_H

#define SF_IT ARM_INSN_SETFLAGS_NOT_IT
#define SF ARM_INSN_SETFLAGS
#define IMM_ ARM_INSN_IMM
#define PU (ARM_INSN_INDEX | ARM_INSN_ADD)
#define PUI (ARM_INSN_INDEX | ARM_INSN_ADD | ARM_INSN_IMM)
#define UW (ARM_INSN_ADD | ARM_INSN_WBACK)
#define PW (ARM_INSN_INDEX | ARM_INSN_WBACK)
#define PUN (ARM_INSN_INDEX | ARM_INSN_ADD | ARM_INSN_IMM | ARM_INSN_UNPRIV)

/* clang-format off */
#define ARM_OPS_16(X) \
	/* shift, add, subtract, move, compare */ \
	X(LSL_IMM_T1,  2, "00000hhhhhmmmddd", MOV, NONE, SF_IT, "", "$M", "A5.2.1") \
	X(LSR_IMM_T1,  2, "00001hhhhhmmmddd", MOV, LSR, SF_IT, "", "$M", "A5.2.1") \
	X(ASR_IMM_T1,  2, "00010hhhhhmmmddd", MOV, ASR, SF_IT, "", "$M", "A5.2.1") \
	X(ADD_REG_T1,  2, "0001100mmmnnnddd", ADD, NONE, SF_IT, "", "add$S $d, $n, $m", "A5.2.1") \
	X(SUB_REG_T1,  2, "0001101mmmnnnddd", SUB, NONE, SF_IT, "", "sub$S $d, $n, $m", "A5.2.1") \
	X(ADD_IMM_T1,  2, "0001110iiinnnddd", ADD, U, SF_IT | IMM_, "", "add$S $d, $n, $i", "A5.2.1") \
	X(SUB_IMM_T1,  2, "0001111iiinnnddd", SUB, U, SF_IT | IMM_, "", "sub$S $d, $n, $i", "A5.2.1") \
	X(MOV_IMM_T1,  2, "00100dddiiiiiiii", MOV, U, SF_IT | IMM_, "", "mov$S $d, $i", "A5.2.1") \
	X(CMP_IMM_T1,  2, "00101nnniiiiiiii", CMP, U, SF | IMM_, "", "cmp $n, $i", "A5.2.1") \
	X(ADD_IMM_T2,  2, "00110dddiiiiiiii", ADD, DN, SF_IT | IMM_, "", "add$S $d, $i", "A5.2.1") \
	X(SUB_IMM_T2,  2, "00111dddiiiiiiii", SUB, DN, SF_IT | IMM_, "", "sub$S $d, $i", "A5.2.1") \
	/* data processing */ \
	X(AND_REG_T1,  2, "0100000000mmmddd", AND, DNR, SF_IT, "", "and$S $d, $m", "A5.2.2") \
	X(EOR_REG_T1,  2, "0100000001mmmddd", EOR, DNR, SF_IT, "", "eor$S $d, $m", "A5.2.2") \
	X(LSL_REG_T1,  2, "0100000010mmmddd", SHIFT_REG, DNR, SF_IT, "", "lsl$S $d, $m", "A5.2.2") \
	X(LSR_REG_T1,  2, "0100000011mmmddd", SHIFT_REG, DNR_LSR, SF_IT, "", "lsr$S $d, $m", "A5.2.2") \
	X(ASR_REG_T1,  2, "0100000100mmmddd", SHIFT_REG, DNR_ASR, SF_IT, "", "asr$S $d, $m", "A5.2.2") \
	X(ADC_REG_T1,  2, "0100000101mmmddd", ADC, DNR, SF_IT, "", "adc$S $d, $m", "A5.2.2") \
	X(SBC_REG_T1,  2, "0100000110mmmddd", SBC, DNR, SF_IT, "", "sbc$S $d, $m", "A5.2.2") \
	X(ROR_REG_T1,  2, "0100000111mmmddd", SHIFT_REG, DNR_ROR, SF_IT, "", "ror$S $d, $m", "A5.2.2") \
	X(TST_REG_T1,  2, "0100001000mmmnnn", TST, NONE, SF, "", "tst $n, $m", "A5.2.2") \
	X(RSB_IMM_T1,  2, "0100001001nnnddd", RSB, NONE, SF_IT | IMM_, "", "rsb$S $d, $n, $i", "A5.2.2") \
	X(CMP_REG_T1,  2, "0100001010mmmnnn", CMP, NONE, SF, "", "cmp $n, $m", "A5.2.2") \
	X(CMN_REG_T1,  2, "0100001011mmmnnn", CMN, NONE, SF, "", "cmn $n, $m", "A5.2.2") \
	X(ORR_REG_T1,  2, "0100001100mmmddd", ORR, DNR, SF_IT, "", "orr$S $d, $m", "A5.2.2") \
	X(MUL_T1,      2, "0100001101nnnddd", MUL, DMR, SF_IT, "", "mul$S $d, $n, $d", "A5.2.2") \
	X(BIC_REG_T1,  2, "0100001110mmmddd", BIC, DNR, SF_IT, "", "bic$S $d, $m", "A5.2.2") \
	X(MVN_REG_T1,  2, "0100001111mmmddd", MVN, NONE, SF_IT, "", "mvn$S $d, $m", "A5.2.2") \
	/* special data, branch and exchange */ \
	X(ADD_REG_T2,  2, "01000100dmmmmddd", ADD, DNR, 0, "", "add $d, $m", "A5.2.3") \
	X(CMP_REG_T2,  2, "01000101nmmmmnnn", CMP, NONE, SF, "nm", "cmp $n, $m", "A5.2.3") \
	X(MOV_REG_T1,  2, "01000110dmmmmddd", MOV, NONE, 0, "", "mov $d, $m", "A5.2.3") \
	X(BX_T1,       2, "010001110mmmm...", BX, NONE, 0, "", "bx $m", "A5.2.3") \
	X(BLX_T1,      2, "010001111mmmm...", BLX, NONE, 0, "m", "blx $m", "A5.2.3") \
	X(LDR_LIT_T1,  2, "01001dddiiiiiiii", LDR, LIT4, PUI, "", "ldr $d, $A", "A6.7") \
	/* load and store single */ \
	X(STR_REG_T1,   2, "0101000mmmnnnddd", STR, NONE, PU, "", "str $d, $A", "A5.2.4") \
	X(STRH_REG_T1,  2, "0101001mmmnnnddd", STRH, NONE, PU, "", "strh $d, $A", "A5.2.4") \
	X(STRB_REG_T1,  2, "0101010mmmnnnddd", STRB, NONE, PU, "", "strb $d, $A", "A5.2.4") \
	X(LDRSB_REG_T1, 2, "0101011mmmnnnddd", LDRSB, NONE, PU, "", "ldrsb $d, $A", "A5.2.4") \
	X(LDR_REG_T1,   2, "0101100mmmnnnddd", LDR, NONE, PU, "", "ldr $d, $A", "A5.2.4") \
	X(LDRH_REG_T1,  2, "0101101mmmnnnddd", LDRH, NONE, PU, "", "ldrh $d, $A", "A5.2.4") \
	X(LDRB_REG_T1,  2, "0101110mmmnnnddd", LDRB, NONE, PU, "", "ldrb $d, $A", "A5.2.4") \
	X(LDRSH_REG_T1, 2, "0101111mmmnnnddd", LDRSH, NONE, PU, "", "ldrsh $d, $A", "A5.2.4") \
	X(STR_IMM_T1,   2, "01100iiiiinnnddd", STR, X4, PUI, "", "str $d, $A", "A5.2.4") \
	X(LDR_IMM_T1,   2, "01101iiiiinnnddd", LDR, X4, PUI, "", "ldr $d, $A", "A5.2.4") \
	X(STRB_IMM_T1,  2, "01110iiiiinnnddd", STRB, U, PUI, "", "strb $d, $A", "A5.2.4") \
	X(LDRB_IMM_T1,  2, "01111iiiiinnnddd", LDRB, U, PUI, "", "ldrb $d, $A", "A5.2.4") \
	X(STRH_IMM_T1,  2, "10000iiiiinnnddd", STRH, X2, PUI, "", "strh $d, $A", "A5.2.4") \
	X(LDRH_IMM_T1,  2, "10001iiiiinnnddd", LDRH, X2, PUI, "", "ldrh $d, $A", "A5.2.4") \
	X(STR_IMM_T2,   2, "10010dddiiiiiiii", STR, SP4, PUI, "", "str $d, $A", "A5.2.4") \
	X(LDR_IMM_T2,   2, "10011dddiiiiiiii", LDR, SP4, PUI, "", "ldr $d, $A", "A5.2.4") \
	X(ADR_T1,       2, "10100dddiiiiiiii", ADR, X4, IMM_ | ARM_INSN_ADD, "", "add $d, pc, $i", "A6.7") \
	X(ADD_SP_T1,    2, "10101dddiiiiiiii", ADD, SP4, IMM_, "", "add $d, sp, $i", "A6.7") \
	/* miscellaneous 16-bit instructions */ \
	X(ADD_SP_T2,   2, "101100000iiiiiii", ADD, SPSP4, IMM_, "", "add sp, $i", "A5.2.5") \
	X(SUB_SP_T1,   2, "101100001iiiiiii", SUB, SPSP4, IMM_, "", "sub sp, $i", "A5.2.5") \
	X(CBZ_T1,      2, "101100i1iiiiinnn", CBZ, X2, 0, "", "cbz $n, $b", "A5.2.5") \
	X(CBNZ_T1,     2, "101110i1iiiiinnn", CBNZ, X2, 0, "", "cbnz $n, $b", "A5.2.5") \
	X(SXTH_T1,     2, "1011001000mmmddd", SXTH, NONE, 0, "", "sxth $d, $m", "A5.2.5") \
	X(SXTB_T1,     2, "1011001001mmmddd", SXTB, NONE, 0, "", "sxtb $d, $m", "A5.2.5") \
	X(UXTH_T1,     2, "1011001010mmmddd", UXTH, NONE, 0, "", "uxth $d, $m", "A5.2.5") \
	X(UXTB_T1,     2, "1011001011mmmddd", UXTB, NONE, 0, "", "uxtb $d, $m", "A5.2.5") \
	X(PUSH_T1,     2, "1011010lllllllll", STMDB, PUSH, ARM_INSN_WBACK, "", "push $l", "A5.2.5") \
	X(CPS_T1,      2, "10110110011i..ii", CPS, CPS, 0, "", "cps$c", "A5.2.5") \
	X(REV_T1,      2, "1011101000mmmddd", REV, NONE, 0, "", "rev $d, $m", "A5.2.5") \
	X(REV16_T1,    2, "1011101001mmmddd", REV16, NONE, 0, "", "rev16 $d, $m", "A5.2.5") \
	X(REVSH_T1,    2, "1011101011mmmddd", REVSH, NONE, 0, "", "revsh $d, $m", "A5.2.5") \
	X(POP_T1,      2, "1011110lllllllll", LDM, POP, UW, "", "pop $l", "A5.2.5") \
	X(BKPT_T1,     2, "10111110iiiiiiii", BKPT, U, 0, "", "bkpt $i", "A5.2.5") \
	X(NOP_T1,      2, "1011111100000000", NOP, NONE, 0, "", "nop", "A5.2.5") \
	X(YIELD_T1,    2, "1011111100010000", NOP, NONE, 0, "", "yield", "A5.2.5") \
	X(WFE_T1,      2, "1011111100100000", WFE, NONE, 0, "", "wfe", "A5.2.5") \
	X(WFI_T1,      2, "1011111100110000", WFI, NONE, 0, "", "wfi", "A5.2.5") \
	X(SEV_T1,      2, "1011111101000000", SEV, NONE, 0, "", "sev", "A5.2.5") \
	X(HINT_T1,     2, "10111111iiii0000", NOP, U, 0, "", "hint $i", "A5.2.5") \
	X(IT_T1,       2, "10111111llllllll", IT, NONE, 0, "", "it$c", "A5.2.5") \
	X(STM_T1,      2, "11000nnnllllllll", STM, NONE, UW, "", "stm $n$W, $l", "A6.7") \
	X(LDM_T1,      2, "11001nnnllllllll", LDM, LDM16, UW, "", "ldm $n$W, $l", "A6.7") \
	/* conditional branch, supervisor call */ \
	X(UDF_T1,      2, "11011110iiiiiiii", UDF, U, 0, "", "udf $i", "A5.2.6") \
	X(SVC_T1,      2, "11011111iiiiiiii", SVC, U, 0, "", "svc $i", "A5.2.6") \
	X(B_T1,        2, "1101cccciiiiiiii", B, B8, 0, "", "b$c $b", "A5.2.6") \
	X(B_T2,        2, "11100iiiiiiiiiii", B, B11, 0, "", "b $b", "A6.7")

#define ARM_OPS_MULTIPLE(X) \
	/* load and store multiple */ \
	X(POP_T2,    4, "1110100010111101 llllllllllllllll", LDM, NONE, UW, "", "pop.w $l", "A5.3.5") \
	X(PUSH_T2,   4, "1110100100101101 llllllllllllllll", STMDB, NONE, ARM_INSN_WBACK, "", "push.w $l", "A5.3.5") \
	X(STM_T2,    4, "1110100010W0nnnn llllllllllllllll", STM, NONE, ARM_INSN_ADD, "n", "stm.w $n$W, $l", "A5.3.5") \
	X(LDM_T2,    4, "1110100010W1nnnn llllllllllllllll", LDM, NONE, ARM_INSN_ADD, "n", "ldm.w $n$W, $l", "A5.3.5") \
	X(STMDB_T1,  4, "1110100100W0nnnn llllllllllllllll", STMDB, NONE, 0, "n", "stmdb $n$W, $l", "A5.3.5") \
	X(LDMDB_T1,  4, "1110100100W1nnnn llllllllllllllll", LDMDB, NONE, 0, "n", "ldmdb $n$W, $l", "A5.3.5") \
	/* load and store dual or exclusive, table branch */ \
	X(STREX_T1,  4, "111010000100nnnn aaaaddddiiiiiiii", STREX, X4, PUI, "DnA", "strex $d, $a, $A", "A5.3.6") \
	X(LDREX_T1,  4, "111010000101nnnn dddd....iiiiiiii", LDREX, X4, PUI, "Dn", "ldrex $d, $A", "A5.3.6") \
	X(STRD_POST, 4, "11101000U110nnnn ddddaaaaiiiiiiii", STRD, X4, IMM_ | ARM_INSN_WBACK, "DnA", "strd $d, $a, $A", "A5.3.6") \
	X(LDRD_POST, 4, "11101000U111nnnn ddddaaaaiiiiiiii", LDRD, X4, IMM_ | ARM_INSN_WBACK, "DnA", "ldrd $d, $a, $A", "A5.3.6") \
	X(STRD_OFF,  4, "11101001U1W0nnnn ddddaaaaiiiiiiii", STRD, X4, IMM_ | ARM_INSN_INDEX, "DnA", "strd $d, $a, $A", "A5.3.6") \
	X(LDRD_OFF,  4, "11101001U1W1nnnn ddddaaaaiiiiiiii", LDRD, X4, IMM_ | ARM_INSN_INDEX, "DA", "ldrd $d, $a, $A", "A5.3.6") \
	X(STREXB_T1, 4, "111010001100nnnn aaaa....0100dddd", STREXB, NONE, PUI, "DnA", "strexb $d, $a, $A", "A5.3.6") \
	X(STREXH_T1, 4, "111010001100nnnn aaaa....0101dddd", STREXH, NONE, PUI, "DnA", "strexh $d, $a, $A", "A5.3.6") \
	X(TBB_T1,    4, "111010001101nnnn ........0000mmmm", TBB, NONE, PU, "M", "tbb [$n, $m]", "A5.3.6") \
	X(TBH_T1,    4, "111010001101nnnn ........0001mmmm", TBH, NONE, PU, "M", "tbh [$n, $m, lsl #1]", "A5.3.6") \
	X(LDREXB_T1, 4, "111010001101nnnn dddd....0100....", LDREXB, NONE, PUI, "Dn", "ldrexb $d, $A", "A5.3.6") \
	X(LDREXH_T1, 4, "111010001101nnnn dddd....0101....", LDREXH, NONE, PUI, "Dn", "ldrexh $d, $A", "A5.3.6")

#define ARM_OPS_SHIFTED(X) \
	/* data processing, shifted register */ \
	X(TST_REG_T2, 4, "111010100001nnnn .hhh1111hhyymmmm", TST, SHIFT, SF, "NM", "tst.w $n, $m$s", "A5.3.11") \
	X(AND_REG_T2, 4, "11101010000Snnnn .hhhddddhhyymmmm", AND, SHIFT, 0, "DNM", "and$S.w $d, $n, $m$s", "A5.3.11") \
	X(BIC_REG_T2, 4, "11101010001Snnnn .hhhddddhhyymmmm", BIC, SHIFT, 0, "DNM", "bic$S.w $d, $n, $m$s", "A5.3.11") \
	X(MOV_REG_T3, 4, "11101010010S1111 .hhhddddhhyymmmm", MOV, SHIFT, 0, "dm", "$M", "A5.3.11") \
	X(ORR_REG_T2, 4, "11101010010Snnnn .hhhddddhhyymmmm", ORR, SHIFT, 0, "DNM", "orr$S.w $d, $n, $m$s", "A5.3.11") \
	X(MVN_REG_T2, 4, "11101010011S1111 .hhhddddhhyymmmm", MVN, SHIFT, 0, "DM", "mvn$S.w $d, $m$s", "A5.3.11") \
	X(ORN_REG_T1, 4, "11101010011Snnnn .hhhddddhhyymmmm", ORN, SHIFT, 0, "DNM", "orn$S $d, $n, $m$s", "A5.3.11") \
	X(TEQ_REG_T1, 4, "111010101001nnnn .hhh1111hhyymmmm", TEQ, SHIFT, SF, "NM", "teq $n, $m$s", "A5.3.11") \
	X(EOR_REG_T2, 4, "11101010100Snnnn .hhhddddhhyymmmm", EOR, SHIFT, 0, "DNM", "eor$S.w $d, $n, $m$s", "A5.3.11") \
	X(CMN_REG_T2, 4, "111010110001nnnn .hhh1111hhyymmmm", CMN, SHIFT, SF, "nM", "cmn.w $n, $m$s", "A5.3.11") \
	X(ADD_REG_T3, 4, "11101011000Snnnn .hhhddddhhyymmmm", ADD, SHIFT, 0, "dnM", "add$S.w $d, $n, $m$s", "A5.3.11") \
	X(ADC_REG_T2, 4, "11101011010Snnnn .hhhddddhhyymmmm", ADC, SHIFT, 0, "DNM", "adc$S.w $d, $n, $m$s", "A5.3.11") \
	X(SBC_REG_T2, 4, "11101011011Snnnn .hhhddddhhyymmmm", SBC, SHIFT, 0, "DNM", "sbc$S.w $d, $n, $m$s", "A5.3.11") \
	X(CMP_REG_T3, 4, "111010111011nnnn .hhh1111hhyymmmm", CMP, SHIFT, SF, "nM", "cmp.w $n, $m$s", "A5.3.11") \
	X(SUB_REG_T2, 4, "11101011101Snnnn .hhhddddhhyymmmm", SUB, SHIFT, 0, "dnM", "sub$S.w $d, $n, $m$s", "A5.3.11") \
	X(RSB_REG_T1, 4, "11101011110Snnnn .hhhddddhhyymmmm", RSB, SHIFT, 0, "DNM", "rsb$S $d, $n, $m$s", "A5.3.11")

#define ARM_OPS_IMMEDIATE(X) \
	/* data processing, modified immediate */ \
	X(TST_IMM_T1, 4, "11110i000001nnnn 0iii1111iiiiiiii", TST, T32, SF | IMM_, "N", "tst.w $n, $i", "A5.3.1") \
	X(AND_IMM_T1, 4, "11110i00000Snnnn 0iiiddddiiiiiiii", AND, T32, IMM_, "DN", "and$S $d, $n, $i", "A5.3.1") \
	X(BIC_IMM_T1, 4, "11110i00001Snnnn 0iiiddddiiiiiiii", BIC, T32, IMM_, "DN", "bic$S $d, $n, $i", "A5.3.1") \
	X(MOV_IMM_T2, 4, "11110i00010S1111 0iiiddddiiiiiiii", MOV, T32, IMM_, "D", "mov$S.w $d, $i", "A5.3.1") \
	X(ORR_IMM_T1, 4, "11110i00010Snnnn 0iiiddddiiiiiiii", ORR, T32, IMM_, "DN", "orr$S $d, $n, $i", "A5.3.1") \
	X(MVN_IMM_T1, 4, "11110i00011S1111 0iiiddddiiiiiiii", MVN, T32, IMM_, "D", "mvn$S $d, $i", "A5.3.1") \
	X(ORN_IMM_T1, 4, "11110i00011Snnnn 0iiiddddiiiiiiii", ORN, T32, IMM_, "DN", "orn$S $d, $n, $i", "A5.3.1") \
	X(TEQ_IMM_T1, 4, "11110i001001nnnn 0iii1111iiiiiiii", TEQ, T32, SF | IMM_, "N", "teq $n, $i", "A5.3.1") \
	X(EOR_IMM_T1, 4, "11110i00100Snnnn 0iiiddddiiiiiiii", EOR, T32, IMM_, "DN", "eor$S $d, $n, $i", "A5.3.1") \
	X(CMN_IMM_T1, 4, "11110i010001nnnn 0iii1111iiiiiiii", CMN, T32, SF | IMM_, "n", "cmn.w $n, $i", "A5.3.1") \
	X(ADD_IMM_T3, 4, "11110i01000Snnnn 0iiiddddiiiiiiii", ADD, T32, IMM_, "dn", "add$S.w $d, $n, $i", "A5.3.1") \
	X(ADC_IMM_T1, 4, "11110i01010Snnnn 0iiiddddiiiiiiii", ADC, T32, IMM_, "DN", "adc$S $d, $n, $i", "A5.3.1") \
	X(SBC_IMM_T1, 4, "11110i01011Snnnn 0iiiddddiiiiiiii", SBC, T32, IMM_, "DN", "sbc$S $d, $n, $i", "A5.3.1") \
	X(CMP_IMM_T2, 4, "11110i011011nnnn 0iii1111iiiiiiii", CMP, T32, SF | IMM_, "n", "cmp.w $n, $i", "A5.3.1") \
	X(SUB_IMM_T3, 4, "11110i01101Snnnn 0iiiddddiiiiiiii", SUB, T32, IMM_, "dn", "sub$S.w $d, $n, $i", "A5.3.1") \
	X(RSB_IMM_T2, 4, "11110i01110Snnnn 0iiiddddiiiiiiii", RSB, T32, IMM_, "DN", "rsb$S.w $d, $n, $i", "A5.3.1") \
	/* data processing, plain binary immediate */ \
	X(ADR_T3,     4, "11110i1000001111 0iiiddddiiiiiiii", ADR, U, IMM_ | ARM_INSN_ADD, "D", "addw $d, pc, $i", "A5.3.3") \
	X(ADD_IMM_T4, 4, "11110i100000nnnn 0iiiddddiiiiiiii", ADD, U, IMM_, "d", "addw $d, $n, $i", "A5.3.3") \
	X(MOV_IMM_T3, 4, "11110i100100iiii 0iiiddddiiiiiiii", MOV, MOVW, IMM_, "D", "movw $d, $i", "A5.3.3") \
	X(ADR_T2,     4, "11110i1010101111 0iiiddddiiiiiiii", ADR, U, IMM_, "D", "subw $d, pc, $i", "A5.3.3") \
	X(SUB_IMM_T4, 4, "11110i101010nnnn 0iiiddddiiiiiiii", SUB, U, IMM_, "d", "subw $d, $n, $i", "A5.3.3") \
	X(MOVT_T1,    4, "11110i101100iiii 0iiiddddiiiiiiii", MOVT, MOVW, IMM_, "D", "movt $d, $i", "A5.3.3") \
	X(SSAT_LSL,   4, "11110.110000nnnn 0hhhddddhh.iiiii", SSAT, SAT, 0, "DN", "ssat $d, $w, $n$s", "A5.3.3") \
	X(UND_SSAT16, 4, "11110.110010.... 0000....00......", UDF, NONE, 0, "", "$u", "A5.3.3") \
	X(SSAT_ASR,   4, "11110.110010nnnn 0hhhddddhh.iiiii", SSAT, SAT_ASR, 0, "DN", "ssat $d, $w, $n$s", "A5.3.3") \
	X(SBFX_T1,    4, "11110.110100nnnn 0hhhddddhh.iiiii", SBFX, U, 0, "DN", "sbfx $d, $n, $h, $w", "A5.3.3") \
	X(BFC_T1,     4, "11110.1101101111 0hhhddddhh.iiiii", BFC, U, 0, "D", "bfc $d, $h, $w", "A5.3.3") \
	X(BFI_T1,     4, "11110.110110nnnn 0hhhddddhh.iiiii", BFI, U, 0, "DN", "bfi $d, $n, $h, $w", "A5.3.3") \
	X(USAT_LSL,   4, "11110.111000nnnn 0hhhddddhh.iiiii", USAT, SAT, 0, "DN", "usat $d, $i, $n$s", "A5.3.3") \
	X(UND_USAT16, 4, "11110.111010.... 0000....00......", UDF, NONE, 0, "", "$u", "A5.3.3") \
	X(USAT_ASR,   4, "11110.111010nnnn 0hhhddddhh.iiiii", USAT, SAT_ASR, 0, "DN", "usat $d, $i, $n$s", "A5.3.3") \
	X(UBFX_T1,    4, "11110.111100nnnn 0hhhddddhh.iiiii", UBFX, U, 0, "DN", "ubfx $d, $n, $h, $w", "A5.3.3")

#define ARM_OPS_BRANCH(X) \
	/* branches and miscellaneous control */ \
	X(MSR_T1,   4, "11110011100.nnnn 10.0ii..llllllll", MSR, U, 0, "N", "msr $p, $n", "A5.3.4") \
	X(NOP_T2,   4, "111100111010.... 10.0.00000000000", NOP, NONE, 0, "", "nop.w", "A5.3.4") \
	X(YIELD_T2, 4, "111100111010.... 10.0.00000000001", NOP, NONE, 0, "", "yield.w", "A5.3.4") \
	X(WFE_T2,   4, "111100111010.... 10.0.00000000010", WFE, NONE, 0, "", "wfe.w", "A5.3.4") \
	X(WFI_T2,   4, "111100111010.... 10.0.00000000011", WFI, NONE, 0, "", "wfi.w", "A5.3.4") \
	X(SEV_T2,   4, "111100111010.... 10.0.00000000100", SEV, NONE, 0, "", "sev.w", "A5.3.4") \
	X(DBG_T1,   4, "111100111010.... 10.0.0001111iiii", NOP, U, 0, "", "dbg $i", "A5.3.4") \
	X(HINT_T2,  4, "111100111010.... 10.0.000iiiiiiii", NOP, U, 0, "", "hint.w $i", "A5.3.4") \
	X(CLREX_T1, 4, "111100111011.... 10.0....0010....", CLREX, NONE, 0, "", "clrex", "A5.3.4") \
	X(DSB_T1,   4, "111100111011.... 10.0....0100iiii", DSB, U, 0, "", "dsb $o", "A5.3.4") \
	X(DMB_T1,   4, "111100111011.... 10.0....0101iiii", DMB, U, 0, "", "dmb $o", "A5.3.4") \
	X(ISB_T1,   4, "111100111011.... 10.0....0110iiii", ISB, U, 0, "", "isb $o", "A5.3.4") \
	X(MRS_T1,   4, "11110011111..... 10.0ddddllllllll", MRS, NONE, 0, "D", "mrs $d, $p", "A5.3.4") \
	X(UDF_T2,   4, "111101111111iiii 1010iiiiiiiiiiii", UDF, U, 0, "", "udf.w $i", "A5.3.4") \
	X(UND_BCC,  4, "11110.111....... 10.0............", UDF, NONE, 0, "", "$u", "A5.3.4") \
	X(B_T3,     4, "11110icccciiiiii 10i0iiiiiiiiiiii", B, B20, 0, "", "b$c.w $b", "A5.3.4") \
	X(B_T4,     4, "11110iiiiiiiiiii 10i1iiiiiiiiiiii", B, B24, 0, "", "b.w $b", "A5.3.4") \
	X(BL_T1,    4, "11110iiiiiiiiiii 11i1iiiiiiiiiiii", BL, B24, 0, "", "bl $b", "A5.3.4")

#define ARM_OPS_STORE(X) \
	/* store single */ \
	X(STRB_REG_T2, 4, "111110000000nnnn dddd000000hhmmmm", STRB, NONE, PU, "DnM", "strb.w $d, $A", "A5.3.10") \
	X(STRH_REG_T2, 4, "111110000010nnnn dddd000000hhmmmm", STRH, NONE, PU, "DnM", "strh.w $d, $A", "A5.3.10") \
	X(STR_REG_T2,  4, "111110000100nnnn dddd000000hhmmmm", STR, NONE, PU, "dnM", "str.w $d, $A", "A5.3.10") \
	X(STRBT_T1,    4, "111110000000nnnn dddd1110iiiiiiii", STRB, U, PUN, "Dn", "strbt $d, $A", "A5.3.10") \
	X(STRHT_T1,    4, "111110000010nnnn dddd1110iiiiiiii", STRH, U, PUN, "Dn", "strht $d, $A", "A5.3.10") \
	X(STRT_T1,     4, "111110000100nnnn dddd1110iiiiiiii", STR, U, PUN, "Dn", "strt $d, $A", "A5.3.10") \
	X(STRB_NEG,    4, "111110000000nnnn dddd1100iiiiiiii", STRB, U, IMM_ | ARM_INSN_INDEX, "Dn", "strb $d, $A", "A5.3.10") \
	X(STRH_NEG,    4, "111110000010nnnn dddd1100iiiiiiii", STRH, U, IMM_ | ARM_INSN_INDEX, "Dn", "strh $d, $A", "A5.3.10") \
	X(STR_NEG,     4, "111110000100nnnn dddd1100iiiiiiii", STR, U, IMM_ | ARM_INSN_INDEX, "dn", "str $d, $A", "A5.3.10") \
	X(STRB_POST,   4, "111110000000nnnn dddd10U1iiiiiiii", STRB, U, IMM_ | ARM_INSN_WBACK, "Dn", "strb $d, $A", "A5.3.10") \
	X(STRH_POST,   4, "111110000010nnnn dddd10U1iiiiiiii", STRH, U, IMM_ | ARM_INSN_WBACK, "Dn", "strh $d, $A", "A5.3.10") \
	X(STR_POST,    4, "111110000100nnnn dddd10U1iiiiiiii", STR, U, IMM_ | ARM_INSN_WBACK, "dn", "str $d, $A", "A5.3.10") \
	X(STRB_PRE,    4, "111110000000nnnn dddd11U1iiiiiiii", STRB, U, IMM_ | PW, "Dn", "strb $d, $A", "A5.3.10") \
	X(STRH_PRE,    4, "111110000010nnnn dddd11U1iiiiiiii", STRH, U, IMM_ | PW, "Dn", "strh $d, $A", "A5.3.10") \
	X(STR_PRE,     4, "111110000100nnnn dddd11U1iiiiiiii", STR, U, IMM_ | PW, "dn", "str $d, $A", "A5.3.10") \
	X(STRB_IMM_T2, 4, "111110001000nnnn ddddiiiiiiiiiiii", STRB, U, PUI, "Dn", "strb.w $d, $A", "A5.3.10") \
	X(STRH_IMM_T2, 4, "111110001010nnnn ddddiiiiiiiiiiii", STRH, U, PUI, "Dn", "strh.w $d, $A", "A5.3.10") \
	X(STR_IMM_T3,  4, "111110001100nnnn ddddiiiiiiiiiiii", STR, U, PUI, "dn", "str.w $d, $A", "A5.3.10")

/* One kind of narrow load: literal, register, and the immediate forms. Rt = PC
 * is a memory hint (byte, half-word) and has rows of its own before these. */
#define ARM_OPS_LOAD(X, NAME, sx, sz, mnemonic, section) \
	X(NAME##_LIT_T1, 4, "1111100" sx "U" sz "11111 ddddiiiiiiiiiiii", NAME, LIT, IMM_ | ARM_INSN_INDEX, "D", mnemonic ".w $d, $A", section) \
	X(NAME##_REG_T2, 4, "1111100" sx "0" sz "1nnnn dddd000000hhmmmm", NAME, NONE, PU, "DM", mnemonic ".w $d, $A", section) \
	X(NAME##T_T1,    4, "1111100" sx "0" sz "1nnnn dddd1110iiiiiiii", NAME, U, PUN, "D", mnemonic "t $d, $A", section) \
	X(NAME##_NEG,    4, "1111100" sx "0" sz "1nnnn dddd1100iiiiiiii", NAME, U, IMM_ | ARM_INSN_INDEX, "D", mnemonic " $d, $A", section) \
	X(NAME##_POST,   4, "1111100" sx "0" sz "1nnnn dddd10U1iiiiiiii", NAME, U, IMM_ | ARM_INSN_WBACK, "D", mnemonic " $d, $A", section) \
	X(NAME##_PRE,    4, "1111100" sx "0" sz "1nnnn dddd11U1iiiiiiii", NAME, U, IMM_ | PW, "D", mnemonic " $d, $A", section) \
	X(NAME##_IMM_T2, 4, "1111100" sx "1" sz "1nnnn ddddiiiiiiiiiiii", NAME, U, PUI, "D", mnemonic ".w $d, $A", section)

#define ARM_OPS_HINTS(X, NAME, sx, sz, mnemonic, section) \
	X(NAME##_LIT, 4, "1111100" sx "U" sz "11111 1111iiiiiiiiiiii", HINT, LIT, IMM_ | ARM_INSN_INDEX, "", mnemonic " $A", section) \
	X(NAME##_REG, 4, "1111100" sx "0" sz "1nnnn 1111000000hhmmmm", HINT, NONE, PU, "M", mnemonic " $A", section) \
	X(NAME##_NEG, 4, "1111100" sx "0" sz "1nnnn 11111100iiiiiiii", HINT, U, IMM_ | ARM_INSN_INDEX, "", mnemonic " $A", section) \
	X(NAME##_IMM, 4, "1111100" sx "1" sz "1nnnn 1111iiiiiiiiiiii", HINT, U, PUI, "", mnemonic " $A", section)

#define ARM_OPS_LOADS(X) \
	/* load byte, half-word, memory hints; load word */ \
	ARM_OPS_HINTS(X, PLD, "0", "00", "pld", "A5.3.9") \
	ARM_OPS_HINTS(X, PLI, "1", "00", "pli", "A5.3.9") \
	ARM_OPS_HINTS(X, PLDW, "0", "01", "pldw", "A5.3.8") \
	ARM_OPS_HINTS(X, MHINT, "1", "01", "hint.mem", "A5.3.8") \
	ARM_OPS_LOAD(X, LDRB, "0", "00", "ldrb", "A5.3.9") \
	ARM_OPS_LOAD(X, LDRSB, "1", "00", "ldrsb", "A5.3.9") \
	ARM_OPS_LOAD(X, LDRH, "0", "01", "ldrh", "A5.3.8") \
	ARM_OPS_LOAD(X, LDRSH, "1", "01", "ldrsh", "A5.3.8") \
	X(LDR_LIT_T2, 4, "11111000U1011111 ddddiiiiiiiiiiii", LDR, LIT, IMM_ | ARM_INSN_INDEX, "", "ldr.w $d, $A", "A5.3.7") \
	X(LDR_REG_T2, 4, "111110000101nnnn dddd000000hhmmmm", LDR, NONE, PU, "M", "ldr.w $d, $A", "A5.3.7") \
	X(LDRT_T1,    4, "111110000101nnnn dddd1110iiiiiiii", LDR, U, PUN, "D", "ldrt $d, $A", "A5.3.7") \
	X(LDR_NEG,    4, "111110000101nnnn dddd1100iiiiiiii", LDR, U, IMM_ | ARM_INSN_INDEX, "", "ldr $d, $A", "A5.3.7") \
	X(LDR_POST,   4, "111110000101nnnn dddd10U1iiiiiiii", LDR, U, IMM_ | ARM_INSN_WBACK, "", "ldr $d, $A", "A5.3.7") \
	X(LDR_PRE,    4, "111110000101nnnn dddd11U1iiiiiiii", LDR, U, IMM_ | PW, "", "ldr $d, $A", "A5.3.7") \
	X(LDR_IMM_T3, 4, "111110001101nnnn ddddiiiiiiiiiiii", LDR, U, PUI, "", "ldr.w $d, $A", "A5.3.7")

#define ARM_OPS_REGISTER(X) \
	/* data processing, register */ \
	X(LSL_REG_T2, 4, "11111010000Snnnn 1111dddd0000mmmm", SHIFT_REG, LSL, 0, "DNM", "lsl$S.w $d, $n, $m", "A5.3.12") \
	X(LSR_REG_T2, 4, "11111010001Snnnn 1111dddd0000mmmm", SHIFT_REG, LSR_R, 0, "DNM", "lsr$S.w $d, $n, $m", "A5.3.12") \
	X(ASR_REG_T2, 4, "11111010010Snnnn 1111dddd0000mmmm", SHIFT_REG, ASR_R, 0, "DNM", "asr$S.w $d, $n, $m", "A5.3.12") \
	X(ROR_REG_T2, 4, "11111010011Snnnn 1111dddd0000mmmm", SHIFT_REG, ROR_R, 0, "DNM", "ror$S.w $d, $n, $m", "A5.3.12") \
	X(SXTH_T2,    4, "1111101000001111 1111dddd1.hhmmmm", SXTH, ROT8, 0, "DM", "sxth.w $d, $m$s", "A5.3.12") \
	X(UXTH_T2,    4, "1111101000011111 1111dddd1.hhmmmm", UXTH, ROT8, 0, "DM", "uxth.w $d, $m$s", "A5.3.12") \
	X(SXTB_T2,    4, "1111101001001111 1111dddd1.hhmmmm", SXTB, ROT8, 0, "DM", "sxtb.w $d, $m$s", "A5.3.12") \
	X(UXTB_T2,    4, "1111101001011111 1111dddd1.hhmmmm", UXTB, ROT8, 0, "DM", "uxtb.w $d, $m$s", "A5.3.12") \
	X(REV_T2,     4, "111110101001nnnn 1111dddd1000mmmm", REV, NONE, 0, "DM", "rev.w $d, $m", "A5.3.14") \
	X(REV16_T2,   4, "111110101001nnnn 1111dddd1001mmmm", REV16, NONE, 0, "DM", "rev16.w $d, $m", "A5.3.14") \
	X(RBIT_T1,    4, "111110101001nnnn 1111dddd1010mmmm", RBIT, NONE, 0, "DM", "rbit $d, $m", "A5.3.14") \
	X(REVSH_T2,   4, "111110101001nnnn 1111dddd1011mmmm", REVSH, NONE, 0, "DM", "revsh.w $d, $m", "A5.3.14") \
	X(CLZ_T1,     4, "111110101011nnnn 1111dddd1000mmmm", CLZ, NONE, 0, "DM", "clz $d, $m", "A5.3.14") \
	/* multiply, long multiply, divide */ \
	X(MUL_T2,     4, "111110110000nnnn 1111dddd0000mmmm", MUL, NONE, 0, "DNM", "mul $d, $n, $m", "A5.3.15") \
	X(MLA_T1,     4, "111110110000nnnn aaaadddd0000mmmm", MLA, NONE, 0, "DNMA", "mla $d, $n, $m, $a", "A5.3.15") \
	X(MLS_T1,     4, "111110110000nnnn aaaadddd0001mmmm", MLS, NONE, 0, "DNMA", "mls $d, $n, $m, $a", "A5.3.15") \
	X(SMULL_T1,   4, "111110111000nnnn aaaadddd0000mmmm", SMULL, NONE, 0, "DNMA", "smull $a, $d, $n, $m", "A5.3.16") \
	X(SDIV_T1,    4, "111110111001nnnn 1111dddd1111mmmm", SDIV, NONE, 0, "DNM", "sdiv $d, $n, $m", "A5.3.16") \
	X(UMULL_T1,   4, "111110111010nnnn aaaadddd0000mmmm", UMULL, NONE, 0, "DNMA", "umull $a, $d, $n, $m", "A5.3.16") \
	X(UDIV_T1,    4, "111110111011nnnn 1111dddd1111mmmm", UDIV, NONE, 0, "DNM", "udiv $d, $n, $m", "A5.3.16") \
	X(SMLAL_T1,   4, "111110111100nnnn aaaadddd0000mmmm", SMLAL, NONE, 0, "DNMA", "smlal $a, $d, $n, $m", "A5.3.16") \
	X(UMLAL_T1,   4, "111110111110nnnn aaaadddd0000mmmm", UMLAL, NONE, 0, "DNMA", "umlal $a, $d, $n, $m", "A5.3.16") \
	/* coprocessor: none is fitted, all raise NOCP */ \
	X(COPROC_MEM, 4, "111.110......... ................", COPROC, NONE, 0, "", "$u", "A5.3.18") \
	X(COPROC_OP,  4, "111.1110........ ................", COPROC, NONE, 0, "", "$u", "A5.3.18")

#define ARM_OPS(X) \
	ARM_OPS_16(X) ARM_OPS_MULTIPLE(X) ARM_OPS_SHIFTED(X) ARM_OPS_IMMEDIATE(X) \
	ARM_OPS_BRANCH(X) ARM_OPS_STORE(X) ARM_OPS_LOADS(X) ARM_OPS_REGISTER(X)
/* clang-format on */

/* One name a row; ARM_OP_UDF stands for everything that no row matches. */
enum arm_op {
	ARM_OP_UDF,
#define X(name, ...) ARM_OP_##name,
	ARM_OPS(X)
#undef X
	ARM_OP_COUNT
};

/* What an instruction does, whatever its encoding. Operand 2 is insn.imm when
 * ARM_INSN_IMM is set, else rm shifted. */
#define ARM_KINDS(X)                                                                               \
	X(UDF) X(MOV) X(MVN) X(AND) X(ORR) X(EOR) X(BIC) X(ORN) X(ADD) X(ADC) X(SUB) X(SBC) X(RSB) \
	X(CMP) X(CMN) X(TST) X(TEQ) X(SHIFT_REG) X(MOVT) X(ADR) X(MUL) X(MLA) X(MLS) X(SMULL)      \
	X(UMULL) X(SMLAL) X(UMLAL) X(SDIV) X(UDIV) X(SSAT) X(USAT) X(SBFX) X(UBFX) X(BFI) X(BFC)   \
	X(CLZ) X(RBIT) X(REV) X(REV16) X(REVSH) X(SXTB) X(SXTH) X(UXTB) X(UXTH) X(LDR) X(LDRB)     \
	X(LDRH) X(LDRSB) X(LDRSH) X(LDRD) X(LDM) X(LDMDB) X(STR) X(STRB) X(STRH) X(STRD) X(STM)    \
	X(STMDB) X(LDREX) X(LDREXB) X(LDREXH) X(STREX) X(STREXB) X(STREXH) X(CLREX) X(HINT) X(B)   \
	X(BL) X(BX) X(BLX) X(CBZ) X(CBNZ) X(TBB) X(TBH) X(IT) X(NOP) X(WFI) X(WFE) X(SEV) X(SVC)   \
	X(BKPT) X(CPS) X(MRS) X(MSR) X(DSB) X(DMB) X(ISB) X(COPROC)

enum arm_kind {
#define X(name) ARM_KIND_##name,
	ARM_KINDS(X)
#undef X
	ARM_KIND_COUNT
};

#endif
