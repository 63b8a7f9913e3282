/* Routines that a person wrote in assembler. */
	.syntax unified
	.cpu cortex-m3
	.thumb

	.section .text.asm_disable, "ax"
	.global asm_disable
	.type asm_disable, %function
asm_disable:
	ldr r0, =0x40010000
	ldr r1, [r0, #4]
	bic r1, r1, #0x07000000
	orr r1, r1, #0x04000000		/* blame asm */
	str r1, [r0, #4]
	bx lr
	.size asm_disable, . - asm_disable

	.section .text.asm_store_exclusive, "ax"
	.global asm_store_exclusive
	.type asm_store_exclusive, %function
asm_store_exclusive:
	ldrex r2, [r0]
	strex r3, r1, [r0]
	cmp r3, #0
	bne asm_store_exclusive
	bx lr
	.size asm_store_exclusive, . - asm_store_exclusive

	.section .text.asm_store_two, "ax"
	.global asm_store_two
	.type asm_store_two, %function
asm_store_two:
	stmia r0!, {r1, r2}
	bx lr
	.size asm_store_two, . - asm_store_two

	/* The register far away from the base: past the offset of one store. */
	.section .text.asm_with_base, "ax"
	.global asm_with_base
	.type asm_with_base, %function
asm_with_base:
	push {r4, lr}
	movs r4, #0x40
	lsls r4, r4, #24
	add r4, r4, #0x10000
	movs r3, #4
	str r0, [r4, r3]
	pop {r4, pc}
	.size asm_with_base, . - asm_with_base
	.ltorg
