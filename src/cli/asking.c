/* See asking.h. */
#include "cli/asking.h"

bool wait_option(struct cli *cli, const struct args *args, uint64_t standard, uint64_t *us)
{
	*us = standard;
	if (!args_has(args, "wait") || parse_duration(args_value(args, "wait"), us))
		return true;
	err_set(&cli->err, STATUS_USAGE, "--wait %s is no duration; 20s and 2m are",
		args_value(args, "wait"));
	return false;
}

/* Even with -q: without the person nothing goes on. */
void ask_person(void *ctx, const char *what)
{
	struct cli *cli = ctx;

	progress_end(cli);
	if (cli->json) {
		emit_json(cli, json_pack("{s:s, s:s, s:s}", "type", "progress", "phase", "ask", "what",
					 what));
		return;
	}
	fflush(stdout);
	fprintf(stderr, ">> Please %s.\n", what);
}
