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
#include "cli/flashing.h"
#include "cli/memory.h"
#include "cli/text.h"

#define FIRST_TRY_US 300000u

/* First without, then with asking for the jumper. */
static enum status say_hello(struct cli *cli, const struct uart_recovery *r, struct session *u)
{
	struct err first = ERR_INIT;
	enum status s = open_boot_rom(cli, FIRST_TRY_US, u, &first);

	if (s == STATUS_NO_ANSWER && r->wait_us) {
		ask_person(cli, "move the BOOT0 jumper to 1 and press RESET");
		err_clear(&first);
		s = open_boot_rom(cli, r->wait_us, u, &first);
	}
	if (s)
		cli->err = first;
	if (s == STATUS_NO_ANSWER && !cli_interrupted(cli)) {
		cli->err.status = STATUS_NEED_PERSON;
		err_next(&cli->err, "BOOT0 to 1 and press RESET; TX to PA10, RX to PA9, GND");
		return STATUS_NEED_PERSON;
	}
	return s;
}

static enum status know_chip(struct cli *cli, struct session *u)
{
	enum status s = identify_over_uart(cli, 0, u, &cli->err);

	if (!s)
		say(cli, "caught: boot ROM %u.%u on %s (%s)\n", u->rom.version >> 4,
		    u->rom.version & 15, u->serial->path, u->chip->name);
	return s;
}

static enum status back_up(struct cli *cli, const struct uart_recovery *r, struct session *u)
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

static enum status write_image(struct cli *cli, const struct uart_recovery *r, struct session *u)
{
	struct flash_options opt = flashing_options(cli);
	struct flash_link link = session_link(u);
	struct flash_result result = {0};
	size_t count;
	struct flash_piece *pieces = flashing_pieces(r->img, &count);
	enum status s;

	if (!pieces)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	s = flash_write_over(&link, u->chip, pieces, count, &opt, &result, &cli->err);
	free(pieces);
	if (s)
		tell_half_done(cli);
	progress_end(cli);
	if (!s)
		say(cli, "%s is written and read back\n", r->file);
	return s;
}

static enum status erase_first_page(struct cli *cli, struct session *u)
{
	enum status s;

	if (!confirm(cli, "Erase page 0 (%u bytes)? The firmware then no longer starts, and the chip "
			  "stays attachable.",
		     (unsigned)u->chip->page_size))
		return not_agreed(cli);
	s = bootrom_erase_page(&u->rom, 0, &cli->err);
	if (!s)
		say(cli, "page 0 is erased: nothing can lock the debug port now\n");
	return s;
}

static enum status recover(struct cli *cli, const struct uart_recovery *r, struct session *u)
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
	struct session u = {0};
	enum status s = recover(cli, r, &u);

	progress_end(cli);
	session_close(&u, false);
	return cli_interrupted(cli) && s ? STATUS_INTERRUPTED : s;
}
