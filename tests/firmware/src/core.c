/* Core: faults with their registers, bit-band in SRAM, SVC, PendSV, priorities. */
#include "check.h"

#define CFSR  REG(0xE000ED28)
#define HFSR  REG(0xE000ED2C)
#define BFAR  REG(0xE000ED38)
#define SHCSR REG(0xE000ED24)
#define CCR   REG(0xE000ED14)

static volatile uint32_t seen, order, fault_cfsr, fault_bfar, fault_hfsr;

/* Skip the faulting instruction. `frame` is the stacked r0.. */
void skip_fault(uint32_t *frame) __attribute__((used));
void skip_fault(uint32_t *frame)
{
	const uint16_t *pc = (const uint16_t *)(uintptr_t)frame[6];

	fault_cfsr = CFSR;
	fault_bfar = BFAR;
	fault_hfsr = HFSR;
	CFSR = fault_cfsr;
	HFSR = fault_hfsr;
	frame[6] += *pc >= 0xE800 ? 4 : 2;
	seen++;
}

__attribute__((naked)) void bus_fault_handler(void);
void bus_fault_handler(void)
{
	__asm volatile("mov r0, sp\nb skip_fault\n");
}
__attribute__((naked)) void usage_fault_handler(void);
void usage_fault_handler(void)
{
	__asm volatile("mov r0, sp\nb skip_fault\n");
}
__attribute__((naked)) void hard_fault_handler(void);
void hard_fault_handler(void)
{
	__asm volatile("mov r0, sp\nb skip_fault\n");
}

void pend_sv_handler(void);
void pend_sv_handler(void)
{
	order = order * 10 + 1;
}
void sv_call_handler(void);
void sv_call_handler(void)
{
	SCB_ICSR = SCB_ICSR_PENDSVSET;
	order = order * 10 + 2;
}
void irq_handler(void);
void irq_handler(void)
{
	order = order * 10 + 3;
}

static uint32_t divide(uint32_t a, uint32_t b)
{
	uint32_t q;

	__asm volatile("udiv %0, %1, %2" : "=r"(q) : "r"(a), "r"(b));
	return q;
}

static void test_faults(void)
{
	SHCSR = 7u << 16;
	(void)REG(0x30000000);
	check_equal(fault_cfsr, 0x8200, "bus fault: precise, address valid");
	check_equal(fault_bfar, 0x30000000, "BFAR");
	__asm volatile("udf #1");
	check_equal(fault_cfsr, 1u << 16, "undefined instruction");
	check_equal(divide(10, 0), 0, "division by zero gives 0");
	CCR |= 0x10;
	divide(10, 0);
	check_equal(fault_cfsr, 1u << 25, "and traps when asked to");
	CCR |= 8;
	(void)REG(0x20000001);
	check_equal(fault_cfsr, 1u << 24, "unaligned access traps when asked to");
	CCR &= ~0x18u;
	SHCSR = 0;
	(void)REG(0x30000000);
	check_equal(fault_hfsr, 1u << 30, "escalates to HardFault (FORCED)");
	check_equal(seen, 5, "every fault was taken once");
}

static void test_bitband(void)
{
	static volatile uint32_t word = 0x80000001;
	uint32_t alias = 0x22000000 + ((uint32_t)(uintptr_t)&word - 0x20000000) * 32;

	check_equal(REG(alias + 31 * 4), 1, "SRAM bit-band load");
	REG(alias + 4 * 4) = 0xFF;
	check_equal(word, 0x80000011, "SRAM bit-band store takes bit 0");
	REG(alias) = 0xFE;
	check_equal(word, 0x80000010, "SRAM bit-band clear");
}

static void test_priorities(void)
{
	SCB_SHPR3 = 0xF0F00000u;
	NVIC_IPR8(6) = 0xFF;
	check_equal(NVIC_IPR8(6), 0xF0, "four priority bits");
	__asm volatile("svc 3");
	check_equal(order, 21, "PendSV runs after SVCall");
	order = 0;
	NVIC_IPR8(6) = 0x10;
	NVIC_ISER(0) = 1u << 6;
	__asm volatile("cpsid i");
	NVIC_ISPR(0) = 1u << 6;
	SCB_ICSR = SCB_ICSR_PENDSVSET;
	check_equal(order, 0, "PRIMASK holds them back");
	check_equal(REG(0xE000ED04) >> 12 & 0x1FF, 22, "ICSR names the pending interrupt");
	__asm volatile("cpsie i\nisb");
	check_equal(order, 31, "higher priority first, then PendSV");
	order = 0;
	__asm volatile("msr basepri, %0" ::"r"(0x10));
	NVIC_ISPR(0) = 1u << 6;
	__asm volatile("isb");
	check_equal(order, 0, "BASEPRI masks equal priority");
	__asm volatile("msr basepri, %0\nisb" ::"r"(0));
	check_equal(order, 3, "until it is lowered");
}

int main(void)
{
	check_setup();
	check_equal(REG(0xE000ED00), 0x411FC231, "CPUID: Cortex-M3 r1p1");
	check_equal(REG(0xE000ED90), 0, "no MPU");
	test_faults();
	test_bitband();
	test_priorities();
	finish();
}
