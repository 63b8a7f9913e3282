/* See remember.h. */
#include "cli/remember.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/store.h"

#define RECORDS_MAX 512

void remember_written(const struct cli *cli, const char *uid, const char *probe_serial,
		      const char *file, const struct image *img, const char *verdict)
{
	char name[160], path[PATH_MAX], absolute[PATH_MAX], hash[65];
	json_t *o;

	if (strcmp(file, "-") == 0 || !realpath(file, absolute))
		return;
	store_hash(img, hash);
	snprintf(name, sizeof name, "written/%s-%.32s.json", uid[0] ? uid : "unknown", hash);
	if (!store_path(STORE_STATE, name, path, sizeof path))
		return;
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "file", absolute, "hash", hash, "uid", uid,
		      "probe", probe_serial, "verdict", verdict, "when", (json_int_t)time(NULL));
	if (o && !store_json(path, o))
		log_line(&cli->log, LOG_VERBOSE, "could not remember this write in %s", path);
	json_decref(o);
}

static void copy_text(json_t *o, const char *key, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(o, key));

	snprintf(out, size, "%s", s ? s : "");
}

static bool load_record(const char *path, struct remembered *r)
{
	json_t *o = json_load_file(path, 0, NULL);

	if (!json_is_object(o)) {
		json_decref(o);
		return false;
	}
	copy_text(o, "file", r->file, sizeof r->file);
	copy_text(o, "verdict", r->verdict, sizeof r->verdict);
	copy_text(o, "probe", r->probe, sizeof r->probe);
	copy_text(o, "uid", r->uid, sizeof r->uid);
	r->when = json_integer_value(json_object_get(o, "when"));
	json_decref(o);
	return r->file[0] != '\0';
}

static int newest_first(const void *a, const void *b)
{
	const struct remembered *x = a, *y = b;

	return (y->when > x->when) - (y->when < x->when);
}

/* All records, newest first; the caller frees. */
static size_t load_all(struct remembered **out)
{
	char dir_path[PATH_MAX], path[PATH_MAX + 300];
	struct remembered *all = calloc(RECORDS_MAX, sizeof *all);
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	*out = all;
	if (!all || !store_path(STORE_STATE, "written/", dir_path, sizeof dir_path) || !(dir = opendir(dir_path)))
		return 0;
	while (n < RECORDS_MAX && (entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".json"))
			continue;
		snprintf(path, sizeof path, "%s%s", dir_path, entry->d_name);
		n += load_record(path, &all[n]);
	}
	closedir(dir);
	qsort(all, n, sizeof *all, newest_first);
	return n;
}

bool remembered_by_probe(const char *probe_serial, struct remembered *out)
{
	struct remembered *all;
	size_t n = load_all(&all);
	bool found = false;

	for (size_t i = 0; i < n && !found && probe_serial[0]; i++) {
		if (strcmp(all[i].probe, probe_serial) == 0) {
			*out = all[i];
			found = true;
		}
	}
	free(all);
	return found;
}

/* Does every byte of the image lie in flash as it is? */
static bool bytes_match(const struct image *img, const uint8_t *flash, size_t len, uint32_t base)
{
	size_t count;
	const struct image_segment *seg = image_segments(img, &count);

	for (size_t i = 0; i < count; i++) {
		if (seg[i].address < base || seg[i].address - base > len ||
		    seg[i].len > len - (seg[i].address - base) ||
		    memcmp(flash + (seg[i].address - base), seg[i].data, seg[i].len) != 0)
			return false;
	}
	return count > 0;
}

static struct image *try_file(const char *file, const uint8_t *flash, size_t len, uint32_t base)
{
	struct image *img;

	if (load_image(file, IMAGE_NO_ADDRESS, &img, NULL))
		return NULL;
	if (bytes_match(img, flash, len, base))
		return img;
	image_free(img);
	return NULL;
}

struct image *remembered_image(const char *uid, const char *elf, const uint8_t *flash, size_t len,
			       uint32_t base, char *file, size_t file_size)
{
	struct remembered *all;
	struct image *img = NULL;
	size_t n;

	if (elf) {
		snprintf(file, file_size, "%s", elf);
		return try_file(elf, flash, len, base);
	}
	n = load_all(&all);
	/* Files written to this very chip first, then any: clones share UIDs. */
	for (int pass = 0; pass < 2 && !img; pass++) {
		for (size_t i = 0; i < n && !img; i++) {
			if ((strcmp(all[i].uid, uid) == 0) != (pass == 0))
				continue;
			img = try_file(all[i].file, flash, len, base);
			if (img)
				snprintf(file, file_size, "%s", all[i].file);
		}
	}
	free(all);
	return img;
}

bool first_time(const char *topic)
{
	char name[96], path[PATH_MAX];
	int fd;

	snprintf(name, sizeof name, "said/%s", topic);
	if (!store_path(STORE_STATE, name, path, sizeof path))
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
