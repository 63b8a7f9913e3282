/*
 * `reflash recover`: get it back. Climbs the ladder until the chip is caught,
 * then makes it attachable: page 0 erased, or other firmware written. Nothing
 * is erased without a yes.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/asking.h"
#include "cli/flashing.h"
#include "cli/memory.h"
#include "cli/precheck.h"
#include "cli/recover_uart.h"
#include "cli/remember.h"
#include "cli/report.h"
#include "doctor/doctor.h"

static const struct option_def options[] = {
	{"write", 0, "FILE", "write this firmware instead of erasing page 0"},
	{"backup", 0, "FILE", "save the flash there first (mode 0600)"},
	{"wait", 0, "TIME", "how long to wait for each thing a person is asked to do; default 60s"},
	{"force", 0, NULL, "with --write: write firmware that would lock out, too"},
	{NULL, 0, NULL, NULL},
};

#define WAIT_US 60000000u
#define RUNG_UNDER_RESET 2u

struct recovery {
	struct precheck check;  /* of --write; file NULL: none given */
	const char *backup;
	uint64_t wait_us;
	const struct rung *rung;
	struct session s;
	bool attachable;
	bool worked; /* the flash engine has the chip's RAM: reset it when letting go */
};

/* ---- the way in --------------------------------------------------------------------------- */

static void tell_failed_rung(void *ctx, const struct rung *r, const struct target_attempt *a)
{
	struct cli *cli = ctx;

	if (r->polls)
		note(cli, "%s: nothing (%u attempts)\n", r->name, a->polls);
	else
		note(cli, "%s: %s\n", r->name, a->err.what[0] ? a->err.what : status_sentence(a->status));
}

/* Once caught, the chip is held only as long as this program runs: whether it
 * may be erased must be settled before a person is sent to the RESET button. */
static bool may_erase_or_ask(struct cli *cli, const struct recovery *r)
{
	if (cli->yes || r->check.file || cli->dry_run ||
	    (!cli->json && isatty(STDIN_FILENO) && cli->err_tty))
		return true;
	err_clear(&cli->err);
	err_set(&cli->err, STATUS_NEED_PERSON,
		"recover erases page 0 once the chip is caught, and nobody is there to be asked");
	err_tried(&cli->err, "plain: it does not answer");
	err_next(&cli->err, "repeat it with -y if that may be, or with --write FILE; nothing was changed");
	return false;
}

static enum status climb(struct cli *cli, struct recovery *r)
{
	struct climb c = {.opt = {.target = session_options(cli, true), .wait_us = r->wait_us,
				  .ask = ask_person, .ctx = cli},
			  .tried = tell_failed_rung,
			  .first = cli->under_reset ? RUNG_UNDER_RESET : 0};
	enum status s;

	c.last = c.first + 1;
	s = doctor_climb(r->s.probe, &c, &r->rung, &r->s.target, &cli->err);
	if (s == STATUS_NEED_PERSON) {
		if (!may_erase_or_ask(cli, r))
			return s;
		err_clear(&cli->err);
		c.first = c.last;
		c.last = SIZE_MAX;
		s = doctor_climb(r->s.probe, &c, &r->rung, &r->s.target, &cli->err);
	}
	if (s == STATUS_NEED_PERSON) {
		err_clear(&cli->err);
		err_set(&cli->err, s, "the chip could not be caught");
		err_tried(&cli->err, "plain, slow, under reset%s",
			  r->wait_us ? ", and every attempt while RESET, the power and BOOT0 were to be worked"
				     : "; nobody was asked (--wait 0)");
		err_next(&cli->err, "check SWDIO, SWCLK, GND and the supply (`reflash diagnose`); or BOOT0 to "
				    "1 and `reflash recover -p tty:/dev/ttyUSB0` over the UART");
	}
	r->s.way = s ? WAY_PLAIN : r->rung->way;
	return s;
}

/* ---- before anything is erased ---------------------------------------------------------------- */

static enum status save_backup(struct cli *cli, struct recovery *r, const char *path)
{
	size_t len = r->s.flash_kib ? r->s.flash_kib * 1024u : r->s.chip->flash_size;
	uint8_t *data = malloc(len);
	enum status s;

	if (!data)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	s = read_memory(cli, &r->s, r->s.chip->flash_base, data, len, &cli->err);
	progress_end(cli);
	if (s == STATUS_TARGET_FAULT && explain_protection(&r->s, &cli->err))
		s = STATUS_PROTECTED;
	if (!s)
		s = save_file(path, 0600, data, len, &cli->err);
	if (!s)
		say(cli, "its flash is saved in %s\n", path);
	free(data);
	return s;
}

/* Offered to a person who is there to answer; --backup needs no offer. */
static enum status backup(struct cli *cli, struct recovery *r)
{
	char name[64], uid[25];

	if (r->backup)
		return save_backup(cli, r, r->backup);
	if (cli->yes || cli->json || !isatty(STDIN_FILENO) || !cli->err_tty)
		return STATUS_OK;
	session_uid(&r->s, uid);
	snprintf(name, sizeof name, "reflash-backup-%s.bin", uid[0] ? uid : "unknown");
	if (confirm(cli, "Save its flash to %s first?", name))
		return save_backup(cli, r, name);
	if (cli_interrupted(cli))
		return STATUS_INTERRUPTED;
	err_clear(&cli->err);
	return STATUS_OK;
}

/* ---- making it attachable ------------------------------------------------------------------------ */

static enum status erase_first_page(struct cli *cli, struct recovery *r)
{
	struct flash_options opt = flashing_options(cli);
	struct flash_result result = {0};
	enum status s;

	if (!cli->dry_run &&
	    !confirm(cli, "Erase page 0 (%u bytes)? The firmware then no longer starts, and the chip "
			  "stays attachable.",
		     (unsigned)r->s.chip->page_size))
		return not_agreed(cli);
	r->worked = true;
	s = flash_erase(r->s.target, r->s.chip, r->s.chip->flash_base, r->s.chip->page_size, &opt,
			&result, &cli->err);
	if (s)
		tell_half_done(cli);
	progress_end(cli);
	return s;
}

static enum status write_instead(struct cli *cli, struct recovery *r)
{
	struct flash_options opt = flashing_options(cli);
	struct flash_result result = {0};
	size_t count;
	struct flash_piece *pieces = flashing_pieces(r->check.img, &count);
	char uid[25];
	enum status s;

	if (!pieces)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	r->worked = true;
	s = flash_write(r->s.target, r->s.chip, pieces, count, &opt, &result, &cli->err);
	free(pieces);
	if (s) {
		tell_half_done(cli);
		return s;
	}
	flashing_summary(cli, &r->s, &result);
	session_uid(&r->s, uid);
	if (!cli->dry_run)
		remember_written(cli, uid, r->s.probe->wire->id.serial, r->check.file, r->check.img,
				 r->check.done ? verdict_name(r->check.verdict) : "");
	return STATUS_OK;
}

static enum status make_attachable(struct cli *cli, struct recovery *r)
{
	enum status s = backup(cli, r);

	if (!s)
		s = r->check.file ? write_instead(cli, r) : erase_first_page(cli, r);
	if (s || cli->dry_run)
		return s;
	r->worked = false;
	return run_and_look(cli, &r->s, &r->attachable, &cli->err);
}

/* ---- telling ---------------------------------------------------------------------------------------- */

static void tell(struct cli *cli, const struct recovery *r, bool changed)
{
	if (!changed)
		say(cli, "it answers plainly: nothing to recover, nothing was erased\n");
	else if (cli->dry_run)
		say(cli, "dry run: caught by \"%s\"; nothing was erased\n", r->rung->name);
	else if (r->check.file)
		tell_attachable(cli, &r->s, r->attachable);
	else
		say(cli, "page 0 is erased; the chip %s\n",
		    r->attachable ? "answers plainly and stays attachable" : "still does not answer plainly");
	if (r->rung->afterwards)
		say(cli, "now %s\n", r->rung->afterwards);
	emit_json(cli, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s}", "type", "result", "command",
				 "recover", "rung", r->rung->name, "way", target_way_name(r->rung->way),
				 "changed", changed && !cli->dry_run, "attachable",
				 changed ? r->attachable : true, "chip",
				 r->s.chip ? r->s.chip->name : ""));
}

static enum status recover(struct cli *cli, struct recovery *r)
{
	bool well;
	enum status s = open_probe(cli, &r->s.probe, &cli->err);

	if (s)
		return s;
	if ((s = climb(cli, r)) || (s = session_identify(cli, 0, &r->s, &cli->err)) ||
	    (r->check.file && (s = precheck_chip(cli, &r->check, &r->s))))
		return s;
	well = r->rung->way == WAY_PLAIN && !r->check.file;
	if (!well) {
		say(cli, "caught: %s (DPIDR 0x%08X, %s)\n", r->rung->name, (unsigned)r->s.id.dpidr,
		    r->s.chip->name);
		s = make_attachable(cli, r);
	}
	if (!s)
		tell(cli, r, !well);
	if (!s && !well && !cli->dry_run && !r->attachable)
		s = err_set(&cli->err, STATUS_NO_ANSWER, "the chip was caught and changed, and is lost again");
	return s;
}

static enum status parse(struct cli *cli, const struct args *args, struct recovery *r)
{
	memset(r, 0, sizeof *r);
	r->check.file = args_value(args, "write");
	r->check.force = args_has(args, "force");
	r->backup = args_value(args, "backup");
	if (!wait_option(cli, args, WAIT_US, &r->wait_us))
		return STATUS_USAGE;
	if (r->backup && can_save(r->backup, &cli->err))
		return cli->err.status;
	if (!r->check.file)
		return STATUS_OK;
	return load_image(r->check.file, IMAGE_NO_ADDRESS, &r->check.img, &cli->err);
}

static enum status over_uart(struct cli *cli, const struct recovery *r)
{
	struct uart_recovery u = {.backup = r->backup,
				  .file = r->check.file, .img = r->check.img, .wait_us = r->wait_us};

	return recover_over_uart(cli, &u);
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct recovery r;
	enum status s = parse(cli, args, &r);

	if (!s && r.check.img)
		s = precheck(cli, &r.check);
	if (!s && is_serial(cli)) {
		s = over_uart(cli, &r);
	} else if (!s) {
		s = recover(cli, &r);
		if (r.worked)
			flashing_close(&r.s, false);
		else
			session_close(&r.s, false);
		if (cli_interrupted(cli) && s) {
			s = STATUS_INTERRUPTED;
			if (!r.worked)
				err_next(&cli->err, "nothing was changed; repeat it when you are ready");
		}
	}
	image_free(r.check.img);
	return s;
}

const struct command cmd_recover = {
	.name = "recover", .aliases = "unbrick", .usage = "[--write FILE]",
	.summary = "Get it back",
	.about = "Climbs from what needs nobody to what needs a jumper: plain, slow, under reset, RESET\n"
		 "by hand, power by hand, BOOT0. Then erases page 0 (asks first, or -y), or writes FILE.\n"
		 "With -p tty:/dev/ttyUSB0: over the UART of the boot ROM (BOOT0 at 1), without a probe.",
	.options = options, .min_args = 0, .max_args = 0, .run = run,
};
