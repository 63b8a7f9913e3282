/* See onchip.h. */
#include "cli/onchip.h"

#include <stdlib.h>
#include <string.h>

#include "cli/memory.h"
#include "cli/remember.h"
#include "cli/report.h"

/* Erased flash at the end says nothing and costs time: cut it off. */
static size_t used_part(const uint8_t *data, size_t len)
{
	while (len && data[len - 1] == 0xFF)
		len--;
	return (len + 3) & ~(size_t)3;
}

static bool read_flash(struct cli *cli, struct session *s, struct on_chip *c)
{
	c->base = s->chip->flash_base;
	c->len = s->flash_kib ? s->flash_kib * 1024u : s->chip->flash_size;
	c->flash = malloc(c->len);
	if (c->flash &&
	    read_memory(cli, s, c->base, c->flash, c->len, NULL) == STATUS_OK)
		return true;
	free(c->flash);
	c->flash = NULL;
	return false;
}

static void find_symbols(struct session *s, const char *elf, struct on_chip *c)
{
	char uid[25];
	size_t used = used_part(c->flash, c->len);

	session_uid(s, uid);
	c->img = remembered_image(uid, elf, c->flash, c->len, c->base, c->file, sizeof c->file);
	if (c->img)
		return;
	c->file[0] = '\0';
	if (used && image_parse("the chip's flash", c->flash, used, c->base, &c->img, NULL))
		c->img = NULL;
}

void on_chip_look(struct cli *cli, struct session *s, const char *elf, struct on_chip *out)
{
	struct lockout_options opt = {.chip = s->chip, .log = &cli->log};

	memset(out, 0, sizeof *out);
	if (!s->chip || !read_flash(cli, s, out))
		return;
	progress_end(cli);
	find_symbols(s, elf, out);
	if (elf && !out->file[0])
		note(cli, "%s is not what lies in the chip's flash; its symbols are not used\n", elf);
	if (out->img && lockout_check(out->img, &opt, &out->report, NULL))
		out->report = NULL;
}

void on_chip_observe(const struct on_chip *c, struct observations *o)
{
	const struct lockout_finding *f;

	if (!c->report)
		return;
	o->firmware_known = c->report->verdict != VERDICT_UNKNOWN;
	o->firmware_verdict = c->report->verdict;
	if (!c->report->finding_count || c->report->findings[0].level == LEVEL_NOTE)
		return;
	f = &c->report->findings[0];
	o->firmware_finding = true;
	o->firmware_cause = f->cause;
	place_text(&f->blame, o->firmware_says, sizeof o->firmware_says);
}

void on_chip_free(struct on_chip *c)
{
	lockout_report_free(c->report);
	image_free(c->img);
	free(c->flash);
	memset(c, 0, sizeof *c);
}
