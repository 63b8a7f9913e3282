/* See file_list.h. */
#include "cli/file_list.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum status append(struct file_list *l, const char *path, struct err *err)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 32;
		char **more = realloc(l->paths, room * sizeof *more);

		if (!more)
			return err_set(err, STATUS_NO_MEMORY, "out of memory");
		l->paths = more;
		l->room = room;
	}
	l->paths[l->count] = strdup(path);
	if (!l->paths[l->count])
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	l->count++;
	return STATUS_OK;
}

static bool is_firmware_name(const char *name)
{
	static const char *const ends[] = {".elf", ".hex", ".ihex", ".s19", ".srec",
					   ".axf", ".out", ".bin"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof ends / sizeof ends[0]; i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

enum status file_list_add(struct file_list *l, const char *path, struct err *err)
{
	char *roots[] = {(char *)(uintptr_t)path, NULL};
	struct stat st;
	size_t before = l->count;
	enum status s = STATUS_OK;
	FTSENT *entry;
	FTS *tree;

	/* What is not there is told by whoever reads it. */
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return append(l, path, err);
	tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!tree)
		return err_set(err, STATUS_IO, "%s cannot be read", path);
	while (!s && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_F && is_firmware_name(entry->fts_name))
			s = append(l, entry->fts_path, err);
	fts_close(tree);
	if (!s && l->count == before)
		return err_set(err, STATUS_BAD_FILE, "%s is a folder without firmware files", path);
	return s;
}

void file_list_free(struct file_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->paths[i]);
	free(l->paths);
}
