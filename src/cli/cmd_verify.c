/* `reflash verify FILE [ADDR]`: compare the chip with a file. */
#include <stdlib.h>

#include "cli/flashing.h"
#include "cli/report.h"

static const struct option_def options[] = {
	{"full-verify", 0, NULL, "read everything back instead of comparing checksums"},
	{NULL, 0, NULL, NULL},
};

static enum status compare(struct cli *cli, const char *file, const struct image *img, bool full)
{
	struct session s;
	struct flash_link link;
	struct flash_result result = {0};
	struct flash_options opt = flashing_options(cli);
	size_t count;
	struct flash_piece *pieces = flashing_pieces(img, &count);
	enum status status;

	if (!pieces)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	opt.full_verify = full;
	status = session_open(cli, SESSION_HALT | SESSION_UART, &s, &cli->err);
	if (status) {
		free(pieces);
		return status;
	}
	link = session_link(&s);
	status = flash_verify_over(&link, s.chip, pieces, count, &opt, &result, &cli->err);
	progress_end(cli);
	if (!status) {
		json_t *o = flashing_result(cli, &s, &result);

		say(cli, "the chip holds %s\n", file);
		json_object_set_new(o, "file", json_string(file));
		emit_json(cli, o);
	}
	flashing_close(&s, false);
	free(pieces);
	return status;
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct image *img;
	uint32_t address;
	enum status s;

	if ((s = parse_address(cli, args->count > 1 ? args->rest[1] : NULL, &address)) ||
	    (s = load_image(args->rest[0], address, &img, &cli->err)))
		return s;
	s = compare(cli, args->rest[0], img, args_has(args, "full-verify"));
	image_free(img);
	return s;
}

const struct command cmd_verify = {
	.name = "verify", .usage = "FILE [ADDR]", .summary = "Compare the chip with a file",
	.options = options, .min_args = 1, .max_args = 2, .run = run,
};
