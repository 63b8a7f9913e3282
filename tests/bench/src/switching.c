/*
 * Context switches for the engines: a small preemptive kernel of FreeRTOS's
 * shape (current control block first, PendSV switches, BASEPRI guards the
 * queue, SysTick counts) and two tasks that hand words to one another through
 * it, so that every word costs two switches. The tick changes no result, so
 * that an engine without one computes the same. Ends like compute.c: the
 * result is in r0 at `bench_done`, whose address is the NMI vector.
 */
#include <stdint.h>

#define WORDS 300000u
#define STACK_WORDS 128u
#define GUARD 0x80u /* BASEPRI: above PendSV and SysTick */
#define ICSR (*(volatile uint32_t *)0xE000ED04u)
#define SHPR3 (*(volatile uint32_t *)0xE000ED20u)
#define SYST ((volatile uint32_t *)0xE000E010u)

struct task {
	uint32_t *top; /* first: PendSV finds it without an offset */
	uint32_t ready, priority;
	struct task *next;
	uint32_t stack[STACK_WORDS];
};

static struct task sender, receiver, idler, boot;
static struct task *tasks;
static uint32_t queue[4], queued, taken, ticks, result;
struct task *volatile current;

static void guard(uint32_t basepri)
{
	__asm volatile("msr basepri, %0\n\tisb\n\tdsb" ::"r"(basepri) : "memory");
}

static void yield(void)
{
	ICSR = 1u << 28;
	__asm volatile("dsb\n\tisb" ::: "memory");
}

void switch_task(void);
__attribute__((used, noinline)) void switch_task(void)
{
	struct task *best = &idler;

	for (struct task *t = tasks; t; t = t->next)
		if (t->ready && t->priority > best->priority)
			best = t;
	current = best;
}

void pendsv_handler(void);
__attribute__((naked, used)) void pendsv_handler(void)
{
	__asm volatile("mrs r0, psp\n"
		       "ldr r3, =current\n"
		       "ldr r2, [r3]\n"
		       "stmdb r0!, {r4-r11}\n"
		       "str r0, [r2]\n"
		       "push {r3, lr}\n"
		       "movs r0, #0x80\n"
		       "msr basepri, r0\n"
		       "bl switch_task\n"
		       "movs r0, #0\n"
		       "msr basepri, r0\n"
		       "pop {r3, lr}\n"
		       "ldr r1, [r3]\n"
		       "ldr r0, [r1]\n"
		       "ldmia r0!, {r4-r11}\n"
		       "msr psp, r0\n"
		       "isb\n"
		       "bx lr\n");
}

void tick_handler(void);
void tick_handler(void)
{
	ticks++;
}

/* Wakes the other side; a higher one runs at once. */
static void send(uint32_t word)
{
	guard(GUARD);
	queue[queued++ % 4] = word;
	receiver.ready = 1;
	guard(0);
	yield();
}

static uint32_t receive(void)
{
	for (;;) {
		guard(GUARD);
		if (taken != queued) {
			uint32_t word = queue[taken++ % 4];
			guard(0);
			return word;
		}
		receiver.ready = 0;
		guard(0);
		yield();
	}
}

static uint32_t mix(uint32_t sum, uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		sum = (sum << 5 | sum >> 27) + (word ^ i);
	return sum;
}

static void receiver_task(void)
{
	for (;;)
		result = mix(result, receive());
}

/* Nobody answers the BKPT on a chip: it ends in `stop` as a HardFault. */
__attribute__((naked, used)) void bench_done(void);
void bench_done(void)
{
	__asm volatile("movs r4, r0\n"
		       "ldr r1, =0x20026\n"
		       "movs r0, #0x18\n"
		       "bkpt 0xAB\n"
		       "1: b 1b\n");
}

static void sender_task(void)
{
	for (uint32_t i = 0; i < WORDS; i++)
		send(i * 2654435761u);
	register uint32_t sum __asm("r0") = result;
	__asm volatile("b bench_done" ::"r"(sum));
}

static void idle_task(void)
{
	for (;;)
		yield();
}

/* A frame as PendSV would have left it. */
static void make(struct task *t, uint32_t priority, void (*entry)(void))
{
	uint32_t *top = t->stack + STACK_WORDS - 16;

	for (unsigned i = 0; i < 16; i++)
		top[i] = i;
	top[14] = (uint32_t)(uintptr_t)entry & ~1u;
	top[15] = 0x01000000;
	t->top = top;
	t->priority = priority;
	t->ready = 1;
	t->next = tasks;
	tasks = t;
}

void reset_handler(void);
void reset_handler(void)
{
	tasks = 0;
	queued = taken = ticks = result = 0;
	make(&sender, 1, sender_task);
	make(&receiver, 2, receiver_task);
	make(&idler, 0, idle_task);
	current = &boot;
	SHPR3 = 0xC0F00000u;
	SYST[1] = 7999;
	SYST[2] = 0;
	SYST[0] = 7;
	__asm volatile("msr psp, %0\n\tmsr control, %1\n\tisb" ::"r"(boot.stack + STACK_WORDS),
		       "r"(2)
		       : "memory");
	for (;;)
		yield();
}

__attribute__((naked, used)) void stop(void);
void stop(void)
{
	__asm volatile("b .");
}

__attribute__((section(".vectors"), used)) const uintptr_t vectors[16] = {
	0x20004000, (uintptr_t)reset_handler, (uintptr_t)bench_done, (uintptr_t)stop,
	[14] = (uintptr_t)pendsv_handler, (uintptr_t)tick_handler};
