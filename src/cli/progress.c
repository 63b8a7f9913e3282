/* Progress of a phase: bar, plain lines or JSON lines; and Ctrl-C. */
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define BAR_CELLS 32u
#define REDRAW_US 50000u

static uint64_t wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void draw_bar(const char *name, size_t done, size_t total)
{
	unsigned cells = total ? (unsigned)((uint64_t)done * BAR_CELLS / total) : BAR_CELLS;
	char bar[BAR_CELLS + 1];

	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', cells);
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r\033[K%-8s [%s] %3u%%", name, bar, cells * 100 / BAR_CELLS);
	fflush(stderr);
}

static void show_json(struct cli *cli, const char *name, size_t done, size_t total)
{
	emit_json(cli, json_pack("{s:s, s:s, s:I, s:I}", "type", "progress", "phase", name, "done",
				 (json_int_t)done, "total", (json_int_t)total));
}

bool progress_show(struct cli *cli, int phase, const char *name, size_t done, size_t total)
{
	bool first = phase != cli->bar_phase, last = done >= total;
	uint64_t now = wall_us();

	cli->bar_phase = phase;
	if (cli->progress != PROGRESS_NEVER && !cli->quiet &&
	    (first || last || now - cli->bar_drawn_us >= REDRAW_US)) {
		cli->bar_drawn_us = now;
		if (cli->json || cli->progress == PROGRESS_JSON)
			show_json(cli, name, done, total);
		else if (cli->progress == PROGRESS_AUTO && cli->err_tty)
			draw_bar(name, done, total);
		else if (first)
			fprintf(stderr, "%s\n", name);
	}
	return !cli_interrupted(cli);
}

void progress_end(struct cli *cli)
{
	if (cli->bar_phase >= 0 && cli->progress == PROGRESS_AUTO && cli->err_tty && !cli->json &&
	    !cli->quiet)
		fprintf(stderr, "\r\033[K");
	cli->bar_phase = -1;
}

void watch_interrupts(struct cli *cli)
{
	struct sigaction hup;
	sigset_t set;

	if (cli->interrupt_fd >= 0)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* a closed terminal, too; but nohup means what it says */
	if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		cli->interrupt_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (cli->interrupt_fd < 0)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool cli_interrupted(struct cli *cli)
{
	struct signalfd_siginfo info;

	if (cli->interrupt_fd >= 0 && !cli->interrupted &&
	    read(cli->interrupt_fd, &info, sizeof info) == (ssize_t)sizeof info)
		cli->interrupted = true;
	return cli->interrupted;
}
