/* Which process has a USB device open: Linux shows it as an open file of
 * /dev/bus/usb. Only one's own processes can be seen without privileges. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/wire_internal.h"

static bool has_open(const char *pid, const char *device)
{
	char dir[64], link[128], target[64];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir, sizeof dir, "/proc/%.20s/fd", pid);
	d = opendir(dir);
	while (d && !found && (e = readdir(d))) {
		ssize_t n;

		snprintf(link, sizeof link, "%s/%.20s", dir, e->d_name);
		n = readlink(link, target, sizeof target - 1);
		if (n > 0) {
			target[n] = 0;
			found = strcmp(target, device) == 0;
		}
	}
	if (d)
		closedir(d);
	return found;
}

static void name_process(const char *pid, char *out, size_t size)
{
	char path[64], comm[32] = "a program";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	f = fopen(path, "r");
	if (f && fgets(comm, sizeof comm, f))
		comm[strcspn(comm, "\n")] = 0;
	if (f)
		fclose(f);
	snprintf(out, size, "%s, pid %.20s", comm, pid);
}

void usb_holder(unsigned bus, unsigned address, char *out, size_t size)
{
	char device[64], own[24];
	struct dirent *e;
	DIR *d = opendir("/proc");

	out[0] = 0;
	snprintf(device, sizeof device, "/dev/bus/usb/%03u/%03u", bus, address);
	snprintf(own, sizeof own, "%d", (int)getpid());
	while (d && !out[0] && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && strcmp(e->d_name, own) != 0 &&
		    has_open(e->d_name, device))
			name_process(e->d_name, out, size);
	if (d)
		closedir(d);
}
