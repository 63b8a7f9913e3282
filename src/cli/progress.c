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

/* Rate and time left, once the phase has gone on long enough to tell. */
static void draw_rate(const struct cli *cli, size_t done, size_t total, uint64_t now)
{
	uint64_t us = now - cli->bar_began_us;
	size_t moved = done - cli->bar_began_at;

	if (us < REDRAW_US || done <= cli->bar_began_at)
		return;
	fprintf(stderr, "  %.1f KiB/s", (double)moved * 1e6 / 1024 / (double)us);
	if (done < total)
		fprintf(stderr, "  %.1f s left",
			(double)(total - done) * (double)us / 1e6 / (double)moved);
}

static void draw_bar(const struct cli *cli, const char *name, size_t done, size_t total,
		     uint64_t now)
{
	unsigned cells = total ? (unsigned)((uint64_t)done * BAR_CELLS / total) : BAR_CELLS;
	char bar[BAR_CELLS + 1];

	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', cells);
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "\r\033[K%-8s [%s] %3u%%", name, bar, cells * 100 / BAR_CELLS);
	draw_rate(cli, done, total, now);
	fflush(stderr);
}

/* With --json among the results, else where progress goes. */
static void show_json(const char *name, size_t done, size_t total, FILE *out)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:I}", "type", "progress", "phase", name, "done",
			      (json_int_t)done, "total", (json_int_t)total);

	json_dumpf(o, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
	fputc('\n', out);
	fflush(out);
	json_decref(o);
}

bool progress_show(struct cli *cli, int phase, const char *name, size_t done, size_t total)
{
	bool first = phase != cli->bar_phase, last = done >= total;
	uint64_t now = wall_us();

	cli->bar_phase = phase;
	if (first) {
		cli->bar_began_us = now;
		cli->bar_began_at = done;
	}
	if (cli->progress != PROGRESS_NEVER && !cli->quiet &&
	    (first || last || now - cli->bar_drawn_us >= REDRAW_US)) {
		cli->bar_drawn_us = now;
		if (cli->json || cli->progress == PROGRESS_JSON)
			show_json(name, done, total, cli->json ? stdout : stderr);
		else if (cli->progress == PROGRESS_AUTO && cli->err_tty)
			draw_bar(cli, name, done, total, now);
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
