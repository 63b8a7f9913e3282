/* base: statuses, errors, bytes. */
#include "test.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

static void statuses_have_the_published_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(status_exit_code(STATUS_OK), 0);
	assert_int_equal(status_exit_code(STATUS_USAGE), 2);
	assert_int_equal(status_exit_code(STATUS_NO_PROBE), 3);
	assert_int_equal(status_exit_code(STATUS_NO_ANSWER), 4);
	assert_int_equal(status_exit_code(STATUS_PROTECTED), 5);
	assert_int_equal(status_exit_code(STATUS_MISMATCH), 6);
	assert_int_equal(status_exit_code(STATUS_LOCKS_OUT), 7);
	assert_int_equal(status_exit_code(STATUS_BAD_FILE), 8);
	assert_int_equal(status_exit_code(STATUS_NEED_PERSON), 9);
	assert_int_equal(status_exit_code(STATUS_INTERRUPTED), 130);
	assert_int_equal(status_exit_code((enum status)999), 1);
}

static void the_first_cause_is_kept(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, STATUS_BAD_FILE, "%s is empty", "a.elf"), STATUS_BAD_FILE);
	assert_int_equal(err_set(&err, STATUS_IO, "later"), STATUS_IO);
	assert_int_equal(err.status, STATUS_BAD_FILE);
	assert_string_equal(err.what, "a.elf is empty");
	err_next(&err, "build it again");
	assert_string_equal(err_remedy(&err), "build it again");
	assert_int_equal(err_set(NULL, STATUS_IO, "no detail wanted"), STATUS_IO);
}

static void a_cursor_never_reads_past_its_end(void **state)
{
	static const uint8_t data[] = {1, 2, 3, 4, 5};
	struct cursor c = cursor_over(data, sizeof data);

	(void)state;
	assert_int_equal(cursor_le32(&c), 0x04030201);
	assert_int_equal(cursor_le16(&c), 0);
	assert_true(c.overrun);
	assert_int_equal(cursor_u8(&c), 0); /* stays overrun */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_have_the_published_exit_codes),
		cmocka_unit_test(the_first_cause_is_kept),
		cmocka_unit_test(a_cursor_never_reads_past_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
