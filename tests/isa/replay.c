/*
 * Cases with the reference's answers, kept in a file, so that a changed core can
 * be tried again and again without the reference:
 *   isa_replay save ELF BIN COUNT SEED FILE   runs COUNT cases on QEMU
 *   isa_replay BIN FILE [COUNT]               runs them on our core, or COUNT of them; ends at the
 *                                             first difference
 * The cases are those of the table as it was when they were saved: a mistake in
 * the table can't change the questions along with the answers.
 */
#include <stdlib.h>
#include <string.h>

#include "isa.h"

#define CHUNK 512

struct record {
	struct isa_case cases[CHUNK];
	struct slot_result theirs[CHUNK];
};

static int save(char **argv)
{
	static struct record record;
	uint64_t end = strtoull(argv[2], NULL, 0), seed = strtoull(argv[3], NULL, 0), next = 0;
	FILE *f = fopen(argv[4], "wb");
	bool ok = f;

	while (ok && next < end) {
		size_t n = 0;

		memset(&record, 0, sizeof record);
		for (; next < end && n < CHUNK; next++)
			n += gen_case(seed, next, &record.cases[n]);
		ok = qemu_run(argv[0], record.cases, n, record.theirs) &&
		     fwrite(&n, sizeof n, 1, f) == 1 && fwrite(&record, sizeof record, 1, f) == 1;
	}
	if (f)
		ok = fclose(f) == 0 && ok;
	printf("%sok - saved\n1..1\n", ok ? "" : "not ");
	return !ok;
}

/* False at the first case whose answer differs, which is printed. */
static bool agree(const struct record *record, const struct slot_result *ours, size_t n)
{
	bool theirs_wrong;
	char why[160];

	for (size_t i = 0; i < n; i++) {
		if (results_agree(&record->cases[i], &ours[i], &record->theirs[i], &theirs_wrong, why,
				  sizeof why) ||
		    theirs_wrong)
			continue;
		printf("# %s\n", why);
		case_print(stdout, &record->cases[i]);
		return false;
	}
	return true;
}

static int replay(const char *bin, const char *path, size_t count)
{
	static struct record record;
	static struct slot_result ours[CHUNK];
	FILE *f = fopen(path, "rb");
	size_t n, total = 0;
	bool ok = f;

	while (ok && total < count && fread(&n, sizeof n, 1, f) == 1) {
		ok = n <= CHUNK && fread(&record, sizeof record, 1, f) == 1 &&
		     own_run(bin, record.cases, n, ours) && agree(&record, ours, n) &&
		     own_run_plainly(bin, record.cases, n, ours) && agree(&record, ours, n);
		total += n;
	}
	if (f)
		fclose(f);
	ok = ok && total;
	printf("%sok - %zu saved cases\n1..1\n", ok ? "" : "not ", total);
	return !ok;
}

int main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "save") == 0)
		return save(argv + 2);
	if (argc == 3 || argc == 4)
		return replay(argv[1], argv[2], argc == 4 ? strtoull(argv[3], NULL, 0) : SIZE_MAX);
	fprintf(stderr, "usage: isa_replay save ELF BIN COUNT SEED FILE\n"
			"       isa_replay BIN FILE [COUNT]\n");
	return 2;
}
