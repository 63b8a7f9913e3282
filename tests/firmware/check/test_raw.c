/*
 * check without symbols: every program of the folder once as it is and once as
 * the raw bytes a programmer reads back. The verdict, the causes, the store and
 * the call stack of what a run proved are the same; names and lines are not there.
 * Usage: test_raw FOLDER-OF-ELFS EVERY-NTH
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout.h"

enum { RUN_US = 400000, BYTES_MAX = 1 << 20 };

/* What only the sweep sees, through a pointer that only symbols show to be one; a frame
 * that a jump left out, in which a library's name made look for it. */
static const char *const needs_symbols[] = {
	"maple_tail-O2flto", "maple_tail-Os", "maple_tail-O3",
	"callback_behind-O2", "jumped_behind-O2", "ops_ram_behind-O0", "ram_code_behind-O0",
	"ram_code_behind-O2",
};

static struct image *load(const char *path)
{
	uint8_t *bytes = malloc(BYTES_MAX);
	FILE *f = fopen(path, "rb");
	struct image *img = NULL;
	size_t len = f ? fread(bytes, 1, BYTES_MAX, f) : 0;

	if (f)
		fclose(f);
	if (image_parse(path, bytes, len, IMAGE_NO_ADDRESS, &img, NULL) != STATUS_OK)
		img = NULL;
	free(bytes);
	return img;
}

/* As flash would hold it: what lies between the segments is erased. */
static struct image *as_raw(const struct image *img, bool placed)
{
	uint32_t low, high;
	struct image *raw = NULL;
	uint8_t *bytes;

	image_span(img, &low, &high);
	bytes = malloc(high - low);
	memset(bytes, 0xFF, high - low);
	for (uint32_t at = low; at < high; at++)
		(void)image_read(img, at, &bytes[at - low], 1);
	if (image_parse("raw.bin", bytes, high - low, placed ? low : IMAGE_NO_ADDRESS, &raw, NULL) !=
	    STATUS_OK)
		raw = NULL;
	free(bytes);
	return raw;
}

static struct lockout_report *check(const struct image *img)
{
	struct lockout_options opt = {.run_us = RUN_US};
	struct lockout_report *r = NULL;

	return img && lockout_check(img, &opt, &r, NULL) == STATUS_OK ? r : NULL;
}

static const struct lockout_finding *first_lockout(const struct lockout_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].level == LEVEL_LOCKOUT)
			return &r->findings[i];
	return NULL;
}

/* The next address of a stack; inlined frames share one. */
static uint32_t next_frame(const struct lockout_finding *f, size_t *at)
{
	uint32_t address = *at < f->stack_len ? f->stack[*at].address : 0;

	while (*at < f->stack_len && f->stack[*at].address == address)
		++*at;
	return address;
}

/* NULL: they agree. */
static const char *difference(const struct lockout_report *with, const struct lockout_report *raw)
{
	const struct lockout_finding *a = first_lockout(with), *b = first_lockout(raw);
	size_t i = 0, k = 0;

	if (with->verdict != raw->verdict)
		return verdict_name(raw->verdict);
	if (!a || !b)
		return a == b ? NULL : "no lock-out";
	if (a->cause != b->cause || a->certainty != b->certainty)
		return "another cause";
	if (a->store.address != b->store.address)
		return "another store";
	while (a->certainty == CERTAIN_PROVED && i < a->stack_len)
		if (next_frame(a, &i) != next_frame(b, &k))
			return "another call stack";
	return NULL;
}

static bool is_listed(const char *name)
{
	for (size_t i = 0; i < sizeof needs_symbols / sizeof needs_symbols[0]; i++)
		if (strncmp(name, needs_symbols[i], strlen(needs_symbols[i])) == 0)
			return true;
	return false;
}

static bool one(const char *path, unsigned number)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct image *img = load(path), *raw = img ? as_raw(img, true) : NULL;
	struct lockout_report *with = check(img), *without = check(raw);
	const char *why = with && without ? difference(with, without) : "not checked";
	/* what is listed must still need them */
	bool ok = is_listed(name) ? why != NULL : why == NULL;

	printf("%sok %u - %s%s%s\n", ok ? "" : "not ", number, name, why ? ": " : "", why ? why : "");
	lockout_report_free(with);
	lockout_report_free(without);
	image_free(raw);
	image_free(img);
	return ok;
}

/* Where it was linked is found without being told, and nothing is moved that lies
 * where it was linked. */
static bool found_place(const char *path)
{
	struct image *img = load(path), *raw = img ? as_raw(img, false) : NULL;
	uint32_t low = 0, high, found = 0x08000000;
	bool ok = false;

	if (raw) {
		image_span(img, &low, &high);
		if (!image_linked_elsewhere(raw, &found))
			found = 0x08000000;
		ok = found == low;
	}
	if (!ok)
		printf("# %s is linked for 0x%08X, not 0x%08X\n", path, low, found);
	image_free(raw);
	image_free(img);
	return ok;
}

int main(int argc, char **argv)
{
	char pattern[1024];
	unsigned failures = 0, number = 0, misplaced = 0;
	size_t step = argc > 2 ? (size_t)atoi(argv[2]) : 0;
	glob_t found;

	if (step == 0)
		return 2;
	snprintf(pattern, sizeof pattern, "%s/*.elf", argv[1]);
	if (glob(pattern, 0, NULL, &found))
		return 2;
	for (size_t i = 0; i < found.gl_pathc; i += step)
		failures += !one(found.gl_pathv[i], ++number);
	for (size_t i = 0; i < found.gl_pathc; i++)
		misplaced += !found_place(found.gl_pathv[i]);
	printf("%sok %u - places of raw images\n", misplaced ? "not " : "", ++number);
	failures += misplaced;
	printf("1..%u\n", number);
	globfree(&found);
	return failures != 0;
}
