/* reflash board [start]: a board from the command line, in front or behind. */
#include "cli/cmd_board.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chips/chips.h"

/* ---- the configuration --------------------------------------------------------------- */

struct plan {
	struct board_config board;
	struct serve_config serve;
	uint64_t cut_power_at;
	uint8_t *boot_rom;
};

static enum status list_silicon(struct cli *cli, const char *name)
{
	size_t n, at = 0;
	const struct silicon *all = silicon_all(&n);
	char names[200] = "";

	for (size_t i = 0; i < n && at < sizeof names; i++)
		at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "",
				       all[i].name);
	return err_set(&cli->err, STATUS_USAGE, "--silicon %s is not modelled; there are %s", name,
		       names);
}

static enum status plan_chip(struct cli *cli, const struct args *args, struct plan *p)
{
	const char *silicon = args_value(args, "silicon");

	if (cli->chip_name && !cli->chip)
		return err_set(&cli->err, STATUS_USAGE,
			       "--chip %s is not modelled; STM32F103 C6 to ZE are", cli->chip_name);
	p->board.chip = cli->chip;
	if (silicon && !(p->board.silicon = silicon_by_name(silicon)))
		return list_silicon(cli, silicon);
	return STATUS_OK;
}

/* One of two words; absent: `*value` stays. */
static enum status plan_choice(struct cli *cli, const struct args *args, const char *option,
			       const char *no, const char *yes, bool *value)
{
	const char *given = args_value(args, option);

	if (!given)
		return STATUS_OK;
	if (strcmp(given, no) != 0 && strcmp(given, yes) != 0)
		return err_set(&cli->err, STATUS_USAGE, "--%s is %s or %s, not %s", option, no, yes,
			       given);
	*value = strcmp(given, yes) == 0;
	return STATUS_OK;
}

static enum status plan_fault(struct cli *cli, struct plan *p, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
		uint64_t *number;
	} rows[] = {
		{"short-replies", &p->board.short_replies, NULL},
		{"stale-replies", &p->board.stale_replies, NULL},
		{"clone-vtref", &p->board.clone_vtref, NULL},
		{"cut-power@", NULL, &p->cut_power_at},
		{"unplug@", NULL, &p->serve.unplug_at},
		{"no-answer@", NULL, &p->serve.stall_at},
	};

	if (strcmp(word, "no-crystal") == 0) {
		p->board.hse_hz = UINT32_MAX;
		return STATUS_OK;
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len = strlen(rows[i].name);

		if (strncmp(word, rows[i].name, len) != 0)
			continue;
		if (rows[i].flag && !word[len]) {
			*rows[i].flag = true;
			return STATUS_OK;
		}
		if (rows[i].number && parse_number(word + len, rows[i].number) && *rows[i].number)
			return STATUS_OK;
	}
	return err_set(&cli->err, STATUS_USAGE,
		       "--fault %s is not known; short-replies, stale-replies, clone-vtref, "
		       "no-crystal, cut-power@N, unplug@N and no-answer@N are", word);
}

static enum status plan_faults(struct cli *cli, const struct args *args, struct plan *p)
{
	const char *list = args_value(args, "fault");
	enum status s = STATUS_OK;
	char text[200], *save = NULL;

	if (!list)
		return STATUS_OK;
	if ((size_t)snprintf(text, sizeof text, "%s", list) >= sizeof text)
		return err_set(&cli->err, STATUS_USAGE, "--fault's list is too long");
	for (char *w = strtok_r(text, ",", &save); w && s == STATUS_OK; w = strtok_r(NULL, ",", &save))
		s = plan_fault(cli, p, w);
	return s;
}

static enum status plan_serving(struct cli *cli, const struct args *args, struct plan *p)
{
	const char *port = args_value(args, "stlink-server");
	uint64_t number = 0;

	p->serve.flash_file = args_value(args, "flash");
	p->serve.uart = args_has(args, "uart");
	p->serve.stlink_server = args_has(args, "stlink-server");
	if (port && (!parse_number(port, &number) || number < 1 || number > 65535))
		return err_set(&cli->err, STATUS_USAGE, "--stlink-server=%s is no port", port);
	p->serve.stlink_port = (unsigned)number;
	return plan_choice(cli, args, "time", "real", "driven", &p->serve.driven);
}

static enum status plan_boot_rom(struct cli *cli, const struct args *args, struct plan *p)
{
	const char *path = args_value(args, "bootrom");
	enum status s;

	if (!path)
		return STATUS_OK;
	s = read_file(path, &p->boot_rom, &p->board.boot_rom_size, &cli->err);
	p->board.boot_rom = p->boot_rom;
	return s;
}

static enum status plan_make(struct cli *cli, const struct args *args, struct plan *p)
{
	bool powered = true;
	enum status s = plan_chip(cli, args, p);

	if (s == STATUS_OK)
		s = plan_choice(cli, args, "boot0", "0", "1", &p->board.boot0);
	if (s == STATUS_OK)
		s = plan_choice(cli, args, "power", "off", "on", &powered);
	if (s == STATUS_OK)
		s = plan_faults(cli, args, p);
	if (s == STATUS_OK)
		s = plan_serving(cli, args, p);
	if (s == STATUS_OK)
		s = plan_boot_rom(cli, args, p);
	p->board.power_off = !powered;
	p->board.probe_firmware = args_value(args, "probe-firmware");
	p->board.serial = args_value(args, "serial");
	return s;
}

enum status board_session_open(struct cli *cli, const struct args *args, const char *socket,
			       struct board_session *out)
{
	struct plan p = {0};
	struct board_session session = {0};
	const char *wires = args_value(args, "wires");
	enum status s = plan_make(cli, args, &p);

	session.boot_rom = p.boot_rom;
	p.serve.socket = socket;
	if (s == STATUS_OK && !(session.board = board_new(&p.board, &cli->err)))
		s = cli->err.status ? cli->err.status : STATUS_FAILED;
	if (s == STATUS_OK && wires)
		s = board_set_wires_text(session.board, wires, &cli->err);
	if (s == STATUS_OK && p.cut_power_at)
		board_cut_power_at(session.board, p.cut_power_at);
	if (s == STATUS_OK)
		s = serve_open(session.board, &p.serve, &session.server, &cli->err);
	if (s == STATUS_OK)
		*out = session;
	else
		board_session_close(&session);
	return s;
}

void board_session_close(struct board_session *s)
{
	serve_close(s->server);
	board_free(s->board);
	free(s->boot_rom);
}

/* ---- in front ------------------------------------------------------------------------------ */

/* One line a way in: what to connect to it with. */
static size_t write_places(const struct server *server, char *out, size_t size)
{
	struct serve_places p;
	int n;

	serve_places(server, &p);
	n = snprintf(out, size, "socket %s\n", p.socket);
	if (p.uart[0])
		n += snprintf(out + n, size - (size_t)n, "uart %s\n", p.uart);
	if (p.stlink_port)
		n += snprintf(out + n, size - (size_t)n, "stlink-server 127.0.0.1:%u\n",
			      p.stlink_port);
	return (size_t)n;
}

static void tell_places(struct cli *cli, char *places)
{
	json_t *o = json_pack("{s:s}", "type", "board");
	char *save = NULL;

	for (char *line = strtok_r(places, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = 0;
		if (!cli->quiet)
			say(cli, "%-14s %s\n", line, value);
		json_object_set_new(o, line, json_string(value));
	}
	emit_json(cli, o);
	fflush(stdout);
}

enum status board_foreground(struct cli *cli, const struct args *args)
{
	struct board_session s;
	char places[1024];
	enum status st = board_session_open(cli, args, args_value(args, "socket"), &s);

	if (st != STATUS_OK)
		return st;
	write_places(s.server, places, sizeof places);
	tell_places(cli, places);
	note(cli, "The board runs; stop it with Ctrl-C or `reflash board stop`.\n");
	st = serve_run(s.server, &cli->err);
	board_session_close(&s);
	return st;
}

/* ---- behind ----------------------------------------------------------------------------------- */

/* Cut every tie to the terminal but the pipe that says how it went, which
 * becomes descriptor 3. */
static void detach(int pipe_fd)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (pipe_fd != 3)
		dup2(pipe_fd, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	close_range(4, ~0u, 0);
}

static void report(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		return; /* the starter is gone; the board runs all the same */
}

/* The child. Never returns to the command: `_exit` is main's exit here. */
static _Noreturn void serve_behind(struct cli *cli, const struct args *args, const char *socket,
				   bool tied, int pipe_fd)
{
	struct board_session s;
	char text[1400];
	enum status st;

	detach(pipe_fd);
	if (tied)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	st = board_session_open(cli, args, socket, &s);
	if (st != STATUS_OK) {
		snprintf(text, sizeof text, "!%d\n%s\n%s\n", (int)st, cli->err.what, cli->err.next);
		report(3, text);
		_exit(status_exit_code(st));
	}
	write_places(s.server, text, sizeof text);
	report(3, text);
	close(3);
	st = serve_run(s.server, &cli->err);
	board_session_close(&s);
	_exit(status_exit_code(st));
}

static enum status read_report(struct cli *cli, int fd, char *text, size_t size)
{
	size_t have = 0;
	char *what, *next;
	ssize_t n;

	while (have < size - 1 && (n = read(fd, text + have, size - 1 - have)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		have += n > 0 ? (size_t)n : 0;
	}
	text[have] = 0;
	if (have == 0)
		return err_set(&cli->err, STATUS_FAILED, "the board's process died at once");
	if (text[0] != '!')
		return STATUS_OK;
	what = strchr(text, '\n');
	next = what ? strchr(what + 1, '\n') : NULL;
	if (!next)
		return err_set(&cli->err, STATUS_FAILED, "the board's process died at once");
	*next++ = 0;
	next[strcspn(next, "\n")] = 0;
	err_set(&cli->err, (enum status)atoi(text + 1), "%s", what + 1);
	if (next[0])
		err_next(&cli->err, "%s", next);
	return cli->err.status;
}

enum status board_spawn(struct cli *cli, const struct args *args, const char *socket, bool tied,
			char *places, size_t size)
{
	enum status st;
	int fds[2];
	pid_t child;

	if (pipe(fds) != 0)
		return err_set(&cli->err, STATUS_IO, "no pipe: %s", strerror(errno));
	fflush(stdout);
	child = fork();
	if (child < 0) {
		close(fds[0]);
		close(fds[1]);
		return err_set(&cli->err, STATUS_IO, "no process: %s", strerror(errno));
	}
	if (child == 0) {
		close(fds[0]);
		serve_behind(cli, args, socket, tied, fds[1]);
	}
	close(fds[1]);
	st = read_report(cli, fds[0], places, size);
	close(fds[0]);
	if (st != STATUS_OK)
		waitpid(child, NULL, 0);
	return st;
}

enum status board_start(struct cli *cli, const struct args *args)
{
	char places[1400];
	enum status st = board_spawn(cli, args, args_value(args, "socket"), false, places,
				     sizeof places);

	if (st != STATUS_OK)
		return st;
	tell_places(cli, places);
	note(cli, "The board runs. Stop it with `reflash board stop`.\n");
	return STATUS_OK;
}
