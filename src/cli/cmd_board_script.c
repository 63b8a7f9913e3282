/*
 * reflash board script: a file of things to be done to the board, each with its
 * time, handed over line by line as the control socket's `at`.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd_board.h"
#include "serve/serve.h"

/* "MS WHAT", or "+MS WHAT" for after the line before it, as `at MS WHAT`. */
static enum status plan_line(struct cli *cli, const char *socket, const char *text,
			     double *last_ms)
{
	bool relative = text[0] == '+';
	const char *number = text + relative;
	char line[400], *end;
	double ms = strtod(number, &end);

	if (end == number || !strchr(" \t", *end) || !*end)
		return err_set(&cli->err, STATUS_BAD_FILE,
			       "\"%.60s\" does not begin with a time in milliseconds", text);
	*last_ms = relative ? *last_ms + ms : ms;
	if ((size_t)snprintf(line, sizeof line, "at %.6f %s", *last_ms,
			     end + strspn(end, " \t")) >= sizeof line)
		return err_set(&cli->err, STATUS_BAD_FILE, "the line is too long");
	return serve_control(socket, line, NULL, NULL, &cli->err);
}

static enum status plan_text(struct cli *cli, const char *socket, char *text, unsigned *planned,
			     unsigned *number)
{
	double last_ms = 0;
	enum status s = STATUS_OK;

	for (char *line = text, *next; line && !s; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		line[strcspn(line, "\r")] = 0;
		line += strspn(line, " \t");
		(*number)++;
		if (*line && *line != '#' && !(s = plan_line(cli, socket, line, &last_ms)))
			(*planned)++;
	}
	return s;
}

enum status board_script(struct cli *cli, const struct args *args)
{
	unsigned planned = 0, number = 0;
	uint8_t *bytes = NULL;
	char *text;
	size_t len = 0;
	enum status s;

	if (args->count < 2)
		return err_set(&cli->err, STATUS_USAGE, "board script needs a file");
	if ((s = read_file(args->rest[1], &bytes, &len, &cli->err)))
		return s;
	text = strndup((const char *)bytes, len);
	free(bytes);
	if (!text)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	s = plan_text(cli, args_value(args, "socket"), text, &planned, &number);
	free(text);
	if (s) {
		err_tried(&cli->err, "line %u of %s; the %u before it are planned", number,
			  args->rest[1], planned);
		err_next(&cli->err, "lines are `MS pin PA0=1`, `+MS uart help\\r`; see `reflash board --help`");
		return s;
	}
	if (cli->json)
		emit_json(cli, json_pack("{s:s, s:s, s:s, s:i}", "type", "result", "command", "board",
					 "action", "script", "planned", (int)planned));
	else
		say(cli, "%u thing%s planned\n", planned, planned == 1 ? "" : "s");
	return STATUS_OK;
}
