/* cmd_read with a chip that is in no table, which no board plays: the session and what else the
 * command calls are this file's. */
/* a name that both use */
#define print_error cmocka_print_error
#include "test.h"
#undef print_error

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/memory.h"
#include "cli/text.h"

extern const struct command cmd_read;

enum status session_open(struct cli *cli, unsigned need, struct session *s, struct err *err)
{
	(void)cli;
	*s = (struct session){0};
	return need & SESSION_ANY_CHIP ? STATUS_OK : session_unknown_chip(s, err);
}

enum status session_unknown_chip(const struct session *s, struct err *err)
{
	(void)s;
	return err_set(err, STATUS_UNSUPPORTED, "no chip in the tables has that");
}

enum status session_read(struct session *s, uint32_t address, void *data, size_t len,
			 struct err *err)
{
	(void)s;
	if (address != 0x08000000)
		return err_set(err, STATUS_TARGET_FAULT, "the bus refused the access");
	memset(data, 0x5A, len);
	return STATUS_OK;
}

void session_close(struct session *s, bool leave_halted)
{
	(void)s;
	(void)leave_halted;
}

bool parse_number(const char *text, uint64_t *out)
{
	*out = strtoull(text, NULL, 0);
	return true;
}

const char *text_size(char out[TEXT_MAX], uint64_t bytes)
{
	snprintf(out, TEXT_MAX, "%u bytes", (unsigned)bytes);
	return out;
}

bool progress_show(struct cli *cli, int phase, const char *name, size_t done, size_t total)
{
	(void)cli, (void)phase, (void)name, (void)done, (void)total;
	return true;
}

void progress_end(struct cli *cli)
{
	(void)cli;
}

void say(const struct cli *cli, const char *fmt, ...)
{
	(void)cli;
	(void)fmt;
}

void emit_json(const struct cli *cli, json_t *object)
{
	(void)cli;
	json_decref(object);
}

static void an_unknown_chip_is_read_where_it_is_told(void **state)
{
	char path[] = "/tmp/reflash-read-XXXXXX";
	const char *rest[] = {path, "0x08000000", "16"};
	struct args args = {.count = 3, .rest = rest};
	struct cli cli = {0};
	int fd = mkstemp(path);
	uint8_t got[17];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(cmd_read.run(&cli, &args), STATUS_OK);
	assert_int_equal(read(fd, got, sizeof got), 16);
	assert_int_equal(got[15], 0x5A);
	rest[1] = "0x30000000";
	assert_int_equal(cmd_read.run(&cli, &args), STATUS_TARGET_FAULT);
	err_clear(&cli.err);
	args.count = 1; /* how much it holds, the tables do not say */
	assert_int_equal(cmd_read.run(&cli, &args), STATUS_UNSUPPORTED);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_chip_is_read_where_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
