/* `reflash check FILE...`: will this firmware lock me out? Needs no hardware. */
#include <limits.h>
#include <string.h>

#include "cli/report.h"
#include "cli/text.h"

static const struct option_def options[] = {
	{"strict", 0, NULL, "may-lock-out and hazard fail, too (exit 7)"},
	{"for", 0, "TIME", "run that long: 10s, 10m, 2h (idle time is skipped); default 10s"},
	{"at", 0, "ADDR", "where a raw binary lies; default 0x08000000"},
	{"silicon", 0, "NAME", "genuine (default), gd32f103, cs32f103, apm32f103, ch32f103, air32f103"},
	{NULL, 0, NULL, NULL},
};

struct check_request {
	struct lockout_options run;
	uint32_t at;
	bool strict;
};

static enum status parse_request(struct cli *cli, const struct args *args,
				 struct check_request *request)
{
	uint64_t v;

	*request = (struct check_request){.at = IMAGE_NO_ADDRESS};
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
	if (args_has(args, "at") && (!parse_number(args_value(args, "at"), &v) || v > UINT32_MAX))
		return err_set(&cli->err, STATUS_USAGE, "--at %s is no address",
			       args_value(args, "at"));
	if (args_has(args, "at"))
		request->at = (uint32_t)v;
	if (args_has(args, "silicon") &&
	    !(request->run.silicon = silicon_by_name(args_value(args, "silicon"))))
		return err_set(&cli->err, STATUS_USAGE, "there is no silicon \"%s\"",
			       args_value(args, "silicon"));
	return STATUS_OK;
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

static void show(struct cli *cli, const char *file, const struct image *img,
		 const struct lockout_report *r)
{
	report_print(cli, file, img, r);
	if (cli->json)
		emit_json(cli, report_json("check", file, r));
}

/* --chip names a part we have no model of: say so instead of running another. */
static enum status not_modelled(struct cli *cli, const char *file)
{
	struct lockout_report r = {.verdict = VERDICT_UNKNOWN};

	snprintf(r.reason, sizeof r.reason, "%s is not modelled; STM32F103 parts are",
		 cli->chip_name);
	show(cli, file, NULL, &r);
	return STATUS_UNKNOWN;
}

static enum status check_one(struct cli *cli, const char *file,
			     const struct check_request *request, struct err *err)
{
	struct image *img;
	struct lockout_report *r;
	enum status s = load_image(file, request->at, &img, err);

	if (s)
		return s;
	if (cli->chip_name && !cli->chip) {
		image_free(img);
		return not_modelled(cli, file);
	}
	s = lockout_check(img, &request->run, &r, err);
	if (!s) {
		show(cli, file, img, r);
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

static enum status run(struct cli *cli, const struct args *args)
{
	struct check_request request;
	enum status worst = parse_request(cli, args, &request);

	if (worst)
		return worst;
	for (size_t i = 0; i < args->count; i++) {
		struct err err = ERR_INIT;
		enum status s = check_one(cli, args->rest[i], &request, &err);

		if (err.status)
			print_error(cli, s, &err);
		if (badness(s) > badness(worst))
			worst = s;
		if (i + 1 < args->count)
			say(cli, "\n");
	}
	return worst;
}

const struct command cmd_check = {
	.name = "check", .usage = "FILE...",
	.summary = "Will this firmware lock me out? Names the line (no hardware)",
	.about = "Runs the firmware on a virtual STM32F103 from reset and watches the debug port.\n"
		 "Verdicts: locks-out, may-lock-out, hazard, clear, unknown. Exit codes: 0 for clear\n"
		 "and hazard, 7 for locks-out (with --strict also may-lock-out and hazard), 1 for\n"
		 "unknown, 8 when a file cannot be used; of several files the worst.",
	.options = options, .min_args = 1, .max_args = UINT_MAX, .run = run,
};
