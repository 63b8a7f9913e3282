/* See desk.h. */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_line(void *ctx, enum log_level level, const char *line)
{
	printf("# %s\n", line);
}

static const struct log log_to_tap = {.level = LOG_VERBOSE, .sink = print_line};

static const struct log *chosen_log(void)
{
	return getenv("REFLASH_TEST_VERBOSE") ? &log_to_tap : NULL;
}

struct board *desk_board(const struct board_config *config)
{
	static const struct board_config plain = {0};
	struct err err = ERR_INIT;
	struct board *b = board_new(config ? config : &plain, &err);

	if (!b)
		fail_msg("no board: %s", err.what);
	return b;
}

enum status desk_connect(struct desk *d, struct board *b, const struct desk_fault *fault,
			 struct err *err)
{
	static const struct desk_fault none = {0};
	struct target_options opt = {.halt = true, .log = chosen_log()};
	struct usb_wire *inner = NULL;
	enum status s;

	*d = (struct desk){.board = b};
	if (!fault)
		fault = &none;
	s = serve_local_wire(b, &inner, err);
	if (s == STATUS_OK)
		s = usb_faulty_open(inner, fault->at, fault->kind, fault->permanent, &d->wire, err);
	if (s == STATUS_OK)
		s = probe_open(d->wire, chosen_log(), &d->probe, err);
	if (s == STATUS_OK)
		s = target_attach_any(d->probe, &opt, NULL, &d->target, err);
	return s;
}

void desk_leave(struct desk *d)
{
	target_close(d->target, false);
	probe_close(d->probe);
	d->target = NULL;
	d->probe = NULL;
	d->wire = NULL;
}

uint64_t desk_seed(void)
{
	const char *text = getenv("REFLASH_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20261122;

	printf("# seed %llu\n", (unsigned long long)seed);
	return seed;
}

/* splitmix64 */
uint32_t desk_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return (uint32_t)(z ^ z >> 31);
}

void desk_fill(uint64_t *seed, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)desk_random(seed);
}

void desk_used_flash(uint64_t *seed, struct board *b)
{
	const struct chip *chip = mcu_chip(board_mcu(b));
	uint8_t *flash = mcu_flash(board_mcu(b));

	for (uint32_t at = 0; at < chip->flash_die; at += chip->page_size) {
		uint32_t kind = desk_random(seed) % 4;

		if (kind == 0)
			memset(flash + at, 0xFF, chip->page_size);
		else if (kind == 1)
			memset(flash + at, 0, chip->page_size);
		else
			desk_fill(seed, flash + at, chip->page_size);
	}
	mcu_flash_changed(board_mcu(b));
}

size_t desk_locking_program(uint8_t *flash)
{
	static const uint16_t code[] = {
		0x4804,         /* ldr r0, =0x40021018 */
		0x2101,         /* movs r1, #1 */
		0x6001,         /* str r1, [r0] */
		0x4804,         /* ldr r0, =0x40010004 */
		0x2104,         /* movs r1, #4 */
		0x0609,         /* lsls r1, r1, #24 */
		0x6001,         /* str r1, [r0] */
		0xE7FE,         /* b . */
		0xBF00, 0xBF00, /* (alignment) */
		0x1018, 0x4002, 0x0004, 0x4001,
	};
	static const uint32_t vectors[] = {0x20005000, 0x08000009};

	memcpy(flash, vectors, 8);
	memcpy(flash + 8, code, sizeof code);
	return 8 + sizeof code;
}
