/*
 * `reflash write FILE [ADDR]`: check, write what changed, verify, start, and
 * look whether the chip can still be reached.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/flashing.h"
#include "cli/precheck.h"
#include "cli/remember.h"
#include "cli/report.h"
#include "cli/text.h"

static const struct option_def options[] = {
	{"force", 0, NULL, "write firmware that would lock the debug port out, too"},
	{"check", 0, "HOW", "quick (default), full or no"},
	{"erase", 0, "HOW", "auto (default), changed, pages or chip"},
	{"verify", 0, "HOW", "quick (default: a checksum a page) or full (read everything back)"},
	{"full-verify", 0, NULL, "the same as --verify=full"},
	{"no-loader", 0, NULL, "write through SWD only, run no code in RAM"},
	{"no-reset", 0, NULL, "leave the chip halted, start nothing"},
	{NULL, 0, NULL, NULL},
};

struct write_job {
	struct precheck check;
	bool reset;
	struct flash_options flash;
};

/* The position of `word` in a list of names, or -1. */
static int word_of(const char *word, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(word, names[i]) == 0)
			return i;
	return -1;
}

static enum status parse_job(struct cli *cli, const struct args *args, struct write_job *job)
{
	static const char *const checks[] = {"quick", "full", "no"}, *const verifies[] = {"quick", "full"};
	static const char *const erases[] = {"auto", "changed", "pages", "chip"};
	const char *check = args_value(args, "check"), *erase = args_value(args, "erase");
	const char *verify = args_value(args, "verify");
	int n;

	*job = (struct write_job){.check.file = args->rest[0],
				  .check.force = args_has(args, "force"),
				  .reset = !args_has(args, "no-reset")};
	job->flash = flashing_options(cli);
	job->flash.no_loader = args_has(args, "no-loader");
	job->flash.reset_follows = job->reset && !cli->dry_run;
	if ((n = check ? word_of(check, checks, 3) : 0) < 0)
		return err_set(&cli->err, STATUS_USAGE, "--check is quick, full or no, not %s",
			       check);
	job->check.kind = (enum check_kind)n;
	if ((n = erase ? word_of(erase, erases, 4) : 0) < 0)
		return err_set(&cli->err, STATUS_USAGE,
			       "--erase is auto, changed, pages or chip, not %s", erase);
	job->flash.erase = (enum flash_erase_mode)n;
	if ((n = verify ? word_of(verify, verifies, 2) : 0) < 0)
		return err_set(&cli->err, STATUS_USAGE, "--verify is quick or full, not %s", verify);
	job->flash.full_verify = n == 1 || args_has(args, "full-verify");
	return STATUS_OK;
}

/* While the firmware runs before it is looked at. */
static void remember(struct cli *cli, const struct write_job *job, const struct session *s,
		     const char *uid)
{
	const char *serial = s->probe ? s->probe->wire->id.serial : "";

	remember_written(cli, uid, serial, job->check.file, job->check.img,
			 job->check.done ? verdict_name(job->check.verdict) : "");
}

/* Written and verified: start it, remember, look once more. */
static enum status finish(struct cli *cli, struct write_job *job, struct session *s,
			  const struct flash_result *r)
{
	json_t *result = flashing_result(cli, s, r);
	bool attachable = false, started = job->reset && !cli->dry_run;
	enum status status = STATUS_OK;
	bool checked = job->check.done && job->check.verdict == VERDICT_CLEAR;
	uint32_t run_us = checked ? RUN_CHECKED_US : RUN_UNCHECKED_US;
	uint64_t since_us = 0;
	char uid[25];

	session_uid(s, uid);
	if (started)
		status = run_firmware(s, &since_us, &cli->err);
	if (!cli->dry_run)
		remember(cli, job, s, uid);
	if (cli->dry_run)
		flashing_plan(cli, r);
	else
		flashing_summary(cli, s, r);
	if (started && !status)
		status = look_again(cli, s, since_us, run_us, &attachable, &cli->err);
	if (started && !status)
		tell_started(cli, s, attachable);
	if (cli->dry_run)
		say(cli, "dry run: nothing was written\n");
	else if (s->target)
		tell_debug_bits(cli, uid);
	json_object_set_new(result, "file", json_string(job->check.file));
	json_object_set_new(result, "verdict",
			    job->check.done ? json_string(verdict_name(job->check.verdict)) : json_null());
	json_object_set_new(result, "attachable", started && s->probe ? json_boolean(attachable)
								     : json_null());
	emit_json(cli, result);
	return status;
}

/* The check runs meanwhile. What it refuses comes before what the probe says. */
static enum status connect_and_check(struct cli *cli, struct precheck *check, struct session *s)
{
	struct err failed = ERR_INIT;
	enum status opened = session_open(cli, SESSION_HALT | SESSION_UART, s, &failed);
	enum status status = precheck_finish(cli, check);

	if (status) {
		if (!opened)
			session_close(s, false);
		return status;
	}
	if (opened)
		cli->err = failed;
	return opened;
}

static enum status write_image(struct cli *cli, struct write_job *job)
{
	struct session s;
	struct flash_link link;
	struct flash_result result = {0};
	size_t count;
	struct flash_piece *pieces;
	enum status status = connect_and_check(cli, &job->check, &s);

	if (status)
		return status;
	pieces = flashing_pieces(job->check.img, &count);
	if (s.way != WAY_PLAIN)
		note(cli, "attached %s\n", target_way_name(s.way));
	link = session_link(&s);
	status = pieces ? precheck_chip(cli, &job->check, &s)
			: err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	if (!status)
		status = flash_write_over(&link, s.chip, pieces, count, &job->flash, &result, &cli->err);
	if (status)
		tell_half_done(cli);
	else
		status = finish(cli, job, &s, &result);
	if (!s.target || (!status && job->reset && !cli->dry_run))
		session_close(&s, false); /* it runs, and was looked at */
	else
		flashing_close(&s, !status && !job->reset);
	free(pieces);
	return status;
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct write_job job;
	uint32_t address;
	enum status s;

	if ((s = parse_job(cli, args, &job)) ||
	    (s = parse_address(cli, args->count > 1 ? args->rest[1] : NULL, &address)) ||
	    (s = load_image(job.check.file, address, &job.check.img, &cli->err)))
		return s;
	if (address == IMAGE_NO_ADDRESS && image_linked_elsewhere(job.check.img, &address))
		note(cli, "%s is linked for 0x%08" PRIX32 ", as its vectors show: written to the start "
		     "of flash it will not run; give the address to write it there\n",
		     job.check.file, address);
	if (!(s = precheck_start(cli, &job.check)))
		s = write_image(cli, &job);
	image_free(job.check.img);
	return s;
}

const struct command cmd_write = {
	.name = "write", .aliases = "flash load download program", .usage = "FILE [ADDR]",
	.summary = "Flash it (checks first; only what changed; verified)",
	.about = "ELF, Intel HEX, S-record or raw binary, told apart by content; a raw binary goes to\n"
		 "ADDR or 0x08000000. Firmware that would lock the debug port out is refused (exit 7)\n"
		 "unless --force is given. Attaches plainly, then by itself under reset. With\n"
		 "-p tty:/dev/ttyUSB0: over the UART of the boot ROM (BOOT0 at 1), without a probe.",
	.options = options, .min_args = 1, .max_args = 2, .run = run,
};
