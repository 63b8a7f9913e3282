/*
 * diff ELF BIN COUNT SEED [INDEX]: our core against QEMU on COUNT cases, and its
 * fast loop against its plain functions; one TAP line a row of the instruction
 * table. With INDEX: that one case, in full.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "isa.h"

#define CHUNK	  16384
#define MAX_SHOWN 12

struct tally {
	uint64_t cases, wrong, reference_wrong;
	char first[160];
	uint64_t first_index;
};

struct diff {
	const char *elf, *bin;
	uint64_t seed;
	struct isa_case *cases;
	uint64_t *index;
	struct slot_result *ours, *plain, *theirs;
	struct tally *rows; /* by row number; one more for undefined encodings */
	unsigned shown;
};

static size_t generate(struct diff *d, uint64_t *next, uint64_t end)
{
	size_t n = 0;

	for (; *next < end && n < CHUNK; (*next)++)
		if (gen_case(d->seed, *next, &d->cases[n]))
			d->index[n++] = *next;
	return n;
}

static void show(struct diff *d, size_t i, const char *why)
{
	if (d->shown++ >= MAX_SHOWN)
		return;
	printf("# case %" PRIu64 ": %s\n", d->index[i], why);
	case_print(stdout, &d->cases[i]);
}

static void wrong(struct diff *d, struct tally *t, size_t i, const char *why)
{
	if (t->wrong++)
		return;
	snprintf(t->first, sizeof t->first, "%s", why);
	t->first_index = d->index[i];
	show(d, i, why);
}

static void judge(struct diff *d, size_t i)
{
	const struct isa_case *c = &d->cases[i];
	struct tally *t = &d->rows[c->rows[c->count - 1]];
	bool theirs_wrong;
	char why[160];

	for (unsigned k = 0; k < c->count; k++)
		d->rows[c->rows[k]].cases++;
	if (memcmp(&d->ours[i], &d->plain[i], sizeof d->ours[i])) {
		wrong(d, t, i, "the fast loop and the plain functions differ");
		return;
	}
	if (results_agree(c, &d->ours[i], &d->theirs[i], &theirs_wrong, why, sizeof why))
		return;
	if (theirs_wrong) {
		t->reference_wrong++;
		return;
	}
	wrong(d, t, i, why);
}

static bool run_all(struct diff *d, uint64_t begin, uint64_t end)
{
	uint64_t next = begin;
	size_t n;

	while ((n = generate(d, &next, end)) > 0) {
		if (!own_run(d->bin, d->cases, n, d->ours) ||
		    !own_run_plainly(d->bin, d->cases, n, d->plain) ||
		    !qemu_run(d->elf, d->cases, n, d->theirs))
			return false;
		for (size_t i = 0; i < n; i++)
			judge(d, i);
	}
	return true;
}

/* Every row must have been executed, and agree; the left-out ones are named. */
static int report(const struct diff *d)
{
	size_t count;
	const struct arm_row *rows = arm_rows(&count);
	int failed = 0;

	for (size_t i = 0; i <= count; i++) {
		const struct tally *t = &d->rows[i];
		const char *name = i < count ? rows[i].name : "undefined encodings";
		const char *left_out = i < count ? gen_left_out(&rows[i]) : NULL;

		if (left_out && !t->cases) {
			printf("# %s left out: %s\n", name, left_out);
			continue;
		}
		bool good = t->cases && !t->wrong;

		failed += !good;
		printf("%s - %s: %" PRIu64 " cases agree with the reference",
		       good ? "ok" : "not ok", name, t->cases - t->wrong);
		if (t->reference_wrong)
			printf(", %" PRIu64 " where it is known to be wrong", t->reference_wrong);
		if (t->wrong)
			printf("; %" PRIu64 " differ, first %" PRIu64 ": %s", t->wrong,
			       t->first_index, t->first);
		printf("\n");
	}
	return failed;
}

static void show_pair(const char *what, uint32_t ours, uint32_t theirs)
{
	printf("%-12s %08x %08x%s\n", what, ours, theirs, ours == theirs ? "" : "  <--");
}

static void show_one(struct diff *d)
{
	const uint32_t *a = (const uint32_t *)d->ours, *b = (const uint32_t *)d->theirs;
	static const char *const names[] = {"sp",	  "lr",	  "pc",	  "xpsr",	"exception",
					    "exc_return", "cfsr", "hfsr", "fault addr", "masks"};
	char name[16];

	for (unsigned i = 0; i < sizeof *d->ours / 4; i++) {
		if (i < 13)
			snprintf(name, sizeof name, "r%u", i);
		else if (i < 23)
			snprintf(name, sizeof name, "%s", names[i - 13]);
		else
			snprintf(name, sizeof name, "%08x", SLOT_MEMORY + 4 * (i - 23));
		if (i < 23 || a[i] != b[i])
			show_pair(name, a[i], b[i]);
	}
}

int main(int argc, char **argv)
{
	struct diff d = {0};
	uint64_t end, begin = 0;
	size_t rows;
	bool ran;
	int failed = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 5) {
		fprintf(stderr, "usage: diff ELF BIN COUNT SEED [INDEX]\n");
		return 2;
	}
	d.elf = argv[1];
	d.bin = argv[2];
	end = strtoull(argv[3], NULL, 0);
	d.seed = strtoull(argv[4], NULL, 0);
	if (argc > 5) {
		begin = strtoull(argv[5], NULL, 0);
		end = begin + 1;
	}
	(void)arm_rows(&rows);
	d.cases = calloc(CHUNK, sizeof *d.cases);
	d.index = calloc(CHUNK, sizeof *d.index);
	d.ours = calloc(CHUNK, sizeof *d.ours);
	d.plain = calloc(CHUNK, sizeof *d.plain);
	d.theirs = calloc(CHUNK, sizeof *d.theirs);
	d.rows = calloc(rows + 2, sizeof *d.rows);
	ran = d.cases && d.index && d.ours && d.plain && d.theirs && d.rows && run_all(&d, begin, end);
	if (!ran)
		printf("not ok - both machines ran every case\n");
	else if (argc > 5)
		case_print(stdout, d.cases), show_one(&d), failed = 0;
	else
		failed = report(&d);
	free(d.cases);
	free(d.index);
	free(d.ours);
	free(d.plain);
	free(d.theirs);
	free(d.rows);
	return failed ? 1 : 0;
}
