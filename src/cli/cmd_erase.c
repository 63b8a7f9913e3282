/* `reflash erase [ADDR SIZE]`: erase pages, or everything. Asks first. */
#include "cli/flashing.h"
#include "cli/text.h"

static enum status parse_range(struct cli *cli, const struct args *args, uint32_t *address,
			       size_t *len)
{
	uint64_t a, n;

	*address = 0;
	*len = 0;
	if (args->count == 0)
		return STATUS_OK;
	if (args->count != 2 || !parse_number(args->rest[0], &a) ||
	    !parse_number(args->rest[1], &n) || a > UINT32_MAX || n == 0 || n > UINT32_MAX - a)
		return err_set(&cli->err, STATUS_USAGE,
			       "erase needs nothing, or ADDR SIZE, as in 0x08000000 4k");
	*address = (uint32_t)a;
	*len = (size_t)n;
	return STATUS_OK;
}

static bool agreed(struct cli *cli, const struct session *s, uint32_t address, size_t len)
{
	char size[TEXT_MAX], where[TEXT_MAX];

	if (cli->dry_run)
		return true;
	if (len == 0)
		return confirm(cli, "Erase all flash of the %s?", s->chip->name);
	return confirm(cli, "Erase the pages of %s from %s of the %s?", text_size(size, len),
		       text_hex(where, address), s->chip->name);
}

static enum status erase(struct cli *cli, struct session *s, uint32_t address, size_t len)
{
	struct flash_options opt = flashing_options(cli);
	struct flash_link link = session_link(s);
	struct flash_result result = {0};
	enum status status;

	status = flash_erase_over(&link, s->chip, address, len, &opt, &result, &cli->err);
	if (status)
		tell_half_done(cli);
	progress_end(cli);
	if (status)
		return status;
	if (result.mass_erased)
		say(cli, "everything %s erased\n", cli->dry_run ? "would be" : "is");
	else
		say(cli, "%u page%s %serased\n", result.pages_erased,
		    result.pages_erased == 1 ? "" : "s", cli->dry_run ? "would be " : "");
	if (cli->dry_run)
		say(cli, "dry run: nothing was erased\n");
	emit_json(cli, flashing_result(cli, s, &result));
	return STATUS_OK;
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct session s;
	uint32_t address;
	size_t len;
	enum status status = parse_range(cli, args, &address, &len);

	if (status || (status = session_open(cli, SESSION_HALT | SESSION_UART, &s, &cli->err)))
		return status;
	if (!agreed(cli, &s, address, len)) {
		session_close(&s, false);
		return not_agreed(cli);
	}
	status = erase(cli, &s, address, len);
	flashing_close(&s, false);
	return status;
}

const struct command cmd_erase = {
	.name = "erase", .usage = "[ADDR SIZE]", .summary = "Erase pages, or everything",
	.about = "Whole pages that touch the range are erased. Asks first, unless -y is given.",
	.min_args = 0, .max_args = 2, .run = run,
};
