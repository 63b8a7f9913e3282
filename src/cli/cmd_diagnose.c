/* `reflash diagnose`: why does it not answer? */
#include <string.h>

#include "cli/asking.h"
#include "cli/onchip.h"
#include "cli/opinions.h"
#include "cli/remember.h"
#include "cli/report.h"

static const struct option_def options[] = {
	{"elf", 0, "FILE", "the firmware that is on the chip, for its symbols"},
	{"wait", 0, "TIME", "how long to wait for a press of RESET; default 20s on a terminal, else 0"},
	{NULL, 0, NULL, NULL},
};

#define WAIT_ON_TERMINAL_US 20000000u
#define WORTH_A_CODE 0.1 /* of a protection on a chip that answers */

struct diagnosis {
	struct observations o;
	struct opinion causes[CAUSE_COUNT];
	size_t cause_count;
	struct on_chip firmware;
};

/* ---- looking ------------------------------------------------------------------------------- */

static void recall(struct probe *p, struct observations *o)
{
	struct remembered r;

	if (!remembered_by_probe(p->wire->id.serial, &r))
		return;
	o->remembered = true;
	o->remembered_locks_out = strcmp(r.verdict, "locks-out") == 0;
	snprintf(o->remembered_file, sizeof o->remembered_file, "%.255s", r.file);
}

/* In: registers, the firmware in flash, and (last, it resets) the reset line. */
static void examine(struct cli *cli, struct session *s, const char *elf, struct diagnosis *d)
{
	bool gentle = d->o.in_way == WAY_PLAIN && d->o.plain_tries == d->o.plain_hits;

	doctor_inspect(s->target, &d->o);
	if (session_identify(cli, SESSION_ANY_CHIP, s, NULL) == STATUS_OK) {
		on_chip_look(cli, s, elf, &d->firmware);
		on_chip_observe(&d->firmware, &d->o);
	}
	if (!gentle && d->o.nrst == NRST_UNKNOWN)
		doctor_test_nrst(s->target, &d->o);
}

static enum status look(struct cli *cli, const char *elf, uint64_t wait_us, struct diagnosis *d)
{
	struct doctor_options opt = {.target = session_options(cli, true), .wait_us = wait_us,
				     .ask = ask_person, .ctx = cli};
	struct session s = {0};
	struct err err = ERR_INIT;
	enum status status;

	d->o.probe = open_probe(cli, &s.probe, &err);
	if (d->o.probe) {
		snprintf(d->o.probe_says, sizeof d->o.probe_says, "%s", err.what);
		cli->err = err;
		return d->o.probe == STATUS_USAGE ? STATUS_USAGE : STATUS_OK;
	}
	recall(s.probe, &d->o);
	status = doctor_look(s.probe, &opt, &d->o, &s.target, &cli->err);
	if (!status && s.target) {
		s.way = d->o.in_way;
		examine(cli, &s, elf, d);
	}
	progress_end(cli);
	session_close(&s, false);
	if (cli_interrupted(cli))
		return err_set(&cli->err, STATUS_INTERRUPTED, "interrupted");
	return status;
}

/* ---- telling ----------------------------------------------------------------------------------- */

static void show_way(struct cli *cli, const struct observations *o, enum target_way way)
{
	const struct target_attempt *a = &o->ways[way];

	if (!o->tried[way])
		return;
	say(cli, "  %-12s", target_way_name(way));
	if (a->status == STATUS_OK)
		say(cli, "answers, DPIDR 0x%08X", (unsigned)a->dpidr);
	else if (a->dp_answers)
		say(cli, "the debug port answers (DPIDR 0x%08X), the rest does not: %s",
		    (unsigned)a->dpidr, a->err.what);
	else
		say(cli, "%s", a->err.what[0] ? a->err.what : "no answer");
	if (way == WAY_PLAIN && o->plain_tries > 1)
		say(cli, " (%u of %u attempts worked)", o->plain_hits, o->plain_tries);
	if (way == WAY_CATCH && a->polls)
		say(cli, " (after %u attempts)", a->polls);
	say(cli, "\n");
}

static void show_observations(struct cli *cli, const struct observations *o)
{
	if (o->probe)
		return;
	say(cli, "What was tried:\n");
	for (int w = 0; w < WAY_COUNT; w++)
		show_way(cli, o, (enum target_way)w);
	if (o->voltage_known)
		say(cli, "  target voltage %u.%02u V", o->millivolt / 1000, o->millivolt % 1000 / 10);
	if (o->voltage_known && o->nrst != NRST_UNKNOWN)
		say(cli, ", ");
	if (o->nrst != NRST_UNKNOWN)
		say(cli, "%sreset line of the probe: %s", o->voltage_known ? "" : "  ", nrst_name(o->nrst));
	say(cli, "%s\n", o->voltage_known || o->nrst != NRST_UNKNOWN ? "\n" : "");
}

static bool answers_plainly(const struct diagnosis *d)
{
	return d->o.probe == STATUS_OK && d->o.plain_hits && d->o.plain_hits == d->o.plain_tries;
}

static void show_firmware(struct cli *cli, const struct diagnosis *d)
{
	const struct lockout_report *r = d->firmware.report;

	if (!r)
		return;
	if (!r->finding_count || r->findings[0].level == LEVEL_NOTE) {
		if (!answers_plainly(d))
			say(cli, "\nThe firmware in its flash: %s.\n", verdict_name(r->verdict));
		return;
	}
	say(cli, "\nThe firmware in its flash%s%s:\n", d->firmware.file[0] ? ", symbols from " : "",
	    d->firmware.file);
	report_print(cli, d->firmware.file[0] ? d->firmware.file : "on the chip", d->firmware.img, r);
}

static void show(struct cli *cli, const struct diagnosis *d)
{
	show_observations(cli, &d->o);
	if (answers_plainly(d))
		say(cli, "%sIt answers plainly.%s\n", tint(cli, TINT_GREEN), tint(cli, TINT_OFF));
	if (d->cause_count) {
		say(cli, "%s\n", answers_plainly(d) ? "Worth knowing:" : "Most likely:");
		opinions_print(cli, d->causes, d->cause_count, false);
	} else if (!answers_plainly(d)) {
		say(cli, "Nothing seen points at a known cause.\n");
	}
	show_firmware(cli, d);
}

static json_t *dpidr_or_null(const struct observations *o, enum target_way way)
{
	const struct target_attempt *a = &o->ways[way];

	return o->tried[way] && a->dp_answers ? json_integer(a->dpidr) : json_null();
}

static json_t *seen_or_null(const struct seen_word *w)
{
	return w->known ? json_integer(w->value) : json_null();
}

static json_t *observations_json(const struct observations *o)
{
	json_t *j = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "probe",
		status_name(o->probe), "dpidr_hot", dpidr_or_null(o, WAY_PLAIN), "dpidr_slow",
		dpidr_or_null(o, WAY_SLOW), "dpidr_under_reset", dpidr_or_null(o, WAY_UNDER_RESET),
		"dpidr_caught", dpidr_or_null(o, WAY_CATCH), "nrst", nrst_name(o->nrst), "plain_tries",
		(int)o->plain_tries, "plain_hits", (int)o->plain_hits, "idcode",
		seen_or_null(&o->idcode), "pc", seen_or_null(&o->pc), "flash_obr",
		seen_or_null(&o->flash_obr), "flash_wrpr", seen_or_null(&o->flash_wrpr), "rcc_csr",
		seen_or_null(&o->rcc_csr), "pwr_csr", seen_or_null(&o->pwr_csr));

	json_object_set_new(j, "voltage_mv",
			    o->voltage_known ? json_integer(o->millivolt) : json_null());
	json_object_set_new(j, "in", o->in ? json_string(target_way_name(o->in_way)) : json_null());
	return j;
}

static void emit(struct cli *cli, const struct diagnosis *d)
{
	json_t *o = json_pack("{s:s, s:b, s:o, s:o}", "type", "diagnosis", "answers",
			      answers_plainly(d), "causes", opinions_json(d->causes, d->cause_count),
			      "observations", observations_json(&d->o));

	json_object_set_new(o, "firmware",
			    d->firmware.report
				    ? report_json("check", d->firmware.file, d->firmware.report)
				    : json_null());
	emit_json(cli, o);
}

/* The leading cause decides. A chip that answers plainly is well, unless what
 * it answers is that it is protected. */
static enum status conclude(const struct diagnosis *d)
{
	if (answers_plainly(d)) {
		for (size_t i = 0; i < d->cause_count; i++)
			if (d->causes[i].confidence >= WORTH_A_CODE &&
			    d->causes[i].status == STATUS_PROTECTED)
				return STATUS_PROTECTED;
		return STATUS_OK;
	}
	if (d->o.probe)
		return d->o.probe;
	if (!d->cause_count || d->causes[0].status == STATUS_OK)
		return STATUS_NO_ANSWER;
	return d->causes[0].status;
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct diagnosis d;
	uint64_t wait_us;
	enum status status;

	memset(&d, 0, sizeof d);
	if (!wait_option(cli, args, cli->err_tty && !cli->json ? WAIT_ON_TERMINAL_US : 0, &wait_us))
		return STATUS_USAGE;
	status = look(cli, args_value(args, "elf"), wait_us, &d);
	if (!status) {
		d.cause_count = doctor_rank(&d.o, d.causes);
		show(cli, &d);
		emit(cli, &d);
		status = conclude(&d);
		if (!d.o.probe)
			err_clear(&cli->err); /* what was found is told */
	}
	on_chip_free(&d.firmware);
	return status;
}

const struct command cmd_diagnose = {
	.name = "diagnose", .aliases = "doctor", .usage = "[--elf FILE]",
	.summary = "Why does it not answer?",
	.about = "Tries the ways in (plain, slow, under reset, after a press of RESET), compares what\n"
		 "each saw and ranks the causes. Once in, runs the firmware in its flash and names\n"
		 "the line. Exit code 0 when the chip answers plainly, else that of the leading cause.",
	.options = options, .min_args = 0, .max_args = 0, .run = run,
};
