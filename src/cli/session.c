/* One chip in hand: attach, identify, let go. */
#include <string.h>

#include "cli/connect.h"

static bool keep_going(void *ctx)
{
	return !cli_interrupted(ctx);
}

struct target_options session_options(struct cli *cli, bool halt)
{
	return (struct target_options){
		.speed_khz = cli->speed_khz, .halt = halt, .leave_no_trace = cli->leave_no_trace,
		.keep_trying = keep_going, .ctx = cli, .log = &cli->log,
	};
}

static enum status attach(struct cli *cli, const struct target_options *opt, struct session *s,
			  struct err *err)
{
	struct target_attempt attempt;

	if (!cli->under_reset && !cli->hot_plug)
		return target_attach_any(s->probe, opt, &s->way, &s->target, err);
	s->way = cli->under_reset ? WAY_UNDER_RESET : WAY_PLAIN;
	return target_attach(s->probe, s->way, opt, &attempt, &s->target, err);
}

/* DEV_ID is DBGMCU_IDCODE[11:0]; the size comes from the chip's own word. */
static const struct chip *chip_of(const struct session *s)
{
	const struct chip *c;

	if (!s->id.idcode_known || !(s->id.idcode & 0xFFF))
		return NULL;
	c = chip_by_id(s->id.idcode & 0xFFF, s->flash_kib);
	return c ? c : chip_by_id(s->id.idcode & 0xFFF, 0);
}

enum status session_unknown_chip(const struct session *s, struct err *err)
{
	if (s->id.idcode_known && (s->id.idcode & 0xFFF))
		err_set(err, STATUS_UNSUPPORTED,
			"the chip's DEV_ID is 0x%03X, and no chip in the tables has that",
			(unsigned)(s->id.idcode & 0xFFF));
	else
		err_set(err, STATUS_UNSUPPORTED, "the chip answers but does not tell its DEV_ID");
	err_next(err, "`reflash info` shows what it is, `reflash read FILE ADDR SIZE` saves what it "
		      "holds; --chip NAME says for sure what it is");
	return STATUS_UNSUPPORTED;
}

/* --chip sets aside how much the chip says it holds, not what it is: pages of
 * another size would be erased by half. */
static enum status check_named(const struct cli *cli, const struct session *s, struct err *err)
{
	const struct chip *told = chip_of(s);

	if (!cli->chip || !told || told->page_size == cli->chip->page_size)
		return STATUS_OK;
	err_set(err, STATUS_USAGE,
		"the chip's DEV_ID is 0x%03X, as of the %s (pages of %u bytes): it is no %s (%u bytes)",
		(unsigned)(s->id.idcode & 0xFFF), told->name, (unsigned)told->page_size,
		cli->chip->name, (unsigned)cli->chip->page_size);
	err_next(err, "leave --chip out, or name a chip with such pages; nothing was changed");
	return STATUS_USAGE;
}

enum status session_identify(struct cli *cli, unsigned need, struct session *s, struct err *err)
{
	enum status status = target_signature(s->target, &s->id, err);

	if (status)
		return status;
	if (s->id.flash_size_known && (s->id.flash_size_word & 0xFFFF) != 0xFFFF)
		s->flash_kib = s->id.flash_size_word & 0xFFFF;
	if (cli->chip_name && !cli->chip)
		return err_set(err, STATUS_USAGE, "there is no chip \"%s\" in the tables",
			       cli->chip_name);
	s->chip = cli->chip ? cli->chip : chip_of(s);
	if (need & SESSION_ANY_CHIP)
		return STATUS_OK;
	return s->chip ? check_named(cli, s, err) : session_unknown_chip(s, err);
}

/* ---- the boot ROM's UART ------------------------------------------------------------- */

#define BAUD 115200u
#define HELLO_US 1500000u

bool is_serial(const struct cli *cli)
{
	return cli->probe && strncmp(cli->probe, "tty:", 4) == 0;
}

enum status open_boot_rom(struct cli *cli, uint64_t wait_us, struct session *s, struct err *err)
{
	enum status status = STATUS_OK;

	if (!s->serial) {
		status = stream_tty_open(cli->probe + strlen("tty:"), BAUD, &s->serial, err);
		if (status)
			return status;
		watch_interrupts(cli);
		status = s->serial->ops->set_line(s->serial, BAUD, true, err);
	}
	return status ? status : bootrom_open(s->serial, wait_us, keep_going, cli, &s->rom, err);
}

enum status identify_over_uart(struct cli *cli, unsigned need, struct session *s, struct err *err)
{
	enum { SIZE = 0x1FFFF7E0, UID = 8, LEN = 20 };
	uint8_t raw[LEN];

	s->id.idcode_known = true;
	s->id.idcode = s->rom.chip_id;
	/* a protected chip's boot ROM reads nothing out */
	if (bootrom_read(&s->rom, SIZE, raw, sizeof raw, NULL) == STATUS_OK) {
		s->id.uid_known = true;
		for (unsigned i = 0; i < 3; i++)
			s->id.uid[i] = get_le32(raw + UID + 4 * i);
		if (get_le16(raw) != 0xFFFF)
			s->flash_kib = get_le16(raw);
	}
	s->chip = cli->chip ? cli->chip : chip_of(s);
	if (need & SESSION_ANY_CHIP)
		return STATUS_OK;
	return s->chip ? check_named(cli, s, err) : session_unknown_chip(s, err);
}

static enum status open_uart(struct cli *cli, unsigned need, struct session *s, struct err *err)
{
	uint64_t start;
	enum status status = open_boot_rom(cli, HELLO_US, s, err);

	if (!status) {
		start = s->serial->ops->now_us(s->serial);
		status = identify_over_uart(cli, need, s, err);
		s->connect_us = s->serial->ops->now_us(s->serial) - start;
	}
	if (status) {
		session_close(s, false);
		return cli_interrupted(cli) ? STATUS_INTERRUPTED : status;
	}
	return STATUS_OK;
}

const char *session_way(const struct session *s)
{
	return s->serial ? "boot ROM" : target_way_name(s->way);
}

struct flash_link session_link(struct session *s)
{
	return (struct flash_link){.target = s->target, .rom = s->target ? NULL : &s->rom};
}

enum status session_read(struct session *s, uint32_t address, void *data, size_t len,
			 struct err *err)
{
	return s->target ? target_read(s->target, address, data, len, err)
			 : bootrom_read(&s->rom, address, data, len, err);
}

/* ---- opening and closing --------------------------------------------------------------- */

enum status session_open(struct cli *cli, unsigned need, struct session *s, struct err *err)
{
	struct target_options opt = session_options(cli, need & SESSION_HALT);
	uint64_t start;
	enum status status;

	memset(s, 0, sizeof *s);
	if (cli->chip_name && !cli->chip)
		return err_set(err, STATUS_USAGE, "there is no chip \"%s\" in the tables",
			       cli->chip_name);
	if (need & SESSION_UART && is_serial(cli))
		return open_uart(cli, need, s, err);
	if ((status = open_probe(cli, &s->probe, err)))
		return status;
	start = probe_now_us(s->probe);
	status = attach(cli, &opt, s, err);
	if (!status)
		status = session_identify(cli, need, s, err);
	if (status) {
		session_close(s, false);
		return cli_interrupted(cli) ? STATUS_INTERRUPTED : status;
	}
	s->connect_us = probe_now_us(s->probe) - start;
	return STATUS_OK;
}

void session_close(struct session *s, bool leave_halted)
{
	if (s->target)
		target_close(s->target, leave_halted);
	if (s->probe)
		probe_close(s->probe);
	if (s->serial)
		s->serial->ops->close(s->serial);
	s->target = NULL;
	s->probe = NULL;
	s->serial = NULL;
}

void session_uid(const struct session *s, char out[25])
{
	out[0] = '\0';
	if (s->id.uid_known && (s->id.uid[0] | s->id.uid[1] | s->id.uid[2]))
		snprintf(out, 25, "%08x%08x%08x", (unsigned)s->id.uid[0], (unsigned)s->id.uid[1],
			 (unsigned)s->id.uid[2]);
}
