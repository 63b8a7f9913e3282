/* Firmware files to check: what was named, and what lies in named folders. */
#ifndef REFLASH_CLI_FILE_LIST_H
#define REFLASH_CLI_FILE_LIST_H

#include "cli/cli.h"

struct file_list {
	char **paths;
	size_t count, room;
};
/* A file, or every .elf, .hex, .s19, .srec, .axf, .out and .bin below a folder
 * (sorted). Free with file_list_free. */
enum status file_list_add(struct file_list *l, const char *path, struct err *err) MUST_CHECK;
void file_list_free(struct file_list *l);

#endif
