/*
 * The board's event loop: one thread, one poll. The chip runs in slices
 * between messages; nothing here blocks.
 */
#include "serve/server_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LOOKS = 30 };

static enum status listen_on(struct server *s, const char *path, const struct conn_ops *ops,
			     struct err *err)
{
	enum status st = place_listen(path, &s->listeners[s->listener_count].fd, err);

	if (st == STATUS_OK)
		s->listeners[s->listener_count++].ops = ops;
	return st;
}

static enum status open_parts(struct server *s, struct err *err)
{
	enum status st = place_take(s, err);

	if (st == STATUS_OK && s->config.flash_file)
		st = flash_file_open(board_mcu(s->board), s->config.flash_file, &s->flash, err);
	if (st == STATUS_OK)
		st = listen_on(s, s->socket, &usb_conn_ops, err);
	if (st == STATUS_OK)
		st = listen_on(s, s->control, &control_conn_ops, err);
	if (st == STATUS_OK && s->config.stlink_server)
		st = stlink_server_listen(s, err);
	if (st == STATUS_OK && s->config.uart)
		st = uart_pty_open(s, err);
	return st;
}

enum status serve_open(struct board *b, const struct serve_config *config, struct server **out,
		       struct err *err)
{
	struct server *s = calloc(1, sizeof *s);
	enum status st;

	if (!s)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	s->board = b;
	s->config = *config;
	s->lock_fd = s->signal_fd = -1;
	st = open_parts(s, err);
	if (st == STATUS_OK)
		*out = s;
	else
		serve_close(s);
	return st;
}

void serve_places(const struct server *s, struct serve_places *out)
{
	*out = (struct serve_places){.socket = s->socket, .control = s->control,
				     .uart = s->uart_link, .stlink_port = s->stlink_port};
}

void serve_close(struct server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->listener_count; i++)
		close(s->listeners[i].fd);
	flash_file_close(s->flash);
	uart_pty_close(s->uart);
	place_leave(s);
	/* last: who said `stop` waits for this, and may start another board here */
	for (size_t i = 0; i < SERVE_MAX_CONNS; i++)
		conn_free(s->conns[i]);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s);
}

/* ---- the loop ------------------------------------------------------------------- */

static void hang_up(struct server *s, size_t i)
{
	serve_release(s, s->conns[i]);
	conn_free(s->conns[i]);
	s->conns[i] = NULL;
}

static void admit(struct server *s, int listener, const struct conn_ops *ops)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < SERVE_MAX_CONNS; i++) {
		if (s->conns[i])
			continue;
		s->conns[i] = conn_new(fd, ops);
		if (!s->conns[i])
			close(fd);
		return;
	}
	close(fd); /* full: the client sees a hang-up */
}

static bool is_waiting(const struct conn *c)
{
	return c->out_len > 0;
}

/* Handle complete messages until one has an answer that must wait. */
static bool serve_input(struct server *s, struct conn *c)
{
	while (c->have > 0 && !is_waiting(c)) {
		size_t used = c->ops->consume(s, c);

		if (used == CONN_BAD)
			return false;
		if (used == 0)
			return true;
		memmove(c->in, c->in + used, c->have - used);
		c->have -= used;
		s->answered = c == s->holder;
		if (is_waiting(c) && pace_wait_ns(s, c->due_ns) == 0 && !conn_write(c))
			return false;
	}
	return true;
}

static void serve_conn(struct server *s, size_t i, short events)
{
	struct conn *c = s->conns[i];

	if (is_waiting(c) && pace_wait_ns(s, c->due_ns) == 0 && !conn_write(c)) {
		hang_up(s, i);
		return;
	}
	if ((events & (POLLIN | POLLHUP | POLLERR)) && !conn_read(c)) {
		hang_up(s, i);
		return;
	}
	if (!serve_input(s, c))
		hang_up(s, i);
}

struct poll_set {
	struct pollfd fds[SERVE_MAX_LISTENERS + SERVE_MAX_CONNS + 2];
	size_t conn_of[SERVE_MAX_LISTENERS + SERVE_MAX_CONNS];
	size_t listeners, conns; /* ranges: listeners, connections; then signals and the uart */
	uint64_t sleep_ns;
	bool any_waiting; /* an answer is held back: sleep until it is due */
};

static void poll_set_fill(struct server *s, struct poll_set *p)
{
	size_t n = 0;

	p->sleep_ns = pace_idle_ns(s);
	p->any_waiting = false;
	for (; n < s->listener_count; n++)
		p->fds[n] = (struct pollfd){.fd = s->listeners[n].fd, .events = POLLIN};
	p->listeners = n;
	for (size_t i = 0; i < SERVE_MAX_CONNS; i++) {
		struct conn *c = s->conns[i];

		if (!c)
			continue;
		p->conn_of[n] = i;
		p->fds[n] = (struct pollfd){.fd = c->fd, .events = POLLIN};
		if (is_waiting(c)) {
			uint64_t wait = pace_wait_ns(s, c->due_ns);

			/* due, but the client does not take it: wait for room */
			p->fds[n].events = wait == 0 ? POLLOUT : 0;
			p->any_waiting = true;
			if (wait > 0 && wait < p->sleep_ns)
				p->sleep_ns = wait;
		}
		n++;
	}
	p->conns = n;
	p->fds[n] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
	p->fds[n + 1] = (struct pollfd){.fd = uart_pty_fd(s->uart), .events = POLLIN};
}

/*
 * A client in the middle of its work sends its next message within
 * microseconds of the answer; to sleep and be woken would cost more than the
 * message. So after an answer the sockets are looked at a few times first.
 */
static void wait_for_events(struct poll_set *p, unsigned looks)
{
	struct timespec t = {.tv_sec = (time_t)(p->sleep_ns / 1000000000u),
			     .tv_nsec = (long)(p->sleep_ns % 1000000000u)};
	const struct timespec now = {0};
	nfds_t n = (nfds_t)p->conns + 2;

	while (looks-- > 0)
		if (ppoll(p->fds, n, &now, NULL) > 0)
			return;
	if (ppoll(p->fds, n, p->sleep_ns == UINT64_MAX ? NULL : &t, NULL) < 0)
		for (size_t i = 0; i < n; i++)
			p->fds[i].revents = 0;
}

static void turn(struct server *s)
{
	struct poll_set p;
	bool behind = pace_slice(s);
	unsigned looks;

	uart_pty_pump(s);
	flash_file_sync(s->flash);
	poll_set_fill(s, &p);
	if (behind)
		p.sleep_ns = 0;
	looks = s->answered && !p.any_waiting && s->near.cpu == NEAR_NOWHERE ? LOOKS : 0;
	wait_for_events(&p, looks);
	s->answered = false;
	for (size_t i = p.listeners; i < p.conns; i++)
		serve_conn(s, p.conn_of[i], p.fds[i].revents);
	for (size_t i = 0; i < p.listeners; i++)
		if (p.fds[i].revents & POLLIN)
			admit(s, s->listeners[i].fd, s->listeners[i].ops);
	if (p.fds[p.conns].revents & POLLIN)
		s->stop = true;
}

static enum status watch_signals(struct server *s, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return err_set(err, STATUS_IO, "no signalfd: %s", strerror(errno));
	return STATUS_OK;
}

/* The last answers (to `stop`) go out before the sockets go away. */
static void flush(struct server *s)
{
	for (size_t i = 0; i < SERVE_MAX_CONNS; i++)
		if (s->conns[i] && is_waiting(s->conns[i]))
			(void)conn_write(s->conns[i]);
}

enum status serve_run(struct server *s, struct err *err)
{
	enum status st = watch_signals(s, err);

	if (st != STATUS_OK)
		return st;
	prctl(PR_SET_TIMERSLACK, 1UL); /* answers are due to the microsecond */
	pace_start(s);
	near_start(s);
	while (!s->stop)
		turn(s);
	/* who is told that the board has stopped may read the file at once */
	flash_file_close(s->flash);
	s->flash = NULL;
	flush(s);
	return STATUS_OK;
}
