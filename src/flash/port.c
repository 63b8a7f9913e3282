/* What ports have in common: see port.h. */
#include "flash/port.h"

#include <stdlib.h>
#include <string.h>

#include "flash/crc.h"
#include "flash/f1.h"

enum status flash_port_map(struct flash_port *port, uint32_t address, size_t size, size_t count,
			   uint32_t *crc, struct err *err)
{
	enum status s = STATUS_OK;

	while (s == STATUS_OK && count > 0) {
		size_t n = count < FLASH_MAP_MAX ? count : FLASH_MAP_MAX;

		s = port->ops->map_start(port, address, size, n, err);
		if (s == STATUS_OK)
			s = port->ops->map_take(port, crc, err);
		address += (uint32_t)(n * size);
		crc += n;
		count -= n;
	}
	return s;
}

enum status flash_map_by_reading(struct flash_port *port, uint32_t address, size_t size,
				 size_t count, struct err *err)
{
	uint8_t *room = malloc(size);
	enum status s = room ? STATUS_OK : err_set(err, STATUS_NO_MEMORY, "out of memory");

	for (size_t i = 0; s == STATUS_OK && i < count; i++) {
		s = port->ops->read(port, address + (uint32_t)(i * size), room, size, err);
		if (s == STATUS_OK)
			port->crc[port->mapped++] = flash_crc(room, size);
	}
	free(room);
	return s;
}

enum status flash_map_read(struct flash_port *port, uint32_t *crc, struct err *err)
{
	memcpy(crc, port->crc, port->mapped * sizeof *crc);
	port->mapped = 0;
	return STATUS_OK;
}

enum status flash_unexpected(uint32_t address, struct err *err)
{
	err_at(err, address);
	return err_set(err, STATUS_MISMATCH, "flash at 0x%08X does not hold what was written",
		       address);
}

enum status flash_expect_by_reading(struct flash_port *port, uint32_t address, size_t size,
				    size_t count, const uint32_t *want, struct err *err)
{
	uint32_t crc[FLASH_MAP_MAX];
	enum status s = flash_map_by_reading(port, address, size, count, err);

	if (s == STATUS_OK)
		s = flash_map_read(port, crc, err);
	for (size_t i = 0; s == STATUS_OK && i < count; i++)
		if (crc[i] != want[i])
			s = flash_unexpected(address + (uint32_t)(i * size), err);
	port->given++;
	port->done++;
	return s;
}

enum status flash_swd_read(struct flash_port *port, uint32_t address, void *data, size_t len,
			   struct err *err)
{
	return target_read(port->target, address, data, len, err);
}

enum status flash_swd_begin(struct flash_port *port, struct err *err)
{
	enum status s = f1_unlock(port->target, err);

	port->begun |= s == STATUS_OK;
	return s;
}

void flash_swd_end(struct flash_port *port)
{
	if (port->begun && !port->reset_follows && !target_probe(port->target)->lost)
		(void)!f1_lock(port->target, NULL);
}
