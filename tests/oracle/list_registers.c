/* Prints every register row of every peripheral, for comparison with a vendor's
 * header: kind, name, base, offset, register, readable bits, writable bits, irqs. */
#include <stdio.h>

#include "mcu/mcu_internal.h"

int main(void)
{
	for (size_t i = 0; i < f103_periph_count; i++) {
		const struct periph_row *p = &f103_periphs[i];

		for (size_t r = 0; r < p->def->reg_count; r++) {
			const struct reg *reg = &p->def->regs[r];

			printf("%s %s 0x%08x 0x%03x %s 0x%08x 0x%08x %d %d %d %d\n", p->def->kind,
			       p->name, (unsigned)p->base, reg->offset, reg->name,
			       (unsigned)reg->rmask, (unsigned)reg->wmask, p->irq[0], p->irq[1],
			       p->irq[2], p->irq[3]);
		}
	}
	return 0;
}
