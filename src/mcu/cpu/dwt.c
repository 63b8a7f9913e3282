/*
 * Data watchpoint and trace: CYCCNT and four comparators. DDI 0403 C1.8;
 * DDI 0337 11.5. FUNCTION 4 (PC match), 5, 6, 7 (read, write, both) make debug
 * events; comparator 0 may compare CYCCNT. Not modelled: trace packets,
 * sampling and the event counters (they read 0), data-value matching.
 */
#include "mcu/cpu/cpu_internal.h"

#define DWT_CTRL (DWT_BASE + 0)
#define DWT_CYCCNT (DWT_BASE + 4)
#define DWT_PCSR (DWT_BASE + 0x1C)
#define DWT_COMP0 (DWT_BASE + 0x20)
#define CYCCNTENA 1u
#define CYCMATCH 0x80u
#define FUNCTION_MATCHED (1u << 24)
#define CTRL_UNITS (4u << 28)

static bool counting(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu;

	return c->dwt.ctrl & CYCCNTENA && c->demcr & DEMCR_TRCENA && !c->halted;
}

static uint32_t cyccnt(const struct mcu *m)
{
	const struct cpu_dwt *d = &m->s.cpu.dwt;

	return counting(m) ? d->cyccnt + (uint32_t)(m->s.time.cycles - d->cyccnt_base)
			   : d->cyccnt;
}

void dwt_reset(struct mcu *m)
{
	m->s.cpu.dwt = (struct cpu_dwt){0};
}

void dwt_freeze(struct mcu *m)
{
	m->s.cpu.dwt.cyccnt = cyccnt(m);
}

void dwt_thaw(struct mcu *m)
{
	m->s.cpu.dwt.cyccnt_base = m->s.time.cycles;
}

static uint32_t read_unit(struct mcu *m, unsigned i, unsigned reg)
{
	struct cpu_dwt *d = &m->s.cpu.dwt;
	uint32_t v;

	switch (reg) {
	case 0: return d->unit[i].comp;
	case 4: return d->unit[i].mask;
	case 8:
		v = d->unit[i].function | (d->unit[i].matched ? FUNCTION_MATCHED : 0);
		d->unit[i].matched = false;
		return v;
	default: return 0;
	}
}

uint32_t dwt_read(struct mcu *m, uint32_t address)
{
	const struct cpu_state *c = &m->s.cpu;

	switch (address) {
	case DWT_CTRL: return CTRL_UNITS | c->dwt.ctrl;
	case DWT_CYCCNT: return cyccnt(m);
	case DWT_PCSR: return c->halted || c->sleeping ? UINT32_MAX : c->r[15];
	default: break;
	}
	if (address >= DWT_COMP0 && address < DWT_COMP0 + 16 * DWT_COMPARATORS)
		return read_unit(m, (address - DWT_COMP0) / 16, address & 15);
	return component_id(m, address);
}

static void write_unit(struct mcu *m, unsigned i, unsigned reg, uint32_t v)
{
	struct cpu_dwt *d = &m->s.cpu.dwt;

	switch (reg) {
	case 0: d->unit[i].comp = v; break;
	case 4: d->unit[i].mask = v & 0xF; break;
	case 8:
		d->unit[i].function = v & (i == 0 ? 0xAF : 0x2F);
		d->unit[i].matched = false;
		break;
	default: break;
	}
	cache_forget_all(m);
}

void dwt_write(struct mcu *m, uint32_t address, uint32_t v)
{
	struct cpu_dwt *d = &m->s.cpu.dwt;

	if (address == DWT_CTRL) {
		dwt_freeze(m);
		d->ctrl = v & 0x007F1FFFu;
		dwt_thaw(m);
	} else if (address == DWT_CYCCNT) {
		d->cyccnt = v;
		dwt_thaw(m);
	} else if (address >= DWT_COMP0 && address < DWT_COMP0 + 16 * DWT_COMPARATORS) {
		write_unit(m, (address - DWT_COMP0) / 16, address & 15, v);
	}
}

static bool armed(const struct mcu *m)
{
	return m->s.cpu.demcr & DEMCR_TRCENA;
}

bool dwt_watches_data(const struct mcu *m)
{
	for (unsigned i = 0; i < DWT_COMPARATORS; i++) {
		uint32_t f = m->s.cpu.dwt.unit[i].function;
		if (armed(m) && (f & 15) >= 5 && (f & 15) <= 7 && !(f & CYCMATCH))
			return true;
	}
	return false;
}

bool dwt_watches_pc(const struct mcu *m)
{
	for (unsigned i = 0; i < DWT_COMPARATORS; i++)
		if (armed(m) && ((m->s.cpu.dwt.unit[i].function & 15) == 4 ||
				 (i == 0 && m->s.cpu.dwt.unit[0].function & CYCMATCH)))
			return true;
	return false;
}

/* Does [address, address + size) touch the range the unit watches? */
static bool hits(const struct mcu *m, unsigned i, uint32_t address, unsigned size)
{
	uint32_t mask = (1u << m->s.cpu.dwt.unit[i].mask) - 1;
	uint32_t from = m->s.cpu.dwt.unit[i].comp & ~mask;

	return address <= (from | mask) && address + (size - 1) >= from;
}

void dwt_data(struct mcu *m, uint32_t address, unsigned size, bool store, uint32_t value)
{
	struct cpu_state *c = &m->s.cpu;

	for (unsigned i = 0; armed(m) && i < DWT_COMPARATORS; i++) {
		uint32_t f = c->dwt.unit[i].function & 15;
		if (!(f == 7 || f == (store ? 6u : 5u)) || !hits(m, i, address, size))
			continue;
		c->dwt.unit[i].matched = true;
		c->watch_hit = true; /* taken once the instruction is done */
		c->attention = true;
	}
}

bool dwt_pc(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	for (unsigned i = 0; armed(m) && i < DWT_COMPARATORS; i++) {
		bool cycles = i == 0 && c->dwt.unit[0].function & CYCMATCH;
		uint32_t mask = (1u << c->dwt.unit[i].mask) - 1;
		bool hit = cycles ? cyccnt(m) >= c->dwt.unit[0].comp && !c->dwt.unit[0].matched
				  : ((c->r[15] ^ c->dwt.unit[i].comp) & ~mask) == 0;
		if ((c->dwt.unit[i].function & 15) != 4 || !hit)
			continue;
		c->dwt.unit[i].matched = true;
		if (debug_event(m, DFSR_DWTTRAP))
			return true;
	}
	return false;
}
