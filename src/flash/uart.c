/*
 * Flash through the boot ROM's UART: no probe and no code of ours in the chip.
 * Everything is done before a call returns. The map is a read-back.
 *
 * Source: AN3155; option bytes PM0075 2.5.
 */
#include <stdlib.h>
#include <string.h>

#include "flash/plan.h"
#include "flash/port.h"
#include "target/bootrom.h"

enum { BLOCK = 256 };

static enum status uart_read(struct flash_port *port, uint32_t address, void *data, size_t len,
			     struct err *err)
{
	return bootrom_read(port->rom, address, data, len, err);
}

/* The boot ROM opens the controller for each command by itself. */
static enum status uart_begin(struct flash_port *port, struct err *err)
{
	return STATUS_OK;
}

static enum status counted(struct flash_port *port, enum status s)
{
	port->given++;
	port->done++;
	return s;
}

static enum status uart_erase_page(struct flash_port *port, uint32_t address, struct err *err)
{
	const struct chip *c = port->chip;

	return counted(port, bootrom_erase_page(port->rom, (address - c->flash_base) / c->page_size,
						err));
}

static enum status uart_erase_all(struct flash_port *port, struct err *err)
{
	return counted(port, bootrom_erase_all(port->rom, err));
}

/* The boot ROM programs whole words; blank blocks need not travel. */
static enum status uart_program(struct flash_port *port, uint32_t address, const uint8_t *data,
				size_t len, struct err *err)
{
	enum status s = STATUS_OK;

	for (size_t at = 0; s == STATUS_OK && at < len; at += BLOCK) {
		size_t n = len - at < BLOCK ? len - at : BLOCK;

		if (!plan_is_blank(data + at, n))
			s = bootrom_write(port->rom, address + (uint32_t)at, data + at, n, err);
	}
	return counted(port, s);
}

static enum status uart_wait(struct flash_port *port, unsigned open, struct err *err)
{
	return STATUS_OK;
}

static void uart_close(struct flash_port *port)
{
	free(port);
}

static const struct flash_port_ops uart_ops = {
	.name = "UART boot loader",
	.read = uart_read,
	.begin = uart_begin,
	.map_start = flash_map_by_reading,
	.map_take = flash_map_read,
	.expect = flash_expect_by_reading,
	.erase_page = uart_erase_page,
	.erase_all = uart_erase_all,
	.program = uart_program,
	.wait = uart_wait,
	.close = uart_close,
};

enum status flash_uart_open(struct bootrom *rom, const struct chip *chip, const struct log *log,
			    struct flash_port **out, struct err *err)
{
	struct flash_port *port = calloc(1, sizeof *port);

	if (!port)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	*port = (struct flash_port){.ops = &uart_ops, .rom = rom, .chip = chip, .log = log};
	*out = port;
	return STATUS_OK;
}
