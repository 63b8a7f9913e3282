/* See form_check.h. */
#include "form_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout.h"

static struct image *load(const struct form_test *t, const char *form, const char *flags)
{
	char path[1024];
	struct image *img = NULL;
	uint8_t *bytes;
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-%s.elf", t->folder, form, flags);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	bytes = malloc(1 << 20);
	len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	if (image_parse(form, bytes, len, IMAGE_NO_ADDRESS, &img, NULL) != STATUS_OK)
		img = NULL;
	free(bytes);
	return img;
}

/* Does a comment name the form after "blame", as it is or at this optimisation? */
static bool names_form(const char *line, const char *form, const char *flags)
{
	const char *at = strstr(line, "/* blame ");
	char words[256], at_level[64], *word, *save;

	if (!at)
		return false;
	snprintf(words, sizeof words, "%s", at + 9);
	snprintf(at_level, sizeof at_level, "%s@%s", form, flags);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (strcmp(word, form) == 0 || strcmp(word, at_level) == 0)
			return true;
	return false;
}

/* The form as its comments name it: without what it lies behind. */
static const char *marked_as(const struct form_row *row)
{
	return row->marked ? row->marked : row->form;
}

static bool same_condition(const char *said, const char *expected)
{
	size_t len = strlen(expected);

	return len && expected[len - 1] == '*' ? strncmp(said, expected, len - 1) == 0
					       : strcmp(said, expected) == 0;
}

static bool is_marked(const struct form_test *t, const struct lockout_place *place,
		      const struct form_row *row, const char *flags)
{
	const char *base = strrchr(place->file, '/') ? strrchr(place->file, '/') + 1 : place->file;
	char path[1024], line[512];
	unsigned n = 0;
	bool marked = false;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", t->sources, base);
	f = fopen(path, "r");
	while (f && n < place->line && fgets(line, sizeof line, f))
		n++;
	if (f) {
		marked = n == place->line && n && names_form(line, marked_as(row), flags);
		fclose(f);
	}
	return marked;
}

/* Every finding of the cause must be on a marked line, and there must be one;
 * with cause "" no lock-out or hazard may be found. */
static bool findings_fit(const struct form_test *t, const struct lockout_report *r,
			 const struct form_row *row, const char *flags, char *why, size_t size)
{
	unsigned fitting = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct lockout_finding *f = &r->findings[i];

		if (strcmp(cause_name(f->cause), row->cause) != 0)
			continue;
		if (!is_marked(t, &f->blame, row, flags)) {
			snprintf(why, size, "blames %s:%u", f->blame.file, f->blame.line);
			return false;
		}
		if (r->verdict == VERDICT_LOCKS_OUT && f->proof[0] == '\0') {
			snprintf(why, size, "is not proved");
			return false;
		}
		if (row->pins && f->pins_needed != row->pins) {
			snprintf(why, size, "needs pins 0x%X", f->pins_needed);
			return false;
		}
		if (row->condition && !same_condition(f->condition, row->condition)) {
			snprintf(why, size, "says \"%s\"", f->condition);
			return false;
		}
		if (row->table && strcmp(f->table, row->table) != 0) {
			snprintf(why, size, "found it in \"%s\"", f->table);
			return false;
		}
		fitting++;
	}
	snprintf(why, size, "no finding %s", row->cause);
	return row->cause[0] == '\0' || fitting;
}

static void report(struct form_test *t, bool ok, const struct form_row *row, const char *flags,
		   const char *why)
{
	printf("%sok %u - %s %s%s%s\n", ok ? "" : "not ", ++t->number, row->form, flags,
	       ok ? "" : ": ", ok ? "" : why);
	t->failures += !ok;
}

void form_check(struct form_test *t, const struct form_row *row, const char *flags)
{
	struct lockout_options opt = {.run_us = (row->run_ms ? row->run_ms : 60) * 1000ull};
	struct image *img = load(t, row->form, flags);
	struct lockout_report *r = NULL;
	struct err err = ERR_INIT;
	char why[256] = "";

	if (!img) {
		report(t, false, row, flags, "no such firmware");
		return;
	}
	if (lockout_check(img, &opt, &r, &err) != STATUS_OK)
		report(t, false, row, flags, err.what);
	else if (strcmp(verdict_name(r->verdict), row->verdict) != 0)
		report(t, false, row, flags, verdict_name(r->verdict));
	else
		report(t, findings_fit(t, r, row, flags, why, sizeof why), row, flags, why);
	lockout_report_free(r);
	image_free(img);
}
