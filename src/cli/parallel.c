/*
 * One child a file: a crash costs that file's answer only. Each child prints
 * into two unnamed files, which the parent copies out in order.
 */
#include "cli/parallel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	pid_t pid;
	int out, err;
	bool done;
	int status;
};

static void child_main(const struct child *c, parallel_fn fn, void *ctx, size_t index)
{
	enum status s;

	dup2(c->out, STDOUT_FILENO);
	dup2(c->err, STDERR_FILENO);
	s = fn(ctx, index);
	fflush(stdout);
	fflush(stderr);
	_exit((int)s);
}

static enum status start(struct child *c, parallel_fn fn, void *ctx, size_t index, struct err *err)
{
	c->out = memfd_create("stdout", MFD_CLOEXEC);
	c->err = memfd_create("stderr", MFD_CLOEXEC);
	fflush(stdout);
	fflush(stderr);
	c->pid = c->out < 0 || c->err < 0 ? -1 : fork();
	if (c->pid == 0)
		child_main(c, fn, ctx, index);
	if (c->pid < 0)
		return err_set(err, STATUS_FAILED, "no process could be started");
	return STATUS_OK;
}

static void copy_out(int from, int to)
{
	char buffer[8192];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(from, buffer, sizeof buffer, at)) > 0) {
		for (ssize_t sent = 0; sent < n;) {
			ssize_t w = write(to, buffer + sent, (size_t)(n - sent));

			if (w < 0 && errno != EINTR)
				break;
			sent += w > 0 ? w : 0;
		}
		at += n;
	}
	close(from);
}

/* Wait for any child of ours. */
static void reap(struct child *children, size_t count)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	for (size_t i = 0; i < count && pid > 0; i++) {
		if (children[i].pid != pid)
			continue;
		children[i].done = true;
		children[i].status = status;
	}
}

enum status parallel_run(size_t count, unsigned jobs, parallel_fn fn, void *ctx,
			 enum status *results, struct err *err)
{
	struct child *children = calloc(count + 1, sizeof *children);
	size_t started = 0, shown = 0;
	enum status s = STATUS_OK;

	if (!children)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	while (shown < started || (started < count && !s)) {
		if (!s && started < count && started - shown < jobs) {
			s = start(&children[started], fn, ctx, started, err);
			started += s == STATUS_OK;
			continue;
		}
		if (!children[shown].done) {
			reap(children, started);
			continue;
		}
		copy_out(children[shown].out, STDOUT_FILENO);
		copy_out(children[shown].err, STDERR_FILENO);
		results[shown] = WIFEXITED(children[shown].status)
					 ? (enum status)WEXITSTATUS(children[shown].status)
					 : STATUS_FAILED;
		shown++;
	}
	free(children);
	return s;
}
