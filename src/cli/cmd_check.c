/* `reflash check FILE...`: will this firmware lock me out? Needs no hardware. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/file_list.h"
#include "cli/parallel.h"
#include "cli/report.h"
#include "cli/report_formats.h"
#include "cli/verdicts.h"

static const struct option_def options[] = {
	{"strict", 0, NULL, "may-lock-out and hazard fail, too (exit 7)"},
	{"for", 0, "TIME", "run that long: 10s, 10m, 2h (idle time is skipped); default 10s"},
	{"budget", 0, "TIME", "effort for trying other answers (a button, a device, a byte); default 300ms"},
	{"at", 0, "ADDR", "where a raw binary lies; default 0x08000000, or where its vectors lead"},
	{"silicon", 0, "NAME", "genuine (default), gd32f103, cs32f103, apm32f103, ch32f103, air32f103"},
	{"format", 0, "FORMAT", "text (default), gcc (file:line: error: ...) or sarif (2.1.0)"},
	{"jobs", 'j', "N", "files checked at the same time; default: one a processor"},
	{NULL, 0, NULL, NULL},
};

#define BUDGET_MAX_US 3600000000u

enum check_format { FORMAT_TEXT, FORMAT_GCC, FORMAT_SARIF };

struct check_request {
	struct cli *cli;
	struct file_list files;
	struct lockout_options run;
	uint32_t at;
	bool strict;
	enum check_format format;
	json_t *sarif;
	unsigned jobs;
};

static enum status parse_output(struct cli *cli, const struct args *args,
				struct check_request *request)
{
	const char *format = args_value(args, "format");
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = processors > 0 ? (uint64_t)processors : 1;

	if (format && strcmp(format, "gcc") == 0)
		request->format = FORMAT_GCC;
	else if (format && strcmp(format, "sarif") == 0)
		request->format = FORMAT_SARIF;
	else if (format && strcmp(format, "text") != 0)
		return err_set(&cli->err, STATUS_USAGE, "--format is text, gcc or sarif, not %s", format);
	if (format && cli->json)
		return err_set(&cli->err, STATUS_USAGE, "--json and --format exclude each other");
	if (args_has(args, "jobs") &&
	    (!parse_number(args_value(args, "jobs"), &jobs) || jobs < 1 || jobs > 256))
		return err_set(&cli->err, STATUS_USAGE, "--jobs %s is no number of processes",
			       args_value(args, "jobs"));
	request->jobs = (unsigned)jobs;
	return STATUS_OK;
}

static enum status parse_request(struct cli *cli, const struct args *args,
				 struct check_request *request)
{
	uint64_t v;

	*request = (struct check_request){.at = IMAGE_NO_ADDRESS, .cli = cli};
	request->strict = args_has(args, "strict");
	request->run.chip = cli->chip;
	request->run.log = &cli->log;
	if (args_has(args, "for") && (!parse_duration(args_value(args, "for"), &v) || v == 0))
		return err_set(&cli->err, STATUS_USAGE, "--for %s is no duration; 10s and 10m are",
			       args_value(args, "for"));
	if (args_has(args, "for")) {
		request->run.run_us = v;
		request->run.instructions = UINT64_MAX;
	}
	if (args_has(args, "budget") &&
	    (!parse_duration(args_value(args, "budget"), &v) || v < 1000 || v > BUDGET_MAX_US))
		return err_set(&cli->err, STATUS_USAGE, "--budget %s is no duration from 1ms to 1h",
			       args_value(args, "budget"));
	if (args_has(args, "budget"))
		request->run.budget_ms = (unsigned)(v / 1000);
	if (args_has(args, "at") && (!parse_number(args_value(args, "at"), &v) || v > UINT32_MAX))
		return err_set(&cli->err, STATUS_USAGE, "--at %s is no address",
			       args_value(args, "at"));
	if (args_has(args, "at"))
		request->at = (uint32_t)v;
	if (args_has(args, "silicon") &&
	    !(request->run.silicon = silicon_by_name(args_value(args, "silicon"))))
		return err_set(&cli->err, STATUS_USAGE, "there is no silicon \"%s\"",
			       args_value(args, "silicon"));
	return parse_output(cli, args, request);
}

/* The status a verdict ends with. */
static enum status judge(enum lockout_verdict v, bool strict)
{
	switch (v) {
	case VERDICT_LOCKS_OUT:
		return STATUS_LOCKS_OUT;
	case VERDICT_MAY_LOCK_OUT:
	case VERDICT_HAZARD:
		return strict ? STATUS_LOCKS_OUT : STATUS_OK;
	case VERDICT_UNKNOWN:
		return STATUS_UNKNOWN;
	default:
		return STATUS_OK;
	}
}

static void show(struct cli *cli, const struct check_request *request, const char *file,
		 const struct image *img, const struct lockout_report *r)
{
	if (request->format == FORMAT_GCC)
		report_gcc(file, r);
	else if (request->format == FORMAT_SARIF)
		sarif_add(request->sarif, file, r);
	else
		report_print(cli, file, img, r);
	if (cli->json)
		emit_json(cli, report_json("check", file, r));
}

/* --chip names a part we have no model of: say so instead of running another. */
static enum status not_modelled(struct cli *cli, const struct check_request *request,
				const char *file)
{
	struct lockout_report r = {.verdict = VERDICT_UNKNOWN};

	snprintf(r.reason, sizeof r.reason, "%s is not modelled; STM32F103 parts are",
		 cli->chip_name);
	show(cli, request, file, NULL, &r);
	return STATUS_UNKNOWN;
}

/* `write` looks only for as long as connecting takes: what locks out later than
 * that it knows from here. */
static void remember_lockout(const struct cli *cli, const struct check_request *request,
			     const struct image *img, const struct lockout_report *r)
{
	struct verdict_record record = {.verdict = r->verdict};

	if (r->verdict != VERDICT_LOCKS_OUT || request->run.run_us || request->run.silicon)
		return;
	snprintf(record.said, sizeof record.said, "%s: %s", verdict_name(r->verdict),
		 r->findings[0].summary);
	verdict_remember(cli, img, &record);
}

static enum status check_one(struct cli *cli, const char *file,
			     const struct check_request *request, struct err *err)
{
	struct image *img;
	struct lockout_report *r;
	enum status s = load_where_linked(cli, file, request->at, &img, err);

	if (s)
		return s;
	if (cli->chip_name && !cli->chip) {
		image_free(img);
		return not_modelled(cli, request, file);
	}
	s = lockout_check(img, &request->run, &r, err);
	if (!s) {
		show(cli, request, file, img, r);
		remember_lockout(cli, request, img, r);
		tell_left_out(cli, img);
		s = judge(r->verdict, request->strict);
		lockout_report_free(r);
	}
	image_free(img);
	return s;
}

/* How bad a status is among several files. */
static int badness(enum status s)
{
	return s == STATUS_OK ? 0 : s == STATUS_UNKNOWN ? 1 : s == STATUS_LOCKS_OUT ? 3 : 2;
}

/* One file with its own error message: the unit of parallel work. */
static enum status check_file(void *ctx, size_t index)
{
	struct check_request *request = ctx;
	struct cli *cli = request->cli;
	struct err err = ERR_INIT;
	enum status s = check_one(cli, request->files.paths[index], request, &err);

	if (err.status)
		print_error(cli, s, &err);
	if (index + 1 < request->files.count && request->format == FORMAT_TEXT)
		say(cli, "\n");
	return s;
}

/* SARIF is one document: its findings are gathered in this process. */
static enum status check_all(struct cli *cli, struct check_request *request)
{
	size_t count = request->files.count;
	enum status *results = calloc(count + 1, sizeof *results), worst = STATUS_OK, s = STATUS_OK;

	if (!results)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	if (count > 1 && request->jobs > 1 && request->format != FORMAT_SARIF)
		s = parallel_run(count, request->jobs, check_file, request, results, &cli->err);
	else
		for (size_t i = 0; i < count; i++)
			results[i] = check_file(request, i);
	for (size_t i = 0; i < count; i++) {
		if (results[i] == STATUS_FAILED)
			note(cli, "%s: the check itself broke off\n", request->files.paths[i]);
		if (badness(results[i]) > badness(worst))
			worst = results[i];
	}
	free(results);
	return s ? s : worst;
}

/* A folder with nothing to check is said, and keeps nobody from the other files. */
static enum status list_files(struct cli *cli, const struct args *args,
			      struct check_request *request, enum status *worst)
{
	for (size_t i = 0; i < args->count; i++) {
		struct err err = ERR_INIT;
		enum status s = file_list_add(&request->files, args->rest[i], &err);

		if (s && s != STATUS_BAD_FILE) {
			cli->err = err;
			return s;
		}
		if (!s)
			continue;
		print_error(cli, s, &err);
		*worst = s;
	}
	return STATUS_OK;
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct check_request request;
	enum status empty = STATUS_OK, s = parse_request(cli, args, &request);

	if (!s)
		s = list_files(cli, args, &request, &empty);
	if (!s && request.format == FORMAT_SARIF)
		request.sarif = sarif_new();
	if (!s)
		s = check_all(cli, &request);
	if (badness(empty) > badness(s))
		s = empty;
	if (request.sarif) {
		json_dumpf(request.sarif, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(request.sarif);
	}
	file_list_free(&request.files);
	return s;
}

const struct command cmd_check = {
	.name = "check", .usage = "FILE|FOLDER...",
	.summary = "Will this firmware lock me out? Names the line (no hardware)",
	.about = "Runs the firmware on a virtual STM32F103 from reset and watches the debug port.\n"
		 "Verdicts: locks-out, may-lock-out, hazard, clear, unknown. Exit codes: 0 for clear\n"
		 "and hazard, 7 for locks-out (with --strict also may-lock-out and hazard), 1 for\n"
		 "unknown, 8 when a file cannot be used; of several files the worst. Folders stand for\n"
		 "the firmware files below them.",
	.options = options, .min_args = 1, .max_args = UINT_MAX, .run = run,
};
