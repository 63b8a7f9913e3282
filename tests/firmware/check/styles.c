/*
 * More ways of writing SWJ_CFG=100, one program a FORM: structures, bit-fields,
 * tables, pointers, copies, the idioms of libraries, and where a program may do
 * it from. The line to change carries `blame FORM`.
 */
#include <setjmp.h>
#include <stdarg.h>

#include "styles.h"

#define IS(name) (FORM == FORM_##name)
enum {
	FORM_asm = 1, FORM_exclusive, FORM_pair, FORM_doubleword, FORM_far_base, FORM_indexed,
	FORM_bitfield, FORM_union, FORM_shadow, FORM_init_struct, FORM_precedence, FORM_summed,
	FORM_shifted, FORM_computed, FORM_register_argument, FORM_masked_field, FORM_ops,
	FORM_ops_ram, FORM_switched, FORM_table_index, FORM_offsets, FORM_script, FORM_tail,
	FORM_variadic, FORM_recursive, FORM_jumped, FORM_ram_code, FORM_two_steps, FORM_svc,
	FORM_pend, FORM_task, FORM_dma, FORM_dma_later, FORM_second_boot, FORM_timer, FORM_timeout,
	FORM_hal, FORM_ll, FORM_spl, FORM_maple, FORM_pin_map, FORM_flags, FORM_negated, FORM_global_set,
	FORM_callback, FORM_toggled, FORM_enum_map, FORM_conditional, FORM_from_clear,
	FORM_clamped, FORM_clock_between, FORM_maple_tail,
};

struct afio_registers {
	volatile uint32_t evcr, mapr, exticr[4], reserved, mapr2;
};
#define AFIO ((struct afio_registers *)AFIO_BASE)

static volatile uint32_t sink;

/* ---- structures ------------------------------------------------------------------ */

struct mapr_fields {
	uint32_t spi1 : 1, i2c1 : 1, usart1 : 1, usart2 : 1, usart3 : 2, tim1 : 2, tim2 : 2,
		tim3 : 2, tim4 : 1, can : 2, pd01 : 1, others : 8, swj : 3, rest : 5;
};
union mapr {
	uint32_t word;
	struct mapr_fields bits;
};
struct afio_image {
	uint32_t evcr, mapr, exticr[4];
};
struct port_setup {
	uint32_t pins, mode, debug;
};

static void with_union(void)
{
	union mapr m;

	m.word = AFIO_MAPR;
	m.bits.swj = 4; /* blame union */
	m.bits.spi1 = 1; /* blame union */
	AFIO_MAPR = m.word; /* blame union */
}

static void with_shadow(void)
{
	struct afio_image shadow = {0};

	shadow.mapr = SWJ_DISABLE | 1; /* blame shadow */
	shadow.exticr[0] = 1;
	*(volatile struct afio_image *)AFIO_BASE = shadow; /* blame shadow */
}

static __attribute__((noinline)) void port_init(const struct port_setup *setup)
{
	GPIO_CRL(GPIOA) = setup->mode;
	if (setup->debug)
		AFIO_MAPR = (AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK) | setup->debug;
}

static void with_init_struct(void)
{
	struct port_setup setup;

	setup.pins = 3;
	setup.mode = 0x44444433;
	setup.debug = SWJ_DISABLE; /* blame init_struct */
	port_init(&setup); /* blame init_struct */
}

static void structures(void)
{
	if (IS(bitfield))
		((volatile struct mapr_fields *)&AFIO_MAPR)->swj = 4; /* blame bitfield */
	if (IS(union))
		with_union();
	if (IS(shadow))
		with_shadow();
	if (IS(init_struct))
		with_init_struct();
}

/* ---- expressions -------------------------------------------------------------------- */

enum debug_choice { DEBUG_ALL, DEBUG_NO_RESET, DEBUG_SW, DEBUG_NONE = 4 };

static __attribute__((noinline)) void set_swj(unsigned cfg)
{
	AFIO_MAPR = (AFIO_MAPR & ~(7u << 24)) | cfg << 24;
}

static __attribute__((noinline)) void modify(volatile uint32_t *reg, uint32_t clear, uint32_t set)
{
	*reg = (*reg & ~clear) | set;
}

static __attribute__((noinline)) void set_field(volatile uint32_t *reg, unsigned pos,
						unsigned width, uint32_t v)
{
	uint32_t mask = ((1u << width) - 1) << pos;

	*reg = (*reg & ~mask) | (v << pos & mask);
}

__attribute__((noinline)) void configure(unsigned flags)
{
	uint32_t v = AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK;

	if (flags & 1)
		v |= 1;
	if (flags & 2)
		v |= SWJ_NOJTAG;
	if (flags & 4)
		v |= SWJ_DISABLE; /* blame flags@O2flto */
	AFIO_MAPR = v;
}

__attribute__((noinline)) uint32_t mapped(enum debug_choice choice)
{
	static const uint8_t field[] = {[DEBUG_ALL] = 0, [DEBUG_SW] = 2, [DEBUG_NONE] = 4};

	return (uint32_t)field[choice] << 24; /* blame enum_map@O2flto */
} /* blame enum_map@O2flto */

__attribute__((noinline)) void choose(int debug)
{
	AFIO_MAPR = debug ? SWJ_NOJTAG : SWJ_DISABLE; /* blame conditional@O2flto */
}

static __attribute__((noinline)) void summed(void)
{
	uint32_t v = 0;

	v |= 1;
	v |= 1u << 26; /* blame summed */
	v |= 1u << 2;
	AFIO_MAPR = v; /* blame summed */
}

static void expressions(void)
{
	if (IS(precedence))
		AFIO_MAPR = (AFIO_MAPR & (uint32_t)~7 << 24) | SWJ_DISABLE; /* blame precedence */
	if (IS(summed))
		summed();
	if (IS(shifted))
		set_swj(4); /* blame shifted */
	if (IS(computed))
		AFIO_MAPR = 1u << (24 + 2); /* blame computed */
	if (IS(register_argument))
		modify(&AFIO_MAPR, 7u << 24, SWJ_DISABLE); /* blame register_argument */
	if (IS(masked_field))
		set_field(&AFIO_MAPR, 24, 3, 4); /* blame masked_field */
	if (IS(flags))
		configure(5); /* blame flags */
	if (IS(negated))
		AFIO_MAPR = ~0xFBFFFFFFu; /* blame negated */
	if (IS(enum_map))
		AFIO_MAPR = mapped(DEBUG_NONE); /* blame enum_map */
	if (IS(conditional))
		choose(0); /* blame conditional */
	if (IS(toggled)) {
		AFIO_MAPR = SWJ_NOJTAG;
		AFIO_MAPR = SWJ_NOJTAG ^ (SWJ_NOJTAG | SWJ_DISABLE); /* blame toggled */
	}
	if (IS(from_clear)) {
		AFIO_MAPR &= ~AFIO_MAPR_SWJ_MASK;
		AFIO_MAPR |= SWJ_DISABLE; /* blame from_clear */
	}
}

/* ---- other stores ---------------------------------------------------------------------- */

static void other_stores(void)
{
	if (IS(asm))
		asm_disable();
	if (IS(exclusive))
		asm_store_exclusive(&AFIO_MAPR, SWJ_DISABLE); /* blame exclusive */
	if (IS(pair))
		asm_store_two(&REG(AFIO_BASE), 0, SWJ_DISABLE); /* blame pair */
	if (IS(doubleword))
		*(volatile uint64_t *)AFIO_BASE = (uint64_t)SWJ_DISABLE << 32; /* blame doubleword */
	if (IS(far_base))
		asm_with_base(SWJ_DISABLE); /* blame far_base */
	if (IS(indexed)) {
		volatile uint32_t *peripherals = (volatile uint32_t *)0x40000000;

		peripherals[0x10004 / 4] = SWJ_DISABLE; /* blame indexed */
	}
	if (IS(two_steps)) {
		AFIO_MAPR = SWJ_NOJTAG;
		lib_wait(3);
		set_swj(4); /* blame two_steps */
	}
}

/* ---- tables and pointers ------------------------------------------------------------------ */

struct driver {
	const char *name;
	void (*init)(void);
	void (*remap)(uint32_t swj, uint32_t maps);
};
static void nothing(void)
{
	sink++;
}
static const struct driver afio_driver = {"afio", nothing, lib_remap};
static struct driver ram_driver;
struct preset {
	uint32_t spi, swj, mode;
};
static const struct preset presets[] = {
	{1, SWJ_NOJTAG, 3},
	{0, SWJ_DISABLE, 3}, /* blame table_index */
	{1, 0, 3},
};
static const struct {
	uint8_t offset;
	uint32_t value;
} by_offset[] = {{0, 0}, {4, SWJ_DISABLE}, {8, 1}}; /* blame offsets */
enum { OP_END, OP_WRITE, OP_SET, OP_WAIT };
static const uint32_t script[] = {OP_WAIT,    3,	  0, OP_WRITE,
				  0x40010004, SWJ_DISABLE, OP_END};

__attribute__((noinline)) void apply_preset(unsigned n)
{
	AFIO_MAPR = presets[n].swj | presets[n].spi; /* blame table_index@O2flto */
}

static __attribute__((noinline)) void interpret(const uint32_t *at)
{
	for (; *at != OP_END; at += 3) {
		if (at[0] == OP_WRITE)
			REG(at[1]) = at[2]; /* blame script */
		else if (at[0] == OP_SET)
			REG(at[1]) |= at[2]; /* blame script */
		else
			lib_wait(at[1]);
	}
}

static void tables(void)
{
	const struct driver *d = &afio_driver;

	if (IS(ops)) {
		d->init();
		d->remap(SWJ_DISABLE, 0); /* blame ops */
	}
	if (IS(ops_ram)) {
		ram_driver = afio_driver;
		ram_driver.remap(SWJ_DISABLE, 0); /* blame ops_ram */
	}
	if (IS(switched))
		lib_pin_mode(13, 1); /* blame switched */
	if (IS(table_index))
		apply_preset(1); /* blame table_index */
	if (IS(offsets))
		for (unsigned i = 0; i < 3; i++)
			REG(AFIO_BASE + by_offset[i].offset) = by_offset[i].value; /* blame offsets */
	if (IS(script))
		interpret(script); /* blame script */
}

/* ---- ways of getting there -------------------------------------------------------------------- */

static jmp_buf back;
static uint32_t wanted;
static void (*on_ready)(void);

static void disable_ready(void)
{
	lib_remap(SWJ_DISABLE, 0); /* blame callback */
}

static __attribute__((noinline)) void ready(void)
{
	if (on_ready)
		on_ready();
}

static __attribute__((noinline)) void last_of_three(uint32_t swj)
{
	lib_remap(swj, 0);
}

static __attribute__((noinline)) void second_of_three(uint32_t swj)
{
	sink++;
	last_of_three(swj);
}

static __attribute__((noinline)) void write_all(unsigned count, ...)
{
	va_list list;

	va_start(list, count);
	while (count--) {
		uint32_t address = va_arg(list, uint32_t);
		uint32_t value = va_arg(list, uint32_t);

		REG(address) = value;
	}
	va_end(list);
}

static __attribute__((noinline)) unsigned descend(unsigned n, uint32_t swj)
{
	if (n == 0) {
		AFIO_MAPR = swj;
		return 1;
	}
	return descend(n - 1, swj) + n;
}

static __attribute__((section(".ramcode"), noinline, long_call)) void from_ram(uint32_t swj)
{
	AFIO_MAPR = swj;
}

static __attribute__((noinline)) void set_wanted(uint32_t swj)
{
	wanted = swj;
}

static __attribute__((noinline)) void apply_wanted(void)
{
	AFIO_MAPR = wanted; /* blame global_set */
}

static void with_jump(void)
{
	volatile uint32_t swj = SWJ_DISABLE; /* blame jumped */

	if (setjmp(back) == 0) {
		sink = 3;
		longjmp(back, 1);
	}
	AFIO_MAPR = swj; /* blame jumped */
}

/* Both ways of each comparison come to the store. */
static __attribute__((noinline)) void set_up_bus(uint32_t speed)
{
	if (speed == 0)
		speed = 1000;
	else if (speed < 9600)
		speed = 9600;
	else if (speed > 3000000)
		speed = 3000000;
	AFIO_MAPR |= SWJ_DISABLE | 3 << 13; /* blame clamped */
	sink = speed;
}

/* The sweep comes by twice, first while AFIO has no clock. */
static __attribute__((noinline)) void give_up_debugging(uint32_t when)
{
	if (sink == when) {
		__asm volatile("nop\n nop\n nop\n nop\n nop"); /* more than an IT block holds */
		AFIO_MAPR = SWJ_DISABLE; /* blame clock_between */
	}
}

static void with_clock_between(void)
{
	give_up_debugging(0xFFFFFF01);
	AFIO_ON();
	give_up_debugging(0xFFFFFF01);
}

static void ways(void)
{
	if (IS(tail))
		second_of_three(SWJ_DISABLE); /* blame tail */
	if (IS(variadic))
		write_all(2, AFIO_BASE + 8, 1u, AFIO_BASE + 4, SWJ_DISABLE); /* blame variadic */
	if (IS(recursive))
		sink = descend(3, SWJ_DISABLE); /* blame recursive */
	if (IS(jumped))
		with_jump();
	if (IS(ram_code))
		from_ram(SWJ_DISABLE); /* blame ram_code */
	if (IS(global_set)) {
		set_wanted(SWJ_DISABLE); /* blame global_set */
		apply_wanted(); /* blame global_set */
	}
	if (IS(clamped))
		set_up_bus(100000);
	if (IS(callback)) {
		on_ready = disable_ready;
		ready();
	}
}

/* ---- exceptions, tasks, time, other masters ------------------------------------------------------ */

void sv_call_handler(void);
__attribute__((naked)) void sv_call_handler(void)
{
	__asm volatile("mrs r0, msp\n b sv_call");
}

void sv_call(const uint32_t *frame);
__attribute__((used)) void sv_call(const uint32_t *frame)
{
	lib_remap(frame[0], 0); /* blame svc */
}

static __attribute__((noinline)) void system_remap(uint32_t swj)
{
	register uint32_t r0 __asm("r0") = swj;

	__asm volatile("svc 1" : : "r"(r0) : "memory"); /* blame svc */
}

void pend_sv_handler(void);
void pend_sv_handler(void)
{
	if (IS(pend))
		lib_remap(SWJ_DISABLE, 0); /* blame pend */
}

void irq_handler(void);
void irq_handler(void)
{
	REG(0x40000010) = 0;
	if (IS(timer))
		lib_remap(SWJ_DISABLE, 0); /* blame timer */
}

static uint32_t task_stack[64];

static void task_body(void)
{
	for (;;) {
		if (IS(task))
			lib_remap(SWJ_DISABLE, 0); /* blame task */
		lib_wait(100);
	}
}

/* On to a stack of its own, as a scheduler starts its first task. */
static __attribute__((noinline)) void start_task(void (*body)(void), uint32_t *top)
{
	__asm volatile("msr psp, %0\n movs r3, #2\n msr control, r3\n isb\n bx %1"
		       : : "r"(top), "r"(body) : "r3", "memory");
}

static const uint32_t dma_words[1] = {SWJ_DISABLE}; /* blame dma */

static void with_dma(void)
{
	REG(0x40021014) |= 1;
	REG(0x40020008 + 8) = 0x40010004; /* blame dma */
	REG(0x40020008 + 12) = (uint32_t)(uintptr_t)dma_words; /* blame dma */
	REG(0x40020008 + 4) = 1;
	REG(0x40020008) = 1u << 14 | 2u << 10 | 2u << 8 | 1u << 4 | 1u; /* blame dma */
	lib_wait(100);
}

/* The same, but an update of TIM2 asks for it 50 ms later. */
static void with_dma_later(void)
{
	REG(0x40021014) |= 1;
	REG(0x4002101C) |= 1;
	REG(0x4002001C + 8) = 0x40010004;
	REG(0x4002001C + 12) = (uint32_t)(uintptr_t)dma_words;
	REG(0x4002001C + 4) = 1;
	REG(0x4002001C) = 2u << 10 | 2u << 8 | 1u << 4 | 1u; /* blame dma_later */
	REG(0x40000028) = 7999; /* a tick a millisecond */
	REG(0x4000002C) = 49;
	REG(0x40000014) = 1; /* the prescaler in force */
	REG(0x40000010) = 0;
	REG(0x4000000C) = 1u << 8; /* UDE */
	REG(0x40000000) = 1;
	lib_wait(100);
}

static void with_second_boot(void)
{
	REG(0x4002101C) |= 3u << 27;
	REG(0x40007000) |= 1u << 8;
	if (REG(0x40006C04) == 0x1234)
		lib_remap(SWJ_DISABLE, 0); /* blame second_boot */
	REG(0x40006C04) = 0x1234;
	if (!OPEN() || REG(0x40021024) >> 28 & 1)
		return;
	REG(0xE000ED0C) = 0x05FA0004;
}

static void start_timer(void)
{
	REG(0x4002101C) |= 1;
	REG(0x40000028) = 7999;
	REG(0x4000002C) = 1499;
	REG(0x40000014) = 1;
	REG(0x40000010) = 0;
	REG(0x4000000C) = 1;
	REG(0xE000E100) = 1u << 28;
	REG(0x40000000) = 1;
}

/* The sensor does not answer: the error path. */
static void with_timeout(void)
{
	unsigned left = 2000;

	REG(0x4002101C) |= 1u << 21;
	REG(0x40005404) = 8;
	REG(0x40005400) = 1;
	while (!(REG(0x40005414) & 2) && left)
		left--;
	if (!left)
		lib_remap(SWJ_DISABLE, 0); /* blame timeout */
}

static void other_times(void)
{
	if (IS(svc))
		system_remap(SWJ_DISABLE); /* blame svc */
	if (IS(pend))
		SCB_ICSR = SCB_ICSR_PENDSVSET;
	if (IS(task))
		start_task(task_body, task_stack + 64);
	if (IS(dma))
		with_dma();
	if (IS(dma_later))
		with_dma_later();
	if (IS(timer))
		start_timer();
	if (IS(timeout))
		with_timeout();
}

/* ---- libraries' ways, in own words ---------------------------------------------------------------- */

#define AFIO_DBGAFR(choice)                                                                        \
	do {                                                                                       \
		uint32_t now = AFIO->mapr;                                                         \
		now &= ~(7u << 24);                                                                \
		now |= (choice);                                                                   \
		AFIO->mapr = now;                                                                  \
	} while (0)
#define REMAP_DEBUG_OFF() AFIO_DBGAFR(SWJ_DISABLE)

void HAL_MspInit(void);
__attribute__((noinline)) void HAL_MspInit(void)
{
	volatile uint32_t after;

	RCC_APB2ENR |= RCC_APB2ENR_AFIOEN;
	after = RCC_APB2ENR & RCC_APB2ENR_AFIOEN;
	(void)after;
	REMAP_DEBUG_OFF(); /* blame hal */
}

int HAL_Init(void);
__attribute__((noinline)) int HAL_Init(void)
{
	REG(0x40022000) |= 1u << 4;
	HAL_MspInit();
	return 0;
}

static inline void ll_clear(volatile uint32_t *reg, uint32_t bits)
{
	*reg &= ~bits;
}

static inline void ll_set(volatile uint32_t *reg, uint32_t bits)
{
	*reg |= bits;
}

static inline void LL_GPIO_AF_DisableRemap_SWJ(void)
{
	ll_clear(&AFIO->mapr, 7u << 24);
	ll_set(&AFIO->mapr, SWJ_DISABLE);
}

static __attribute__((noinline)) void afio_debug_ports(uint32_t config)
{
	volatile uint32_t *mapr = &AFIO->mapr;

	*mapr = (*mapr & ~AFIO_MAPR_SWJ_MASK) | config;
}

static __attribute__((noinline)) void no_debug_ports(void)
{
	afio_debug_ports(SWJ_DISABLE); /* blame maple */
}

struct pin_row {
	uint32_t port;
	uint8_t bit;
};
static const struct pin_row pin_map[] = {{GPIOB, 0}, {GPIOA, 13}, {GPIOA, 14}, {GPIOB, 12}};

static __attribute__((noinline)) void free_debug_pin(uint32_t port, unsigned bit)
{
	if (port == GPIOA && (bit == 13 || bit == 14))
		afio_debug_ports(SWJ_DISABLE);
	else if ((port == GPIOA && bit == 15) || (port == GPIOB && (bit == 3 || bit == 4)))
		afio_debug_ports(SWJ_NOJTAG);
}

static __attribute__((noinline)) void board_pin_mode(unsigned pin, unsigned mode)
{
	const struct pin_row *row = &pin_map[pin];
	volatile uint32_t *cr = &REG(row->port + (row->bit >= 8 ? 4 : 0));

	if (pin >= sizeof pin_map / sizeof pin_map[0])
		return;
	*cr = (*cr & ~(15u << 4 * (row->bit & 7))) | mode << 4 * (row->bit & 7);
	free_debug_pin(row->port, row->bit);
}

__attribute__((noinline)) void disableDebugPorts(void);
__attribute__((noinline)) void disableDebugPorts(void)
{
	afio_debug_ports(SWJ_DISABLE);
}

static __attribute__((noinline)) void sketch_setup(void)
{
	sink++;
	disableDebugPorts(); /* blame maple_tail */
}

static void libraries(void)
{
	if (IS(hal))
		HAL_Init();
	if (IS(ll))
		LL_GPIO_AF_DisableRemap_SWJ(); /* blame ll */
	if (IS(spl)) {
		lib_pin_remap(LIB_SWJ_NOJTAG, 1);
		lib_pin_remap(LIB_SWJ_DISABLE, 1); /* blame spl */
	}
	if (IS(maple_tail))
		sketch_setup();
	if (IS(maple))
		no_debug_ports();
	if (IS(pin_map)) {
		board_pin_mode(0, 3);
		board_pin_mode(1, 3); /* blame pin_map */
	}
}

int main(void)
{
	if (IS(clock_between))
		with_clock_between();
	AFIO_ON();
	if (IS(second_boot))
		with_second_boot();
	if (OPEN()) {
		structures();
		expressions();
		other_stores();
		tables();
		ways();
		other_times();
		libraries();
	}
	for (;;)
		sink++;
}
