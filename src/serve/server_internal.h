/* Inside the served board: connections, pacing, and who may do what. */
#ifndef REFLASH_SERVER_INTERNAL_H
#define REFLASH_SERVER_INTERNAL_H

#include <limits.h>
#include <sched.h>
#include <sys/un.h>

#include "serve/serve.h"
#include "wire/usbmsg.h"

struct conn;
struct flash_file;
struct uart_pty;

enum { SERVE_MAX_CONNS = 24, SERVE_MAX_LISTENERS = 3, NS_PER_US = 1000, NS_PER_MS = 1000000 };

/* What a kind of connection does. */
struct conn_ops {
	const char *name;
	size_t max_in; /* longest message */
	/* Handle what is in c->in: returns the bytes used up, 0 when the
	 * message is not complete, CONN_BAD to hang up. */
	size_t (*consume)(struct server *s, struct conn *c);
};
#define CONN_BAD ((size_t)-1)

/* One client. Its answer in `out` leaves when the board's clock reaches
 * `due_ns`; until then nothing more is read from it. */
struct conn {
	int fd;
	const struct conn_ops *ops;
	uint8_t *in, *out;
	size_t have, in_room;
	size_t out_len, out_sent, out_room;
	uint64_t due_ns;
	bool hang_up; /* once the answer is out */
	char peer[96]; /* "openocd, pid 4711" */
};

/* How board time follows the wall (real) or does not (driven). */
struct pace {
	bool driven;
	uint64_t wall0_ns, board0_ns; /* the two clocks at one moment */
	uint64_t forgiven_ns; /* board time never made up: the machine was too slow */
};

/* Which processor the board's thread is bound to. */
struct near {
	bool allowed;
	unsigned cpu;   /* NEAR_NOWHERE: not bound */
	cpu_set_t home; /* where it may run otherwise */
};
#define NEAR_NOWHERE UINT_MAX

struct server {
	struct board *board;
	struct serve_config config;
	struct pace pace;
	struct near near;
	struct {
		int fd;
		const struct conn_ops *ops;
	} listeners[SERVE_MAX_LISTENERS];
	size_t listener_count;
	struct conn *conns[SERVE_MAX_CONNS];
	struct conn *holder; /* the one that claimed the probe */
	struct flash_file *flash;
	struct uart_pty *uart;
	uint64_t transfers; /* bulk transfers so far */
	bool unplugged;
	bool stop;
	bool answered; /* the holder got an answer in this turn: more is likely to come */
	int lock_fd, signal_fd;
	unsigned stlink_port;
	char socket[sizeof((struct sockaddr_un *)0)->sun_path];
	char control[sizeof((struct sockaddr_un *)0)->sun_path];
	char uart_link[sizeof((struct sockaddr_un *)0)->sun_path];
};

extern const struct conn_ops usb_conn_ops, control_conn_ops, stlink_server_conn_ops;

/* ---- conn.c */
struct conn *conn_new(int fd, const struct conn_ops *ops);
void conn_free(struct conn *c);
/* Append to the answer; false when memory is out. */
bool conn_answer(struct conn *c, const void *data, size_t len);
/* Room for `len` bytes of answer to be filled in by the caller; NULL: no memory. */
uint8_t *conn_answer_room(struct conn *c, size_t len);
void conn_answer_shrink(struct conn *c, size_t by);
/* Read what has come. False: hung up. */
bool conn_read(struct conn *c);
/* Write what may go. False: hung up. */
bool conn_write(struct conn *c);

/* ---- pace.c */
void pace_start(struct server *s);
/* Where board time should be now. */
uint64_t pace_target_ns(const struct server *s);
/* Bring the board up to the wall clock, at most one slice at a time. True:
 * there is more to do. */
bool pace_slice(struct server *s);
/* All of it: before a transfer looks at the board. */
void pace_catch_up(struct server *s);
/* Let board time pass now, when nothing else moves it (driven boards). */
void pace_pass(struct server *s, uint64_t ns);
/* How long may the server sleep before the board needs it again? UINT64_MAX: for ever. */
uint64_t pace_idle_ns(const struct server *s);
/* Wall time from now until the board's clock shows `due_ns`. */
uint64_t pace_wait_ns(const struct server *s, uint64_t due_ns);

/* ---- near.c */
void near_start(struct server *s);
/* The holder's message came from this processor (NEAR_NOWHERE: not known). */
void near_follow(struct server *s, unsigned cpu);
/* The holder is gone: run anywhere again. */
void near_leave(struct server *s);

/* ---- usb_conn.c */
enum usbmsg_status serve_claim(struct server *s, struct conn *c);
void serve_release(struct server *s, struct conn *c);
enum usbmsg_status serve_bulk_out(struct server *s, uint8_t ep, const uint8_t *data, size_t len);
enum usbmsg_status serve_bulk_in(struct server *s, uint8_t ep, uint8_t *data, size_t room,
				 size_t *got);

/* ---- place.c */
/* The default path, or config->socket; makes the directory and takes the lock. */
enum status place_take(struct server *s, struct err *err) MUST_CHECK;
enum status place_listen(const char *path, int *fd, struct err *err) MUST_CHECK;
void place_leave(struct server *s);
int place_dial(const char *path);

/* ---- flash_file.c */
/* Load flash and option bytes from `path` (made when missing) and keep it up to date. */
enum status flash_file_open(struct mcu *m, const char *path, struct flash_file **out,
			    struct err *err) MUST_CHECK;
/* Write what changed since the last call; cheap when nothing did. */
void flash_file_sync(struct flash_file *f);
void flash_file_close(struct flash_file *f);

/* ---- stlink_server.c */
enum status stlink_server_listen(struct server *s, struct err *err) MUST_CHECK;

/* ---- uart_pty.c */
/* Make s->uart and s->uart_link. */
enum status uart_pty_open(struct server *s, struct err *err) MUST_CHECK;
int uart_pty_fd(const struct uart_pty *u); /* -1 without one */
/* Move bytes both ways. */
void uart_pty_pump(struct server *s);
void uart_pty_close(struct uart_pty *u);

#endif
