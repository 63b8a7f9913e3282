@ The loader that stays in SRAM while an STM32F1's flash is written: it takes
@ commands out of a ring of slots and does them one after the other, while the
@ host fills the next slots over SWD.
@
@ Position independent; needs no stack, no interrupts and no RAM but its own.
@ Serves the independent watchdog, which does no harm where none runs. Opens the
@ flash controller when the first erase or program command comes. Runs at whatever
@ clock the chip has, and the CRC unit's clock must be on; after a reset it can
@ turn that on and set 48 MHz, six times the reset clock, itself: what is done
@ between two half-words and the CRC unit's passes take time, too. A PLL that does
@ not lock is left alone.
@ Registers: PM0075 (flash), RM0008 4 (CRC), 7.3 (RCC), 19 (IWDG).
@
@ tools/make-loader turns this into stm32f1_loader.h; a test compares the two.
@
@ The mailbox follows the code; the host fills first, stride and end.
@   +0  state   commands done (low half-word), why it stopped (high; 0: it runs)
@   +4  where   address it stopped at
@   +8  first   address of the first slot's descriptor
@   +12 stride  from one descriptor to the next
@   +16 end     past the last one
@   +20 proof   where the host has the first command put its CRC
@   +24 clock   not 0: RCC is as a reset left it, run at 48 MHz
@ The first command is the host's too: its descriptor lies one stride in front of
@ the first slot's. A slot's data lie in front of its descriptor, whose last word is written last:
@   +0 address  +4 count  +8 data  +12 operation | argument << 16; 0: empty
@
@   1 erase     argument: FLASH_CR's bits
@   2 program   count half-words from data; argument: FLASH_CR's bits
@   3 CRC of count pages of argument words each, by the CRC unit, into data[]
@   4 the same by software
@   + 0x80 to either: compared with data[]; stops at the first that differs
@   5 stop for the debugger

	.syntax unified
	.cpu	cortex-m3
	.thumb
	.text

	.equ	KEYR, 0x04
	.equ	SR, 0x0C
	.equ	CR, 0x10
	.equ	AR, 0x14
	.equ	SR_BSY, 0x01
	.equ	SR_ERRORS, 0x14		@ PGERR, WRPRTERR
	.equ	SR_CLEAR, 0x34		@ the errors and EOP: written as ones
	.equ	CR_STRT, 0x40
	.equ	CR_LOCK, 0x80
	.equ	ACR_48MHZ, 0x11		@ one wait state, prefetch
	.equ	RCC_CFGR, 0x04
	.equ	CFGR_SW_PLL, 2
	.equ	RCC_AHBENR, 0x14
	.equ	AHBENR_QUIET, 0x54	@ CRC, FLITF, SRAM; DMA not
	.equ	COMPARE, 0x80
	.equ	STOP_UNEXPECTED, 0x08	@ a CRC is not the one expected
	.equ	STOP_DIFFERS, 0x20	@ a half-word reads back differently
	.equ	STOP_UNKNOWN, 0x40	@ no such operation
	.equ	STOP_LOCKED, 0x80	@ the keys did not open the flash controller

@ r5 descriptor, r6 flash registers, r7 mailbox; the rest is free
entry:
	cpsid	i
	adr	r7, mailbox
	ldr	r6, flash_registers
	ldm	r7, {r1, r2, r3, r4, r5}
	movs	r0, #0
empty:
	str	r0, [r3, #12]
	add	r3, r3, r4
	cmp	r3, r5
	bne	empty
	ldr	r5, [r7, #8]
	subs	r5, r5, r4
	ldr	r0, [r7, #24]
	cmp	r0, #0
	beq	settle
	movs	r0, #ACR_48MHZ
	str	r0, [r6]
	adr	r0, clock
	ldm	r0, {r0, r1, r2, r3}
	movs	r4, #AHBENR_QUIET
	str	r4, [r0, #RCC_AHBENR]
	str	r2, [r0, #RCC_CFGR]
	str	r1, [r0]
1:	subs	r3, r3, #1
	beq	settle
	ldr	r1, [r0]
	lsls	r1, r1, #6		@ PLLRDY
	bpl	1b
	orr	r2, r2, #CFGR_SW_PLL
	str	r2, [r0, #RCC_CFGR]
settle:
	ldr	r0, [r6, #SR]		@ what firmware left running or failed in
	tst	r0, #SR_BSY
	bne	settle
	movs	r0, #SR_CLEAR
	str	r0, [r6, #SR]
	b	next
first:
	ldr	r5, [r7, #8]
next:
	movw	r0, #0xAAAA
	ldr	r1, iwdg
	str	r0, [r1]
	ldr	r0, [r5, #12]
	cmp	r0, #0
	beq	next
	ldmia	r5, {r1, r2, r3}
	lsrs	r4, r0, #16
	and	r0, r0, #0x7F
	cmp	r0, #2
	bls	flash
	cmp	r0, #3
	beq	crc_unit
	cmp	r0, #4
	beq	crc_software
	cmp	r0, #5
	bne	unknown
	bkpt	#0
unknown:
	movs	r0, #STOP_UNKNOWN
	b	stop

finished:
	movs	r0, #0
	str	r0, [r6, #CR]
	str	r0, [r5, #12]
	ldr	r0, [r7]
	adds	r0, r0, #1
	uxth	r0, r0
	str	r0, [r7]
	ldr	r0, [r7, #12]
	add	r5, r5, r0
	ldr	r0, [r7, #16]
	cmp	r5, r0
	beq	first
	b	next

flash:
	ldr	r8, [r6, #CR]
	tst	r8, #CR_LOCK
	beq	1f
	adr	r8, keys
	ldm	r8, {r8, r9}
	str	r8, [r6, #KEYR]
	str	r9, [r6, #KEYR]
	ldr	r8, [r6, #CR]
	tst	r8, #CR_LOCK
	beq	1f
	movs	r0, #STOP_LOCKED
	b	stop
1:	cmp	r0, #2
	beq	program
	str	r4, [r6, #CR]
	str	r1, [r6, #AR]
	orr	r0, r4, #CR_STRT
	str	r0, [r6, #CR]
1:	ldr	r0, [r6, #SR]
	tst	r0, #SR_BSY
	bne	1b
	ands	r0, r0, #SR_ERRORS
	beq	finished
	b	stop

program:
	str	r4, [r6, #CR]
	movw	r8, #0xFFFF
1:	ldrh	r4, [r3], #2
	cmp	r4, r8
	beq	3f
	strh	r4, [r1]
2:	ldr	r0, [r6, #SR]
	tst	r0, #SR_BSY
	bne	2b
	ands	r0, r0, #SR_ERRORS
	bne	stop
	ldrh	r0, [r1]
	cmp	r0, r4
	bne	differs
3:	adds	r1, r1, #2
	subs	r2, r2, #1
	bne	1b
	b	finished
differs:
	movs	r0, #STOP_DIFFERS

@ r0 why, r1 where. The watchdog is still served: the host comes and looks.
stop:
	movs	r2, #0
	str	r2, [r6, #CR]
	str	r1, [r7, #4]
	ldr	r1, [r7]
	orr	r1, r1, r0, lsl #16
	str	r1, [r7]
	movw	r0, #0xAAAA
	ldr	r1, iwdg
1:	str	r0, [r1]
	b	1b

crc_unit:
	ldr	r0, crc_registers
1:	mov	r8, #1
	str	r8, [r0, #8]
	mov	r9, r4
2:	ldmia	r1!, {r8, r10, r11, r12}
	str	r8, [r0]
	str	r10, [r0]
	str	r11, [r0]
	str	r12, [r0]
	subs	r9, r9, #4
	bne	2b
	ldr	r8, [r0]
	bl	crc_done
	bne	1b
	b	finished

@ r8 the CRC, r1 the end of its page, r2 pages left, this one included. Z: all done
crc_done:
	movw	r9, #0xAAAA
	ldr	r10, iwdg
	str	r9, [r10]
	ldrb	r9, [r5, #12]
	tst	r9, #COMPARE
	bne	1f
	str	r8, [r3]
1:	ldr	r9, [r3], #4
	cmp	r9, r8
	bne	unexpected
	subs	r2, r2, #1
	bx	lr
unexpected:
	sub	r1, r1, r4, lsl #2
	movs	r0, #STOP_UNEXPECTED
	b	stop

crc_software:
	adr	r0, nibbles
1:	mov	r8, #-1
	mov	r9, r4
2:	ldr	r10, [r1], #4
	eor	r8, r8, r10
	mov	r11, #8
3:	lsr	r12, r8, #28
	ldr	r12, [r0, r12, lsl #2]
	eor	r8, r12, r8, lsl #4
	subs	r11, r11, #1
	bne	3b
	subs	r9, r9, #1
	bne	2b
	bl	crc_done
	bne	1b
	b	finished

	.balign	4
flash_registers:
	.word	0x40022000
crc_registers:
	.word	0x40023000
iwdg:
	.word	0x40003000
keys:
	.word	0x45670123, 0xCDEF89AB
@ RCC; CR as after a reset with PLLON; CFGR: PLL = HSI / 2 * 12, APB1 half of it;
@ how often to look for PLLRDY: it locks within 200 us
clock:
	.word	0x40021000, 0x01000083, 0x00280400, 1000
@ CRC-32 (0x04C11DB7) of the sixteen values of a nibble
nibbles:
	.word	0x00000000, 0x04C11DB7, 0x09823B6E, 0x0D4326D9
	.word	0x130476DC, 0x17C56B6B, 0x1A864DB2, 0x1E475005
	.word	0x2608EDB8, 0x22C9F00F, 0x2F8AD6D6, 0x2B4BCB61
	.word	0x350C9B64, 0x31CD86D3, 0x3C8EA00A, 0x384FBDBD
	.balign	16
mailbox:
