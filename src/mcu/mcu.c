/*
 * The public face: making a chip, running it, reaching its memory.
 */
#include "mcu/mcu.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "mcu/mcu_internal.h"

/* ---- making one ----------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t field; /* offset of the pointer in struct mcu */
} known[] = {
	{"RCC", offsetof(struct mcu, rcc)},       {"AFIO", offsetof(struct mcu, afio)},
	{"FLASH", offsetof(struct mcu, flash_if)}, {"DBGMCU", offsetof(struct mcu, dbgmcu)},
	{"PWR", offsetof(struct mcu, pwr)},       {"EXTI", offsetof(struct mcu, exti)},
	{"IWDG", offsetof(struct mcu, iwdg)},     {"DAC", offsetof(struct mcu, dac)},
};

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static bool on_this_part(const struct mcu *m, const struct periph_row *row)
{
	if (!(row->densities & 1u << m->chip->density))
		return false;
	if (strcmp(row->def->kind, "GPIO") == 0)
		return row->index < m->chip->gpio_ports;
	return strcmp(row->def->kind, "USART") != 0 || row->index <= m->chip->usarts;
}

static void place_in_map(struct mcu *m, const struct periph *p)
{
	uint32_t slot = (p->base - 0x40000000u) / 0x400;

	for (uint32_t i = 0; i < (p->span + 0x3FF) / 0x400; i++)
		if (p->base >= 0x40000000u && slot + i < sizeof m->periph_map)
			m->periph_map[slot + i] = (uint8_t)(p->id + 1);
}

/* Kinds of which there are several, by number. */
static void remember(struct mcu *m, struct periph *p)
{
	const char *kind = p->def->kind;

	if (strcmp(kind, "GPIO") == 0)
		m->gpio[p->index] = p;
	else if (strcmp(kind, "USART") == 0)
		m->usart[p->index - 1] = p;
	else if (strcmp(kind, "DMA") == 0)
		m->dma[p->index - 1] = p;
	else if (strcmp(kind, "ADC") == 0)
		m->adc[p->index - 1] = p;
}

static void add_periph(struct mcu *m, const struct periph_row *row, uint8_t *row_map)
{
	struct periph *p = &m->periphs[m->periph_count];

	*p = (struct periph){
		.def = row->def, .m = m, .name = row->name, .base = row->base, .span = row->span,
		.bus = row->bus, .index = row->index, .gate = row->gate,
		.id = (uint16_t)m->periph_count, .row_of = row_map,
		.words = (uint32_t *)(void *)(m->s.pool + m->pool_used),
	};
	memcpy(p->irq, row->irq, sizeof p->irq);
	m->pool_used = align8(m->pool_used + row->def->reg_count * sizeof(uint32_t));
	p->state = m->s.pool + m->pool_used;
	m->pool_used = align8(m->pool_used + row->def->state_size);
	for (size_t i = 0; i < row->def->reg_count; i++)
		row_map[row->def->regs[i].offset / 4] = (uint8_t)(i + 1);
	m->periph_count++;
	place_in_map(m, p);
	remember(m, p);
}

/* The enable bits this part has, by what is on it (RCC's masks). */
static void collect_gate(struct mcu *m, int16_t gate)
{
	static const uint8_t offsets[] = {0x14, 0x18, 0x1C};

	for (unsigned i = 0; gate >= 0 && i < 3; i++)
		if (gate >> 5 == offsets[i])
			m->gates[i] |= 1u << (gate & 31);
}

static bool build(struct mcu *m)
{
	size_t maps = 0, used = 0;

	for (size_t i = 0; i < f103_periph_count; i++)
		maps += f103_periphs[i].span / 4;
	m->row_maps = calloc(maps, 1);
	if (!m->row_maps)
		return false;
	for (size_t i = 0; i < f103_periph_count; i++) {
		if (!on_this_part(m, &f103_periphs[i]))
			continue;
		add_periph(m, &f103_periphs[i], m->row_maps + used);
		collect_gate(m, f103_periphs[i].gate);
		used += f103_periphs[i].span / 4;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		*(struct periph **)(void *)((char *)m + known[i].field) =
			periph_find(m, known[i].name);
	return true;
}

/* Flash size, unique id and marker words lie within system memory. */
static void write_signature(struct mcu *m)
{
	static const uint32_t default_id[3] = {0x32FF0672, 0x43545325, 0x01575625};
	const struct chip *c = m->chip;
	const struct silicon *s = m->silicon;
	const uint32_t *id = m->config.unique_id;
	uint8_t *size = m->system + (c->flash_size_reg - c->system_base);

	put_le16(size, (uint16_t)(c->flash_size / 1024));
	put_le16(size + 2, s->ram_size_in_flash_reg ? (uint16_t)(c->ram_size / 1024) : 0xFFFF);
	if (!id[0] && !id[1] && !id[2])
		id = default_id;
	for (unsigned i = 0; i < 3; i++)
		put_le32(m->system + (c->uid_reg - c->system_base) + 4 * i, s->uid_zero ? 0 : id[i]);
	put_le32(m->system + (0x1FFFF7D0u - c->system_base), s->word_1ffff7d0);
	if (s->rom_initial_sp)
		put_le32(m->system, s->rom_initial_sp);
}

static bool fill_memories(struct mcu *m)
{
	static const uint8_t factory_options[16] = {0xA5, 0x5A, 0xFF, 0, 0xFF, 0, 0xFF, 0,
						    0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0};
	size_t rom = m->config.boot_rom_size;

	m->flash = malloc(m->chip->flash_die);
	m->system = malloc(m->chip->system_size);
	m->side_tables = calloc(1, sizeof *m->side_tables);
	if (!m->flash || !m->system || !m->side_tables)
		return false;
	memset(m->flash, 0xFF, m->chip->flash_die);
	memset(m->system, 0xFF, m->chip->system_size);
	if (m->config.boot_rom)
		memcpy(m->system, m->config.boot_rom,
		       rom < m->chip->system_size ? rom : m->chip->system_size);
	write_signature(m);
	memcpy(m->s.option_bytes, factory_options, sizeof factory_options);
	m->flash_dirty = true;
	return true;
}

struct mcu *mcu_new(const struct mcu_config *config, struct err *err)
{
	struct mcu *m = calloc(1, sizeof *m);

	if (!m)
		goto no_memory;
	m->config = *config;
	m->chip = config->chip;
	m->silicon = config->silicon ? config->silicon : silicon_by_name("genuine");
	m->log = config->log;
	m->config.boot_rom = config->boot_rom;
	if (!fill_memories(m) || !build(m) || !cpu_new(m))
		goto no_memory;
	m->config.boot_rom = NULL; /* copied; the caller's bytes are not ours to keep */
	m->s.time.hclk_hz = 8000000;
	m->s.time.next_event_ns = UINT64_MAX;
	m->s.side.limit_ns = UINT64_MAX;
	m->s.side.boot_alias = m->chip->flash_base;
	memset(m->s.side.pin_drive, -1, sizeof m->s.side.pin_drive);
	memset(m->s.event_at, 0xFF, sizeof m->s.event_at);
	for (size_t i = 0; i < m->periph_count; i++)
		periph_reset(&m->periphs[i], MCU_RESET_POWER);
	return m;
no_memory:
	mcu_free(m);
	err_set(err, STATUS_NO_MEMORY, "no memory for a microcontroller");
	return NULL;
}

void mcu_free(struct mcu *m)
{
	if (!m)
		return;
	cpu_free(m);
	flash_copy_unref(m->flash_copy);
	if (m->side_tables) {
		free(m->side_tables->coverage);
		free(m->side_tables->writer);
		free(m->side_tables->unmodelled);
	}
	free(m->side_tables);
	free(m->row_maps);
	free(m->system);
	free(m->flash);
	free(m);
}

/* ---- running ---------------------------------------------------------------------- */

/* The time to move to when nothing executes: the next event or the limit. */
static uint64_t next_stop_ns(struct mcu *m)
{
	uint64_t next;

	time_find_next(m);
	next = m->s.time.next_event_ns;
	return next < m->s.side.limit_ns ? next : m->s.side.limit_ns;
}

/* Let the clocks run without the core, to the next event, SysTick or limit. */
static bool pass_clocked(struct mcu *m)
{
	uint64_t cycles = time_ns_to_cycles(m, next_stop_ns(m));
	uint64_t core = cpu_next_cycle(m), before = time_now_ns(m), from = m->s.time.cycles;

	if (core < cycles)
		cycles = core;
	if (cycles == UINT64_MAX)
		return false;
	if (cycles > m->s.time.cycles)
		m->s.time.cycles = cycles;
	cpu_catch_up(m);
	time_freeze(m, time_now_ns(m) - before, m->s.time.cycles - from);
	return true;
}

/* Nothing but LSI and LSE runs. */
static bool pass_stopped(struct mcu *m)
{
	uint64_t next = next_stop_ns(m), before = time_now_ns(m);

	if (next == UINT64_MAX)
		return false;
	time_skip_stopped(m, next);
	time_freeze(m, time_now_ns(m) - before, 0);
	return true;
}

static bool pass(struct mcu *m)
{
	return power_hclk_runs(m) ? pass_clocked(m) : pass_stopped(m);
}

/* Held in reset or without power: true when `stop` says why to return. */
static bool pass_off(struct mcu *m, enum mcu_stop *stop)
{
	struct mcu_board_side *side = &m->s.side;
	uint64_t until = side->limit_ns, now = time_now_ns(m);

	*stop = MCU_STOP_OFF;
	if (side->mode == MCU_MODE_RESET && !side->nrst_low) {
		if (side->reset_until_ns <= until) {
			time_skip_stopped(m, side->reset_until_ns);
			reset_leave(m);
			return false;
		}
		*stop = MCU_STOP_TIME;
	}
	if (until == UINT64_MAX)
		return true;
	pass_stopped(m);
	return now >= until || time_now_ns(m) >= until;
}

static bool pass_asleep(struct mcu *m, const struct mcu_limits *limits, enum mcu_stop *stop)
{
	bool deep = m->s.side.mode == MCU_MODE_STANDBY;

	if (!deep && (cpu_wakes(m) || cpu_halted(m))) {
		power_wake(m);
		return false;
	}
	*stop = MCU_STOP_IDLE;
	time_find_next(m);
	if (limits->stop_when_idle && m->s.time.next_event_ns == UINT64_MAX &&
	    (!power_hclk_runs(m) || cpu_next_cycle(m) == UINT64_MAX))
		return true;
	return !pass(m);
}

static bool execute(struct mcu *m, const struct mcu_limits *limits, enum mcu_stop *stop)
{
	uint64_t done = m->s.time.instructions;

	if (done >= limits->instructions) {
		*stop = MCU_STOP_INSTRUCTIONS;
		return true;
	}
	time_rearm(m);
	switch (cpu_run(m, limits->instructions - done)) {
	case CPU_EXIT_HALTED:
		*stop = MCU_STOP_HALTED;
		return true;
	case CPU_EXIT_LOCKUP:
		*stop = MCU_STOP_LOCKUP;
		return !pass(m);
	default:
		return false;
	}
}

/* One stretch of running or waiting. True: return `*stop`. */
static bool advance(struct mcu *m, const struct mcu_limits *limits, enum mcu_stop *stop)
{
	struct mcu_board_side *side = &m->s.side;

	if (side->reset_pending)
		reset_enter(m, side->reset_why);
	time_fire(m);
	if (side->reset_pending)
		return false;
	if (m->stop_requested) {
		*stop = MCU_STOP_HOOK;
		return true;
	}
	if (time_now_ns(m) >= side->limit_ns) {
		if (*stop != MCU_STOP_LOCKUP && *stop != MCU_STOP_OFF)
			*stop = cpu_halted(m) ? MCU_STOP_HALTED : MCU_STOP_TIME;
		return true;
	}
	switch (side->mode) {
	case MCU_MODE_OFF:
	case MCU_MODE_RESET:
		return pass_off(m, stop);
	case MCU_MODE_RUN:
		*stop = MCU_STOP_HALTED;
		if (cpu_halted(m))
			return !pass(m);
		*stop = MCU_STOP_IDLE;
		if (side->sysclk_dead)
			return !pass(m);
		*stop = MCU_STOP_TIME;
		if (flash_core_stalls(m))
			return !pass(m);
		return execute(m, limits, stop);
	default:
		return pass_asleep(m, limits, stop);
	}
}

enum mcu_stop mcu_run(struct mcu *m, const struct mcu_limits *limits)
{
	enum mcu_stop stop = MCU_STOP_TIME;

	m->stop_requested = false;
	m->no_idle_skip = limits->no_idle_skip;
	m->s.side.limit_ns = limits->until_ns;
	cpu_idle_forget(m);
	time_rearm(m);
	while (!advance(m, limits, &stop))
		;
	return stop;
}

/* An exception that is due is a step of its own; the core would go on to its
 * handler's first instruction. */
static bool enters_exception(struct mcu *m)
{
	const struct mcu_board_side *side = &m->s.side;

	if (side->mode != MCU_MODE_RUN || side->reset_pending || side->sysclk_dead || cpu_halted(m))
		return false;
	time_fire(m);
	return !side->reset_pending && !flash_core_stalls(m) && cpu_enter_pending(m);
}

enum mcu_stop mcu_step(struct mcu *m)
{
	struct mcu_limits one = {.until_ns = UINT64_MAX,
				 .instructions = m->s.time.instructions + 1};
	enum mcu_stop stop = MCU_STOP_INSTRUCTIONS;

	m->stop_requested = false;
	m->no_idle_skip = true;
	cpu_idle_forget(m);
	m->s.side.limit_ns = UINT64_MAX;
	if (enters_exception(m))
		return MCU_STOP_INSTRUCTIONS;
	if (advance(m, &one, &stop))
		return stop;
	return MCU_STOP_INSTRUCTIONS;
}

void mcu_hold(struct mcu *m, uint64_t until_ns)
{
	struct mcu_board_side *side = &m->s.side;

	if (side->mode != MCU_MODE_RUN || side->reset_pending || cpu_halted(m) || side->sysclk_dead)
		return;
	side->limit_ns = until_ns;
	(void)pass_clocked(m);
}

void mcu_stop_run(struct mcu *m)
{
	m->stop_requested = true;
}

/* ---- memory from outside -------------------------------------------------------------- */

enum status mcu_load(struct mcu *m, uint32_t address, const void *data, size_t len, struct err *err)
{
	bool is_flash;
	uint8_t *to = bus_memory(m, address, len, &is_flash);

	if (!to) {
		err_at(err, address);
		return err_set(err, STATUS_BAD_FILE, "%zu bytes at 0x%08X do not fit into a %s",
			       len, address, m->chip->name);
	}
	memcpy(to, data, len);
	if (is_flash)
		mcu_flash_changed(m);
	else
		cpu_code_changed(m, address, (uint32_t)len);
	return STATUS_OK;
}

bool mcu_peek(const struct mcu *m, uint32_t address, void *out, size_t len)
{
	const uint8_t *from = bus_memory(m, address, len, NULL);

	if (from)
		memcpy(out, from, len);
	else if (address >= 0x40000000u && address < 0x60000000u)
		memset(out, 0, len);
	else
		return false;
	return true;
}

uint8_t *mcu_flash(struct mcu *m)
{
	return m->flash;
}

void mcu_flash_changed(struct mcu *m)
{
	flash_touched(m, 0, m->chip->flash_die);
}

void mcu_flash_stuck(struct mcu *m, uint32_t offset, uint16_t ones)
{
	m->stuck_at = offset;
	m->stuck_ones = ones;
}

uint64_t mcu_flash_operations(const struct mcu *m)
{
	return m->s.side.flash_operations;
}

/* ---- the AHB-AP --------------------------------------------------------------------------- */

/* What the bus would do with the access before it starts. */
static enum mcu_access admit(struct mcu *m, uint32_t address)
{
	bool is_flash = false;

	if (!mcu_ap_clocked(m))
		return MCU_ACCESS_WAIT;
	if (m->s.side.flash_busy && bus_memory(m, address, 1, &is_flash) && is_flash)
		return MCU_ACCESS_WAIT;
	return MCU_ACCESS_OK;
}

/* While the chip is in reset only the core's own space is alive: memory reads
 * as 0 and takes no writes (ASSUMED). */
static bool dead_in_reset(const struct mcu *m, uint32_t address)
{
	return m->s.side.mode == MCU_MODE_RESET && address < 0xE0000000u;
}

enum mcu_access mcu_debug_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value)
{
	enum mcu_access admitted = admit(m, address);
	bool ok;

	if (admitted != MCU_ACCESS_OK)
		return admitted;
	if (dead_in_reset(m, address)) {
		*value = 0;
		return MCU_ACCESS_OK;
	}
	m->by_debugger = true;
	ok = bus_read(m, address, size, value);
	m->by_debugger = false;
	if (ok && address == SCS_DHCSR && m->s.side.mode == MCU_MODE_RESET)
		*value |= 1u << 25; /* S_RESET_ST cannot be cleared while reset lasts */
	return ok ? MCU_ACCESS_OK : MCU_ACCESS_FAULT;
}

enum mcu_access mcu_debug_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	enum mcu_access admitted = admit(m, address);
	bool ok;

	if (admitted != MCU_ACCESS_OK)
		return admitted;
	if (dead_in_reset(m, address))
		return MCU_ACCESS_OK;
	m->by_debugger = true;
	ok = bus_write(m, address, size, value);
	m->by_debugger = false;
	if (m->s.side.reset_pending)
		reset_enter(m, m->s.side.reset_why);
	time_find_next(m); /* the write may have resumed the core, and what was frozen with it */
	return ok ? MCU_ACCESS_OK : MCU_ACCESS_FAULT;
}

void mcu_debug_power(struct mcu *m, bool on)
{
	if (on && m->s.side.powered)
		m->s.side.debug_powered = true;
}
