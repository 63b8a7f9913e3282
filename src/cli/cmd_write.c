/*
 * `reflash write FILE [ADDR]`: check, write what changed, verify, start, and
 * look whether the chip can still be reached.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/flashing.h"
#include "cli/remember.h"
#include "cli/report.h"
#include "cli/text.h"

static const struct option_def options[] = {
	{"force", 0, NULL, "write firmware that would lock the debug port out, too"},
	{"check", 0, "HOW", "quick (default), full or no"},
	{"erase", 0, "HOW", "auto (default), changed, pages or chip"},
	{"full-verify", 0, NULL, "verify by reading everything back"},
	{"no-loader", 0, NULL, "write through SWD only, run no code in RAM"},
	{"no-reset", 0, NULL, "leave the chip halted, start nothing"},
	{NULL, 0, NULL, NULL},
};

enum check_kind { CHECK_QUICK, CHECK_FULL, CHECK_NO };

struct write_job {
	const char *file;
	struct image *img;
	enum check_kind check;
	bool force, reset;
	enum lockout_verdict verdict;
	bool checked;
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
	static const char *const checks[] = {"quick", "full", "no"};
	static const char *const erases[] = {"auto", "changed", "pages", "chip"};
	const char *check = args_value(args, "check"), *erase = args_value(args, "erase");
	int n;

	*job = (struct write_job){.file = args->rest[0], .force = args_has(args, "force"),
				  .reset = !args_has(args, "no-reset")};
	job->flash = flashing_options(cli);
	job->flash.full_verify = args_has(args, "full-verify");
	job->flash.no_loader = args_has(args, "no-loader");
	if ((n = check ? word_of(check, checks, 3) : 0) < 0)
		return err_set(&cli->err, STATUS_USAGE, "--check is quick, full or no, not %s",
			       check);
	job->check = (enum check_kind)n;
	if ((n = erase ? word_of(erase, erases, 4) : 0) < 0)
		return err_set(&cli->err, STATUS_USAGE,
			       "--erase is auto, changed, pages or chip, not %s", erase);
	job->flash.erase = (enum flash_erase_mode)n;
	return STATUS_OK;
}

/* A program whose vector table points nowhere will not run. Data at another
 * place of the flash needs no vectors. */
static enum status check_vectors(struct cli *cli, const struct write_job *job)
{
	uint32_t low, high, vectors;

	image_span(job->img, &low, &high);
	if (job->force || low > 0x08000000 || image_vectors(job->img, &vectors, &cli->err))
		return STATUS_OK;
	if (!cli->err.status)
		err_set(&cli->err, STATUS_BAD_FILE, "%s has no vector table that could start",
			job->file);
	cli->err.status = STATUS_BAD_FILE;
	err_next(&cli->err, "nothing was written; --force writes it all the same");
	return STATUS_BAD_FILE;
}

/* The refusal names the line: that is what the person needs first. */
static enum status refuse(struct cli *cli, const struct write_job *job,
			  const struct lockout_report *r)
{
	char where[320];

	report_print(cli, job->file, job->img, r);
	if (cli->json)
		emit_json(cli, report_json("check", job->file, r));
	place_text(&r->findings[0].blame, where, sizeof where);
	err_set(&cli->err, STATUS_LOCKS_OUT, "refused: %s would lock the debug port out (%s)",
		job->file, where);
	err_next(&cli->err, "change that line, or write it all the same with --force; nothing was "
			    "written");
	return STATUS_LOCKS_OUT;
}

static void mention(struct cli *cli, const struct write_job *job, const struct lockout_report *r)
{
	if (r->verdict == VERDICT_UNKNOWN)
		note(cli, "check: %s\n", r->reason);
	else if (r->verdict != VERDICT_CLEAR && r->finding_count)
		note(cli, "check: %s: %s (`reflash check %s` tells more)\n",
		     verdict_name(r->verdict), r->findings[0].summary, job->file);
}

static enum status check_first(struct cli *cli, struct write_job *job)
{
	struct lockout_options opt = {.chip = cli->chip, .quick = job->check == CHECK_QUICK,
				      .log = &cli->log};
	struct lockout_report *r;
	enum status s;

	if (job->check == CHECK_NO)
		return STATUS_OK;
	s = lockout_check(job->img, &opt, &r, &cli->err);
	if (s)
		return s;
	job->verdict = r->verdict;
	job->checked = true;
	if (r->verdict == VERDICT_LOCKS_OUT && !job->force)
		s = refuse(cli, job, r);
	else
		mention(cli, job, r);
	lockout_report_free(r);
	return s;
}

static void tell_attachable(struct cli *cli, bool attachable)
{
	if (attachable) {
		say(cli, "still attachable: SWD answers while the firmware runs\n");
		return;
	}
	say(cli, "%sthe firmware runs and SWD no longer answers%s\n", tint(cli, TINT_RED),
	    tint(cli, TINT_OFF));
	note(cli, "  next:  `reflash diagnose` says why, `reflash recover` gets it back\n");
}

static void tell_debug_bits(struct cli *cli, const char *uid)
{
	char topic[64];

	snprintf(topic, sizeof topic, "debug-bits-%s", uid[0] ? uid : "unknown");
	if (cli->leave_no_trace || !first_time(topic))
		return;
	note(cli, "(the chip keeps its debug clocks in sleep and stop mode until power-off, so that "
		  "it stays\n reachable; --leave-no-trace restores that; this is said once)\n");
}

/* Written and verified: start it, look once more, remember. */
static enum status finish(struct cli *cli, struct write_job *job, struct session *s,
			  const struct flash_result *r)
{
	json_t *result = flashing_result(cli, s, r);
	bool attachable = false, started = job->reset && !cli->dry_run;
	enum status status = STATUS_OK;
	char uid[25];

	session_uid(s, uid);
	if (!cli->dry_run)
		remember_written(cli, uid, s->probe->wire->id.serial, job->file, job->img,
				 job->checked ? verdict_name(job->verdict) : "");
	flashing_summary(cli, s, r);
	if (started && !(status = run_and_look(cli, s, &attachable, &cli->err)))
		tell_attachable(cli, attachable);
	if (cli->dry_run)
		say(cli, "dry run: nothing was written\n");
	else
		tell_debug_bits(cli, uid);
	json_object_set_new(result, "file", json_string(job->file));
	json_object_set_new(result, "verdict",
			    job->checked ? json_string(verdict_name(job->verdict)) : json_null());
	json_object_set_new(result, "attachable", started ? json_boolean(attachable) : json_null());
	emit_json(cli, result);
	return status;
}

static enum status write_image(struct cli *cli, struct write_job *job)
{
	struct session s;
	struct flash_result result = {0};
	size_t count;
	struct flash_piece *pieces = flashing_pieces(job->img, &count);
	enum status status;

	if (!pieces)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	status = session_open(cli, SESSION_HALT, &s, &cli->err);
	if (status) {
		free(pieces);
		return status;
	}
	if (s.way != WAY_PLAIN)
		note(cli, "attached %s\n", target_way_name(s.way));
	status = flash_write(s.target, s.chip, pieces, count, &job->flash, &result, &cli->err);
	if (!status)
		status = finish(cli, job, &s, &result);
	session_close(&s, !status && !job->reset);
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
	    (s = load_image(job.file, address, &job.img, &cli->err)))
		return s;
	if (!(s = check_vectors(cli, &job)) && !(s = check_first(cli, &job)))
		s = write_image(cli, &job);
	image_free(job.img);
	return s;
}

const struct command cmd_write = {
	.name = "write", .aliases = "flash load download program", .usage = "FILE [ADDR]",
	.summary = "Flash it (checks first; only what changed; verified)",
	.about = "ELF, Intel HEX, S-record or raw binary, told apart by content; a raw binary goes to\n"
		 "ADDR or 0x08000000. Firmware that would lock the debug port out is refused (exit 7)\n"
		 "unless --force is given. Attaches plainly, then by itself under reset.",
	.options = options, .min_args = 1, .max_args = 2, .run = run,
};
