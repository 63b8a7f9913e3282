/*
 * Flash through plain SWD accesses: no RAM is needed, each half-word goes over
 * the wire while the bus waits for the one before it. Slow at reading (the map
 * is a read-back) and the way out where the loader cannot run.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "flash/f1.h"
#include "flash/port.h"

enum { WRITE_CHUNK = 64, BUSY_US = 200000 };

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
	flash_swd_end(port);
	free(port);
}

static const struct flash_port_ops direct_ops = {
	.name = "SWD half-words",
	.read = flash_swd_read,
	.begin = flash_swd_begin,
	.map_start = flash_map_by_reading,
	.map_take = flash_map_read,
	.expect = flash_expect_by_reading,
	.erase_page = direct_erase_page,
	.erase_all = direct_erase_all,
	.program = direct_program,
	.wait = direct_wait,
	.close = direct_close,
};

enum status flash_direct_open(struct target *t, const struct chip *chip, const struct log *log,
			      struct flash_port **out, struct err *err)
{
	struct flash_port *port;
	enum status s = f1_need_halfwords(t, chip, err);

	if (s != STATUS_OK)
		return s;
	port = calloc(1, sizeof *port);
	if (!port)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	*port = (struct flash_port){.ops = &direct_ops, .target = t, .chip = chip, .log = log};
	*out = port;
	return STATUS_OK;
}
