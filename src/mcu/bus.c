/*
 * The address map: what answers where.
 *
 *   0x00000000  alias of main flash, system memory or SRAM, by the boot pins
 *   0x08000000  main flash           0x1FFFF000  system memory, 0x1FFFF800 option bytes
 *   0x20000000  SRAM                 0x22000000  its bit-band alias
 *   0x40000000  peripherals          0x42000000  their bit-band alias
 *   0x60000000  FSMC (high density)  0xE0000000  private peripherals of the core
 *
 * RM0008 3.3, DDI 0337 (bit-band). Anything else answers with a bus error.
 * Not modelled: memories behind the FSMC (reads of an enabled bank give ones);
 * wait states of the bridges; write buffers (all bus errors are precise).
 */
#include <string.h>

#include "base/bytes.h"
#include "mcu/mcu_internal.h"

#define SYSTEM_BITBAND_SPAN 0x02000000u
#define OPTION_SPAN 16u

enum place { PLACE_NONE, PLACE_FLASH, PLACE_SYSTEM, PLACE_OPTIONS, PLACE_RAM };

/* Which memory, and where in it; the alias at 0 is already taken out. */
static enum place find_memory(const struct mcu *m, uint32_t address, unsigned size, uint32_t *at)
{
	const struct chip *c = m->chip;

	if (address < c->flash_base && m->s.side.boot_alias)
		address += m->s.side.boot_alias;
	if (range_inside(address, size, c->flash_base, c->flash_die)) {
		*at = address - c->flash_base;
		return PLACE_FLASH;
	}
	if (range_inside(address, size, c->ram_base, c->ram_size)) {
		*at = address - c->ram_base;
		return PLACE_RAM;
	}
	if (range_inside(address, size, c->system_base, c->system_size)) {
		*at = address - c->system_base;
		return PLACE_SYSTEM;
	}
	if (range_inside(address, size, c->option_base, OPTION_SPAN)) {
		*at = address - c->option_base;
		return PLACE_OPTIONS;
	}
	return PLACE_NONE;
}

static uint8_t *memory_of(const struct mcu *m, enum place place)
{
	switch (place) {
	case PLACE_FLASH:
		return m->flash;
	case PLACE_SYSTEM:
		return m->system;
	case PLACE_OPTIONS:
		return (uint8_t *)m->s.option_bytes;
	case PLACE_RAM:
		return (uint8_t *)m->s.ram;
	default:
		return NULL;
	}
}

uint8_t *bus_memory(const struct mcu *m, uint32_t address, size_t len, bool *is_flash)
{
	uint32_t at = 0;
	enum place place = len <= UINT32_MAX ? find_memory(m, address, (unsigned)len, &at)
					     : PLACE_NONE;
	uint8_t *base = memory_of(m, place);

	if (is_flash)
		*is_flash = place == PLACE_FLASH;
	return base ? base + at : NULL;
}

static uint32_t get_sized(const uint8_t *p, unsigned size)
{
	return size == 4 ? get_le32(p) : size == 2 ? get_le16(p) : p[0];
}

static void put_sized(uint8_t *p, unsigned size, uint32_t v)
{
	if (size == 4)
		put_le32(p, v);
	else if (size == 2)
		put_le16(p, (uint16_t)v);
	else
		p[0] = (uint8_t)v;
}

/* A master that reads the array during an operation waits for it. */
static void wait_for_flash(struct mcu *m)
{
	if (m->s.side.flash_busy && !m->by_debugger)
		flash_stall(m);
}

/* `hit`: the address is memory; the result says whether it may be read. */
static bool memory_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value, bool *hit)
{
	uint32_t at = 0;
	enum place place = find_memory(m, address, size, &at);

	*hit = place != PLACE_NONE;
	if (place == PLACE_NONE || (place == PLACE_FLASH && !flash_readable(m)))
		return false;
	if (place == PLACE_FLASH)
		wait_for_flash(m);
	*value = get_sized(memory_of(m, place) + at, size);
	return true;
}

static void ram_written(struct mcu *m, uint32_t at, unsigned size)
{
	if (m->by_debugger || m->by_dma)
		cpu_code_changed(m, m->chip->ram_base + at, size);
}

static bool memory_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value, bool *hit)
{
	uint32_t at = 0;
	enum place place = find_memory(m, address, size, &at);

	*hit = place != PLACE_NONE;
	switch (place) {
	case PLACE_RAM:
		put_sized(m->s.ram + at, size, value);
		ram_written(m, at, size);
		return true;
	case PLACE_FLASH:
		return flash_store(m, m->chip->flash_base + at, size, value);
	case PLACE_OPTIONS:
		return flash_store(m, m->chip->option_base + at, size, value);
	default:
		return place == PLACE_SYSTEM; /* system memory: written to no effect (ASSUMED) */
	}
}

/* 0x22000000 -> SRAM, 0x42000000 -> peripherals: word and bit behind an alias. */
static bool bitband(uint32_t address, uint32_t *word, unsigned *bit)
{
	uint32_t region = address & 0xFE000000u;
	uint32_t offset = address & (SYSTEM_BITBAND_SPAN - 1);

	if (region != 0x22000000u && region != 0x42000000u)
		return false;
	*word = (region & 0xF0000000u) + (offset >> 7 << 2);
	*bit = offset >> 2 & 31;
	return true;
}

static bool bitband_write(struct mcu *m, uint32_t address, uint32_t word, unsigned bit,
			  uint32_t value)
{
	uint32_t v;

	if (!bus_read(m, word, 4, &v))
		return false;
	v = (v & ~(1u << bit)) | (value & 1u) << bit;
	if (word >= 0x40000000u)
		return periph_store_as(m, address, word, 4, v);
	return bus_write(m, word, 4, v);
}

/* External memory of an enabled FSMC bank: nothing is fitted. */
static bool external(struct mcu *m, uint32_t address)
{
	return address >= 0x60000000u && address < 0xA0000000u && m->chip->density >= DENSITY_HIGH;
}

static bool is_ppb(const struct mcu *m, uint32_t address)
{
	return address >= 0xE0000000u && address - m->dbgmcu->base >= m->dbgmcu->span;
}

/* Nothing answers there, unless the hook does. */
static bool absent(struct mcu *m, uint32_t address, unsigned size, bool store, uint32_t *value)
{
	return m->hooks.absent && !m->by_debugger &&
	       m->hooks.absent(m->hooks.ctx, m, address, size, store, value);
}

bool bus_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value)
{
	uint32_t word;
	unsigned bit;
	bool hit, ok;

	m->effort += MCU_EFFORT_READ;
	/* The common cases first. */
	if (address >> 20 == 0x400)
		return periph_bus_read(m, address, size, value) ||
		       absent(m, address, size, false, value);
	if (address >> 12 == 0xE000E)
		return ppb_read(m, address, size, value, m->by_debugger);
	ok = memory_read(m, address, size, value, &hit);
	if (hit)
		return ok;
	if (bitband(address, &word, &bit)) {
		if (!bus_read(m, word, 4, value))
			return false;
		*value = *value >> bit & 1;
		return true;
	}
	if (external(m, address)) {
		*value = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
		return true;
	}
	if (is_ppb(m, address))
		return ppb_read(m, address, size, value, m->by_debugger);
	return periph_bus_read(m, address, size, value) ||
	       absent(m, address, size, false, value);
}

bool bus_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	uint32_t word;
	unsigned bit;
	bool hit, ok;

	m->effort += MCU_EFFORT_WRITE;
	/* The common cases first. */
	if (address >> 20 == 0x400)
		return periph_bus_write(m, address, size, value) ||
		       absent(m, address, size, true, &value);
	if (address >> 12 == 0xE000E)
		return ppb_write(m, address, size, value, m->by_debugger);
	ok = memory_write(m, address, size, value, &hit);
	if (hit)
		return ok;
	if (bitband(address, &word, &bit))
		return bitband_write(m, address, word, bit, value);
	if (external(m, address))
		return true;
	if (is_ppb(m, address))
		return ppb_write(m, address, size, value, m->by_debugger);
	return periph_bus_write(m, address, size, value) || absent(m, address, size, true, &value);
}
