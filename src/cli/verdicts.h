/*
 * What the quick check said of an image, so that writing the same image again
 * need not run it again: $XDG_CACHE_HOME/reflash/verdicts, 256 slots of one
 * small file each, chosen by the image's hash; a newer image takes the slot of
 * an older one. A record holds for the program that made it (its size and the
 * time it was built) and for one --chip only; after an update all is checked
 * anew. That an image locks out is remembered of full checks only, and never
 * believed: it says that the quick check is not enough here, so that the full
 * one proves it, and tells its line, each time.
 */
#ifndef REFLASH_CLI_VERDICTS_H
#define REFLASH_CLI_VERDICTS_H

#include "cli/cli.h"
#include "image/image.h"
#include "lockout/lockout.h"

struct verdict_record {
	enum lockout_verdict verdict;
	char said[512]; /* what is told beside it, "" when nothing is */
};

bool verdict_recall(const struct cli *cli, const struct image *img, struct verdict_record *out);
/* Failing to remember is no error. */
void verdict_remember(const struct cli *cli, const struct image *img,
		      const struct verdict_record *record);

#endif
