/*
 * check under its default limits, on programs that never rest (long.c): what
 * comes late is found, what comes never ends the run early, and the answer says
 * so. Usage: test_long FOLDER-OF-ELFS SOURCE-FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout.h"

struct row {
	const char *way, *verdict;
	unsigned findings;        /* of cause swj-off */
	unsigned min_ms, max_ms;  /* when the first of them comes, after reset */
	bool whole;               /* the run takes its full time */
	const char *condition;    /* NULL: none */
};

static const struct row rows[] = {
	{"timer", "locks-out", 1, 7990, 8010, true},
	{"polled", "locks-out", 1, 7990, 8010, true},
	{"nothing", "clear", 0, 0, 0, false},
	{"early", "locks-out", 1, 0, 10, false},
	{"again", "locks-out", 2, 0, 10, false},
	{"both", "may-lock-out", 1, 0, 1000, false,
	 "if the devices on I2C1 acknowledge and PA0 reads 0"},
};

static const char *folder, *sources;

static struct image *load(const char *way)
{
	static uint8_t bytes[1 << 19];
	char path[1024];
	struct image *img = NULL;
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-long.elf", folder, way);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return image_parse(way, bytes, len, IMAGE_NO_ADDRESS, &img, NULL) == STATUS_OK ? img : NULL;
}

/* Does the blamed line carry "blame ... way"? */
static bool is_marked(unsigned wanted, const char *way)
{
	char path[1024], line[256];
	const char *at = NULL;
	FILE *f;

	snprintf(path, sizeof path, "%s/long.c", sources);
	f = fopen(path, "r");
	for (unsigned n = 0; f && n < wanted && fgets(line, sizeof line, f); n++)
		at = n + 1 == wanted ? strstr(line, "/* blame ") : NULL;
	if (f)
		fclose(f);
	return at && strstr(at, way);
}

static const char *fits(const struct lockout_report *r, const struct row *row)
{
	unsigned found = 0;

	if (strcmp(verdict_name(r->verdict), row->verdict) != 0)
		return verdict_name(r->verdict);
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct lockout_finding *f = &r->findings[i];
		uint64_t ms = f->after_us / 1000;

		if (f->cause != CAUSE_SWJ_OFF)
			continue;
		if (!is_marked(f->blame.line, row->way))
			return "another line";
		if (!f->proof[0])
			return "not proved";
		if (row->condition && strncmp(f->condition, row->condition, strlen(row->condition)) != 0)
			return "another condition";
		if (!found++ && (ms < row->min_ms || ms > row->max_ms))
			return "another time";
	}
	if (found != row->findings)
		return "another number of findings";
	if (r->coverage.functions_run < 3) /* also what ran before a look ahead */
		return "too few functions counted";
	if (!row->whole != (strncmp(r->coverage.ended, "nothing new", 11) == 0))
		return r->coverage.ended;
	return NULL;
}

static const char *check(const struct row *row)
{
	static char why[96];
	struct image *img = load(row->way);
	struct lockout_report *r = NULL;
	const char *fault;

	if (!img || lockout_check(img, NULL, &r, NULL) != STATUS_OK)
		return "no such firmware";
	fault = fits(r, row);
	snprintf(why, sizeof why, "%s", fault ? fault : "");
	lockout_report_free(r);
	image_free(img);
	return fault ? why : NULL;
}

int main(int argc, char **argv)
{
	unsigned count = sizeof rows / sizeof rows[0], failures = 0;

	if (argc != 3)
		return 2;
	folder = argv[1];
	sources = argv[2];
	for (unsigned i = 0; i < count; i++) {
		const char *why = check(&rows[i]);

		printf("%sok %u - %s%s%s\n", why ? "not " : "", i + 1, rows[i].way, why ? ": " : "",
		       why ? why : "");
		failures += why != NULL;
	}
	printf("1..%u\n", count);
	return failures != 0;
}
