/*
 * Loads, stores and fetches as the core does them: privilege of the private
 * peripheral bus, alignment, watchpoints, and the faults that come of them.
 * DDI 0403 B2.3, B3.1; DDI 0337 (an unaligned access is split into aligned
 * ones). All bus errors are precise (ASSUMED: the write buffer would make
 * those of buffered stores imprecise).
 */
#include "base/bytes.h"
#include "mcu/cpu/cpu_internal.h"

static bool in_ram(const struct mcu *m, uint32_t address, unsigned size)
{
	return range_inside(address, size, m->chip->ram_base, m->chip->ram_size);
}

static bool in_scs(uint32_t address)
{
	return address >> 12 == 0xE000E;
}

/* For the idle skip: does the location answer the same until an event? */
static bool reads_the_same(struct mcu *m, uint32_t address)
{
	if (address < m->chip->ram_base)
		return !m->s.side.flash_busy;
	/* The core's own registers are part of the state that is compared; what time
	 * does to CVR and CYCCNT, drift.c knows. */
	if (in_scs(address) || (address & ~3u) == DWT_BASE + 4)
		return true;
	if (address >> 25 == 0x42000000u >> 25) /* bit-band alias of the peripherals */
		address = 0x40000000u + ((address & 0x1FFFFFFu) >> 7 << 2);
	return address >> 25 == 0x40000000u >> 25 && periph_read_is_stable(m, address);
}

static bool read_once(struct mcu *m, uint32_t address, unsigned size, uint32_t *value)
{
	if (in_ram(m, address, size)) {
		const uint8_t *p = m->s.ram + (address - m->chip->ram_base);
		*value = size == 4 ? get_le32(p) : size == 2 ? get_le16(p) : *p;
		return true;
	}
	if (!reads_the_same(m, address))
		m->cache->idle.disturbed = true;
	return bus_read(m, address, size, value);
}

static void written(struct mcu *m, uint32_t address, unsigned size)
{
	uint32_t at = address - m->chip->ram_base;

	cache_forget(m, address, size);
	if (m->side_tables->writer)
		for (unsigned i = 0; i < size; i++)
			m->side_tables->writer[at + i] = m->s.cpu.r[15];
}

static bool write_once(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	uint8_t *p;

	if (!in_ram(m, address, size)) {
		bool ok = in_scs(address) ? bus_write(m, address, size, value)
					  : idle_watches_store(m, address, size, value);
		/* A bit-band store reaches RAM by way of the bus. */
		if (ok && address >> 25 == 0x22000000u >> 25)
			written(m, m->chip->ram_base + ((address & 0x1FFFFFFu) >> 7 << 2), 4);
		return ok;
	}
	p = m->s.ram + (address - m->chip->ram_base);
	if (size == 4)
		put_le32(p, value);
	else if (size == 2)
		put_le16(p, (uint16_t)value);
	else
		*p = (uint8_t)value;
	written(m, address, size);
	return true;
}

/* Largest aligned piece at an address, at most `left` bytes. */
static unsigned piece(uint32_t address, unsigned left)
{
	unsigned n = address & 1 ? 1 : address & 2 ? 2 : 4;
	while (n > left)
		n >>= 1;
	return n;
}

static bool read_split(struct mcu *m, uint32_t address, unsigned size, uint32_t *value)
{
	uint32_t all = 0, part;

	for (unsigned done = 0, n; done < size; done += n) {
		n = piece(address + done, size - done);
		if (!read_once(m, address + done, n, &part))
			return false;
		all |= part << 8 * done;
	}
	*value = all;
	return true;
}

static bool write_split(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	for (unsigned done = 0, n; done < size; done += n) {
		n = piece(address + done, size - done);
		if (!write_once(m, address + done, n, value >> 8 * done))
			return false;
	}
	return true;
}

/* May the access go out at all? Raises the fault when not. */
static bool admitted(struct mcu *m, uint32_t address, unsigned size, enum access how)
{
	struct cpu_state *c = &m->s.cpu;
	bool privileged = cpu_privileged(c) && how != ACCESS_UNPRIV;

	if (address & (size - 1) && (how == ACCESS_ALIGNED || c->ccr & CCR_UNALIGN_TRP))
		return fault_raise(m, EXC_USAGEFAULT, CFSR_UNALIGNED);
	if (address >> 20 == 0xE00) {
		bool stir = address == SCS_STIR && c->ccr & CCR_USERSETMPEND;
		if ((!privileged && !stir) || address & (size - 1))
			return fault_bus(m, CFSR_PRECISERR, address);
	}
	return true;
}

bool cpu_load(struct mcu *m, uint32_t address, unsigned size, enum access how, uint32_t *value)
{
	uint32_t at = m->s.cpu.fpb.enabled ? fpb_remap_literal(m, address) : address;
	bool ok;

	if (!admitted(m, address, size, how))
		return false;
	ok = at & (size - 1) ? read_split(m, at, size, value) : read_once(m, at, size, value);
	if (!ok)
		return fault_bus(m, CFSR_PRECISERR, address);
	if (address < m->chip->ram_base) /* data in flash: wait states (ASSUMED) */
		m->s.time.cycles += flash_wait_states(m);
	if (m->cache->pinned)
		dwt_data(m, address, size, false, *value);
	return true;
}

bool cpu_store(struct mcu *m, uint32_t address, unsigned size, enum access how, uint32_t value)
{
	bool ok;

	if (!admitted(m, address, size, how))
		return false;
	ok = address & (size - 1) ? write_split(m, address, size, value)
				  : write_once(m, address, size, value);
	if (!ok)
		return fault_bus(m, CFSR_PRECISERR, address);
	if (m->cache->pinned)
		dwt_data(m, address, size, true, value);
	return true;
}

/* The default memory map's execute-never regions (DDI 0403 B3.1). */
static bool execute_never(uint32_t address)
{
	return (address >= 0x40000000u && address < 0x60000000u) || address >= 0xA0000000u;
}

bool cpu_fetch(struct mcu *m, uint32_t address, uint16_t *hw)
{
	bool is_flash;
	const uint8_t *p = bus_memory(m, address, 2, &is_flash);

	if (execute_never(address))
		return fault_raise(m, EXC_MEMMANAGE, CFSR_IACCVIOL);
	if (fpb_remap_code(m, address, hw))
		return true;
	if (!p)
		return fault_raise(m, EXC_BUSFAULT, CFSR_IBUSERR);
	if (is_flash && m->s.side.flash_busy)
		flash_stall(m);
	*hw = get_le16(p);
	return true;
}
