/* Where virtual boards put their sockets, and which of them answer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/wire_internal.h"

bool usb_unix_default_path(char *out, size_t size)
{
	const char *named = getenv("REFLASH_BOARD");
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (named && named[0])
		n = snprintf(out, size, "%s", named);
	else if (run && run[0] == '/')
		n = snprintf(out, size, "%s/reflash/board.sock", run);
	else
		n = snprintf(out, size, "/tmp/reflash-%u/board.sock", (unsigned)getuid());
	return n > 0 && (size_t)n < size && (size_t)n < sizeof((struct sockaddr_un *)0)->sun_path;
}

static bool is_board_socket(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".sock") == 0;
}

enum status usb_unix_list(struct usb_found *out, size_t max, size_t *count, struct err *err)
{
	char path[sizeof((struct sockaddr_un *)0)->sun_path], dir[sizeof path];
	const char *usb = getenv("REFLASH_DROPIN"); /* this one is plugged in as USB: not twice */
	size_t found = 0;
	char *slash;
	DIR *d;

	*count = 0;
	if (!usb_unix_default_path(path, sizeof path))
		return err_set(err, STATUS_IO, "the board's socket path is too long");
	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return STATUS_OK;
	*slash = 0;
	d = opendir(dir);
	if (!d)
		return STATUS_OK; /* no board was ever started */
	for (struct dirent *e; found < max && (e = readdir(d));) {
		int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);

		if (!is_board_socket(e->d_name) || n <= 0 || (size_t)n >= sizeof path)
			continue;
		if (usb && strcmp(usb, path) == 0)
			continue;
		if (usb_unix_probe(path, &out[found]) == STATUS_OK)
			found++;
	}
	closedir(d);
	*count = found;
	return STATUS_OK;
}
