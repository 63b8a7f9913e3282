/* wire/tty: a serial port as a stream, on a pseudo-terminal whose other end we hold. */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "wire/wire.h"

struct port {
	int master, slave; /* the slave is held open, as a board does */
	char name[64];
	struct stream_wire *wire;
};

static void open_port(struct port *p, unsigned baud)
{
	p->master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(p->master >= 0);
	assert_int_equal(grantpt(p->master), 0);
	assert_int_equal(unlockpt(p->master), 0);
	assert_int_equal(ptsname_r(p->master, p->name, sizeof p->name), 0);
	p->slave = open(p->name, O_RDWR | O_NOCTTY);
	assert_true(p->slave >= 0);
	assert_int_equal(stream_tty_open(p->name, baud, &p->wire, NULL), STATUS_OK);
}

static void close_port(struct port *p)
{
	p->wire->ops->close(p->wire);
	close(p->slave);
	close(p->master);
}

static void bytes_pass_unchanged(void **state)
{
	uint8_t all[256], back[256];
	struct port p;
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	open_port(&p, 115200);
	assert_int_equal(p.wire->ops->write(p.wire, all, sizeof all, NULL), STATUS_OK);
	for (size_t have = 0; have < sizeof back;) {
		ssize_t n = read(p.master, back + have, sizeof back - have);

		assert_true(n > 0);
		have += (size_t)n;
	}
	assert_memory_equal(back, all, sizeof all);
	assert_int_equal(write(p.master, all, sizeof all), sizeof all);
	memset(back, 0, sizeof back);
	assert_int_equal(p.wire->ops->read(p.wire, back, sizeof back, &got, 1000, NULL), STATUS_OK);
	assert_int_equal(got, sizeof back);
	assert_memory_equal(back, all, sizeof all);
	close_port(&p);
}

static void silence_is_a_timeout_that_keeps_what_came(void **state)
{
	struct err err = ERR_INIT;
	uint8_t data[8] = {0};
	uint64_t begin;
	struct port p;
	size_t got = 0;

	(void)state;
	open_port(&p, 115200);
	assert_int_equal(write(p.master, "abc", 3), 3);
	begin = p.wire->ops->now_us(p.wire);
	assert_int_equal(p.wire->ops->read(p.wire, data, sizeof data, &got, 50, &err),
			 STATUS_TIMEOUT);
	assert_true(p.wire->ops->now_us(p.wire) - begin >= 50000);
	assert_int_equal(got, 3);
	assert_memory_equal(data, "abc", 3);
	assert_non_null(strstr(err.what, p.name));
	close_port(&p);
}

static void a_pulled_adapter_is_lost(void **state)
{
	struct err err = ERR_INIT;
	uint8_t data[4];
	struct port p;
	size_t got = 0;

	(void)state;
	open_port(&p, 9600);
	close(p.master);
	assert_int_equal(p.wire->ops->read(p.wire, data, sizeof data, &got, 1000, &err),
			 STATUS_PROBE_LOST);
	assert_int_equal(got, 0);
	p.master = -1;
	close_port(&p);
}

static void the_line_is_raw_at_the_rate_and_put_back(void **state)
{
	struct termios before, now;
	struct port p;
	int exclusive = 0;

	(void)state;
	open_port(&p, 57600);
	assert_int_equal(tcgetattr(p.slave, &now), 0);
	assert_int_equal(cfgetospeed(&now), B57600);
	assert_int_equal(now.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
	assert_int_equal(now.c_iflag & (tcflag_t)(IXON | ICRNL), 0);
	assert_int_equal(p.wire->ops->set_line(p.wire, 19200, false, NULL), STATUS_OK);
	assert_int_equal(tcgetattr(p.slave, &now), 0);
	assert_int_equal(cfgetospeed(&now), B19200);
	assert_int_equal(ioctl(p.slave, TIOCGEXCL, &exclusive), 0);
	assert_true(exclusive);
	p.wire->ops->close(p.wire);
	/* and the next program finds it as it was: cooked, and open to all */
	assert_int_equal(tcgetattr(p.slave, &before), 0);
	assert_int_not_equal(before.c_lflag & (tcflag_t)ICANON, 0);
	assert_int_equal(ioctl(p.slave, TIOCGEXCL, &exclusive), 0);
	assert_false(exclusive);
	close(p.slave);
	close(p.master);
}

static void what_is_no_port_is_said(void **state)
{
	struct err err = ERR_INIT;
	struct stream_wire *w = NULL;
	struct port p;

	(void)state;
	assert_int_equal(stream_tty_open("/dev/null", 115200, &w, &err), STATUS_NO_PROBE);
	assert_non_null(strstr(err.what, "no serial port"));
	err_clear(&err);
	assert_int_equal(stream_tty_open("/dev/there-is-none", 115200, &w, &err), STATUS_NO_PROBE);
	assert_true(err.next[0]);
	open_port(&p, 115200);
	err_clear(&err);
	assert_int_equal(p.wire->ops->set_line(p.wire, 12345, true, &err), STATUS_USAGE);
	assert_non_null(strstr(err.what, "12345"));
	close_port(&p);
	assert_null(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_unchanged),
		cmocka_unit_test(silence_is_a_timeout_that_keeps_what_came),
		cmocka_unit_test(a_pulled_adapter_is_lost),
		cmocka_unit_test(the_line_is_raw_at_the_rate_and_put_back),
		cmocka_unit_test(what_is_no_port_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
