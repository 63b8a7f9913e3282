/* See verdicts.h. */
#include "cli/verdicts.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/store.h"

struct slot {
	char path[PATH_MAX];
	char key[192]; /* image and how much its file tells, chip, program */
};

static bool slot_of(const struct cli *cli, const struct image *img, struct slot *slot)
{
	char hash[65], name[32];
	struct stat program;

	if (stat("/proc/self/exe", &program) != 0)
		return false;
	store_hash(img, hash);
	snprintf(name, sizeof name, "verdicts/%.2s.json", hash);
	snprintf(slot->key, sizeof slot->key, "%s %s %.32s %s %lld %lld.%09ld", hash,
		 image_format_name(image_format(img)), cli->chip ? cli->chip->name : "-",
		 REFLASH_VERSION_TEXT, (long long)program.st_size, (long long)program.st_mtim.tv_sec,
		 program.st_mtim.tv_nsec);
	return store_path(STORE_CACHE, name, slot->path, sizeof slot->path);
}

static bool verdict_by_name(const char *name, enum lockout_verdict *out)
{
	static const enum lockout_verdict kept[] = {VERDICT_CLEAR, VERDICT_HAZARD,
						    VERDICT_MAY_LOCK_OUT, VERDICT_LOCKS_OUT,
						    VERDICT_UNKNOWN};

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (strcmp(name, verdict_name(kept[i])) != 0)
			continue;
		*out = kept[i];
		return true;
	}
	return false;
}

bool verdict_recall(const struct cli *cli, const struct image *img, struct verdict_record *out)
{
	const char *key, *verdict, *said;
	struct slot slot;
	bool known = false;
	json_t *o;

	if (!slot_of(cli, img, &slot) || !(o = json_load_file(slot.path, 0, NULL)))
		return false;
	if (json_unpack(o, "{s:s, s:s, s:s}", "key", &key, "verdict", &verdict, "said", &said) == 0 &&
	    strcmp(key, slot.key) == 0 && verdict_by_name(verdict, &out->verdict)) {
		snprintf(out->said, sizeof out->said, "%s", said);
		known = true;
	}
	json_decref(o);
	return known;
}

void verdict_remember(const struct cli *cli, const struct image *img,
		      const struct verdict_record *record)
{
	struct slot slot;
	json_t *o;

	if (!slot_of(cli, img, &slot))
		return;
	o = json_pack("{s:s, s:s, s:s}", "key", slot.key, "verdict", verdict_name(record->verdict),
		      "said", record->said);
	if (o && !store_json(slot.path, o))
		log_line(&cli->log, LOG_VERBOSE, "could not remember the verdict in %s", slot.path);
	json_decref(o);
}
