/*
 * The private peripheral bus: System Control Space, and the ways to DWT, FPB,
 * ITM, TPIU and the ROM table. DDI 0403 B3.2, C1; DDI 0337 chapters 8, 11.
 * Not modelled: MPU (none is fitted: MPU_TYPE reads 0), ITM and TPIU beyond
 * registers that keep what is written, ETM.
 */
#include "mcu/cpu/cpu_internal.h"

#define AIRCR_KEY 0x05FA0000u
#define AIRCR_SYSRESETREQ 4u
#define AIRCR_VECTCLRACTIVE 2u
#define AIRCR_VECTRESET 1u
#define SCS_ICTR 0xE000E004u
#define SCS_ID_FIRST 0xE000ED40u
#define SHCSR_ENABLES 0x00070000u

/* ID_PFR0 .. ID_ISAR4 (DDI 0337, r1p1). */
static const uint32_t id_registers[] = {0x00000030, 0x00000200, 0x00100000, 0x00000000,
					0x00000030, 0x00000000, 0x00000000, 0x00000000,
					0x01141110, 0x02111000, 0x21112231, 0x01111110,
					0x01310102};

/* ---- ICSR, SHCSR: views of the exception state --------------------------------------- */

static unsigned highest_pending(const struct cpu_state *c)
{
	unsigned found = 0;
	int best = PRIORITY_THREAD;

	for (unsigned n = EXC_NMI; n < CPU_EXCEPTIONS; n++)
		if (exc_bit(c->pending, n) && exc_bit(c->enabled, n) &&
		    exception_priority(c, n) < best) {
			best = exception_priority(c, n);
			found = n;
		}
	return found;
}

static uint32_t icsr(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu;
	uint32_t interrupts = c->pending[0] >> 16 | c->pending[1] | c->pending[2];
	unsigned active = 0;

	for (unsigned w = 0; w < CPU_EXC_WORDS; w++)
		active += (unsigned)__builtin_popcount(c->active[w]);
	return c->ipsr | (uint32_t)(active <= 1) << 11 | (uint32_t)highest_pending(c) << 12 |
	       (uint32_t)(interrupts != 0) << 22 | (uint32_t)exc_bit(c->pending, EXC_SYSTICK) << 26 |
	       (uint32_t)exc_bit(c->pending, EXC_PENDSV) << 28 |
	       (uint32_t)exc_bit(c->pending, EXC_NMI) << 31;
}

static void write_icsr(struct mcu *m, uint32_t v)
{
	if (v >> 31)
		exception_pend(m, EXC_NMI, true);
	if (v & 1u << 28)
		exception_pend(m, EXC_PENDSV, true);
	else if (v & 1u << 27)
		exception_pend(m, EXC_PENDSV, false);
	if (v & 1u << 26)
		exception_pend(m, EXC_SYSTICK, true);
	else if (v & 1u << 25)
		exception_pend(m, EXC_SYSTICK, false);
}

/* Where each SHCSR bit lives: bit, exception, and which of the three sets. */
static const struct {
	uint8_t bit, exception;
	enum { SET_ACTIVE, SET_PENDING, SET_ENABLED } set;
} shcsr_bits[] = {
	{0, EXC_MEMMANAGE, SET_ACTIVE},   {1, EXC_BUSFAULT, SET_ACTIVE},
	{3, EXC_USAGEFAULT, SET_ACTIVE},  {7, EXC_SVCALL, SET_ACTIVE},
	{8, EXC_DEBUGMON, SET_ACTIVE},    {10, EXC_PENDSV, SET_ACTIVE},
	{11, EXC_SYSTICK, SET_ACTIVE},    {12, EXC_USAGEFAULT, SET_PENDING},
	{13, EXC_MEMMANAGE, SET_PENDING}, {14, EXC_BUSFAULT, SET_PENDING},
	{15, EXC_SVCALL, SET_PENDING},    {16, EXC_MEMMANAGE, SET_ENABLED},
	{17, EXC_BUSFAULT, SET_ENABLED},  {18, EXC_USAGEFAULT, SET_ENABLED},
};

static uint32_t *exception_set(struct cpu_state *c, int which)
{
	return which == SET_ACTIVE ? c->active : which == SET_PENDING ? c->pending : c->enabled;
}

static uint32_t shcsr(struct cpu_state *c)
{
	uint32_t v = 0;

	for (size_t i = 0; i < sizeof shcsr_bits / sizeof shcsr_bits[0]; i++)
		v |= (uint32_t)exc_bit(exception_set(c, shcsr_bits[i].set),
				       shcsr_bits[i].exception) << shcsr_bits[i].bit;
	return v;
}

static void write_shcsr(struct mcu *m, uint32_t v)
{
	struct cpu_state *c = &m->s.cpu;

	for (size_t i = 0; i < sizeof shcsr_bits / sizeof shcsr_bits[0]; i++)
		exc_set(exception_set(c, shcsr_bits[i].set), shcsr_bits[i].exception,
			v >> shcsr_bits[i].bit & 1);
	exception_update(m);
}

/* ---- AIRCR --------------------------------------------------------------------------------- */

static void clear_active(struct mcu *m)
{
	for (unsigned w = 0; w < CPU_EXC_WORDS; w++)
		m->s.cpu.active[w] = 0;
	m->s.cpu.ipsr = 0;
	exception_update(m);
}

static void write_aircr(struct mcu *m, uint32_t v)
{
	struct cpu_state *c = &m->s.cpu;

	if ((v & 0xFFFF0000u) != AIRCR_KEY)
		return;
	c->prigroup = v >> 8 & 7;
	exception_update(m);
	if (v & AIRCR_SYSRESETREQ)
		reset_request(m, MCU_RESET_SOFTWARE);
	else if (v & AIRCR_VECTRESET && m->by_debugger)
		cpu_reset(m, MCU_RESET_SOFTWARE); /* the core alone; a halted one is let go */
	if (v & AIRCR_VECTCLRACTIVE && m->by_debugger)
		clear_active(m); /* by software both are UNPREDICTABLE: ignored */
}

/* ---- the block as a whole --------------------------------------------------------------------- */

static uint32_t system_priorities(const struct cpu_state *c, uint32_t address)
{
	unsigned n = 4 + (address - SCS_SHPR1);

	return c->priority[n] | (uint32_t)c->priority[n + 1] << 8 |
	       (uint32_t)c->priority[n + 2] << 16 | (uint32_t)c->priority[n + 3] << 24;
}

uint32_t scb_read(struct mcu *m, uint32_t address)
{
	struct cpu_state *c = &m->s.cpu;

	switch (address) {
	case SCS_ICTR: return (m->chip->irqs - 1u) / 32;
	case SCS_ACTLR: return c->actlr;
	case SCS_CPUID: return m->silicon->cpuid;
	case SCS_ICSR: return icsr(m);
	case SCS_VTOR: return c->vtor;
	case SCS_AIRCR: return 0xFA050000u | (uint32_t)c->prigroup << 8;
	case SCS_SCR: return c->scr;
	case SCS_CCR: return c->ccr;
	case SCS_SHPR1: case SCS_SHPR2: case SCS_SHPR3: return system_priorities(c, address);
	case SCS_SHCSR: return shcsr(c);
	case SCS_CFSR: return c->cfsr;
	case SCS_HFSR: return c->hfsr;
	case SCS_DFSR: return c->dfsr;
	case SCS_MMFAR: return c->mmfar;
	case SCS_BFAR: return c->bfar;
	default:
		if (address - SCS_ID_FIRST < sizeof id_registers)
			return id_registers[(address - SCS_ID_FIRST) / 4];
		return 0;
	}
}

void scb_write(struct mcu *m, uint32_t address, uint32_t v)
{
	struct cpu_state *c = &m->s.cpu;

	switch (address) {
	case SCS_ACTLR: c->actlr = v & 7; break;
	case SCS_ICSR: write_icsr(m, v); break;
	case SCS_VTOR: c->vtor = v & m->silicon->vtor_mask; break;
	case SCS_AIRCR: write_aircr(m, v); break;
	case SCS_SCR: c->scr = v & (SCR_SLEEPONEXIT | SCR_SLEEPDEEP | SCR_SEVONPEND); break;
	case SCS_CCR: c->ccr = v & 0x31B; break;
	case SCS_SHCSR: write_shcsr(m, v); break;
	case SCS_CFSR: c->cfsr &= ~v; break;
	case SCS_HFSR: c->hfsr &= ~v; break;
	case SCS_DFSR: c->dfsr &= ~v; break;
	case SCS_MMFAR: c->mmfar = v; break;
	case SCS_BFAR: c->bfar = v; break;
	case SCS_STIR:
		if ((v & 0x1FF) < m->chip->irqs)
			exception_pend(m, EXC_IRQ0 + (v & 0x1FF), true);
		break;
	default: break;
	}
}

static void write_system_priority(struct mcu *m, uint32_t address, unsigned size, uint32_t v)
{
	uint8_t mask = (uint8_t)(0xFF00u >> m->silicon->nvic_prio_bits);

	for (unsigned i = 0; i < size; i++) {
		unsigned n = 4 + (address - SCS_SHPR1) + i;
		if (n <= EXC_USAGEFAULT || n == EXC_SVCALL || n == EXC_DEBUGMON || n >= EXC_PENDSV)
			m->s.cpu.priority[n] = (uint8_t)(v >> 8 * i) & mask;
	}
	exception_update(m);
}

static uint32_t scs_read(struct mcu *m, uint32_t address)
{
	if (address >= SCS_SYST_CSR && address <= SCS_SYST_CALIB)
		return systick_read(m, address);
	if (address >= SCS_NVIC_ISER && address < 0xE000E500u)
		return nvic_read(m, address);
	if (address >= SCS_DHCSR && address <= SCS_DEMCR)
		return debug_read(m, address);
	if (address >= 0xE000EFD0u)
		return component_id(m, address);
	return scb_read(m, address);
}

static void scs_write(struct mcu *m, uint32_t address, uint32_t v, bool debug)
{
	if (address >= SCS_SYST_CSR && address <= SCS_SYST_CALIB)
		systick_write(m, address, v);
	else if (address >= SCS_NVIC_ISER && address < SCS_NVIC_IABR)
		nvic_write(m, address, v);
	else if (address >= SCS_DHCSR && address <= SCS_DEMCR)
		debug_write(m, address, v, debug);
	else
		scb_write(m, address, v);
}

/* ---- component identification ------------------------------------------------------------------- */

/* PIDR0..3 without the revision, PIDR4 is 4 for Arm; CIDR1 tells the class. */
static const struct {
	uint32_t base;
	uint32_t pid; /* PIDR3..PIDR0 */
	uint8_t class;
} components[] = {
	{0xE000E000, 0x000BB000, 0xE0}, /* SCS */
	{DWT_BASE, 0x000BB002, 0xE0},
	{FPB_BASE, 0x000BB003, 0xE0},
	{ITM_BASE, 0x000BB001, 0xE0},
	{TPIU_BASE, 0x000BB923, 0x90},
};

/* The ROM table carries the maker's identity. */
static uint32_t rom_pid(const struct mcu *m, unsigned i)
{
	const struct silicon *s = m->silicon;
	uint32_t part = s->rom_part ? s->rom_part : m->chip->dev_id;

	if (s->rom_designer == 0xFFFF)
		return 0;
	switch (i) {
	case 0: return part & 0xFF;
	case 1: return (part >> 8 & 0xF) | (s->rom_designer & 0xFu) << 4;
	case 2: return (s->rom_designer >> 4 & 7u) | 8;
	case 4: return s->rom_designer >> 8;
	default: return 0;
	}
}

uint32_t component_id(const struct mcu *m, uint32_t address)
{
	static const uint8_t cid[4] = {0x0D, 0x00, 0x05, 0xB1};
	uint32_t offset = address & 0xFFF, base = address & ~0xFFFu;
	uint32_t pid = 0;
	uint8_t class = 0x10;

	if (offset < 0xFD0)
		return 0;
	for (size_t i = 0; i < sizeof components / sizeof components[0]; i++)
		if (components[i].base == base) {
			pid = components[i].pid;
			class = components[i].class;
		}
	if (offset >= 0xFF0)
		return offset == 0xFF4 ? class : cid[(offset - 0xFF0) / 4];
	if (base == ROM_TABLE)
		return rom_pid(m, offset < 0xFE0 ? 4 + (offset - 0xFD0) / 4 : (offset - 0xFE0) / 4);
	if (offset < 0xFE0)
		return offset == 0xFD0 ? 4 : 0;
	return pid >> 8 * ((offset - 0xFE0) / 4) & 0xFF;
}

/* SCS, DWT, FPB, ITM, TPIU; ETM is not fitted on medium density (ASSUMED for all). */
static uint32_t rom_read(const struct mcu *m, uint32_t address)
{
	static const uint32_t entries[] = {0xFFF0F003, 0xFFF02003, 0xFFF03003,
					   0xFFF01003, 0xFFF41003, 0xFFF42002};
	uint32_t i = (address - ROM_TABLE) / 4;

	if (address == 0xE00FFFCCu)
		return 1; /* MEMTYPE: system memory is on this bus */
	return i < sizeof entries / sizeof entries[0] ? entries[i] : component_id(m, address);
}

/* ---- the bus ----------------------------------------------------------------------------------------- */

static uint32_t read_word(struct mcu *m, uint32_t address)
{
	switch (address & ~0xFFFu) {
	case 0xE000E000u: return scs_read(m, address);
	case DWT_BASE: return dwt_read(m, address);
	case FPB_BASE: return fpb_read(m, address);
	case ROM_TABLE: return rom_read(m, address);
	case ITM_BASE: return address < 0xE0000080u ? 1 : component_id(m, address); /* FIFOREADY */
	default: return component_id(m, address);
	}
}

static void write_word(struct mcu *m, uint32_t address, uint32_t v, bool debug)
{
	switch (address & ~0xFFFu) {
	case 0xE000E000u: scs_write(m, address, v, debug); break;
	case DWT_BASE: dwt_write(m, address, v); break;
	case FPB_BASE: fpb_write(m, address, v); break;
	default: break;
	}
}

static bool present(uint32_t address)
{
	return address >= 0xE0000000u && address <= 0xE00FFFFFu;
}

bool ppb_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value, bool debug)
{
	uint32_t v;

	if (!present(address))
		return false;
	v = read_word(m, address & ~3u) >> 8 * (address & 3);
	*value = size == 4 ? v : v & ((1u << 8 * size) - 1);
	return true;
}

/* Registers made of bytes take bytes; status registers see zeros beside a
 * narrow write; the others are merged (narrow writes are UNPREDICTABLE there). */
static uint32_t widen(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	uint32_t word = address & ~3u, shift = 8 * (address & 3);
	uint32_t mask = ((1u << 8 * size) - 1) << shift;
	bool clears = word == SCS_CFSR || word == SCS_HFSR || word == SCS_DFSR;
	bool sets = word >= SCS_NVIC_ISER && word < SCS_NVIC_IABR;

	if (clears || sets)
		return value << shift & mask;
	return (read_word(m, word) & ~mask) | (value << shift & mask);
}

bool ppb_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value, bool debug)
{
	if (!present(address))
		return false;
	if (address == SCS_ICSR && size == 4) /* an RTOS's most frequent store */
		write_icsr(m, value);
	else if (address >= SCS_NVIC_IPR && address < 0xE000E500u)
		nvic_write_priority(m, address, size, value);
	else if (address >= SCS_SHPR1 && address < SCS_SHPR3 + 4)
		write_system_priority(m, address, size, value);
	else
		write_word(m, address & ~3u, size == 4 ? value : widen(m, address, size, value),
			   debug);
	return true;
}
