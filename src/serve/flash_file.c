/*
 * The chip's flash kept in a file across runs. The file is a plain image of
 * the main array (so that it can be compared with a firmware file), followed
 * by the 16 option bytes. It is mapped and written through: what was
 * programmed is in the file even when the board is killed, as a real flash
 * keeps what was programmed before the power went.
 */
#include "serve/server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPTION_SIZE = 16 };

struct flash_file {
	struct mcu *mcu;
	uint8_t *map;
	size_t size; /* of main flash */
	uint64_t operations; /* counted when they start */
	uint64_t settled_ns; /* by then the last of them has ended */
	int fd;
};

/* Longer than any operation of the flash: DS5319 table 28, mass erase 40 ms. */
#define LONGEST_NS 50000000u

static enum status load(struct flash_file *f, off_t had, struct err *err)
{
	const struct chip *chip = mcu_chip(f->mcu);

	/* A new file, or a bare firmware image: the rest is erased. */
	if ((size_t)had < f->size)
		memset(f->map + had, 0xFF, f->size - (size_t)had);
	memcpy(mcu_flash(f->mcu), f->map, f->size);
	mcu_flash_changed(f->mcu);
	if ((size_t)had == f->size + OPTION_SIZE)
		return mcu_load(f->mcu, chip->option_base, f->map + f->size, OPTION_SIZE, err);
	mcu_peek(f->mcu, chip->option_base, f->map + f->size, OPTION_SIZE);
	return STATUS_OK;
}

static enum status map_file(struct flash_file *f, const char *path, struct err *err)
{
	struct stat st;
	void *p;

	f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		return err_set(err, STATUS_IO, "cannot use %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, STATUS_IO, "%s is not a file", path);
	if ((size_t)st.st_size > f->size + OPTION_SIZE)
		return err_set(err, STATUS_BAD_FILE,
			       "%s holds %lld bytes, more than the flash of %s (%zu)", path,
			       (long long)st.st_size, mcu_chip(f->mcu)->name, f->size);
	if (ftruncate(f->fd, (off_t)(f->size + OPTION_SIZE)) != 0)
		return err_set(err, STATUS_IO, "cannot grow %s: %s", path, strerror(errno));
	p = mmap(NULL, f->size + OPTION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
	if (p == MAP_FAILED)
		return err_set(err, STATUS_IO, "cannot map %s: %s", path, strerror(errno));
	f->map = p;
	return load(f, st.st_size, err);
}

enum status flash_file_open(struct mcu *m, const char *path, struct flash_file **out,
			    struct err *err)
{
	struct flash_file *f = calloc(1, sizeof *f);
	enum status s;

	if (!f)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	f->mcu = m;
	f->fd = -1;
	f->size = mcu_chip(m)->flash_die;
	s = map_file(f, path, err);
	if (s != STATUS_OK) {
		flash_file_close(f);
		return s;
	}
	f->operations = mcu_flash_operations(m);
	*out = f;
	return STATUS_OK;
}

static void save(struct flash_file *f)
{
	memcpy(f->map, mcu_flash(f->mcu), f->size);
	mcu_peek(f->mcu, mcu_chip(f->mcu)->option_base, f->map + f->size, OPTION_SIZE);
}

void flash_file_sync(struct flash_file *f)
{
	uint64_t operations, now;

	if (!f || !f->map)
		return;
	operations = mcu_flash_operations(f->mcu);
	now = mcu_now_ns(f->mcu);
	if (operations != f->operations)
		f->settled_ns = now + LONGEST_NS;
	else if (f->settled_ns == 0)
		return;
	else if (now >= f->settled_ns)
		f->settled_ns = 0;
	f->operations = operations;
	save(f);
}

void flash_file_close(struct flash_file *f)
{
	if (!f)
		return;
	if (f->map) {
		save(f);
		munmap(f->map, f->size + OPTION_SIZE);
	}
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}
