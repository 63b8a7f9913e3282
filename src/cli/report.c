/* Prints what check found. The layout is part of the tool's contract. */
#include "cli/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

#define AFIO_MAPR 0x40010004u /* RM0008 9.4.2 */

enum status load_image(const char *path, uint32_t address, struct image **out, struct err *err)
{
	uint8_t *bytes;
	size_t len;
	enum status s = read_file(path, &bytes, &len, err);

	if (s)
		return s;
	s = image_parse(path, bytes, len, address, out, err);
	free(bytes);
	return s;
}

enum status load_where_linked(struct cli *cli, const char *path, uint32_t address,
			      struct image **out, struct err *err)
{
	struct image *img;
	const struct image_segment *bytes;
	enum status s = load_image(path, address, &img, err);
	uint32_t linked;
	size_t n;

	if (s)
		return s;
	if (address != IMAGE_NO_ADDRESS || !image_linked_elsewhere(img, &linked)) {
		*out = img;
		return STATUS_OK;
	}
	note(cli, "%s is linked for 0x%08" PRIX32 ", as its vectors show, and taken to lie there "
	     "(--at says otherwise)\n", path, linked);
	bytes = image_segments(img, &n);
	s = image_parse(path, bytes->data, bytes->len, linked, out, err);
	image_free(img);
	return s;
}

void tell_left_out(struct cli *cli, const struct image *img)
{
	uint32_t address, len = image_left_out(img, &address);

	if (len)
		note(cli, "%" PRIu32 " bytes of it belong into RAM at 0x%08" PRIX32 " and can't be flashed: "
		     "variables lose their first values (is `AT> FLASH` missing in the linker script?)\n",
		     len, address);
}

const char *file_shown(const struct lockout_place *p)
{
	const char *slash = strrchr(p->file, '/');

	return slash && slash[1] ? slash + 1 : p->file;
}

void place_text(const struct lockout_place *p, char *out, size_t size)
{
	int n;

	if (p->file[0])
		n = snprintf(out, size, "%s:%u", file_shown(p), p->line);
	else
		n = snprintf(out, size, "0x%08" PRIX32, p->address);
	if (p->function[0] && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, " in %s()", p->function);
}

static const char *file_line(const struct lockout_place *p, char *out, size_t size)
{
	if (p->file[0])
		snprintf(out, size, "%s:%u", file_shown(p), p->line);
	else
		snprintf(out, size, "0x%08" PRIX32, p->address);
	return out;
}

static bool same_place(const struct lockout_place *a, const struct lockout_place *b)
{
	if (a->line && b->line) /* frames of inlined calls share an address */
		return a->line == b->line && strcmp(a->file, b->file) == 0;
	return a->address == b->address;
}

/* "called from display_task() main.c:41" : the callers above the blamed one. */
static bool print_callers(const struct cli *cli, const struct lockout_finding *f)
{
	size_t at = 0;
	char where[200];
	bool any = false;

	while (at < f->stack_len && !same_place(&f->stack[at], &f->blame))
		at++;
	/* Inlined code can put the blamed line into several frames. */
	while (at + 1 < f->stack_len && same_place(&f->stack[at + 1], &f->blame))
		at++;
	for (size_t i = at + 1; i < f->stack_len && i < at + 4; i++) {
		const struct lockout_place *p = &f->stack[i];

		say(cli, "%s%s%s%s", any ? ", from " : "  called from ", p->function,
		    p->function[0] ? "() " : "", file_line(p, where, sizeof where));
		any = true;
	}
	return any;
}

static void print_store(const struct cli *cli, const struct lockout_finding *f, bool after_callers)
{
	char where[200];

	if (f->store_target == 0) { /* a reset, a fault: nothing stored */
		if (after_callers)
			say(cli, "\n");
		return;
	}
	say(cli, "%sstored ", after_callers ? "; " : "  ");
	if (f->store.function[0] && !same_place(&f->store, &f->blame))
		say(cli, "by %s() ", f->store.function);
	say(cli, "at %s: ", file_line(&f->store, where, sizeof where));
	if (f->store_target == AFIO_MAPR)
		say(cli, "AFIO_MAPR <- 0x%08" PRIX32 ", SWJ_CFG=%u%u%u\n", f->store_value,
		    f->store_value >> 26 & 1, f->store_value >> 25 & 1, f->store_value >> 24 & 1);
	else
		say(cli, "0x%08" PRIX32 " <- 0x%08" PRIX32 "\n", f->store_target, f->store_value);
}

/* Text of several lines or sentences, indented. */
static void print_indented(const struct cli *cli, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		say(cli, "  %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

void finding_print(const struct cli *cli, const struct image *img, const struct lockout_finding *f)
{
	char where[320], source[400];
	int width;

	place_text(&f->blame, where, sizeof where);
	if (f->task[0])
		snprintf(where + strlen(where), sizeof where - strlen(where), ", task \"%s\"",
			 f->task);
	if (f->blame.address || f->blame.file[0]) {
		width = f->level == LEVEL_NOTE ? 0 : 54;
		say(cli, "\n  %s%-*s%s%s\n", tint(cli, TINT_BOLD), width, where,
		    tint(cli, TINT_OFF),
		    f->level == LEVEL_NOTE ? "" : "       <- change this line");
		if (source_line(img, &f->blame, source, sizeof source))
			say(cli, "      %s\n", source);
		print_store(cli, f, print_callers(cli, f));
		if (f->table[0])
			say(cli, "  The value is in a table: %s.\n", f->table);
	}
	if (f->condition[0])
		say(cli, "  Only %s.\n", f->condition);
	if (f->fix[0] || f->proof[0])
		say(cli, "\n");
	print_indented(cli, f->fix);
	print_indented(cli, f->proof);
}

static void verdict_word(const struct cli *cli, enum lockout_verdict v)
{
	static const struct {
		const char *word;
		enum tint tint;
	} rows[] = {
		[VERDICT_CLEAR] = {"CLEAR", TINT_GREEN}, [VERDICT_UNKNOWN] = {"UNKNOWN", TINT_YELLOW},
		[VERDICT_HAZARD] = {"HAZARD", TINT_YELLOW},
		[VERDICT_MAY_LOCK_OUT] = {"MAY LOCK OUT", TINT_YELLOW},
		[VERDICT_LOCKS_OUT] = {"LOCKS OUT", TINT_RED},
	};

	say(cli, "%s%s%s", tint(cli, rows[v].tint), rows[v].word, tint(cli, TINT_OFF));
}

static void print_coverage(const struct cli *cli, const struct lockout_report *r)
{
	const struct lockout_coverage *c = &r->coverage;
	char time[TEXT_MAX], count[TEXT_MAX];

	if (!c->instructions)
		return;
	say(cli, "  Ran %s of virtual time, %s instructions", text_duration(time, c->virtual_us),
	    text_count(count, c->instructions));
	if (c->functions)
		say(cli, ", %u of %u functions", c->functions_run, c->functions);
	if (c->ended[0])
		say(cli, "; ended by: %s", c->ended);
	say(cli, ".\n");
}

static void print_chip(const struct cli *cli, const struct lockout_report *r)
{
	if (!r->chip)
		return;
	say(cli, "  Taken for an %s%s%s%s.\n", r->chip->name, r->chip_why[0] ? " (" : "", r->chip_why,
	    r->chip_why[0] ? ")" : "");
}

static const char *full_stop(const char *s)
{
	size_t len = strlen(s);

	return len && s[len - 1] == '.' ? "" : ".";
}

/* The finding that decided the verdict gives the headline. */
static void print_headline(const struct cli *cli, const char *file, const struct lockout_report *r)
{
	const struct lockout_finding *f = r->finding_count ? &r->findings[0] : NULL;

	say(cli, "%s: ", file);
	verdict_word(cli, r->verdict);
	if (r->verdict == VERDICT_UNKNOWN)
		say(cli, " — %s%s\n", r->reason, full_stop(r->reason));
	else if (r->verdict != VERDICT_CLEAR && f)
		say(cli, " — %s%s\n", f->summary, full_stop(f->summary));
	else
		say(cli, " — nothing that ran takes the debug port away.\n");
}

void report_print(const struct cli *cli, const char *file, const struct image *img,
		  const struct lockout_report *r)
{
	print_headline(cli, file, r);
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct lockout_finding *f = &r->findings[i];
		bool headline = i == 0 && r->verdict != VERDICT_CLEAR && r->verdict != VERDICT_UNKNOWN;

		if (!headline)
			say(cli, "\n  %s (%s): %s%s\n",
			    f->level == LEVEL_NOTE ? "Note" : level_name(f->level),
			    cause_name(f->cause), f->summary, full_stop(f->summary));
		if (f->level != LEVEL_NOTE || cli->log.level > LOG_NORMAL)
			finding_print(cli, img, f);
	}
	if (r->finding_count)
		say(cli, "\n");
	if (!cli->quiet) {
		print_coverage(cli, r);
		print_chip(cli, r);
	}
}
