/* See precheck.h. */
#include "cli/precheck.h"

#include "base/bytes.h"
#include "cli/report.h"
#include "cli/text.h"
#include "cli/verdicts.h"

/* A program whose vector table points nowhere will not run. Data at another
 * place of the flash needs no vectors. */
static enum status check_vectors(struct cli *cli, const struct precheck *c)
{
	uint32_t low, high, vectors;

	image_span(c->img, &low, &high);
	if (c->force || low > 0x08000000 || image_vectors(c->img, &vectors, &cli->err))
		return STATUS_OK;
	if (!cli->err.status)
		err_set(&cli->err, STATUS_BAD_FILE, "%s has no vector table that could start", c->file);
	cli->err.status = STATUS_BAD_FILE;
	err_next(&cli->err, "nothing was written; --force writes it all the same");
	return STATUS_BAD_FILE;
}

/* The first stack pointer of the program an image begins with, 0 without one. */
static uint32_t first_stack(const struct image *img)
{
	uint32_t low, high, vectors;
	uint8_t raw[4];

	image_span(img, &low, &high);
	if (!image_vectors(img, &vectors, NULL) || vectors != low ||
	    !image_read(img, vectors, raw, sizeof raw))
		return 0;
	return get_le32(raw);
}

static enum status has_ram_below(struct session *s, uint32_t address, bool *has, struct err *err)
{
	struct err why = ERR_INIT;
	uint8_t raw[4];
	enum status status;

	*has = address <= s->chip->ram_base + s->chip->ram_size;
	if (*has || !s->target)
		return STATUS_OK;
	status = target_read(s->target, address - (uint32_t)sizeof raw, raw, sizeof raw, &why);
	*has = status == STATUS_OK;
	if (status && status != STATUS_TARGET_FAULT)
		return err_set(err, status, "%s", why.what);
	return STATUS_OK;
}

enum status precheck_chip(struct cli *cli, const struct precheck *c, struct session *s)
{
	uint32_t stack = c->force ? 0 : first_stack(c->img);
	bool has;
	enum status status = has_ram_below(s, stack, &has, &cli->err);

	if (status || has)
		return status;
	err_set(&cli->err, STATUS_BAD_FILE,
		"%s is for another chip: its stack begins at 0x%08X, and the RAM of this %s ends at "
		"0x%08X",
		c->file, (unsigned)stack, s->chip->name,
		(unsigned)(s->chip->ram_base + s->chip->ram_size - 1));
	err_next(&cli->err, "build it for this chip (`reflash info` tells more); nothing was written; "
			    "--force writes it all the same");
	return STATUS_BAD_FILE;
}

/* The refusal names the line: that is what the person needs first. */
static enum status refuse(struct cli *cli, const struct precheck *c,
			  const struct lockout_report *r)
{
	char where[320];

	report_print(cli, c->file, c->img, r);
	if (cli->json)
		emit_json(cli, report_json("check", c->file, r));
	place_text(&r->findings[0].blame, where, sizeof where);
	err_set(&cli->err, STATUS_LOCKS_OUT, "refused: %s would lock the debug port out (%.200s)",
		base_name(c->file), where);
	err_next(&cli->err, "change that line, or write it all the same with --force; nothing was "
			    "written");
	return STATUS_LOCKS_OUT;
}

static void describe(const struct precheck *c, const struct lockout_report *r,
		     struct verdict_record *out)
{
	*out = (struct verdict_record){.verdict = r->verdict};
	if (r->verdict == VERDICT_UNKNOWN)
		snprintf(out->said, sizeof out->said, "%s", r->reason);
	else if (r->verdict != VERDICT_CLEAR && r->finding_count)
		snprintf(out->said, sizeof out->said, "%s: %s", verdict_name(r->verdict),
			 r->findings[0].summary);
}

/* What is known of the image without a refusal: `c->verdict`, and a line of it. */
static void mention(struct cli *cli, struct precheck *c, const struct verdict_record *v)
{
	c->verdict = v->verdict;
	c->done = true;
	if (!v->said[0])
		return;
	note(cli, "check: %s", v->said);
	if (v->verdict != VERDICT_UNKNOWN)
		note(cli, " (`reflash check %s` tells more)", c->file);
	note(cli, "\n");
}

/* On a thread of its own, or not: touches nothing but `c`. */
static void *run_check(void *arg)
{
	struct precheck *c = arg;

	c->status = lockout_check(c->img, &c->opt, &c->report, &c->err);
	return NULL;
}

enum status precheck_start(struct cli *cli, struct precheck *c)
{
	struct verdict_record known;
	bool quick = c->kind == CHECK_QUICK;
	enum status s = check_vectors(cli, c);

	tell_left_out(cli, c->img);
	if (s || c->kind == CHECK_NO)
		return s;
	if (quick && verdict_recall(cli, c->img, &known)) {
		quick = known.verdict != VERDICT_LOCKS_OUT;
		if (quick) {
			mention(cli, c, &known);
			return STATUS_OK;
		}
	}
	c->opt = (struct lockout_options){.chip = cli->chip, .quick = quick, .log = &cli->log};
	c->running = true;
	/* a full check takes its time: no chip is held for it */
	c->threaded = quick && pthread_create(&c->thread, NULL, run_check, c) == 0;
	if (c->threaded)
		return STATUS_OK;
	run_check(c);
	return precheck_finish(cli, c);
}

/* A lock-out that the quick check sees it will see again. */
static bool worth_remembering(const struct precheck *c, enum lockout_verdict verdict)
{
	return verdict == VERDICT_LOCKS_OUT ? !c->opt.quick : c->kind == CHECK_QUICK;
}

enum status precheck_finish(struct cli *cli, struct precheck *c)
{
	struct verdict_record known;
	enum status s = STATUS_OK;

	if (!c->running)
		return STATUS_OK;
	if (c->threaded)
		pthread_join(c->thread, NULL);
	c->running = false;
	if (c->status) {
		cli->err = c->err;
		return c->status;
	}
	describe(c, c->report, &known);
	if (worth_remembering(c, known.verdict))
		verdict_remember(cli, c->img, &known);
	if (c->report->verdict == VERDICT_LOCKS_OUT && !c->force)
		s = refuse(cli, c, c->report);
	else
		mention(cli, c, &known);
	lockout_report_free(c->report);
	return s;
}

enum status precheck(struct cli *cli, struct precheck *c)
{
	enum status s = precheck_start(cli, c);

	return s ? s : precheck_finish(cli, c);
}
