/*
 * Recovery through the boot ROM: no debug port, no probe, only a serial
 * adapter and BOOT0. Slow (115200 baud), and it always works unless the chip
 * is read-protected.
 */
#include "cli/recover_uart.h"

#include <stdlib.h>
#include <string.h>

#include "chips/chips.h"
#include "cli/asking.h"
#include "cli/memory.h"
#include "cli/text.h"
#include "target/bootrom.h"

#define BAUD 115200u
#define FIRST_TRY_US 300000u

struct uart_session {
	struct stream_wire *wire;
	struct bootrom rom;
	const struct chip *chip;
};

static bool keep_going(void *ctx)
{
	return !cli_interrupted(ctx);
}

/* First without, then with asking for the jumper. */
static enum status say_hello(struct cli *cli, const struct uart_recovery *r, struct uart_session *u)
{
	enum status s = bootrom_open(u->wire, FIRST_TRY_US, keep_going, cli, &u->rom, NULL);

	if (s == STATUS_NO_ANSWER && r->wait_us) {
		ask_person(cli, "move the BOOT0 jumper to 1 and press RESET");
		s = bootrom_open(u->wire, r->wait_us, keep_going, cli, &u->rom, &cli->err);
	}
	if (s && !cli->err.status)
		err_set(&cli->err, s, "no boot ROM answers on %s", u->wire->path);
	if (s == STATUS_NO_ANSWER && !cli_interrupted(cli)) {
		cli->err.status = STATUS_NEED_PERSON;
		err_next(&cli->err, "BOOT0 to 1 and press RESET; TX to PA10, RX to PA9, GND");
		return STATUS_NEED_PERSON;
	}
	return s;
}

static enum status know_chip(struct cli *cli, struct uart_session *u)
{
	u->chip = cli->chip ? cli->chip : chip_by_id(u->rom.chip_id, 0);
	if (!u->chip)
		return err_set(&cli->err, STATUS_UNSUPPORTED,
			       "the boot ROM tells device id 0x%03X, and no chip in the tables has that",
			       u->rom.chip_id);
	say(cli, "caught: boot ROM %u.%u on %s (%s)\n", u->rom.version >> 4, u->rom.version & 15,
	    u->wire->path, u->chip->name);
	return STATUS_OK;
}

static enum status back_up(struct cli *cli, const struct uart_recovery *r, struct uart_session *u)
{
	uint8_t *data = malloc(u->chip->flash_size);
	enum status s;

	if (!data)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	s = bootrom_read(&u->rom, u->chip->flash_base, data, u->chip->flash_size, &cli->err);
	if (!s)
		s = save_file(r->backup, 0600, data, u->chip->flash_size, &cli->err);
	if (!s)
		say(cli, "its flash is saved in %s\n", r->backup);
	free(data);
	return s;
}

static enum status erase_pages_of(struct cli *cli, struct uart_session *u,
				  const struct image_segment *seg)
{
	const struct chip *c = u->chip;
	unsigned first, last;
	enum status s = STATUS_OK;

	if (!range_inside(seg->address, seg->len, c->flash_base, c->flash_size))
		return err_set(&cli->err, STATUS_BAD_FILE,
			       "the file has bytes at 0x%08X, outside the flash of the %s",
			       (unsigned)seg->address, c->name);
	first = (seg->address - c->flash_base) / c->page_size;
	last = (unsigned)((seg->address - c->flash_base + seg->len - 1) / c->page_size);
	for (unsigned page = first; page <= last && !s; page++) {
		s = bootrom_erase_page(&u->rom, page, &cli->err);
		if (!s && !progress_show(cli, 0, "erase", page - first + 1, last - first + 1))
			s = err_set(&cli->err, STATUS_INTERRUPTED, "interrupted while erasing");
	}
	return s;
}

/* Written in blocks and read back at once. */
static enum status write_segment(struct cli *cli, struct uart_session *u,
				 const struct image_segment *seg)
{
	uint8_t back[256];

	for (size_t at = 0; at < seg->len; at += sizeof back) {
		size_t n = seg->len - at < sizeof back ? seg->len - at : sizeof back;
		uint32_t address = seg->address + (uint32_t)at;
		enum status s = bootrom_write(&u->rom, address, seg->data + at, n, &cli->err);

		if (!s)
			s = bootrom_read(&u->rom, address, back, n, &cli->err);
		if (s)
			return s;
		if (memcmp(back, seg->data + at, n) != 0)
			return err_set(&cli->err, STATUS_MISMATCH,
				       "what was written at 0x%08X reads back differently",
				       (unsigned)address);
		if (!progress_show(cli, 1, "program", at + n, seg->len))
			return err_set(&cli->err, STATUS_INTERRUPTED, "interrupted while writing");
	}
	return STATUS_OK;
}

static enum status write_image(struct cli *cli, const struct uart_recovery *r,
			       struct uart_session *u)
{
	size_t count;
	const struct image_segment *seg = image_segments(r->img, &count);
	enum status s = STATUS_OK;

	for (size_t i = 0; i < count && !s; i++)
		s = erase_pages_of(cli, u, &seg[i]);
	for (size_t i = 0; i < count && !s; i++)
		s = write_segment(cli, u, &seg[i]);
	progress_end(cli);
	if (!s)
		say(cli, "%s is written and read back\n", r->file);
	return s;
}

static enum status erase_first_page(struct cli *cli, struct uart_session *u)
{
	enum status s;

	if (!confirm(cli, "Erase page 0 (%u bytes)? The firmware then no longer starts, and the chip "
			  "stays attachable.",
		     (unsigned)u->chip->page_size))
		return STATUS_NEED_PERSON;
	s = bootrom_erase_page(&u->rom, 0, &cli->err);
	if (!s)
		say(cli, "page 0 is erased: nothing can lock the debug port now\n");
	return s;
}

static enum status recover(struct cli *cli, const struct uart_recovery *r, struct uart_session *u)
{
	enum status s = say_hello(cli, r, u);

	if (s || (s = know_chip(cli, u)) || cli->dry_run)
		return s;
	if (r->backup && (s = back_up(cli, r, u)))
		return s;
	if ((s = r->img ? write_image(cli, r, u) : erase_first_page(cli, u)))
		return s;
	say(cli, "now move the BOOT0 jumper back to 0 and press RESET\n");
	emit_json(cli, json_pack("{s:s, s:s, s:s, s:s, s:b}", "type", "result", "command", "recover",
				 "rung", "BOOT0 over UART", "chip", u->chip->name, "changed", 1));
	return STATUS_OK;
}

enum status recover_over_uart(struct cli *cli, const struct uart_recovery *r)
{
	struct uart_session u = {0};
	enum status s = stream_tty_open(r->path, BAUD, &u.wire, &cli->err);

	if (s)
		return s;
	watch_interrupts(cli);
	s = u.wire->ops->set_line(u.wire, BAUD, true, &cli->err);
	if (!s)
		s = recover(cli, r, &u);
	progress_end(cli);
	u.wire->ops->close(u.wire);
	return cli_interrupted(cli) && s ? STATUS_INTERRUPTED : s;
}
