/*
 * The embedded flash controller (FPEC). PM0075; RM0008 3.3.3.
 *
 * Half-words only: other sizes get a bus error. A half-word that is not erased
 * takes only 0x0000 (PM0075 2.3.3), else PGERR; a protected page gives WRPRTERR.
 * Durations are the chip's typical ones times the silicon's slow-down. The
 * array cannot be read meanwhile: the core stalls, the AHB-AP waits.
 * What a power cut or reset in the middle leaves behind is torn but the same
 * every time: some bits have changed, some have not.
 *
 * Option bytes: programming one byte writes its complement too; they come into
 * force at the next system reset. Taking RDP away (0xA5 while protected)
 * erases all of main flash first.
 *
 * ASSUMED: a store to flash without PG is ignored; keys written while unlocked
 * are ignored; a mass erase is refused when any page is write-protected by WRP
 * but not because of RDP. Not modelled: half-cycle access, prefetch contents,
 * endurance; bank 2 of XL parts (registers from 0x44 on), which a mass erase takes
 * along; with RDP on, data reads by code that a debugger started.
 */
#include <string.h>

#include "base/bytes.h"
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define ACR 0x00
#define ACR_PRFTBE 0x10u /* its status, PRFTBS, is the next bit */
#define KEYR 0x04
#define OPTKEYR 0x08
#define SR 0x0C
#define CR 0x10
#define AR 0x14
#define OBR 0x1C
#define WRPR 0x20
#define KEY1 0x45670123u
#define KEY2 0xCDEF89ABu
#define SR_BSY 1u
#define SR_PGERR 4u
#define SR_WRPRTERR 0x10u
#define SR_EOP 0x20u
#define CR_PG 1u
#define CR_PER 2u
#define CR_MER 4u
#define CR_OPTPG 0x10u
#define CR_OPTER 0x20u
#define CR_STRT 0x40u
#define CR_LOCK 0x80u
#define CR_OPTWRE 0x200u
#define CR_ERRIE 0x400u
#define CR_EOPIE 0x1000u
#define OBR_RDPRT 2u
#define BANK1_SIZE 0x80000u /* PM0068: what lies behind has registers of its own */
#define RDP_OFF 0xA5u

enum operation { OP_NONE, OP_PROGRAM, OP_PAGE, OP_MASS, OP_OPT_PROGRAM, OP_OPT_ERASE };

struct flash_state {
	uint8_t key_step, optkey_step; /* 0: waiting for KEY1, 1: KEY2; 2: locked up until reset */
	uint8_t operation;             /* enum operation under way */
	bool mass_first;               /* OP_OPT_PROGRAM takes RDP away */
	uint32_t address;              /* offset in the array or in the option bytes */
	uint16_t value;
	uint64_t end_ns;
};

/* ---- protection --------------------------------------------------------------------- */

bool flash_rdp(const struct mcu *m)
{
	return periph_get(m->flash_if, OBR) & OBR_RDPRT;
}

uint8_t flash_user_option(const struct mcu *m)
{
	return (uint8_t)(periph_get(m->flash_if, OBR) >> 2);
}

/* With RDP on, a debugger and programs outside main flash may not touch it. */
static bool outsider(const struct mcu *m)
{
	return m->by_debugger || m->s.side.boot_alias != m->chip->flash_base;
}

bool flash_readable(const struct mcu *m)
{
	return !flash_rdp(m) || !outsider(m);
}

static bool page_protected(const struct mcu *m, uint32_t at)
{
	uint32_t page = at / m->chip->page_size;
	uint32_t bit = page / m->chip->wrp_pages;

	/* RDP write-protects the first 4 KiB by itself. */
	if (flash_rdp(m) && (outsider(m) || at < 4096))
		return true;
	return !(periph_get(m->flash_if, WRPR) >> (bit < 31 ? bit : 31) & 1);
}

/* One option byte: its value, or 0xFF and an error when the complement is off.
 * Erased (both 0xFF) is no error. */
static uint8_t option_byte(const struct mcu *m, unsigned i, bool *error)
{
	uint8_t v = m->s.option_bytes[2 * i], n = m->s.option_bytes[2 * i + 1];

	if ((v ^ n) == 0xFF)
		return v;
	*error |= v != 0xFF || n != 0xFF;
	return 0xFF;
}

void flash_load_options(struct mcu *m)
{
	bool error = false;
	uint32_t obr, wrpr = 0;

	obr = option_byte(m, 0, &error) == RDP_OFF ? 0 : OBR_RDPRT;
	obr |= (uint32_t)option_byte(m, 1, &error) << 2;
	obr |= (uint32_t)option_byte(m, 2, &error) << 10;
	obr |= (uint32_t)option_byte(m, 3, &error) << 18;
	for (unsigned i = 0; i < 4; i++)
		wrpr |= (uint32_t)option_byte(m, 4 + i, &error) << 8 * i;
	periph_set(m->flash_if, OBR, obr | error);
	periph_set(m->flash_if, WRPR, wrpr);
}

/* ---- operations ------------------------------------------------------------------------ */

void flash_touched(struct mcu *m, uint32_t at, uint32_t len)
{
	m->flash_dirty = true;
	m->s.side.flash_generation++;
	cpu_code_changed(m, m->chip->flash_base + at, len);
	if (m->s.side.boot_alias == m->chip->flash_base)
		cpu_code_changed(m, at, len);
}

static uint64_t duration_ns(const struct mcu *m, enum operation op)
{
	const struct flash_timing *t = m->chip->timing;
	uint64_t typ = t->program_ns.typ;

	if (op == OP_PAGE || op == OP_OPT_ERASE)
		typ = t->page_erase_ns.typ;
	else if (op == OP_MASS)
		typ = t->mass_erase_ns.typ;
	return typ * m->silicon->flash_slowdown / 100;
}

static void set_flags(struct periph *p, uint32_t flags)
{
	uint32_t sr = periph_get(p, SR) | flags, cr = periph_get(p, CR);

	periph_set(p, SR, sr);
	periph_irq(p, 0, (sr & SR_EOP && cr & CR_EOPIE) ||
				 (sr & (SR_PGERR | SR_WRPRTERR) && cr & CR_ERRIE));
}

void flash_stall(struct mcu *m)
{
	const struct flash_state *s = m->flash_if->state;

	time_skip_clocked(m, s->end_ns);
	cpu_catch_up(m);
	time_fire(m);
}

bool flash_core_stalls(const struct mcu *m)
{
	uint32_t pc = mcu_reg(m, MCU_PC);

	if (!m->s.side.flash_busy)
		return false;
	return pc - m->chip->flash_base < m->chip->flash_die ||
	       (pc < m->chip->flash_die && m->s.side.boot_alias == m->chip->flash_base);
}

static void start(struct periph *p, enum operation op, uint32_t address, uint16_t value)
{
	struct flash_state *s = p->state;
	struct mcu *m = p->m;

	s->operation = (uint8_t)op;
	s->address = address;
	s->value = value;
	s->end_ns = time_now_ns(m) + duration_ns(m, op) +
		    (s->mass_first ? duration_ns(m, OP_MASS) : 0);
	m->s.side.flash_busy = true;
	m->s.side.flash_operations++;
	periph_set(p, SR, periph_get(p, SR) | SR_BSY);
	periph_schedule(p, 0, s->end_ns);
	cpu_flash_busy(m, true);
	/* A core that fetches from the array comes no further than this instruction. */
	m->s.time.deadline = m->s.time.cycles;
}

static void fill(struct mcu *m, uint32_t at, uint32_t len)
{
	memset(m->flash + at, 0xFF, len);
	flash_touched(m, at, len);
}

static void complete(struct mcu *m, struct flash_state *s)
{
	switch (s->operation) {
	case OP_PROGRAM:
		put_le16(m->flash + s->address,
			 s->value | (s->address == m->stuck_at ? m->stuck_ones : 0));
		flash_touched(m, s->address, 2);
		mcu_emit(m, MCU_EVENT_FLASH, 2, m->chip->flash_base + s->address);
		break;
	case OP_PAGE:
		fill(m, s->address, m->chip->page_size);
		mcu_emit(m, MCU_EVENT_FLASH, 0, m->chip->flash_base + s->address);
		break;
	case OP_MASS:
		fill(m, 0, m->chip->flash_die);
		mcu_emit(m, MCU_EVENT_FLASH, 1, m->chip->flash_base);
		break;
	case OP_OPT_ERASE:
		memset(m->s.option_bytes, 0xFF, sizeof m->s.option_bytes);
		mcu_emit(m, MCU_EVENT_OPTION_BYTES, 0, m->chip->option_base);
		break;
	case OP_OPT_PROGRAM:
		if (s->mass_first) {
			fill(m, 0, m->chip->flash_die);
			mcu_emit(m, MCU_EVENT_FLASH, 1, m->chip->flash_base);
		}
		put_le16(m->s.option_bytes + s->address, s->value);
		mcu_emit(m, MCU_EVENT_OPTION_BYTES, 1, m->chip->option_base + s->address);
		break;
	}
}

static void end_operation(struct mcu *m, struct flash_state *s)
{
	s->operation = OP_NONE;
	s->mass_first = false;
	m->s.side.flash_busy = false;
	cpu_flash_busy(m, false);
}

static void flash_event(struct periph *p, unsigned id)
{
	struct flash_state *s = p->state;

	complete(p->m, s);
	end_operation(p->m, s);
	periph_set(p, SR, periph_get(p, SR) & ~SR_BSY);
	periph_set(p, CR, periph_get(p, CR) & ~CR_STRT);
	set_flags(p, SR_EOP);
}

/* Bits that a cut-off operation happened to get to: noise, but always the same. */
static uint8_t torn_bits(uint32_t at)
{
	at = (at ^ at >> 15) * 0x2C1B3C6Du;
	return (uint8_t)((at ^ at >> 12) * 0x297A2D39u >> 24);
}

static void tear(struct mcu *m, const struct flash_state *s)
{
	uint32_t from = 0, len = m->chip->flash_die;

	if (s->operation == OP_OPT_ERASE || s->operation == OP_OPT_PROGRAM) {
		for (unsigned i = 0; i < sizeof m->s.option_bytes; i++)
			if (s->operation == OP_OPT_ERASE)
				m->s.option_bytes[i] |= torn_bits(i);
			else if (i == s->address)
				m->s.option_bytes[i] &= (uint8_t)s->value | torn_bits(i);
		if (!s->mass_first)
			return;
	} else if (s->operation == OP_PROGRAM) {
		for (unsigned i = 0; i < 2; i++)
			m->flash[s->address + i] &= (uint8_t)(s->value >> 8 * i) |
						    torn_bits(s->address + i);
		flash_touched(m, s->address, 2);
		return;
	} else if (s->operation == OP_PAGE) {
		from = s->address;
		len = m->chip->page_size;
	}
	for (uint32_t i = from; i < from + len; i++)
		m->flash[i] |= torn_bits(i);
	flash_touched(m, from, len);
}

static void flash_reset(struct periph *p, enum mcu_reset why)
{
	struct flash_state *s = p->state;

	if (p->m->s.side.flash_busy) {
		tear(p->m, s);
		end_operation(p->m, s);
	}
	memset(s, 0, sizeof *s);
	flash_load_options(p->m);
}

/* ---- stores to the array ------------------------------------------------------------------ */

static bool program(struct periph *p, uint32_t at, uint16_t value)
{
	uint16_t now = get_le16(p->m->flash + at);

	if (page_protected(p->m, at))
		set_flags(p, SR_WRPRTERR);
	else if (now != 0xFFFF && value != 0)
		set_flags(p, SR_PGERR);
	else
		start(p, OP_PROGRAM, at, value);
	return true;
}

static bool program_option(struct periph *p, uint32_t at, uint16_t value)
{
	struct flash_state *s = p->state;
	uint16_t whole = (uint16_t)((value & 0xFF) | (~value & 0xFF) << 8);

	if (get_le16(p->m->s.option_bytes + at) != 0xFFFF) {
		set_flags(p, SR_PGERR);
		return true;
	}
	s->mass_first = at == 0 && flash_rdp(p->m) && (value & 0xFF) == RDP_OFF;
	start(p, OP_OPT_PROGRAM, at, whole);
	return true;
}

bool flash_store(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	struct periph *p = m->flash_if;
	uint32_t cr = periph_get(p, CR);
	bool option = address >= m->chip->option_base;
	bool ready = option ? cr & CR_OPTPG && cr & CR_OPTWRE : cr & CR_PG;

	if (cr & CR_LOCK || !ready)
		return true;
	if (!option && address - m->chip->flash_base >= BANK1_SIZE)
		return true;
	if (size != 2)
		return false;
	if (m->s.side.flash_busy)
		flash_stall(m);
	return option ? program_option(p, address - m->chip->option_base, (uint16_t)value)
		      : program(p, address - m->chip->flash_base, (uint16_t)value);
}

/* ---- registers -------------------------------------------------------------------------------- */

/* KEY1 then KEY2; anything else locks up until the next reset, with a bus error. */
static bool key(struct periph *p, uint8_t *step, uint32_t value)
{
	if (*step == 0 && value == KEY1) {
		*step = 1;
		return false;
	}
	if (*step == 1 && value == KEY2) {
		*step = 0;
		return true;
	}
	*step = 2;
	periph_bus_error(p);
	return false;
}

static void write_keyr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct flash_state *s = p->state;
	uint32_t cr = periph_get(p, CR);

	if (cr & CR_LOCK && key(p, &s->key_step, value))
		periph_set(p, CR, cr & ~CR_LOCK);
}

static void write_optkeyr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct flash_state *s = p->state;
	uint32_t cr = periph_get(p, CR);

	if (!(cr & CR_OPTWRE) && key(p, &s->optkey_step, value))
		periph_set(p, CR, cr | CR_OPTWRE);
}

static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_set(p, SR, old & ~(value & (SR_PGERR | SR_WRPRTERR | SR_EOP)));
	set_flags(p, 0);
}

/* WRP forbids a mass erase; RDP does not (it is how protection is left). */
static bool any_page_protected(const struct mcu *m)
{
	uint32_t pages = m->chip->flash_size / m->chip->page_size;
	uint32_t bits = (pages + m->chip->wrp_pages - 1) / m->chip->wrp_pages;
	uint32_t mask = bits >= 32 ? ~0u : (1u << bits) - 1;

	return (periph_get(m->flash_if, WRPR) & mask) != mask;
}

static void begin_erase(struct periph *p, uint32_t cr)
{
	struct mcu *m = p->m;
	uint32_t at = periph_get(p, AR) - m->chip->flash_base;

	if (cr & CR_OPTER && cr & CR_OPTWRE) {
		start(p, OP_OPT_ERASE, 0, 0);
	} else if (cr & CR_MER) {
		if (any_page_protected(m))
			set_flags(p, SR_WRPRTERR);
		else
			start(p, OP_MASS, 0, 0);
	} else if (cr & CR_PER) {
		if (at >= m->chip->flash_die || at >= BANK1_SIZE || page_protected(m, at))
			set_flags(p, SR_WRPRTERR);
		else
			start(p, OP_PAGE, at - at % m->chip->page_size, 0);
	}
}

static void write_cr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t kept;

	if (old & CR_LOCK || p->m->s.side.flash_busy)
		return;
	/* LOCK can only be set, OPTWRE only be cleared. */
	kept = value & (r->wmask & ~(CR_STRT | CR_OPTWRE));
	kept |= old & value & CR_OPTWRE;
	if (value & CR_LOCK)
		kept &= ~CR_OPTWRE;
	periph_set(p, CR, kept);
	if (value & CR_STRT) {
		begin_erase(p, kept);
		if (p->m->s.side.flash_busy)
			periph_set(p, CR, kept | CR_STRT);
	}
	set_flags(p, 0);
}

static void write_ar(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (!p->m->s.side.flash_busy)
		periph_set(p, AR, value);
}

static void write_acr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_set(p, ACR, (value & 0x1F) | (value & ACR_PRFTBE) << 1);
}

static const struct reg regs[] = {
	{ACR, "ACR", 0x30, 0x3F, 0x1F, .write = write_acr},
	{KEYR, "KEYR", 0, 0, ~0u, .write = write_keyr},
	{OPTKEYR, "OPTKEYR", 0, 0, ~0u, .write = write_optkeyr},
	{SR, "SR", 0, 0x35, 0x34, .write = write_sr},
	{CR, "CR", CR_LOCK, 0x16F7, 0x16F7, .write = write_cr},
	{AR, "AR", 0, 0, ~0u, .write = write_ar},
	{OBR, "OBR", 0x03FFFFFC, 0x03FFFFFF, 0},
	{WRPR, "WRPR", 0xFFFFFFFF, 0xFFFFFFFF, 0},
};

const struct periph_def flash_def = {
	.kind = "FLASH",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct flash_state),
	.reset = flash_reset,
	.event = flash_event,
	.not_modelled = "prefetch buffer, half-cycle access, endurance, bank 2 of XL parts",
};
