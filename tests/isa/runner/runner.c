/*
 * Executes instruction cases: loads every register and the flags by an
 * exception return, lets the case run until it traps, and records everything
 * that can have changed. Cases run in thread mode on the process stack.
 */
#include "slots.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define ICSR	     REG(0xE000ED04)
#define CCR	     REG(0xE000ED14)
#define SHCSR	     REG(0xE000ED24)
#define CFSR	     REG(0xE000ED28)
#define HFSR	     REG(0xE000ED2C)
#define MMFAR	     REG(0xE000ED34)
#define BFAR	     REG(0xE000ED38)

#define SYST_CSR REG(0xE000E010)
#define SYST_RVR REG(0xE000E014)
#define SYST_CVR REG(0xE000E018)

#define SHCSR_FAULTS_ON 0x00070000u
#define CCR_STKALIGN	0x200u
/* A case that loops for ever ends as exception 15. */
#define WATCHDOG_CYCLES 0x400000u
#define CFSR_STACKING	0x1010u

struct slot_mailbox mailbox __attribute__((section(".mailbox")));
/* What the naked handlers leave for the C part. */
struct trap_state {
	uint32_t high[8]; /* r4-r11 of the case */
	uint32_t psp;	  /* for the launch */
	uint32_t msp;	  /* of the runner while a case runs */
	uint32_t case_msp;
} trap_state __attribute__((used));
static struct slot_case *now_in;
static struct slot_result *now_out;

static uint32_t semihost(uint32_t operation, const void *block)
{
	register uint32_t r0 __asm("r0") = operation;
	register const void *r1 __asm("r1") = block;

	__asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

static uint32_t file_open(const char *name, uint32_t length, uint32_t mode)
{
	const uint32_t block[3] = {(uint32_t)(uintptr_t)name, mode, length};

	return semihost(1, block);
}

/* SYS_READ (6) and SYS_WRITE (5) return the bytes not done. */
static uint32_t file_move(uint32_t operation, uint32_t handle, void *data, uint32_t len)
{
	const uint32_t block[3] = {handle, (uint32_t)(uintptr_t)data, len};

	return len - semihost(operation, block);
}

#define READ_SPECIAL(name)                                                                         \
	({                                                                                         \
		uint32_t value_;                                                                   \
		__asm volatile("mrs %0, " #name : "=r"(value_));                                   \
		value_;                                                                            \
	})
#define WRITE_SPECIAL(name, value)                                                                 \
	__asm volatile("msr " #name ", %0" ::"r"((uint32_t)(value)) : "memory")

/* SVC from the runner starts a case; from a case it is a trap like any other. */
__attribute__((naked)) void sv_call_handler(void);
void sv_call_handler(void)
{
	__asm volatile("tst lr, #4\n"
		       "bne trap_handler\n"
		       "push {r4-r11}\n"
		       "ldr r0, =trap_state\n"
		       "mov r1, sp\n"
		       "str r1, [r0, #36]\n"
		       "ldr r1, [r0, #32]\n"
		       "msr psp, r1\n"
		       "ldmia r0, {r4-r11}\n"
		       "mvn lr, #2\n"
		       "bx lr\n");
}

__attribute__((naked)) void trap_handler(void);
void trap_handler(void)
{
	__asm volatile("ldr r0, =trap_state\n"
		       "stmia r0, {r4-r11}\n"
		       "mov r1, sp\n"
		       "str r1, [r0, #40]\n"
		       "ldr r1, [r0, #36]\n"
		       "mov sp, r1\n"
		       "mov r0, lr\n"
		       "bl record\n"
		       "pop {r4-r11}\n"
		       "mvn lr, #6\n"
		       "bx lr\n");
}

/* The eight stacked words, unless stacking itself failed. */
static void record_frame(const uint32_t *frame)
{
	struct slot_result *out = now_out;

	for (unsigned i = 0; i < 4; i++)
		out->r[i] = frame[i];
	out->r[12] = frame[4];
	out->lr = frame[5];
	out->pc = frame[6];
	out->xpsr = frame[7];
}

static void record_faults(void)
{
	struct slot_result *out = now_out;
	uint32_t cfsr = CFSR;

	out->cfsr = cfsr;
	out->hfsr = HFSR;
	out->fault_address = (cfsr & 0x80) ? MMFAR : (cfsr & 0x8000) ? BFAR : 0;
	SYST_CSR = 0;
	CFSR = cfsr;
	HFSR = out->hfsr;
	CCR = CCR_STKALIGN;
	ICSR = 0x0A000000u; /* no PendSV, no SysTick pending */
}

void record(uint32_t exc_return) __attribute__((used));
void record(uint32_t exc_return)
{
	struct slot_result *out = now_out;
	uint32_t frame = exc_return & 4 ? READ_SPECIAL(psp) : trap_state.case_msp;

	out->exception = READ_SPECIAL(ipsr);
	out->exc_return = exc_return;
	out->masks = READ_SPECIAL(primask) | READ_SPECIAL(faultmask) << 8 |
		     READ_SPECIAL(basepri) << 16 | READ_SPECIAL(control) << 24;
	WRITE_SPECIAL(primask, 0);
	WRITE_SPECIAL(faultmask, 0);
	WRITE_SPECIAL(basepri, 0);
	WRITE_SPECIAL(control, 0);
	record_faults();
	for (unsigned i = 0; i < 8; i++)
		out->r[4 + i] = trap_state.high[i];
	out->sp = frame;
	if (!(out->cfsr & CFSR_STACKING)) {
		record_frame((const uint32_t *)(uintptr_t)frame);
		out->sp = frame + 32 + (out->xpsr & 0x200 ? 4 : 0);
	}
}

static void write_code(const struct slot_case *in)
{
	uint32_t *code = (uint32_t *)SLOT_CODE;

	for (unsigned i = 0; i < SLOT_CODE_WORDS; i++)
		code[i] = in->code[i];
}

static void run_case(struct slot_case *in, struct slot_result *out)
{
	uint32_t *memory = (uint32_t *)SLOT_MEMORY, seed = in->seed;
	uint32_t odd = in->sp & 4, *frame = (uint32_t *)(uintptr_t)(in->sp - odd - 32);

	for (unsigned i = 0; i < SLOT_MEMORY_WORDS; i++)
		memory[i] = slot_memory_word(&seed);
	for (unsigned i = 0; i < sizeof *out / 4; i++)
		((uint32_t *)out)[i] = 0;
	write_code(in);
	now_in = in;
	now_out = out;
	for (unsigned i = 0; i < 4; i++)
		frame[i] = in->r[i];
	frame[4] = in->r[12];
	frame[5] = in->lr;
	frame[6] = in->pc;
	frame[7] = in->xpsr | odd << 7;
	for (unsigned i = 0; i < 8; i++)
		trap_state.high[i] = in->r[4 + i];
	trap_state.psp = (uint32_t)(uintptr_t)frame;
	SHCSR = SHCSR_FAULTS_ON;
	SYST_RVR = WATCHDOG_CYCLES;
	SYST_CVR = 0;
	SYST_CSR = 7;
	CCR = in->ccr | CCR_STKALIGN;
	WRITE_SPECIAL(control, in->control & 1);
	__asm volatile("dsb\nisb\nsvc 0\n" ::: "memory");
	WRITE_SPECIAL(control, 0);
	for (unsigned i = 0; i < SLOT_MEMORY_WORDS; i++)
		out->memory[i] = memory[i];
}

static void run_batch(void)
{
	for (uint32_t i = 0; i < mailbox.count; i++)
		run_case(&mailbox.in[i], &mailbox.out[i]);
}

/* The code window full of traps, and noise around it. */
static void fill(void)
{
	uint32_t state = 0x2545F491u;

	for (uint32_t at = SLOT_FILL_BASE; at < SLOT_FILL_END; at += 4)
		REG(at) = slot_random(&state);
	for (uint32_t at = SLOT_CODE_BASE; at < SLOT_CODE_BASE + SLOT_CODE_SIZE; at += 4)
		REG(at) = SLOT_UDF | SLOT_UDF << 16;
}

static void run_driven(void)
{
	volatile uint32_t *state = &mailbox.state;

	for (;;) {
		*state = MAILBOX_READY;
		while (*state == MAILBOX_READY)
			;
		run_batch();
	}
}

static void run_files(void)
{
	uint32_t in = file_open("cases.bin", 9, 1), out = file_open("results.bin", 11, 5);

	for (;;) {
		uint32_t got = file_move(6, in, mailbox.in, sizeof mailbox.in);

		mailbox.count = got / sizeof(struct slot_case);
		if (mailbox.count == 0)
			break;
		run_batch();
		file_move(5, out, mailbox.out, mailbox.count * sizeof(struct slot_result));
	}
	semihost(0x18, (const void *)0x20026u); /* SYS_EXIT: application exit */
}

void reset_handler(void);
void reset_handler(void)
{
	fill();
	if (mailbox.mode == MAILBOX_DRIVEN)
		run_driven();
	run_files();
	for (;;)
		;
}

#define TRAP trap_handler
extern uint32_t _stack;
__attribute__((section(".vectors"), used)) void (*const vectors[16 + 60])(void) = {
	(void (*)(void)) & _stack, reset_handler, TRAP, TRAP, TRAP, TRAP, TRAP, 0, 0, 0, 0,
	sv_call_handler,	   TRAP,	  0,	TRAP, TRAP};
