/*
 * Flash through plain SWD accesses: no RAM is needed, each half-word goes over
 * the wire while the bus waits for the one before it. Slow at reading (the map
 * is a read-back) and the way out where the loader cannot run.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flash/crc.h"
#include "flash/f1.h"
#include "flash/port.h"

enum { WRITE_CHUNK = 64, BUSY_US = 200000 };

struct direct {
	struct flash_port port;
	uint32_t crc[FLASH_MAP_MAX];
	size_t mapped;
};

static struct direct *direct_of(struct flash_port *port)
{
	return (struct direct *)port;
}

static enum status direct_map_start(struct flash_port *port, uint32_t address, size_t size,
				    size_t count, struct err *err)
{
	struct direct *d = direct_of(port);
	uint8_t *room = malloc(size);
	enum status s = room ? STATUS_OK : err_set(err, STATUS_NO_MEMORY, "out of memory");

	for (size_t i = 0; s == STATUS_OK && i < count; i++) {
		s = target_read(port->target, address + (uint32_t)(i * size), room, size, err);
		if (s == STATUS_OK)
			d->crc[d->mapped++] = flash_crc(room, size);
	}
	free(room);
	return s;
}

static enum status direct_map_take(struct flash_port *port, uint32_t *crc, struct err *err)
{
	struct direct *d = direct_of(port);

	memcpy(crc, d->crc, d->mapped * sizeof *crc);
	d->mapped = 0;
	return STATUS_OK;
}

static enum status counted(struct flash_port *port, enum status s)
{
	port->given++;
	port->done++;
	return s;
}

static enum status direct_erase_page(struct flash_port *port, uint32_t address, struct err *err)
{
	return counted(port, f1_erase(port->target, F1_CR_PER, address, err));
}

static enum status direct_erase_all(struct flash_port *port, struct err *err)
{
	return counted(port, f1_erase(port->target, F1_CR_MER, port->chip->flash_base, err));
}

/* Length of the next run of half-words that are to be programmed; *skip: of
 * blank ones before it. */
static size_t next_run(const uint8_t *data, size_t len, size_t *skip)
{
	size_t n = 0;

	*skip = 0;
	while (*skip < len && get_le16(data + *skip) == 0xFFFF)
		*skip += 2;
	while (*skip + n < len && n < WRITE_CHUNK && get_le16(data + *skip + n) != 0xFFFF)
		n += 2;
	return n;
}

static enum status direct_program(struct flash_port *port, uint32_t address, const uint8_t *data,
				  size_t len, struct err *err)
{
	enum status s = target_write32(port->target, F1_CR, F1_CR_PG, err);

	while (s == STATUS_OK && len > 0) {
		size_t skip, n = next_run(data, len, &skip);

		if (n > 0)
			s = target_write_halfwords(port->target, address + (uint32_t)skip,
						   data + skip, n, err);
		if (s == STATUS_OK && n > 0)
			s = f1_wait(port->target, address + (uint32_t)skip, BUSY_US, err);
		address += (uint32_t)(skip + n);
		data += skip + n;
		len -= skip + n;
	}
	return counted(port, s);
}

static enum status direct_wait(struct flash_port *port, unsigned open, struct err *err)
{
	return STATUS_OK;
}

static void direct_close(struct flash_port *port)
{
	free(port);
}

static const struct flash_port_ops direct_ops = {
	.name = "SWD half-words",
	.map_start = direct_map_start,
	.map_take = direct_map_take,
	.erase_page = direct_erase_page,
	.erase_all = direct_erase_all,
	.program = direct_program,
	.wait = direct_wait,
	.close = direct_close,
};

enum status flash_direct_open(struct target *t, const struct chip *chip, const struct log *log,
			      struct flash_port **out, struct err *err)
{
	struct direct *d;
	enum status s = f1_need_halfwords(t, chip, err);

	if (s != STATUS_OK)
		return s;
	d = calloc(1, sizeof *d);
	if (!d)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	d->port = (struct flash_port){.ops = &direct_ops, .target = t, .chip = chip, .log = log};
	*out = &d->port;
	return STATUS_OK;
}
