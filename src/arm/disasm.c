/*
 * UAL text of one instruction, from the templates of ops.h.
 *
 *   $d $n $m $a registers   $i #immediate   $x immediate without #   $h #shift amount
 *   $s ", lsl #n" shift suffix   $S "s" when flags are set   $W "!" when written back
 *   $A address   $l register list   $b branch target   $c condition, IT or CPS suffix
 *   $w #width or saturation   $p special register   $o barrier option
 *   $M MOV with a shift in its own mnemonic   $u raw words
 */
#include "arm/arm_internal.h"

#include <stdio.h>

int arm_disassemble(const struct arm_insn *insn, uint32_t address, char *out, size_t size)
{
	return snprintf(out, size, "%s", arm_row(insn->op)->name);
}
