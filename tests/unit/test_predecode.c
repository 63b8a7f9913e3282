/*
 * Which operation of the fast loop an instruction becomes: what compilers emit
 * must not take the plain way, which is right but slow, and what must be looked
 * at (PC, SP, carry of an immediate) has to. One row a form.
 */
#include "mcu/cpu/fast.h"
#include "test.h"

#define AT 0x08000800u

#define ROW(text, hw1, hw2, it, op) {text, hw1, hw2, it, FAST_##op}
static const struct {
	const char *text;
	uint16_t hw1, hw2;
	bool it;
	enum fast_op op;
} rows[] = {
	/* moves */
	ROW("mov.w r1, #5", 0xF04F, 0x0105, false, MOV_I),
	ROW("movs r1, #5", 0x2105, 0x0000, false, MOVS_I),
	ROW("movs r1, #5", 0x2105, 0x0000, true, MOV_I),
	ROW("movs.w r1, #0x80000000", 0xF05F, 0x4100, false, GENERIC),
	ROW("mov.w r1, #0x80000000", 0xF04F, 0x4100, false, MOV_I),
	ROW("movw r1, #0x1234", 0xF241, 0x2134, false, MOV_I),
	ROW("movt r1, #0x1234", 0xF2C1, 0x2134, false, MOVT),
	ROW("mvn.w r1, #5", 0xF06F, 0x0105, false, MOV_I),
	ROW("mvns.w r1, #5", 0xF07F, 0x0105, false, MOVS_I),
	ROW("mov r1, r2", 0x4611, 0x0000, false, MOV_R),
	ROW("mov lr, r2", 0x4696, 0x0000, false, MOV_R),
	ROW("mov r1, sp", 0x4669, 0x0000, false, MOV_R),
	ROW("mov sp, r1", 0x468D, 0x0000, false, GENERIC),
	ROW("mov r1, pc", 0x4679, 0x0000, false, GENERIC),
	ROW("mov pc, r1", 0x468F, 0x0000, false, GENERIC),
	ROW("movs.w r1, r2", 0xEA5F, 0x0102, false, MOVS_R),
	ROW("lsls r1, r2, #3", 0x00D1, 0x0000, false, MOVS_L),
	ROW("lsrs r1, r2, #31", 0x0FD1, 0x0000, false, MOVS_SR),
	ROW("asrs r1, r2, #1", 0x1051, 0x0000, false, MOVS_AR),
	ROW("lsls r1, r2, #3", 0x00D1, 0x0000, true, MOV_L),
	ROW("lsl.w r1, r2, #31", 0xEA4F, 0x71C2, false, MOV_L),
	ROW("lsr.w r1, r2, #3", 0xEA4F, 0x01D2, false, MOV_SR),
	ROW("asr.w r1, r2, #31", 0xEA4F, 0x71E2, false, MOV_AR),
	ROW("asr.w r1, r2, #32", 0xEA4F, 0x0122, false, GENERIC),
	ROW("lsrs r1, r2, #32", 0x0811, 0x0000, false, GENERIC),
	ROW("ror.w r1, r2, #3", 0xEA4F, 0x01F2, false, GENERIC),
	ROW("mvns r1, r2", 0x43D1, 0x0000, false, MVNS_R),
	ROW("mvn.w r1, r2", 0xEA6F, 0x0102, false, MVN_R),
	ROW("mvn.w r1, r2, lsl #1", 0xEA6F, 0x0142, false, GENERIC),
	ROW("mvn.w r1, r2, lsr #1", 0xEA6F, 0x0152, false, GENERIC),
	/* arithmetic, without flags */
	ROW("add.w r1, r2, #5", 0xF102, 0x0105, false, ADD_I),
	ROW("addw r1, r2, #0x123", 0xF202, 0x1123, false, ADD_I),
	ROW("add.w r1, r2, r3", 0xEB02, 0x0103, false, ADD_R),
	ROW("add.w r1, r2, r3, lsl #2", 0xEB02, 0x0183, false, ADD_L),
	ROW("add.w r1, r2, r3, lsr #2", 0xEB02, 0x0193, false, ADD_SR),
	ROW("add.w r1, r2, r3, asr #31", 0xEB02, 0x71E3, false, ADD_AR),
	ROW("add.w r1, r2, r3, lsr #32", 0xEB02, 0x0113, false, GENERIC),
	ROW("add.w r1, r2, r3, ror #2", 0xEB02, 0x01B3, false, GENERIC),
	ROW("sub.w r1, r2, #5", 0xF1A2, 0x0105, false, SUB_I),
	ROW("sub.w r1, r2, r3", 0xEBA2, 0x0103, false, SUB_R),
	ROW("sub.w r1, r2, r3, lsl #1", 0xEBA2, 0x0143, false, SUB_L),
	ROW("rsb r1, r2, #5", 0xF1C2, 0x0105, false, RSB_I),
	ROW("rsb r1, r2, r3", 0xEBC2, 0x0103, false, RSB_R),
	ROW("and.w r1, r2, #5", 0xF002, 0x0105, false, AND_I),
	ROW("and.w r1, r2, r3, lsr #1", 0xEA02, 0x0153, false, AND_SR),
	ROW("orr.w r1, r2, #5", 0xF042, 0x0105, false, ORR_I),
	ROW("orr.w r1, r2, r3, lsl #8", 0xEA42, 0x2103, false, ORR_L),
	ROW("eor.w r1, r2, #5", 0xF082, 0x0105, false, EOR_I),
	ROW("eor.w r1, r2, r3, asr #8", 0xEA82, 0x2123, false, EOR_AR),
	ROW("bic.w r1, r2, #5", 0xF022, 0x0105, false, BIC_I),
	ROW("bic.w r1, r2, r3", 0xEA22, 0x0103, false, BIC_R),
	ROW("adcs r1, r2", 0x4151, 0x0000, true, ADC_R),
	ROW("adc.w r1, r2, r3", 0xEB42, 0x0103, false, ADC_R),
	ROW("adc.w r1, r2, #5", 0xF142, 0x0105, false, GENERIC),
	ROW("adc.w r1, r2, r3, lsl #1", 0xEB42, 0x0143, false, GENERIC),
	ROW("sbc.w r1, r2, r3", 0xEB62, 0x0103, false, SBC_R),
	ROW("sbc.w r1, r2, #5", 0xF162, 0x0105, false, GENERIC),
	ROW("sbc.w r1, r2, r3, lsr #1", 0xEB62, 0x0153, false, GENERIC),
	ROW("orn r1, r2, #5", 0xF062, 0x0105, false, GENERIC),
	ROW("add r1, sp, #8", 0xA902, 0x0000, false, ADD_I),
	ROW("add r1, sp", 0x4469, 0x0000, false, ADD_R),
	ROW("add sp, #8", 0xB002, 0x0000, false, ADD_I),
	ROW("sub sp, #8", 0xB082, 0x0000, false, SUB_I),
	ROW("add sp, r1", 0x448D, 0x0000, false, GENERIC),
	ROW("add.w sp, sp, #8", 0xF10D, 0x0D08, false, ADD_I),
	ROW("subw sp, sp, #6", 0xF2AD, 0x0D06, false, GENERIC),
	ROW("adds.w sp, sp, #8", 0xF11D, 0x0D08, false, GENERIC),
	ROW("subs.w sp, sp, #8", 0xF1BD, 0x0D08, false, GENERIC),
	ROW("add r1, pc", 0x4479, 0x0000, false, GENERIC),
	ROW("add pc, r1", 0x448F, 0x0000, false, GENERIC),
	/* arithmetic, with flags */
	ROW("adds r1, r2, r3", 0x18D1, 0x0000, false, ADDS_R),
	ROW("adds r1, #5", 0x3105, 0x0000, false, ADDS_I),
	ROW("adds r1, #5", 0x3105, 0x0000, true, ADD_I),
	ROW("adds.w r1, r2, r3, lsl #1", 0xEB12, 0x0143, false, GENERIC),
	ROW("subs r1, r2, r3", 0x1AD1, 0x0000, false, SUBS_R),
	ROW("subs r1, #5", 0x3905, 0x0000, false, SUBS_I),
	ROW("rsbs r1, r2, #0", 0x4251, 0x0000, false, RSBS_I),
	ROW("rsbs r1, r2, r3", 0xEBD2, 0x0103, false, GENERIC),
	ROW("ands r1, r2", 0x4011, 0x0000, false, ANDS_R),
	ROW("ands.w r1, r2, #5", 0xF012, 0x0105, false, ANDS_I),
	ROW("ands.w r1, r2, #0x80000000", 0xF012, 0x4100, false, GENERIC),
	ROW("orrs r1, r2", 0x4311, 0x0000, false, ORRS_R),
	ROW("orrs.w r1, r2, #5", 0xF052, 0x0105, false, GENERIC),
	ROW("eors r1, r2", 0x4051, 0x0000, false, EORS_R),
	ROW("eors.w r1, r2, #5", 0xF092, 0x0105, false, GENERIC),
	ROW("bics r1, r2", 0x4391, 0x0000, false, BICS_R),
	ROW("bics.w r1, r2, #5", 0xF032, 0x0105, false, GENERIC),
	ROW("adcs r1, r2", 0x4151, 0x0000, false, ADCS_R),
	ROW("adcs.w r1, r2, #5", 0xF152, 0x0105, false, GENERIC),
	ROW("sbcs r1, r2", 0x4191, 0x0000, false, SBCS_R),
	ROW("sbcs.w r1, r2, #5", 0xF172, 0x0105, false, GENERIC),
	/* comparisons */
	ROW("cmp r1, #5", 0x2905, 0x0000, false, CMP_I),
	ROW("cmp.w r1, #0x80000000", 0xF1B1, 0x4F00, false, CMP_I),
	ROW("cmp r1, r2", 0x4291, 0x0000, false, CMP_R),
	ROW("cmp r8, r9", 0x45C8, 0x0000, false, CMP_R),
	ROW("cmp r1, sp", 0x4569, 0x0000, false, CMP_R),
	ROW("cmp.w r1, r2, lsl #2", 0xEBB1, 0x0F82, false, CMP_L),
	ROW("cmp.w r1, r2, lsr #2", 0xEBB1, 0x0F92, false, CMP_SR),
	ROW("cmp.w r1, r2, asr #2", 0xEBB1, 0x0FA2, false, CMP_AR),
	ROW("cmp.w r1, r2, ror #2", 0xEBB1, 0x0FB2, false, GENERIC),
	ROW("cmn r1, r2", 0x42D1, 0x0000, false, CMN_R),
	ROW("cmn.w r1, #5", 0xF111, 0x0F05, false, CMN_I),
	ROW("cmn.w r1, r2, lsl #1", 0xEB11, 0x0F42, false, GENERIC),
	ROW("tst r1, r2", 0x4211, 0x0000, false, TST_R),
	ROW("tst.w r1, #5", 0xF011, 0x0F05, false, TST_I),
	ROW("tst.w r1, #0x80000000", 0xF011, 0x4F00, false, GENERIC),
	ROW("tst.w r1, r2, lsl #1", 0xEA11, 0x0F42, false, GENERIC),
	ROW("teq r1, #5", 0xF091, 0x0F05, false, GENERIC),
	ROW("teq r1, r2", 0xEA91, 0x0F02, false, GENERIC),
	/* shifts by a register, products, fields, extensions */
	ROW("lsls r1, r2", 0x4091, 0x0000, false, LSLS),
	ROW("lsl.w r1, r2, r3", 0xFA02, 0xF103, false, LSL),
	ROW("lsrs r1, r2", 0x40D1, 0x0000, false, LSRS),
	ROW("lsr.w r1, r2, r3", 0xFA22, 0xF103, false, LSR),
	ROW("asrs r1, r2", 0x4111, 0x0000, false, ASRS),
	ROW("asr.w r1, r2, r3", 0xFA42, 0xF103, false, ASR),
	ROW("rors r1, r2", 0x41D1, 0x0000, false, GENERIC),
	ROW("muls r1, r2, r1", 0x4351, 0x0000, false, MULS),
	ROW("muls r1, r2, r1", 0x4351, 0x0000, true, MUL),
	ROW("mul r1, r2, r3", 0xFB02, 0xF103, false, MUL),
	ROW("mla r1, r2, r3, r4", 0xFB02, 0x4103, false, MLA),
	ROW("mla r1, r2, r3, lr", 0xFB02, 0xE103, false, MLA),
	ROW("mls r1, r2, r3, r4", 0xFB02, 0x4113, false, MLS),
	ROW("umull r1, r2, r3, r4", 0xFBA3, 0x1204, false, UMULL),
	ROW("umull lr, r12, r3, r4", 0xFBA3, 0xEC04, false, UMULL),
	ROW("smull r1, r2, r3, r4", 0xFB83, 0x1204, false, SMULL),
	ROW("umlal r1, r2, r3, r4", 0xFBE3, 0x1204, false, UMLAL),
	ROW("smlal r1, r2, r3, r4", 0xFBC3, 0x1204, false, SMLAL),
	ROW("udiv r1, r2, r3", 0xFBB2, 0xF1F3, false, UDIV),
	ROW("sdiv r1, r2, r3", 0xFB92, 0xF1F3, false, SDIV),
	ROW("ubfx r1, r2, #3, #5", 0xF3C2, 0x01C4, false, UBFX),
	ROW("sbfx r1, r2, #3, #5", 0xF342, 0x01C4, false, SBFX),
	ROW("bfi r1, r2, #3, #5", 0xF362, 0x01C7, false, BFI),
	ROW("bfc r1, #3, #5", 0xF36F, 0x01C7, false, BFC),
	ROW("uxtb r1, r2", 0xB2D1, 0x0000, false, UXTB),
	ROW("uxth r1, r2", 0xB291, 0x0000, false, UXTH),
	ROW("sxtb r1, r2", 0xB251, 0x0000, false, SXTB),
	ROW("sxth r1, r2", 0xB211, 0x0000, false, SXTH),
	ROW("uxtb.w r1, r2, ror #8", 0xFA5F, 0xF192, false, GENERIC),
	ROW("clz r1, r2", 0xFAB2, 0xF182, false, CLZ),
	ROW("rev r1, r2", 0xBA11, 0x0000, false, REV),
	ROW("rev16 r1, r2", 0xBA51, 0x0000, false, GENERIC),
	ROW("rbit r1, r2", 0xFA92, 0xF1A2, false, GENERIC),
	/* memory */
	ROW("ldr r1, [r2, #4]", 0x6851, 0x0000, false, LDR_I),
	ROW("ldr.w r1, [r2, #-4]", 0xF852, 0x1C04, false, LDR_I),
	ROW("ldr r1, [sp, #4]", 0x9901, 0x0000, false, LDR_I),
	ROW("ldr.w lr, [sp, #4]", 0xF8DD, 0xE004, false, LDR_I),
	ROW("ldr.w sp, [r2]", 0xF8D2, 0xD000, false, GENERIC),
	ROW("ldr.w pc, [r2]", 0xF8D2, 0xF000, false, GENERIC),
	ROW("ldr r1, [r2, r3]", 0x58D1, 0x0000, false, LDR_R),
	ROW("ldr.w r1, [sp, r3]", 0xF85D, 0x1003, false, LDR_R),
	ROW("ldr.w r1, [r2, #4]!", 0xF852, 0x1F04, false, LDR_PRE),
	ROW("ldr.w r1, [r2], #4", 0xF852, 0x1B04, false, LDR_POST),
	ROW("ldr.w r1, [sp], #4", 0xF85D, 0x1B04, false, LDR_POST),
	ROW("ldr.w r1, [sp], #6", 0xF85D, 0x1B06, false, GENERIC),
	ROW("ldr r1, [pc, #8]", 0x4902, 0x0000, false, LDR_LIT),
	ROW("ldr.w r1, [pc, #-8]", 0xF85F, 0x1008, false, LDR_LIT),
	ROW("ldrb.w r1, [pc, #8]", 0xF89F, 0x1008, false, GENERIC),
	ROW("ldrt r1, [r2]", 0xF852, 0x1E00, false, GENERIC),
	ROW("ldrb r1, [r2, #4]", 0x7911, 0x0000, false, LDRB_I),
	ROW("ldrb r1, [r2, r3]", 0x5CD1, 0x0000, false, LDRB_R),
	ROW("ldrb.w r1, [r2, #1]!", 0xF812, 0x1F01, false, LDRB_PRE),
	ROW("ldrb.w r1, [r2], #1", 0xF812, 0x1B01, false, LDRB_POST),
	ROW("ldrh r1, [r2, #4]", 0x8891, 0x0000, false, LDRH_I),
	ROW("ldrh r1, [r2, r3]", 0x5AD1, 0x0000, false, LDRH_R),
	ROW("ldrh.w r1, [r2, #2]!", 0xF832, 0x1F02, false, LDRH_PRE),
	ROW("ldrh.w r1, [r2], #2", 0xF832, 0x1B02, false, LDRH_POST),
	ROW("ldrsb.w r1, [r2, #4]", 0xF992, 0x1004, false, LDRSB_I),
	ROW("ldrsb r1, [r2, r3]", 0x56D1, 0x0000, false, LDRSB_R),
	ROW("ldrsb.w r1, [r2], #1", 0xF912, 0x1B01, false, GENERIC),
	ROW("ldrsb.w r1, [r2, #1]!", 0xF912, 0x1F01, false, GENERIC),
	ROW("ldrsh.w r1, [r2, #4]", 0xF9B2, 0x1004, false, LDRSH_I),
	ROW("ldrsh r1, [r2, r3]", 0x5ED1, 0x0000, false, LDRSH_R),
	ROW("str r1, [r2, #4]", 0x6051, 0x0000, false, STR_I),
	ROW("str r1, [r2, r3]", 0x50D1, 0x0000, false, STR_R),
	ROW("str.w r1, [r2, #4]!", 0xF842, 0x1F04, false, STR_PRE),
	ROW("str.w r1, [sp, #-4]!", 0xF84D, 0x1D04, false, STR_PRE),
	ROW("str.w r1, [r2], #4", 0xF842, 0x1B04, false, STR_POST),
	ROW("strb r1, [r2, #4]", 0x7111, 0x0000, false, STRB_I),
	ROW("strb r1, [r2, r3]", 0x54D1, 0x0000, false, STRB_R),
	ROW("strb.w r1, [r2, #1]!", 0xF802, 0x1F01, false, STRB_PRE),
	ROW("strb.w r1, [r2], #1", 0xF802, 0x1B01, false, STRB_POST),
	ROW("strh r1, [r2, #4]", 0x8091, 0x0000, false, STRH_I),
	ROW("strh r1, [r2, r3]", 0x52D1, 0x0000, false, STRH_R),
	ROW("strh.w r1, [r2, #2]!", 0xF822, 0x1F02, false, STRH_PRE),
	ROW("strh.w r1, [r2], #2", 0xF822, 0x1B02, false, STRH_POST),
	ROW("ldrd r1, r2, [r3, #8]", 0xE9D3, 0x1202, false, LDRD),
	ROW("strd r1, r2, [r3, #-8]", 0xE943, 0x1202, false, STRD),
	ROW("ldrd r1, r2, [r3], #8", 0xE8F3, 0x1202, false, GENERIC),
	ROW("ldrd r1, r2, [pc, #8]", 0xE9DF, 0x1202, false, GENERIC),
	ROW("ldm r1!, {r2, r3}", 0xC90C, 0x0000, false, LDM),
	ROW("ldm.w r1, {r2, r3}", 0xE891, 0x000C, false, LDM),
	ROW("pop {r1, r2}", 0xBC06, 0x0000, false, LDM),
	ROW("pop {r1, pc}", 0xBD02, 0x0000, false, LDM_PC),
	ROW("stm r1!, {r2, r3}", 0xC10C, 0x0000, false, STM),
	ROW("stm r1!, {r1, r3}", 0xC10A, 0x0000, false, GENERIC),
	ROW("push {r1, lr}", 0xB502, 0x0000, false, STMDB),
	ROW("push.w {r1, r8}", 0xE92D, 0x0102, false, STMDB),
	ROW("stmdb r1, {r1, r3}", 0xE901, 0x000A, false, GENERIC),
	ROW("ldmdb r1, {r2, r3}", 0xE911, 0x000C, false, GENERIC),
	ROW("ldrex r1, [r2]", 0xE852, 0x1F00, false, GENERIC),
	/* branches and the rest */
	ROW("b .+8", 0xE002, 0x0000, false, B),
	ROW("b.w .+256", 0xF000, 0xB87E, false, B),
	ROW("b .+2", 0xE7FF, 0x0000, false, GENERIC),
	ROW("beq .+8", 0xD002, 0x0000, false, BEQ),
	ROW("bne.w .+256", 0xF040, 0x807E, false, BNE),
	ROW("bcs .+8", 0xD202, 0x0000, false, BCS),
	ROW("bcc .+8", 0xD302, 0x0000, false, BCC),
	ROW("bmi .+8", 0xD402, 0x0000, false, BMI),
	ROW("bpl .+8", 0xD502, 0x0000, false, BPL),
	ROW("bvs .+8", 0xD602, 0x0000, false, BVS),
	ROW("bvc .+8", 0xD702, 0x0000, false, BVC),
	ROW("bhi .+8", 0xD802, 0x0000, false, BHI),
	ROW("bls .+8", 0xD902, 0x0000, false, BLS),
	ROW("bge .+8", 0xDA02, 0x0000, false, BGE),
	ROW("blt .+8", 0xDB02, 0x0000, false, BLT),
	ROW("bgt .+8", 0xDC02, 0x0000, false, BGT),
	ROW("ble .+8", 0xDD02, 0x0000, false, BLE),
	ROW("bl .+256", 0xF000, 0xF87E, false, BL),
	ROW("b.w .-0x100000", 0xF6FF, 0xBFFE, false, GENERIC),
	ROW("cbz r1, .+8", 0xB111, 0x0000, false, CBZ),
	ROW("cbnz r1, .+8", 0xB911, 0x0000, false, CBNZ),
	ROW("bx lr", 0x4770, 0x0000, false, BX),
	ROW("bx pc", 0x4778, 0x0000, false, GENERIC),
	ROW("blx r1", 0x4788, 0x0000, false, BLX),
	ROW("tbb [pc, r1]", 0xE8DF, 0xF001, false, TBB),
	ROW("tbb [r2, r1]", 0xE8D2, 0xF001, false, TBB),
	ROW("tbh [pc, r1, lsl #1]", 0xE8DF, 0xF011, false, TBH),
	ROW("nop", 0xBF00, 0x0000, false, NOP),
	ROW("dsb", 0xF3BF, 0x8F4F, false, BARRIER),
	ROW("dmb", 0xF3BF, 0x8F5F, false, BARRIER),
	ROW("isb", 0xF3BF, 0x8F6F, false, BARRIER),
	ROW("mrs r1, primask", 0xF3EF, 0x8110, false, MRS),
	ROW("mrs r1, ipsr", 0xF3EF, 0x8105, false, MRS),
	ROW("mrs r1, apsr", 0xF3EF, 0x8100, false, GENERIC),
	ROW("msr basepri, r1", 0xF381, 0x8811, false, MSR),
	ROW("msr apsr_nzcvq, r1", 0xF381, 0x8800, false, GENERIC),
	ROW("cpsid i", 0xB672, 0x0000, false, CPS),
	ROW("adr r1, .+12", 0xA102, 0x0000, false, MOV_I),
	ROW("svc #1", 0xDF01, 0x0000, false, GENERIC),
	ROW("wfi", 0xBF30, 0x0000, false, GENERIC),
	ROW("bkpt #0", 0xBE00, 0x0000, false, GENERIC),
	ROW("clrex", 0xF3BF, 0x8F2F, false, GENERIC),
	/* what has to be looked at: PC, SP and what the manual leaves open */
	ROW("lsl.w r1, pc, r3", 0xFA0F, 0xF103, false, GENERIC),
	ROW("lsl.w r1, r2, pc", 0xFA02, 0xF10F, false, GENERIC),
	ROW("lsl.w pc, r2, r3", 0xFA02, 0xFF03, false, GENERIC),
	ROW("lsl.w r1, sp, r3", 0xFA0D, 0xF103, false, LSL),
	ROW("mul r1, pc, r3", 0xFB0F, 0xF103, false, GENERIC),
	ROW("mul r1, sp, r3", 0xFB0D, 0xF103, false, GENERIC),
	ROW("mul r1, r2, sp", 0xFB02, 0xF10D, false, GENERIC),
	ROW("mul sp, r2, r3", 0xFB02, 0xFD03, false, GENERIC),
	ROW("mla r1, r2, r3, sp", 0xFB02, 0xD103, false, MLA),
	ROW("umull r1, sp, r3, r4", 0xFBA3, 0x1D04, false, GENERIC),
	ROW("umull sp, r2, r3, r4", 0xFBA3, 0xD204, false, GENERIC),
	ROW("smlal r1, sp, r3, r4", 0xFBC3, 0x1D04, false, GENERIC),
	ROW("udiv r1, r2, sp", 0xFBB2, 0xF1FD, false, GENERIC),
	ROW("cmp.w pc, r2", 0xEBBF, 0x0F02, false, GENERIC),
	ROW("cmp.w r1, pc", 0xEBB1, 0x0F0F, false, GENERIC),
	ROW("cmp.w pc, #5", 0xF1BF, 0x0F05, false, GENERIC),
	ROW("cmp.w sp, r2", 0xEBBD, 0x0F02, false, CMP_R),
	ROW("add.w r1, pc, r2", 0xEB0F, 0x0102, false, GENERIC),
	ROW("add.w r1, r2, pc", 0xEB02, 0x010F, false, GENERIC),
	ROW("add.w pc, r2, r3", 0xEB02, 0x0F03, false, GENERIC),
	ROW("add.w sp, r1, #8", 0xF101, 0x0D08, false, GENERIC),
	ROW("rsb sp, sp, #8", 0xF1CD, 0x0D08, false, GENERIC),
	ROW("and sp, sp, #8", 0xF00D, 0x0D08, false, GENERIC),
	ROW("and.w r1, sp, r2", 0xEA0D, 0x0102, false, AND_R),
	ROW("mvn r1, pc", 0xEA6F, 0x010F, false, GENERIC),
	ROW("mvn sp, r1", 0xEA6F, 0x0D01, false, GENERIC),
	ROW("ubfx r1, sp, #3, #5", 0xF3CD, 0x01C4, false, GENERIC),
	ROW("ubfx sp, r1, #3, #5", 0xF3C1, 0x0DC4, false, GENERIC),
	ROW("bfi r1, r2, #5, #-2", 0xF362, 0x1142, false, GENERIC),
	ROW("uxtb.w r1, sp", 0xFA5F, 0xF18D, false, GENERIC),
	ROW("uxtb.w sp, r1", 0xFA5F, 0xFD81, false, GENERIC),
	ROW("movt sp, #1", 0xF2C0, 0x0D01, false, GENERIC),
	ROW("adr.w sp, .+12", 0xF20F, 0x0D08, false, GENERIC),
	ROW("ldr.w r1, [r2, sp]", 0xF852, 0x100D, false, GENERIC),
	ROW("ldr.w r1, [r1], #4", 0xF851, 0x1B04, false, GENERIC),
	ROW("ldrd r1, sp, [r3]", 0xE9D3, 0x1D00, false, GENERIC),
	ROW("ldrd sp, r1, [r3]", 0xE9D3, 0xD100, false, GENERIC),
	ROW("ldm.w r1, {r2, sp}", 0xE891, 0x2004, false, GENERIC),
	ROW("ldm.w pc, {r2, r3}", 0xE89F, 0x000C, false, GENERIC),
	ROW("tbb [r2, sp]", 0xE8D2, 0xF00D, false, GENERIC),
	ROW("tbb [sp, r1]", 0xE8DD, 0xF001, false, GENERIC),
	ROW("mrs sp, primask", 0xF3EF, 0x8D10, false, GENERIC),
	ROW("msr basepri, pc", 0xF38F, 0x8811, false, GENERIC),
	ROW("smull r1, sp, r3, r4", 0xFB83, 0x1D04, false, GENERIC),
	ROW("umlal r1, sp, r3, r4", 0xFBE3, 0x1D04, false, GENERIC),
	ROW("smull sp, r1, r3, r4", 0xFB83, 0xD104, false, GENERIC),
	ROW("umlal sp, r1, r3, r4", 0xFBE3, 0xD104, false, GENERIC),
	ROW("mls r1, r2, r3, pc", 0xFB02, 0xF113, false, GENERIC),
	ROW("ubfx pc, r1, #3, #5", 0xF3C1, 0x0FC4, false, GENERIC),
	ROW("sbfx r1, sp, #3, #5", 0xF34D, 0x01C4, false, GENERIC),
	ROW("sbfx sp, r1, #3, #5", 0xF341, 0x0DC4, false, GENERIC),
	ROW("bfi r1, sp, #3, #5", 0xF36D, 0x01C7, false, GENERIC),
	ROW("bfi sp, r1, #3, #5", 0xF361, 0x0DC7, false, GENERIC),
	ROW("bfc sp, #3, #5", 0xF36F, 0x0DC7, false, GENERIC),
	ROW("stm.w pc, {r2, r3}", 0xE88F, 0x000C, false, GENERIC),
	ROW("stmdb pc, {r2, r3}", 0xE90F, 0x000C, false, GENERIC),
	ROW("stm.w r1, {r2, sp}", 0xE881, 0x2004, false, GENERIC),
	ROW("stmdb r1, {r2, sp}", 0xE901, 0x2004, false, GENERIC),
	ROW("mrs r1, msp", 0xF3EF, 0x8108, false, MRS),
	ROW("msr msp, r1", 0xF381, 0x8808, false, MSR),
	ROW("it eq", 0xBF08, 0x0000, false, IT),
	ROW("it nv", 0xBFF8, 0x0000, false, GENERIC),
	ROW("ldm.w r1!, {r1, r2}", 0xE8B1, 0x0006, false, GENERIC),
	ROW("ldm.w r1, {r2}", 0xE891, 0x0004, false, GENERIC),
	ROW("stm.w r1!, {r1, r2}", 0xE8A1, 0x0006, false, GENERIC),
	ROW("stm.w r1, {r1, r2}", 0xE881, 0x0006, false, GENERIC),
	/* four runs of registers, and five */
	ROW("ldm.w r0, {r1, r3, r5, r7}", 0xE890, 0x00AA, false, LDM),
	ROW("ldm.w r0, {r1, r3, r5, r7, r9}", 0xE890, 0x02AA, false, GENERIC),
};
#undef ROW

static void each_form_takes_its_way(void **state)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct region region = {.base = 0x08000000, .size = 0x10000};
	struct mcu *m = mcu_new(&config, NULL);
	unsigned wrong = 0;

	assert_non_null(m);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arm_insn in;
		struct op op = {0};

		arm_decode(rows[i].hw1, rows[i].hw2, &in);
		enum fast_op got = fast_choose(m, &in, AT, rows[i].it, &region, &op);

		if (got != rows[i].op || op.size != in.size / 2) {
			print_message("# %s%s: operation %d, expected %d\n", rows[i].text,
				      rows[i].it ? " (in IT)" : "", got, rows[i].op);
			wrong++;
		}
	}
	mcu_free(m);
	assert_int_equal(wrong, 0);
}

static enum fast_op literal_at(struct mcu *m, uint32_t size, uint16_t hw1, uint16_t hw2)
{
	struct region region = {.base = 0x08000000, .size = size};
	struct arm_insn in;
	struct op op;

	arm_decode(hw1, hw2, &in);
	return fast_choose(m, &in, AT, false, &region, &op);
}

/* What lies past the end of the region is the bus's to answer for. */
static void a_region_ends(void **state)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);

	assert_non_null(m);
	/* ldr r1, [pc, #8]: the word at AT + 12; ldr.w r1, [pc, #6]: none of its own */
	assert_int_equal(literal_at(m, 0x810, 0x4902, 0), FAST_LDR_LIT);
	assert_int_equal(literal_at(m, 0x80E, 0x4902, 0), FAST_GENERIC);
	assert_int_equal(literal_at(m, 0x900, 0xF8DF, 0x1006), FAST_GENERIC);
	/* b .+8 */
	assert_int_equal(literal_at(m, 0x80A, 0xE002, 0), FAST_B);
	assert_int_equal(literal_at(m, 0x808, 0xE002, 0), FAST_GENERIC);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_takes_its_way),
		cmocka_unit_test(a_region_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
