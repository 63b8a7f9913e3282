@ Run from RAM at 0x20002000: writes a line by semihosting and stops. Beside it
@ stands an RTT control block whose one channel up has a line waiting.
	.syntax unified
	.cpu cortex-m3
	.thumb
	movs r0, #4             @ SYS_WRITE0
	ldr r1, =line
	bkpt 0xab
	b .
	.ltorg
line:	.asciz "said by semihosting\n"
	.balign 4
	.ascii "SEGGER "
	.ascii "RTT"
	.zero 6
	.word 1, 1              @ channels up and down
	.word name, up, 64, 14, 0, 0
	.word name, down, 16, 0, 0, 0
name:	.asciz "Terminal"
up:	.ascii "said over RTT\n"
	.zero 64
down:	.zero 16
