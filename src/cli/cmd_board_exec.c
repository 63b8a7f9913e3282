/*
 * reflash board exec -- PROGRAM...: any libusb program, with the board as its
 * ST-LINK. The drop-in library is visible to that program only: a private
 * directory holds a link to it, and the loader is pointed there in the child's
 * environment. Without a running board one is started for the command and
 * stopped after it.
 */
#include "cli/cmd_board.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DROPIN "libusb-1.0.so.0"
#define TTY_HELPER "libreflash-tty.so"

/* Where the drop-in lies, beside the program or where it was installed. */
static bool find_library(const char *name, char *out, size_t size)
{
	static const char *const places[] = {"src/shim", "../lib/reflash", "../libexec/reflash"};
	const char *given = getenv("REFLASH_DROPIN_DIR");
	char self[PATH_MAX - 64], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (given && given[0]) {
		snprintf(out, size, "%s/%s", given, name);
		return access(out, R_OK) == 0;
	}
	if (n <= 0)
		return false;
	self[n] = 0;
	slash = strrchr(self, '/');
	if (!slash)
		return false;
	*slash = 0;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if ((size_t)snprintf(out, size, "%s/%s/%s", self, places[i], name) < size &&
		    access(out, R_OK) == 0)
			return true;
	return false;
}

struct exec_place {
	char dir[64];
	char link[96];
	char socket[96]; /* of a board started for this command; "" when one runs already */
	char helper[PATH_MAX]; /* tty helper, "" without one */
};

static enum status make_place(struct cli *cli, struct exec_place *p)
{
	char library[PATH_MAX];

	if (!find_library(DROPIN, library, sizeof library)) {
		err_set(&cli->err, STATUS_IO, "the drop-in library " DROPIN " is not installed");
		err_next(&cli->err, "build it with `make`, or set REFLASH_DROPIN_DIR");
		return STATUS_IO;
	}
	if (!find_library(TTY_HELPER, p->helper, sizeof p->helper))
		p->helper[0] = 0;
	strcpy(p->dir, "/tmp/reflash-exec-XXXXXX");
	if (!mkdtemp(p->dir)) {
		p->dir[0] = 0;
		return err_set(&cli->err, STATUS_IO, "no private directory: %s", strerror(errno));
	}
	snprintf(p->link, sizeof p->link, "%s/" DROPIN, p->dir);
	if (symlink(library, p->link) != 0)
		return err_set(&cli->err, STATUS_IO, "cannot link the drop-in: %s",
			       strerror(errno));
	return STATUS_OK;
}

static void remove_place(struct exec_place *p)
{
	char lock[sizeof p->socket + 8];

	if (!p->dir[0])
		return;
	unlink(p->link);
	if (p->socket[0]) {
		snprintf(lock, sizeof lock, "%s.lock", p->socket);
		unlink(lock);
	}
	rmdir(p->dir);
}

/* Put `first` in front of what the variable holds. */
static void prepend(const char *variable, const char *first)
{
	const char *old = getenv(variable);
	char text[2 * PATH_MAX];

	if (old && old[0] && (size_t)snprintf(text, sizeof text, "%s:%s", first, old) < sizeof text)
		setenv(variable, text, 1);
	else
		setenv(variable, first, 1);
}

static _Noreturn void become(const struct args *args, const struct exec_place *p,
			     const char *socket)
{
	char uart[128];

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* killed with us */
	prepend("LD_LIBRARY_PATH", p->dir);
	if (p->helper[0])
		prepend("LD_PRELOAD", p->helper);
	setenv("REFLASH_DROPIN", socket, 1); /* for the library */
	setenv("REFLASH_BOARD", socket, 1);  /* for `reflash board ...` in a script */
	snprintf(uart, sizeof uart, "%s.uart", socket);
	if (access(uart, F_OK) == 0)
		setenv("REFLASH_UART", uart, 1);
	execvp(args->rest[1], (char **)(uintptr_t)(args->rest + 1));
	fprintf(stderr, "reflash: cannot run %s: %s\n", args->rest[1], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Run it. Ctrl-C reaches the program, not us: we clean up after it. */
static enum status run_program(struct cli *cli, const struct args *args, struct exec_place *p,
			       const char *socket, int *code)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
	int wait_status = 0;
	pid_t child;

	fflush(stdout);
	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	child = fork();
	if (child == 0) {
		sigaction(SIGINT, &old_int, NULL);
		sigaction(SIGQUIT, &old_quit, NULL);
		signal(SIGPIPE, SIG_DFL);
		become(args, p, socket);
	}
	while (child > 0 && waitpid(child, &wait_status, 0) < 0 && errno == EINTR)
		continue;
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	if (child < 0)
		return err_set(&cli->err, STATUS_IO, "no process: %s", strerror(errno));
	*code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
	return STATUS_OK;
}

static enum status find_board(struct cli *cli, const struct args *args, struct exec_place *p,
			      char *socket, size_t size)
{
	const char *given = args_value(args, "socket");
	char places[1400];
	enum status st;

	if (given)
		snprintf(socket, size, "%s", given);
	else if (!usb_unix_default_path(socket, size))
		return err_set(&cli->err, STATUS_IO, "the path of the socket is too long");
	if (serve_control(socket, "status", NULL, NULL, NULL) == STATUS_OK)
		return STATUS_OK;
	if (given)
		return err_set(&cli->err, STATUS_NO_PROBE, "no virtual board runs at %s", given);
	snprintf(p->socket, sizeof p->socket, "%s/board.sock", p->dir);
	st = board_spawn(cli, args, p->socket, true, places, sizeof places);
	if (st == STATUS_OK)
		snprintf(socket, size, "%s", p->socket);
	else
		p->socket[0] = 0;
	return st;
}

enum status board_exec(struct cli *cli, const struct args *args)
{
	char socket[sizeof((struct sockaddr_un *)0)->sun_path];
	struct exec_place p = {0};
	enum status st;
	int code = 0;

	if (args->count < 2)
		return err_set(&cli->err, STATUS_USAGE,
			       "say which program: reflash board exec -- PROGRAM...");
	st = make_place(cli, &p);
	if (st == STATUS_OK)
		st = find_board(cli, args, &p, socket, sizeof socket);
	if (st == STATUS_OK)
		st = run_program(cli, args, &p, socket, &code);
	if (p.socket[0])
		(void)!serve_control(p.socket, "stop", NULL, NULL, NULL);
	remove_place(&p);
	cli->exit_code = code; /* the program's own, not one of ours */
	return st;
}
