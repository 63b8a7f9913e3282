/*
 * narrow on firmware whose truth is known: the statement that stores is a block
 * of its own, also in main and in an image behind a boot loader, and the search
 * ends at the marked line.
 * Usage: test_narrow FOLDER-OF-ELFS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout.h"

struct row {
	const char *elf;
	const char *calls;  /* a guilty block */
	const char *inside; /* the function it stands in */
	const char *keeps_on; /* a block that makes no difference, or NULL */
};

static const struct row rows[] = {
	{"again-long", "lib_remap", "main", NULL},
	{"early-long", "lib_remap", "main", NULL},
	{"early-long", "(the store itself)", "lib_remap", NULL},
	{"behind-long", "lib_remap", "main", NULL},
	{"behind-long", "(the store itself)", "lib_remap", NULL},
	{"faults-long", "lib_remap", "main", NULL},
	{"stores-long", "(the store itself)", "main", "(a store)"},
	{"isr-O0", "lib_remap", "sys_tick_handler", NULL},
	{"isr-Os", "(the store itself)", "lib_remap", NULL},
	{"task-O0", "(the store itself)", "lib_remap", NULL},
};

static struct image *load(const char *folder, const char *elf)
{
	static uint8_t bytes[1 << 19];
	char path[1024];
	struct image *img = NULL;
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.elf", folder, elf);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return image_parse(elf, bytes, len, IMAGE_NO_ADDRESS, &img, NULL) == STATUS_OK ? img : NULL;
}

static bool has(const struct narrow_report *r, const char *calls, const char *inside, bool guilty)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->blocks[i].calls, calls) == 0 && r->blocks[i].guilty == guilty &&
		    (!inside || strcmp(r->blocks[i].place.function, inside) == 0))
			return true;
	return false;
}

static unsigned guilty_in(const struct narrow_report *r, const char *function)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->count; i++)
		n += r->blocks[i].guilty && strcmp(r->blocks[i].place.function, function) == 0;
	return n;
}

/* Every callee of these programs has a name. */
static bool calls_data(const struct narrow_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->blocks[i].outcome == NARROW_NOT_REACHED &&
		    (strncmp(r->blocks[i].calls, "0x", 2) == 0 || r->blocks[i].calls[0] == '_'))
			return true;
	return false;
}

/* Two stores of 100 in a row: neither alone decides. */
static const char *fits(const struct narrow_report *r, const struct row *row)
{
	bool two = strcmp(row->elf, "again-long") == 0;

	if (r->runs < 3)
		return "too few runs";
	if (!has(r, row->calls, row->inside, !two))
		return "no such block";
	if (strcmp(row->elf, "stores-long") == 0 && guilty_in(r, "start") != 1)
		return "what hangs for want of a clock is called a way out";
	if (calls_data(r))
		return "a literal is called a call";
	if (row->keeps_on && !has(r, row->keeps_on, NULL, false))
		return "no block that makes no difference";
	if (!two && (!r->found || !r->line.line))
		return "no line";
	return NULL;
}

static const char *check(const char *folder, const struct row *row)
{
	struct lockout_options opt = {.run_us = 50000};
	struct image *img = load(folder, row->elf);
	struct narrow_report *r = NULL;
	const char *why;

	if (!img || lockout_narrow(img, &opt, &r, NULL) != STATUS_OK)
		return "no such firmware";
	why = fits(r, row);
	narrow_report_free(r);
	image_free(img);
	return why;
}

int main(int argc, char **argv)
{
	unsigned count = sizeof rows / sizeof rows[0], failures = 0;

	if (argc != 2)
		return 2;
	for (unsigned i = 0; i < count; i++) {
		const char *why = check(argv[1], &rows[i]);

		printf("%sok %u - %s %s%s%s\n", why ? "not " : "", i + 1, rows[i].elf, rows[i].calls,
		       why ? ": " : "", why ? why : "");
		failures += why != NULL;
	}
	printf("1..%u\n", count);
	return failures != 0;
}
