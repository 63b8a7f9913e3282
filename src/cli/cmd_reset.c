/* `reflash reset [--halt]`: reset the chip. */
#include "cli/connect.h"

static const struct option_def options[] = {
	{"halt", 0, NULL, "stop at the reset vector, before the first instruction"},
	{NULL, 0, NULL, NULL},
};

#define BOOT_US 1000u /* a core that finds no vectors is locked up long before */

enum how { RUNNING, HALTED, IN_RESET, LOCKED_UP };

static const struct {
	const char *word, *text;
} hows[] = {
	[RUNNING] = {"running", "running"},
	[HALTED] = {"halted", "halted at the reset vector"},
	[IN_RESET] = {"in-reset", "held there: NRST is low, or the firmware resets itself at once"},
	[LOCKED_UP] = {"locked-up", "locked up: no vector table lies at the start of flash"},
};

/* What became of it: S_RESET_ST comes back at once where NRST stays low. */
static enum status look(struct session *s, enum how *how, struct err *err)
{
	struct target_core_state state;
	enum status status = target_core_state(s->target, &state, err);

	if (!status) {
		probe_sleep_us(s->probe, BOOT_US);
		status = target_core_state(s->target, &state, err);
	}
	if (status)
		return status;
	*how = state.was_reset ? IN_RESET : state.locked_up ? LOCKED_UP : RUNNING;
	return STATUS_OK;
}

static enum status run(struct cli *cli, const struct args *args)
{
	bool halt = args_has(args, "halt");
	struct session s;
	enum how how = halt ? HALTED : RUNNING;
	enum status status = session_open(cli, SESSION_ANY_CHIP | (halt ? SESSION_HALT : 0), &s,
					  &cli->err);

	if (status)
		return status;
	if (!cli->dry_run)
		status = target_reset(s.target, halt, &cli->err);
	if (!status && !halt && !cli->dry_run)
		status = look(&s, &how, &cli->err);
	if (!status) {
		say(cli, cli->dry_run ? "dry run: it would be reset, and %s\n" : "reset, and %s\n",
		    hows[how].text);
		emit_json(cli, json_pack("{s:s, s:s, s:b, s:b, s:s}", "type", "result", "command",
					 "reset", "dry_run", cli->dry_run, "halted",
					 halt && !cli->dry_run, "state", hows[how].word));
	}
	session_close(&s, halt && !status && !cli->dry_run);
	return status;
}

const struct command cmd_reset = {
	.name = "reset", .usage = "[--halt]", .summary = "Reset the chip",
	.options = options, .min_args = 0, .max_args = 0, .run = run,
};
