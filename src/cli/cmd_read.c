/* `reflash read FILE [ADDR SIZE]`: save the chip's memory, raw. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/memory.h"
#include "cli/text.h"

#define CHUNK 4096u

enum status read_memory(struct cli *cli, struct session *s, uint32_t address, uint8_t *data,
			size_t len, struct err *err)
{
	for (size_t at = 0; at < len; at += CHUNK) {
		size_t n = len - at < CHUNK ? len - at : CHUNK;
		enum status status =
			session_read(s, address + (uint32_t)at, data + at, n, err);

		if (status)
			return status;
		if (!progress_show(cli, 0, "read", at + n, len))
			return err_set(err, STATUS_INTERRUPTED, "interrupted");
	}
	return STATUS_OK;
}

bool explain_protection(struct session *s, struct err *err)
{
	struct flash_options_bytes ob;

	if (!s->target || !s->chip || flash_read_option_bytes(s->target, s->chip, &ob, NULL) || !ob.rdp_active)
		return false;
	err_clear(err);
	err_set(err, STATUS_PROTECTED, "the flash is read-protected (RDP)");
	err_next(err, "`reflash options unlock` removes that and erases the chip; nothing else does");
	return true;
}

static enum status write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return STATUS_IO;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return STATUS_OK;
}

enum status can_save(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX] = ".";
	bool there = access(path, F_OK) == 0;

	if (n && n < sizeof folder) {
		memcpy(folder, path, n);
		folder[n] = '\0';
	}
	if (strcmp(path, "-") == 0 || access(there ? path : folder, W_OK) == 0)
		return STATUS_OK;
	err_set(err, STATUS_IO, "%s cannot be written: %s", path, strerror(errno));
	err_next(err, "nothing was read; name a file in a folder of yours");
	return STATUS_IO;
}

enum status save_file(const char *path, int mode, const uint8_t *data, size_t len,
		      struct err *err)
{
	bool standard_output = strcmp(path, "-") == 0;
	int fd = standard_output ? STDOUT_FILENO
				 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	enum status s = fd < 0 ? STATUS_IO : write_all(fd, data, len);

	if (fd >= 0 && !standard_output && close(fd) != 0)
		s = STATUS_IO;
	if (s)
		err_set(err, s, "%s cannot be written: %s", path, strerror(errno));
	return s;
}

static enum status read_range(struct cli *cli, struct session *s, const struct args *args,
			      uint32_t *address, size_t *len)
{
	uint64_t a, n;

	if (args->count == 1) {
		if (!s->chip)
			return session_unknown_chip(s, &cli->err);
		*address = s->chip->flash_base;
		*len = s->flash_kib ? s->flash_kib * 1024u : s->chip->flash_size;
		return STATUS_OK;
	}
	if (args->count != 3 || !parse_number(args->rest[1], &a) ||
	    !parse_number(args->rest[2], &n) || a > UINT32_MAX || n == 0 || n > UINT32_MAX - a)
		return err_set(&cli->err, STATUS_USAGE,
			       "read needs FILE alone or FILE ADDR SIZE, as in 0x08000000 64k");
	*address = (uint32_t)a;
	*len = (size_t)n;
	return STATUS_OK;
}

/* A range that is not all flash or RAM: then it is the range, not the chip. */
static void explain_range(const struct session *s, uint32_t address, size_t len, struct err *err)
{
	const struct chip *c = s->chip;
	uint32_t flash = s->flash_kib ? s->flash_kib * 1024u : c ? c->flash_size : 0;

	if (!c || range_inside(address, len, c->flash_base, flash) ||
	    range_inside(address, len, c->ram_base, c->ram_size))
		return;
	err_tried(err, "reading %zu bytes from 0x%08X", len, (unsigned)address);
	err_next(err,
		 "this chip has flash from 0x%08X to 0x%08X and RAM from 0x%08X to 0x%08X; elsewhere "
		 "there may be nothing to read",
		 (unsigned)c->flash_base, (unsigned)(c->flash_base + flash - 1),
		 (unsigned)c->ram_base, (unsigned)(c->ram_base + c->ram_size - 1));
}

static enum status save(struct cli *cli, struct session *s, const char *path, uint32_t address,
			size_t len)
{
	uint8_t *data = malloc(len);
	char size[TEXT_MAX];
	enum status status;

	if (!data)
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	status = read_memory(cli, s, address, data, len, &cli->err);
	progress_end(cli);
	if (status == STATUS_TARGET_FAULT && explain_protection(s, &cli->err))
		status = STATUS_PROTECTED;
	if (status == STATUS_TARGET_FAULT)
		explain_range(s, address, len, &cli->err);
	if (!status)
		status = save_file(path, 0666, data, len, &cli->err);
	if (!status) {
		if (strcmp(path, "-") != 0)
			say(cli, "%s from 0x%08X saved to %s\n", text_size(size, len),
			    (unsigned)address, path);
		emit_json(cli, json_pack("{s:s, s:s, s:s, s:I, s:I}", "type", "result", "command",
					 "read", "file", path, "address", (json_int_t)address,
					 "size", (json_int_t)len));
	}
	free(data);
	return status;
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct session s;
	uint32_t address = 0;
	size_t len = 0;
	enum status status;

	if (cli->json && strcmp(args->rest[0], "-") == 0)
		return err_set(&cli->err, STATUS_USAGE, "--json and the memory itself cannot share stdout");
	status = can_save(args->rest[0], &cli->err);
	if (status)
		return status;
	/* reading harms no chip, known or not, and needs no halt */
	status = session_open(cli,
			      SESSION_UART | SESSION_ANY_CHIP | (cli->hot_plug ? 0 : SESSION_HALT),
			      &s, &cli->err);
	if (status)
		return status;
	status = read_range(cli, &s, args, &address, &len);
	if (!status)
		status = save(cli, &s, args->rest[0], address, len);
	session_close(&s, false);
	return status;
}

const struct command cmd_read = {
	.name = "read", .aliases = "save dump", .usage = "FILE [ADDR SIZE]",
	.summary = "Save the memory of the chip",
	.about = "The whole flash, or SIZE bytes from ADDR, as a raw binary; FILE - is stdout.\n"
		 "With --hot-plug the firmware runs on meanwhile.",
	.min_args = 1, .max_args = 3, .run = run,
};
