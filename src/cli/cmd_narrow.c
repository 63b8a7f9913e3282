/* `reflash narrow FILE`: which block does it? The search that people do for
 * days by commenting out, done by machine. */
#include "cli/report.h"
#include "cli/text.h"

static const struct option_def options[] = {
	{"for", 0, "TIME", "how long a run lasts at most; default 10s"},
	{"at", 0, "ADDR", "where a raw binary lies; default 0x08000000, or where its vectors lead"},
	{NULL, 0, NULL, NULL},
};

struct outcome_word {
	const char *word, *text; /* for JSON, for a person */
};

static const struct outcome_word *outcome_of(const struct narrow_block *b)
{
	static const struct outcome_word words[] = {
		[NARROW_LOCKS] = {"locks", "locks all the same"},
		[NARROW_KEEPS] = {"keeps", "SWD stays on without it"},
		[NARROW_SKIPPED] = {"skipped", "not tried"},
		[NARROW_NOT_REACHED] = {"not-reached", "not reached before the lock-out"},
		[NARROW_BREAKS] = {"breaks", "the program does not get on without it"},
	};

	return &words[b->outcome];
}

static void show_block(struct cli *cli, const struct narrow_block *b)
{
	char where[200];
	int indent = (int)(2 + 2 * b->depth);

	if (b->place.file[0])
		snprintf(where, sizeof where, "%s:%u", base_name(b->place.file), b->place.line);
	else
		text_hex(where, b->place.address);
	say(cli, "%s%*s%-*s %-20s %s%s%s\n", b->guilty ? tint(cli, TINT_RED) : "", indent,
	    b->guilty ? "> " : "", 40 - indent, b->calls, where, outcome_of(b)->text,
	    b->guilty ? tint(cli, TINT_OFF) : "", "");
}

static json_t *block_json(const struct narrow_block *b)
{
	return json_pack("{s:i, s:s, s:I, s:s, s:s, s:i, s:s, s:b}", "depth", (int)b->depth, "calls",
			 b->calls, "address", (json_int_t)b->place.address, "function",
			 b->place.function, "file", file_shown(&b->place), "line", (int)b->place.line, "outcome",
			 outcome_of(b)->word, "guilty", b->guilty);
}

static void show_json(struct cli *cli, const char *file, const struct narrow_report *r)
{
	json_t *blocks = json_array();

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(blocks, block_json(&r->blocks[i]));
	emit_json(cli, json_pack("{s:s, s:s, s:b, s:i, s:o, s:o}", "type", "narrow", "file", file,
				 "found", r->found, "runs", (int)r->runs, "line",
				 r->found ? json_pack("{s:I, s:s, s:s, s:i}", "address",
						      (json_int_t)r->line.address, "function",
						      r->line.function, "file", file_shown(&r->line),
						      "line",
						      (int)r->line.line)
					  : json_null(),
				 "blocks", blocks));
}

static void show(struct cli *cli, const char *file, const struct image *img,
		 const struct narrow_report *r)
{
	char where[320], source[400];

	if (!r->found && !r->count) {
		say(cli,
		    "%s: nothing to narrow down: it does not lose SWD when it is run (`reflash check` says "
		    "whether it may)\n",
		    file);
		return;
	}
	say(cli, "%s: each call and store skipped once, in a run of its own (%u runs)\n\n", file, r->runs);
	for (size_t i = 0; i < r->count; i++)
		show_block(cli, &r->blocks[i]);
	if (!r->found) {
		say(cli, "\nno single block decides it; `reflash check %s` names what to change\n", file);
		return;
	}
	place_text(&r->line, where, sizeof where);
	say(cli, "\nIt ends at %s%s%s\n", tint(cli, TINT_BOLD), where, tint(cli, TINT_OFF));
	if (source_line(img, &r->line, source, sizeof source))
		say(cli, "    %s\n", source);
}

static enum status parse(struct cli *cli, const struct args *args, struct lockout_options *run,
			 uint32_t *at)
{
	*run = (struct lockout_options){.chip = cli->chip, .log = &cli->log};
	if (args_has(args, "for") &&
	    (!parse_duration(args_value(args, "for"), &run->run_us) || !run->run_us))
		return err_set(&cli->err, STATUS_USAGE, "--for %s is no duration; 10s and 10m are",
			       args_value(args, "for"));
	return parse_address(cli, args_value(args, "at"), at);
}

static enum status run(struct cli *cli, const struct args *args)
{
	const char *file = args->rest[0];
	struct lockout_options opt;
	struct narrow_report *r;
	struct image *img;
	uint32_t at;
	enum status s;

	if ((s = parse(cli, args, &opt, &at)) || (s = load_where_linked(cli, file, at, &img, &cli->err)))
		return s;
	s = lockout_narrow(img, &opt, &r, &cli->err);
	if (!s) {
		show(cli, file, img, r);
		if (cli->json)
			show_json(cli, file, r);
		s = r->found || r->count ? STATUS_LOCKS_OUT : STATUS_OK;
		narrow_report_free(r);
	}
	image_free(img);
	return s;
}

const struct command cmd_narrow = {
	.name = "narrow", .aliases = "bisect", .usage = "FILE",
	.summary = "Which block does it? Block-by-block search, with proof",
	.about = "From main and the task down: each call, and each line that stores to a peripheral,\n"
		 "that ran before SWD was lost is skipped once, in a run of its own from reset.\n"
		 "Exit code 7 when the firmware loses SWD, 0 when it does not.",
	.options = options, .min_args = 1, .max_args = 1, .run = run,
};
