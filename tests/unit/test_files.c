/* cli/files: a file that is written by someone else while it is read. The linker puts our read()
 * before the C library's, so that the other writer comes exactly between two reads. */
/* a name that both use */
#define print_error cmocka_print_error
#include "test.h"
#undef print_error

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

enum { SIZE = 1000 };

enum meddling { LEAVE, GROW, SHRINK, REWRITE };

static struct {
	enum meddling how;
	char path[64];
	bool done;
} other;

ssize_t __real_read(int fd, void *to, size_t len);
ssize_t __wrap_read(int fd, void *to, size_t len);

static void put_file(size_t size, char with)
{
	FILE *f = fopen(other.path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(fputc(with, f), with);
	assert_int_equal(fclose(f), 0);
}

static void meddle(void)
{
	struct timespec back[2] = {{0, UTIME_OMIT}, {1000000000, 5}};

	if (other.how == GROW)
		put_file(SIZE + 1, 'a');
	else if (other.how == SHRINK)
		put_file(SIZE - 1, 'a');
	else if (other.how == REWRITE)
		put_file(SIZE, 'b');
	/* a size that differs is enough, and so is a time that does */
	if (other.how != REWRITE)
		assert_int_equal(utimensat(AT_FDCWD, other.path, back, 0), 0);
}

ssize_t __wrap_read(int fd, void *to, size_t len)
{
	ssize_t n = __real_read(fd, to, len);

	if (!other.done) {
		other.done = true;
		meddle();
	}
	return n;
}

static enum status read_while(enum meddling how, size_t *len, struct err *err)
{
	struct timespec times[2] = {{0, UTIME_OMIT}, {1000000000, 5}};
	uint8_t *bytes = NULL;
	enum status s;
	int fd;

	strcpy(other.path, "/tmp/reflash-files-XXXXXX");
	fd = mkstemp(other.path);
	assert_true(fd >= 0);
	close(fd);
	put_file(SIZE, 'a');
	assert_int_equal(utimensat(AT_FDCWD, other.path, times, 0), 0);
	other.how = how;
	other.done = false;
	s = read_file(other.path, &bytes, len, err);
	assert_true(other.done);
	unlink(other.path);
	assert_int_equal(s == STATUS_OK, bytes != NULL);
	free(bytes);
	return s;
}

static void a_file_at_rest_is_read(void **state)
{
	struct err err = ERR_INIT;
	size_t len = 0;

	assert_int_equal(read_while(LEAVE, &len, &err), STATUS_OK);
	assert_int_equal(len, SIZE);
}

static void a_file_that_changes_is_refused(void **state)
{
	for (int how = GROW; how <= REWRITE; how++) {
		struct err err = ERR_INIT;
		size_t len = 7;

		assert_int_equal(read_while((enum meddling)how, &len, &err), STATUS_BAD_FILE);
		assert_non_null(strstr(err.what, "changed while it was read"));
		assert_non_null(strstr(err.next, "repeat the command"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_at_rest_is_read),
		cmocka_unit_test(a_file_that_changes_is_refused),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
