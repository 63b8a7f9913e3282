/*
 * Where the board can be reached: a directory only its owner may enter, the
 * sockets in it, and a lock so that one board serves one socket. A socket left
 * behind by a killed board is replaced; the lock tells it from a living one.
 */
#include "serve/server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make the directory of `path`, closed to others. One that others own or may
 * enter is refused: they could put a socket of theirs there. */
static enum status own_directory(const char *path, bool must_be_private, struct err *err)
{
	char dir[sizeof((struct sockaddr_un *)0)->sun_path];
	struct stat st;
	char *slash;

	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return STATUS_OK;
	*slash = 0;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(err, STATUS_IO, "cannot make %s: %s", dir, strerror(errno));
	if (lstat(dir, &st) != 0 || (must_be_private && !S_ISDIR(st.st_mode)))
		return err_set(err, STATUS_IO, "%s is not a directory", dir);
	if (must_be_private && (st.st_uid != getuid() || (st.st_mode & 077))) {
		err_set(err, STATUS_NO_PERMISSION,
			"%s is open to other users: no board is served there", dir);
		err_next(err, "`chmod 700 %s`, or give --socket PATH", dir);
		return STATUS_NO_PERMISSION;
	}
	return STATUS_OK;
}

static enum status take_lock(struct server *s, struct err *err)
{
	char path[sizeof s->socket + 8];

	snprintf(path, sizeof path, "%s.lock", s->socket);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return err_set(err, STATUS_IO, "cannot write %s: %s", path, strerror(errno));
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	close(s->lock_fd);
	s->lock_fd = -1; /* not ours: nothing here is ours to remove */
	err_set(err, STATUS_PROBE_BUSY, "a virtual board runs already at %s", s->socket);
	err_next(err, "use it, stop it with `reflash board stop`, or give --socket PATH");
	return STATUS_PROBE_BUSY;
}

enum status place_take(struct server *s, struct err *err)
{
	const char *named = getenv("REFLASH_BOARD");
	const char *want = s->config.socket ? s->config.socket : named && named[0] ? named : NULL;
	enum status st;
	int n;

	if (!want) {
		if (!usb_unix_default_path(s->socket, sizeof s->socket))
			return err_set(err, STATUS_IO, "the path of the socket is too long");
	} else if ((size_t)snprintf(s->socket, sizeof s->socket, "%s", want) >= sizeof s->socket) {
		return err_set(err, STATUS_USAGE, "socket path is too long: %s", want);
	}
	n = snprintf(s->control, sizeof s->control, "%s.ctl", s->socket);
	if ((size_t)n >= sizeof s->control)
		return err_set(err, STATUS_USAGE, "socket path is too long: %s", s->socket);
	st = own_directory(s->socket, !want, err);
	return st == STATUS_OK ? take_lock(s, err) : st;
}

enum status place_listen(const char *path, int *out, struct err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old;
	int rc;

	if (fd < 0)
		return err_set(err, STATUS_IO, "no socket: %s", strerror(errno));
	memcpy(a.sun_path, path, strnlen(path, sizeof a.sun_path - 1));
	unlink(path); /* we hold the lock: whoever made it is gone */
	old = umask(0177);
	rc = bind(fd, (struct sockaddr *)&a, sizeof a);
	umask(old);
	if (rc != 0 || listen(fd, 8) != 0) {
		close(fd);
		return err_set(err, STATUS_IO, "cannot serve at %s: %s", path, strerror(errno));
	}
	*out = fd;
	return STATUS_OK;
}

void place_leave(struct server *s)
{
	if (s->lock_fd < 0)
		return;
	unlink(s->socket);
	unlink(s->control);
	if (s->uart_link[0])
		unlink(s->uart_link);
	close(s->lock_fd);
}

int place_dial(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	memcpy(a.sun_path, path, strnlen(path, sizeof a.sun_path - 1));
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}
