/* The control socket from the other side: `reflash board COMMAND`. */
#include "serve/server_internal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static enum status status_by_name(const char *name, size_t len)
{
	for (int i = 0; i < STATUS_COUNT; i++)
		if (strlen(status_name((enum status)i)) == len &&
		    strncmp(status_name((enum status)i), name, len) == 0)
			return (enum status)i;
	return STATUS_FAILED;
}

struct answer {
	void (*line)(void *ctx, const char *text);
	void *ctx;
	struct err *err;
	char next[320];
	bool done;
	enum status status;
};

static void take_line(struct answer *a, const char *line)
{
	const char *what;

	if (strcmp(line, "OK") == 0) {
		a->done = true;
		a->status = STATUS_OK;
	} else if (strncmp(line, "NEXT ", 5) == 0) {
		snprintf(a->next, sizeof a->next, "%.300s", line + 5);
	} else if (strncmp(line, "ERR ", 4) == 0) {
		what = strchr(line + 4, ' ');
		a->done = true;
		a->status = status_by_name(line + 4, what ? (size_t)(what - line - 4)
							  : strlen(line + 4));
		err_set(a->err, a->status, "%s", what ? what + 1 : "the board refused");
		if (a->next[0])
			err_next(a->err, "%s", a->next);
	} else if (a->line) {
		a->line(a->ctx, line);
	}
}

/* A line may be longer than the buffer only if the board is not ours. */
static bool listen_to(int fd, struct answer *a)
{
	char buf[8192];
	size_t have = 0;

	while (!a->done) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;
		char *end;

		if (poll(&p, 1, PATIENCE_MS) <= 0 ||
		    (n = recv(fd, buf + have, sizeof buf - 1 - have, 0)) <= 0)
			return false;
		have += (size_t)n;
		buf[have] = 0;
		while (!a->done && (end = strchr(buf, '\n'))) {
			*end = 0;
			take_line(a, buf);
			have -= (size_t)(end + 1 - buf);
			memmove(buf, end + 1, have + 1);
		}
		if (have == sizeof buf - 1)
			return false;
	}
	return true;
}

/* Until the board has hung up: its place is free then. */
static void wait_for_end(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char rest[64];

	while (poll(&p, 1, PATIENCE_MS) > 0 && recv(fd, rest, sizeof rest, 0) > 0)
		continue;
}

enum status serve_control(const char *socket, const char *command,
			  void (*line)(void *ctx, const char *text), void *ctx, struct err *err)
{
	char path[sizeof((struct sockaddr_un *)0)->sun_path - 8], control[sizeof path + 8];
	struct answer a = {.line = line, .ctx = ctx, .err = err};
	char text[512];
	int fd, n = snprintf(text, sizeof text, "%s\n", command);

	if (n < 0 || (size_t)n >= sizeof text)
		return err_set(err, STATUS_USAGE, "too long: %s", command);
	if (socket)
		snprintf(path, sizeof path, "%s", socket);
	else if (!usb_unix_default_path(path, sizeof path))
		return err_set(err, STATUS_IO, "the path of the socket is too long");
	snprintf(control, sizeof control, "%s.ctl", path);
	fd = place_dial(control);
	if (fd < 0) {
		err_set(err, STATUS_NO_PROBE, "no virtual board runs at %s", path);
		err_next(err, "start one with `reflash board start`");
		return STATUS_NO_PROBE;
	}
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n || !listen_to(fd, &a))
		a.status = err_set(err, STATUS_PROBE_LOST, "the virtual board at %s hung up", path);
	else if (a.status == STATUS_OK && strcmp(command, "stop") == 0)
		wait_for_end(fd);
	close(fd);
	return a.status;
}
