/*
 * serve: a driven board as a process of its own, spoken to message by message
 * over its Unix socket. What clients' libraries never send is sent here.
 */
#include "test.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/serve.h"
#include "wire/usbmsg.h"

struct desk {
	char dir[32], socket[64];
	pid_t server;
};

static int serve_here(const char *socket)
{
	const struct board_config plain = {0};
	const struct serve_config config = {.socket = socket, .driven = true};
	struct board *b = board_new(&plain, NULL);
	struct server *s = NULL;
	enum status st = b ? serve_open(b, &config, &s, NULL) : STATUS_NO_MEMORY;

	if (st == STATUS_OK)
		st = serve_run(s, NULL);
	serve_close(s);
	board_free(b);
	return (int)st;
}

static int dial(const struct desk *d)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", d->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	int fd = -1;

	assert_non_null(d);
	strcpy(d->dir, "/tmp/test_serve.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->socket, sizeof d->socket, "%s/board.sock", d->dir);
	d->server = fork();
	if (d->server == 0)
		_exit(serve_here(d->socket));
	for (int i = 0; i < 500 && (fd = dial(d)) < 0; i++)
		usleep(10000);
	assert_true(fd >= 0);
	close(fd);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;
	char lock[80];
	int status = -1;

	assert_int_equal(serve_control(d->socket, "stop", NULL, NULL, NULL), STATUS_OK);
	assert_int_equal(waitpid(d->server, &status, 0), d->server);
	assert_int_equal(status, 0);
	snprintf(lock, sizeof lock, "%s.lock", d->socket);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(rmdir(d->dir), 0); /* nothing else is left behind */
	free(d);
	return 0;
}

/* ---- messages ------------------------------------------------------------------- */

static void say(int fd, const struct usbmsg *head, const void *payload)
{
	uint8_t bytes[1024];

	assert_true(head->len <= sizeof bytes - USBMSG_SIZE);
	usbmsg_put(bytes, head);
	if (head->len)
		memcpy(bytes + USBMSG_SIZE, payload, head->len);
	assert_int_equal(send(fd, bytes, USBMSG_SIZE + head->len, MSG_NOSIGNAL),
			 USBMSG_SIZE + head->len);
}

/* The next answer; its payload in `payload` (256 bytes). */
static struct usbmsg hear(int fd, uint8_t *payload)
{
	uint8_t head[USBMSG_SIZE];
	struct usbmsg m;

	assert_int_equal(recv(fd, head, sizeof head, MSG_WAITALL), sizeof head);
	usbmsg_get(head, &m);
	assert_true(m.len <= 256);
	if (m.len)
		assert_int_equal(recv(fd, payload, m.len, MSG_WAITALL), m.len);
	return m;
}

static struct usbmsg ask(int fd, uint8_t type, uint8_t ep, const void *payload, uint32_t len,
			 uint8_t *reply)
{
	struct usbmsg m = {.type = type, .ep = ep, .len = len};

	say(fd, &m, payload);
	m = hear(fd, reply);
	assert_int_equal(m.type, type);
	return m;
}

static bool hung_up(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, 1, 0) == 0;
}

static int claimed(const struct desk *d)
{
	uint8_t reply[256];
	int fd = dial(d);

	assert_true(fd >= 0);
	assert_int_equal(ask(fd, USBMSG_CLAIM, 0, NULL, 0, reply).status, USBMSG_OK);
	return fd;
}

static const uint8_t version[16] = {0xF1, 0x80};
static const uint8_t room64[4] = {64};

/* ---- tests ---------------------------------------------------------------------- */

static void anyone_may_ask_who_it_is(void **state)
{
	uint8_t reply[256];
	struct usbmsg_identity id;
	int fd = dial(*state);

	assert_int_equal(ask(fd, USBMSG_HELLO, 0, NULL, 0, reply).len, USBMSG_IDENTITY_SIZE);
	usbmsg_identity_get(reply, &id);
	assert_int_equal(id.pid, 0x3748);
	assert_int_equal(id.version, USBMSG_VERSION);
	assert_true(id.driven);
	/* and the time, but nothing that needs the probe */
	assert_int_equal(ask(fd, USBMSG_NOW, 0, NULL, 0, reply).len, 8);
	assert_int_equal(ask(fd, USBMSG_OUT, 2, version, 16, reply).status, USBMSG_BAD);
	assert_int_equal(ask(fd, USBMSG_RESET, 0, NULL, 0, reply).status, USBMSG_BAD);
	close(fd);
}

static void the_probe_belongs_to_one(void **state)
{
	uint8_t reply[256] = {0};
	int first = claimed(*state), second = dial(*state);
	struct usbmsg m = ask(second, USBMSG_CLAIM, 0, NULL, 0, reply);

	assert_int_equal(m.status, USBMSG_BUSY);
	reply[m.len] = 0;
	assert_non_null(strstr((char *)reply, ", pid "));
	assert_int_equal(ask(second, USBMSG_IN, 0x81, room64, 4, reply).status, USBMSG_BUSY);
	assert_int_equal(ask(first, USBMSG_RELEASE, 0, NULL, 0, reply).status, USBMSG_OK);
	assert_int_equal(ask(second, USBMSG_CLAIM, 0, NULL, 0, reply).status, USBMSG_OK);
	close(second); /* a hang-up releases, and at once */
	assert_int_equal(ask(first, USBMSG_CLAIM, 0, NULL, 0, reply).status, USBMSG_OK);
	close(first);
}

static void a_quiet_transfer_is_heard_of_when_it_fails(void **state)
{
	const struct usbmsg good = {.type = USBMSG_OUT, .ep = 2, .status = USBMSG_QUIET, .len = 16};
	const struct usbmsg bad = {.type = USBMSG_OUT, .ep = 9, .status = USBMSG_QUIET, .len = 16};
	uint8_t reply[256];
	int fd = claimed(*state);

	say(fd, &good, version);
	assert_int_equal(ask(fd, USBMSG_IN, 0x81, room64, 4, reply).len, 6);
	assert_int_equal(get_le16(reply + 4), 0x3748);
	assert_int_equal(ask(fd, USBMSG_IN, 0x81, room64, 4, reply).status, USBMSG_TIMEOUT);
	say(fd, &bad, version);
	say(fd, &(struct usbmsg){.type = USBMSG_NOW}, NULL);
	assert_int_equal(hear(fd, reply).status, USBMSG_STALL); /* of the OUT, first */
	assert_int_equal(hear(fd, reply).type, USBMSG_NOW);
	close(fd);
}

static void messages_may_come_in_crumbs_and_in_heaps(void **state)
{
	uint8_t bytes[3 * (USBMSG_SIZE + 20)], reply[256];
	struct usbmsg out = {.type = USBMSG_OUT, .ep = 2, .status = USBMSG_QUIET, .len = 16};
	struct usbmsg in = {.type = USBMSG_IN, .ep = 0x81, .len = 4};
	int fd = claimed(*state);
	size_t len = 2 * USBMSG_SIZE + 20;

	usbmsg_put(bytes, &out);
	memcpy(bytes + USBMSG_SIZE, version, 16);
	usbmsg_put(bytes + USBMSG_SIZE + 16, &in);
	memcpy(bytes + 2 * USBMSG_SIZE + 16, room64, 4);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(send(fd, bytes + i, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(hear(fd, reply).len, 6);
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
	assert_int_equal(hear(fd, reply).len, 6);
	close(fd);
}

static void nonsense_is_refused_or_hung_up_on(void **state)
{
	/* command_len, direction, room: longer than the message, unknown, too much */
	static const uint8_t bad[3][24] = {{200, 2, 0, 0, 6}, {16, 3, 0, 0, 6},
					   {16, 2, 0, 0, 0, 0, 0, 0x80}};
	uint8_t reply[256], head[USBMSG_SIZE];
	int fd = claimed(*state);

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ask(fd, USBMSG_EXCHANGE, 2, bad[i], 24, reply).status, USBMSG_BAD);
	assert_int_equal(ask(fd, USBMSG_EXCHANGE, 2, bad[0], 5, reply).status, USBMSG_BAD);
	assert_int_equal(ask(fd, USBMSG_IN, 0x81, "\xff\xff\xff\xff", 4, reply).status, USBMSG_BAD);
	assert_int_equal(ask(fd, USBMSG_SLEEP, 0, "1234", 4, reply).status, USBMSG_BAD);
	say(fd, &(struct usbmsg){.type = 77}, NULL);
	assert_true(hung_up(fd));
	close(fd);
	fd = claimed(*state); /* released by that */
	usbmsg_put(head, &(struct usbmsg){.type = USBMSG_OUT, .len = USBMSG_MAX_PAYLOAD + 1});
	assert_int_equal(send(fd, head, sizeof head, MSG_NOSIGNAL), sizeof head);
	assert_true(hung_up(fd));
	close(fd);
}

static void time_is_moved_by_sleeping(void **state)
{
	uint8_t reply[256], span[8] = {0};
	int fd = claimed(*state);
	uint64_t before;

	ask(fd, USBMSG_NOW, 0, NULL, 0, reply);
	before = get_le32(reply);
	ask(fd, USBMSG_NOW, 0, NULL, 0, reply);
	assert_int_equal(get_le32(reply), before); /* it stands still */
	put_le32(span, 250000);
	assert_int_equal(ask(fd, USBMSG_SLEEP, 0, span, 8, reply).time, before + 250000);
	close(fd);
}

static int processors_of(pid_t pid)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(pid, sizeof set, &set), 0);
	return CPU_COUNT(&set);
}

static void it_runs_where_its_client_is_while_it_has_one(void **state)
{
	const struct desk *d = *state;
	struct usbmsg m = {.type = USBMSG_NOW, .time = 1 + (uint32_t)sched_getcpu()};
	int before = processors_of(d->server), fd = claimed(d), idle = dial(d);
	uint8_t reply[256];

	if (before < 2)
		skip();
	say(idle, &m, NULL); /* who does not hold the probe has no say */
	hear(idle, reply);
	ask(fd, USBMSG_NOW, 0, NULL, 0, reply);
	assert_int_equal(processors_of(d->server), before);
	say(fd, &m, NULL);
	hear(fd, reply);
	ask(fd, USBMSG_NOW, 0, NULL, 0, reply); /* the move comes after the answer */
	assert_int_equal(processors_of(d->server), 1);
	m.time = 1000000; /* there is no such processor */
	say(fd, &m, NULL);
	hear(fd, reply);
	ask(fd, USBMSG_RELEASE, 0, NULL, 0, reply);
	ask(fd, USBMSG_NOW, 0, NULL, 0, reply);
	assert_int_equal(processors_of(d->server), before);
	close(idle);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anyone_may_ask_who_it_is),
		cmocka_unit_test(the_probe_belongs_to_one),
		cmocka_unit_test(a_quiet_transfer_is_heard_of_when_it_fails),
		cmocka_unit_test(messages_may_come_in_crumbs_and_in_heaps),
		cmocka_unit_test(nonsense_is_refused_or_hung_up_on),
		cmocka_unit_test(time_is_moved_by_sleeping),
		cmocka_unit_test(it_runs_where_its_client_is_while_it_has_one),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
