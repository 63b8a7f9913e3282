/* `reflash reset [--halt]`: reset the chip. */
#include "cli/connect.h"

static const struct option_def options[] = {
	{"halt", 0, NULL, "stop at the reset vector, before the first instruction"},
	{NULL, 0, NULL, NULL},
};

static enum status run(struct cli *cli, const struct args *args)
{
	bool halt = args_has(args, "halt");
	struct session s;
	enum status status = session_open(cli, SESSION_ANY_CHIP | (halt ? SESSION_HALT : 0), &s,
					  &cli->err);

	if (status)
		return status;
	if (!cli->dry_run)
		status = target_reset(s.target, halt, &cli->err);
	if (!status) {
		const char *how = halt ? "halted at the reset vector" : "running";

		if (cli->dry_run)
			say(cli, "dry run: it would be reset, and %s\n", how);
		else
			say(cli, "reset, and %s\n", how);
		emit_json(cli, json_pack("{s:s, s:s, s:b, s:b}", "type", "result", "command", "reset",
					 "dry_run", cli->dry_run, "halted", halt && !cli->dry_run));
	}
	session_close(&s, halt && !status && !cli->dry_run);
	return status;
}

const struct command cmd_reset = {
	.name = "reset", .usage = "[--halt]", .summary = "Reset the chip",
	.options = options, .min_args = 0, .max_args = 0, .run = run,
};
