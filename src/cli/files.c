/* Reading files whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

#define FILE_MAX (64u << 20)

static enum status cannot(const char *path, const char *why, struct err *err)
{
	err_set(err, STATUS_BAD_FILE, "%s cannot be read: %s", path, why);
	err_next(err, "check the name and the permissions");
	return STATUS_BAD_FILE;
}

/* A build that is still writing: half of the old file and half of the new one
 * would pass for firmware. */
static bool same_file(const struct stat *before, int fd)
{
	struct stat after;

	return fstat(fd, &after) == 0 && before->st_size == after.st_size &&
	       before->st_mtim.tv_sec == after.st_mtim.tv_sec &&
	       before->st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

static enum status read_all(int fd, const char *path, uint8_t **bytes, size_t *len,
			    struct err *err)
{
	size_t room = 64 << 10, used = 0;
	uint8_t *data = malloc(room);

	while (data) {
		ssize_t n = read(fd, data + used, room - used);
		uint8_t *more;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(data);
			return cannot(path, strerror(errno), err);
		}
		if (n == 0) {
			*bytes = data;
			*len = used;
			return STATUS_OK;
		}
		used += (size_t)n;
		if (used < room)
			continue;
		if (room >= FILE_MAX) {
			free(data);
			cannot(path, "it is larger than 64 MiB", err);
			err_next(err, "no STM32 holds that much; check that it is the firmware");
			return STATUS_BAD_FILE;
		}
		more = realloc(data, room *= 2);
		if (!more)
			free(data);
		data = more;
	}
	return err_set(err, STATUS_NO_MEMORY, "out of memory reading %s", path);
}

enum status read_file(const char *path, uint8_t **bytes, size_t *len, struct err *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat before;
	enum status s;

	if (fd < 0)
		return cannot(path, strerror(errno), err);
	s = fstat(fd, &before) == 0 ? read_all(fd, path, bytes, len, err)
				    : cannot(path, strerror(errno), err);
	if (!s && S_ISREG(before.st_mode) && !same_file(&before, fd)) {
		free(*bytes);
		*bytes = NULL;
		cannot(path, "it changed while it was read", err);
		err_next(err, "something still writes it; repeat the command when that is done");
		s = STATUS_BAD_FILE;
	}
	if (!standard_input)
		close(fd);
	return s;
}
