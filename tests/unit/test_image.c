/* image: file formats, refusals, names, lines, frames. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/image.h"
#include "image/image_internal.h"

static struct image *parsed(const void *bytes, size_t len, uint32_t address)
{
	struct image *img = NULL;
	struct err err = ERR_INIT;

	if (image_parse("t", bytes, len, address, &img, &err) != STATUS_OK)
		fail_msg("%s", err.what);
	return img;
}

static void refused(const void *bytes, size_t len, const char *because)
{
	struct image *img = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(image_parse("t", bytes, len, IMAGE_NO_ADDRESS, &img, &err),
			 STATUS_BAD_FILE);
	assert_null(img);
	if (!strstr(err.what, because))
		fail_msg("'%s' does not say '%s'", err.what, because);
	assert_true(err.next[0] != '\0');
}

/* ---- a small ELF file, built field by field ---------------------------------- */

struct maker {
	uint8_t b[1024];
	size_t len;
};

/* One segment at file offset 0 that carries the headers (as linkers make when
 * the text is aligned below them), text at 0x100 -> 0x08000000, 16 bytes. */
static void make_elf(struct maker *m)
{
	static const char names[] = "\0.text\0.bss\0.shstrtab";
	uint8_t *sh;

	memset(m, 0, sizeof *m);
	memcpy(m->b, "\x7f" "ELF\1\1\1", 7);
	put_le16(m->b + 16, 2);
	put_le16(m->b + 18, 40);
	put_le32(m->b + 28, 52);    /* program headers */
	put_le32(m->b + 32, 0x180); /* section headers */
	put_le16(m->b + 42, 32);
	put_le16(m->b + 44, 1);
	put_le16(m->b + 46, 40);
	put_le16(m->b + 48, 4);
	put_le16(m->b + 50, 3);
	put_le32(m->b + 52, 1); /* PT_LOAD, offset 0 */
	put_le32(m->b + 60, 0x07FFFF00);
	put_le32(m->b + 64, 0x07FFFF00);
	put_le32(m->b + 68, 0x110);
	put_le32(m->b + 72, 0x110);
	put_le32(m->b + 0x100, 0x20005000);
	put_le32(m->b + 0x104, 0x08000009);
	put_le32(m->b + 0x108, 0xE7FEE7FE);
	put_le32(m->b + 0x10C, 0xE7FEE7FE);
	memcpy(m->b + 0x120, names, sizeof names);
	sh = m->b + 0x180 + 40;
	put_le32(sh, 1);
	put_le32(sh + 4, 1);
	put_le32(sh + 8, 6);
	put_le32(sh + 12, 0x08000000);
	put_le32(sh + 16, 0x100);
	put_le32(sh + 20, 16);
	sh += 40; /* .bss */
	put_le32(sh, 7);
	put_le32(sh + 4, 8);
	put_le32(sh + 8, 3);
	put_le32(sh + 12, 0x20000000);
	put_le32(sh + 20, 64);
	sh += 40; /* .shstrtab */
	put_le32(sh, 12);
	put_le32(sh + 4, 3);
	put_le32(sh + 16, 0x120);
	put_le32(sh + 20, sizeof names);
	m->len = 0x180 + 160;
}

static void an_elf_is_loaded_by_its_sections(void **state)
{
	struct maker m;
	struct image *img;
	const struct image_segment *s;
	size_t count;
	uint32_t low, high;

	(void)state;
	make_elf(&m);
	img = parsed(m.b, m.len, IMAGE_NO_ADDRESS);
	assert_int_equal(image_format(img), IMAGE_ELF);
	s = image_segments(img, &count);
	assert_int_equal(count, 1);
	assert_int_equal(s[0].address, 0x08000000);
	assert_int_equal(s[0].len, 16);
	image_span(img, &low, &high);
	assert_int_equal(low, 0x08000000);
	assert_int_equal(high, 0x08000010);
	image_free(img);
}

static void a_segment_without_sections_loses_its_headers(void **state)
{
	struct maker m;
	struct image *img;
	const struct image_segment *s;
	size_t count;
	uint32_t word;

	(void)state;
	make_elf(&m);
	put_le32(m.b + 32, 0);
	put_le16(m.b + 48, 0);
	img = parsed(m.b, m.len, IMAGE_NO_ADDRESS);
	s = image_segments(img, &count);
	assert_int_equal(s[0].address, 0x08000000);
	assert_true(image_read(img, 0x08000004, &word, 4));
	assert_int_equal(word, 0x08000009);
	image_free(img);
}

static void an_elf_at_the_boot_alias_moves_to_flash(void **state)
{
	struct maker m;
	struct image *img;
	uint32_t vectors, word;
	struct err err = ERR_INIT;

	(void)state;
	make_elf(&m);
	put_le32(m.b + 64, 0);
	put_le32(m.b + 52 + 4, 0x100);
	put_le32(m.b + 68, 0x10);
	put_le32(m.b + 0x104, 0x00000009);
	put_le32(m.b + 0x180 + 40 + 12, 0);
	img = parsed(m.b, m.len, IMAGE_NO_ADDRESS);
	assert_true(image_vectors(img, &vectors, &err));
	assert_int_equal(vectors, 0x08000000);
	assert_true(image_read(img, 8, &word, 4));
	assert_int_equal(word, 0xE7FEE7FE);
	image_free(img);
}

static void wrong_elfs_are_refused_with_the_reason(void **state)
{
	struct maker m;

	(void)state;
	make_elf(&m);
	refused(m.b, 40, "truncated");
	refused(m.b, 0x104, "truncated");
	refused(m.b, 0x1A0, "truncated");
	put_le16(m.b + 18, 3);
	refused(m.b, m.len, "x86");
	put_le16(m.b + 18, 62);
	refused(m.b, m.len, "x86");
	put_le16(m.b + 18, 40);
	m.b[4] = 2;
	refused(m.b, m.len, "64-bit");
	m.b[4] = 1;
	put_le16(m.b + 16, 1);
	refused(m.b, m.len, "relocatable");
	put_le16(m.b + 16, 2);
	m.b[5] = 2;
	m.b[18] = 0;
	m.b[19] = 40;
	refused(m.b, m.len, "big-endian");
	make_elf(&m);
	put_le32(m.b + 0x180 + 40 + 4, 8); /* .text without contents */
	refused(m.b, m.len, "nothing to load");
	refused("", 0, "empty");
	refused("!<arch>\nxxxxxxxx", 16, "archive");
}

static void overlapping_sections_are_refused(void **state)
{
	struct maker m;

	(void)state;
	make_elf(&m);
	memcpy(m.b + 0x180 + 80, m.b + 0x180 + 40, 40);
	refused(m.b, m.len, "overlapping");
}

/* ---- text formats --------------------------------------------------------------- */

static const char hex[] = ":020000040800F2\r\n"
			  ":080000000050002009000008" "77\r\n"
			  ":08000800FEE7FEE7FEE7FEE75C\r\n"
			  ":0400000508000009E6\r\n"
			  ":00000001FF\r\n";

static void intel_hex_is_read(void **state)
{
	struct image *img = parsed(hex, sizeof hex - 1, IMAGE_NO_ADDRESS);
	const struct image_segment *s;
	size_t count;

	(void)state;
	assert_int_equal(image_format(img), IMAGE_IHEX);
	s = image_segments(img, &count);
	assert_int_equal(count, 1);
	assert_int_equal(s[0].address, 0x08000000);
	assert_int_equal(s[0].len, 16);
	assert_int_equal(get_le32(s[0].data), 0x20005000);
	image_free(img);
}

static void a_damaged_hex_file_is_refused(void **state)
{
	static const char joined[] = ":0100000001FE\n:00000001FF\n\n:0100010002FC\n:00000001FF\n";
	char copy[sizeof hex];

	(void)state;
	memcpy(copy, hex, sizeof hex);
	copy[25] = '1';
	refused(copy, sizeof hex - 1, "checksum");
	refused(hex, sizeof hex - 1 - 13, "truncated");
	refused(hex, 30, "truncated");
	refused(":01000000G0FF\n", 14, "digit");
	refused(":00000001FF\n", 12, "nothing to load");
	refused(joined, sizeof joined - 1, "after its end record");
	refused(":020000000102FB\n:020000000103FA\n:00000001FF\n", 44, "overlapping");
}

static void s_records_are_read(void **state)
{
	static const char srec[] = "S00600004844521B\n"
				   "S30D08000000005000200900000869\n"
				   "S5030001FB\n"
				   "S70508000009E9\n";
	static const char joined[] = "S1040000AA51\nS9030000FC\nS1040001AB4F\nS9030000FC\n";
	char copy[sizeof srec];
	struct image *img = parsed(srec, sizeof srec - 1, IMAGE_NO_ADDRESS);
	uint32_t word;

	(void)state;
	assert_int_equal(image_format(img), IMAGE_SREC);
	assert_true(image_read(img, 0x08000004, &word, 4));
	assert_int_equal(word, 0x08000009);
	assert_false(image_read(img, 0x08000006, &word, 4));
	image_free(img);
	memcpy(copy, srec, sizeof srec);
	copy[30] = '7';
	refused(copy, sizeof srec - 1, "checksum");
	refused(srec, 48, "truncated");
	refused(joined, sizeof joined - 1, "after its end record");
}

static void what_is_no_record_may_follow_the_end(void **state)
{
	static const char text[] = ":0100000001FE\n:00000001FF\n\n\x1A\n; the end\n";
	struct image *img = parsed(text, sizeof text - 1, IMAGE_NO_ADDRESS);
	size_t count;

	(void)state;
	(void)image_segments(img, &count);
	assert_int_equal(count, 1);
	image_free(img);
}

static void raw_bytes_go_where_they_are_told(void **state)
{
	static const uint8_t bytes[] = {0, 0x50, 0, 0x20, 9, 0, 0, 8, 0xFE, 0xE7};
	struct image *img = parsed(bytes, sizeof bytes, IMAGE_NO_ADDRESS);
	struct err err = ERR_INIT;
	uint32_t low, high;

	(void)state;
	image_span(img, &low, &high);
	assert_int_equal(low, 0x08000000);
	image_free(img);
	img = parsed(bytes, sizeof bytes, 0x08004000);
	image_span(img, &low, &high);
	assert_int_equal(low, 0x08004000);
	assert_int_equal(high, 0x0800400A);
	image_free(img);
	assert_int_equal(image_parse("t", (const uint8_t *)hex, sizeof hex - 1, 0x08000000, &img,
				     &err), STATUS_USAGE);
}

static void the_hash_is_sha256_of_addresses_and_bytes(void **state)
{
	/* sha256 of 08000000 00000003 616263, by coreutils' sha256sum */
	static const uint8_t expected[4] = {0xBB, 0x62, 0xF2, 0x25};
	struct image *a = parsed("abc", 3, IMAGE_NO_ADDRESS), *b = parsed("abc", 3, 0x08000400);
	uint8_t hash_a[32], hash_b[32];

	(void)state;
	image_hash(a, hash_a);
	image_hash(b, hash_b);
	assert_memory_equal(hash_a, expected, 4);
	assert_memory_not_equal(hash_a, hash_b, 32);
	image_free(a);
	image_free(b);
}

static void vectors_are_judged(void **state)
{
	uint8_t bytes[0x300];
	struct image *img;
	struct err err = ERR_INIT;
	uint32_t at;

	(void)state;
	memset(bytes, 0xFF, sizeof bytes);
	img = parsed(bytes, sizeof bytes, IMAGE_NO_ADDRESS);
	assert_false(image_vectors(img, &at, &err));
	assert_non_null(strstr(err.what, "erased"));
	image_free(img);
	put_le32(bytes + 0x200, 0x20005000);
	put_le32(bytes + 0x204, 0x08000281);
	img = parsed(bytes, sizeof bytes, IMAGE_NO_ADDRESS);
	assert_true(image_vectors(img, &at, NULL));
	assert_int_equal(at, 0x08000200);
	image_free(img);
	put_le32(bytes + 0x204, 0x08000280); /* not Thumb */
	img = parsed(bytes, sizeof bytes, IMAGE_NO_ADDRESS);
	assert_false(image_vectors(img, &at, NULL));
	image_free(img);
}

/* ---- the example firmware --------------------------------------------------------- */

static uint8_t *example(const char *name, size_t *len)
{
	char path[512];
	const char *build = getenv("REFLASH_BUILD");
	uint8_t *bytes;
	FILE *f;

	snprintf(path, sizeof path, "%s/examples/firmware/%s", build ? build : ".", name);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*len);
	assert_int_equal(fread(bytes, 1, *len, f), *len);
	fclose(f);
	return bytes;
}

#define NEED(bytes)                                                                                \
	do {                                                                                       \
		if (!(bytes))                                                                      \
			skip(); /* no cross-compiler here */                                       \
	} while (0)

/* The `bl` to a function, found by its own encoding. */
static uint32_t call_of(const struct image *img, const char *from, const char *to)
{
	const struct image_symbol *f = image_symbol_named(img, from);
	const struct image_symbol *t = image_symbol_named(img, to);

	assert_non_null(f);
	assert_non_null(t);
	for (uint32_t at = f->address; at < f->address + f->size; at += 2) {
		uint8_t b[4];
		uint32_t h1, h2, s, i1, i2, offset;

		if (!image_read(img, at, b, 4))
			break;
		h1 = get_le16(b);
		h2 = get_le16(b + 2);
		if ((h1 & 0xF800) != 0xF000 || (h2 & 0xD000) != 0xD000)
			continue;
		s = h1 >> 10 & 1;
		i1 = !((h2 >> 13 & 1) ^ s);
		i2 = !((h2 >> 11 & 1) ^ s);
		offset = (s ? 0xFF000000u : 0) | i1 << 23 | i2 << 22 | (h1 & 0x3FF) << 12 |
			 (h2 & 0x7FF) << 1;
		if (at + 4 + offset == t->address)
			return at;
	}
	fail_msg("%s does not call %s", from, to);
	return 0;
}

static void lines_and_names_of_the_example(void **state)
{
	size_t len;
	uint8_t *bytes = example("locked-rtos-O0.elf", &len);
	struct image *img;
	struct image_line line;
	struct image_inline frames[4];
	uint32_t at, offset;

	(void)state;
	NEED(bytes);
	img = parsed(bytes, len, IMAGE_NO_ADDRESS);
	at = call_of(img, "display_init", "board_remap");
	assert_string_equal(image_symbol_at(img, at)->name, "display_init");
	assert_true(image_line_at(img, at, &line));
	assert_string_equal(strrchr(line.file, '/') ? strrchr(line.file, '/') + 1 : line.file,
			    "display.c");
	assert_true(line.line > 20 && line.line < 60);
	assert_int_equal(image_inlines_at(img, at, frames, 4), 1);
	assert_string_equal(frames[0].function, "display_init");
	assert_false(image_line_at(img, 0x20000000, &line));
	assert_true(image_member_offset(img, "tcb", "pxTopOfStack", &offset));
	assert_int_equal(offset, 0);
	assert_false(image_member_offset(img, "tcb", "nothing", &offset));
	image_free(img);
	free(bytes);
}

static void inlined_functions_are_resolved(void **state)
{
	size_t len;
	uint8_t *bytes = example("locked-rtos.elf", &len);
	struct image *img;
	struct image_inline frames[8];
	size_t count;
	uint32_t at;

	(void)state;
	NEED(bytes);
	img = parsed(bytes, len, IMAGE_NO_ADDRESS);
	at = call_of(img, "display_task", "board_remap"); /* display_init is inlined there */
	count = image_inlines_at(img, at, frames, 8);
	assert_int_equal(count, 2);
	assert_string_equal(frames[0].function, "display_init");
	assert_string_equal(frames[1].function, "display_task");
	assert_true(frames[1].where.line > frames[0].where.line);
	image_free(img);
	free(bytes);
}

static bool no_memory(void *ctx, uint32_t address, uint32_t *word)
{
	(void)ctx;
	*word = address; /* every saved register holds its own address */
	return address >= 0x20000000 && address < 0x20005000;
}

/* Frames by call frame information and by prologue agree on the same code. */
static void frames_unwind_with_and_without_debug_information(void **state)
{
	size_t len;
	uint8_t *bytes = example("locked-rtos-O0.elf", &len);
	struct image *img;
	struct image_regs by_cfi = {.r = {[7] = 0x20001000, [13] = 0x20001000, [14] = 0x080000F1}};
	struct image_regs by_prologue;
	uint32_t at;

	(void)state;
	NEED(bytes);
	img = parsed(bytes, len, IMAGE_NO_ADDRESS);
	at = call_of(img, "display_init", "board_remap");
	by_cfi.r[15] = at;
	by_prologue = by_cfi;
	assert_true(image_unwind(img, &by_cfi, no_memory, NULL));
	image_free(img);
	for (size_t i = 0; i + 12 < len; i++) /* hide the debug sections */
		if (memcmp(bytes + i, ".debug_", 7) == 0)
			bytes[i + 1] = 'x';
	img = parsed(bytes, len, IMAGE_NO_ADDRESS);
	assert_false(image_has_lines(img));
	assert_true(image_unwind(img, &by_prologue, no_memory, NULL));
	assert_int_equal(by_cfi.r[13], by_prologue.r[13]);
	assert_int_equal(by_cfi.r[15], by_prologue.r[15]);
	image_free(img);
	free(bytes);
}

/* Wrecked debug information costs the line, not the image. */
static void damaged_debug_information_is_survived(void **state)
{
	size_t len;
	uint8_t *bytes = example("locked-rtos.elf", &len);
	uint32_t seed = 1;

	(void)state;
	NEED(bytes);
	for (int round = 0; round < 30; round++) {
		uint8_t *copy = malloc(len);
		struct image *img = NULL;
		struct image_line line;
		struct image_inline frames[8];

		memcpy(copy, bytes, len);
		for (int i = 0; i < 400; i++) {
			seed = seed * 1664525 + 1013904223;
			copy[len / 4 + seed % (len / 4 * 3)] = (uint8_t)(seed >> 24);
		}
		if (image_parse("t", copy, len, IMAGE_NO_ADDRESS, &img, NULL) == STATUS_OK) {
			for (uint32_t at = 0x08000100; at < 0x08000400; at += 16) {
				image_line_at(img, at, &line);
				image_inlines_at(img, at, frames, 8);
			}
		}
		image_free(img);
		free(copy);
	}
	free(bytes);
}

static void cplusplus_names_are_readable(void **state)
{
	static const struct {
		const char *mangled, *plain; /* NULL: stays as it is */
	} rows[] = {
		{"_Z17disableDebugPortsv", "disableDebugPorts"},
		{"_ZN5Print5printEPKc", "Print::print"},
		{"_ZNK7WString6lengthEv", "WString::length"},
		{"_ZN14HardwareSerialC2EP9usart_dev", "HardwareSerial"},
		{"_ZN6StreamD0Ev", "Stream::~"},
		{"_ZN12_GLOBAL__N_14tickEv", "tick"},
		{"_ZN3VecIiE4pushEi", "Vec::push"},
		{"_ZL5setupv", "setup"},
		{"_ZplRK1AS1_", NULL},
		{"_ZN3BufILj16EE3getEv", NULL},
		{"_Z99shortv", NULL},
		{"_Z", NULL},
		{"main", NULL},
		{"_ZN3Foo", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char out[64];
		bool plain = plain_name(rows[i].mangled, out, sizeof out);

		assert_int_equal(plain, rows[i].plain != NULL);
		if (plain)
			assert_string_equal(out, rows[i].plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_elf_is_loaded_by_its_sections),
		cmocka_unit_test(a_segment_without_sections_loses_its_headers),
		cmocka_unit_test(an_elf_at_the_boot_alias_moves_to_flash),
		cmocka_unit_test(wrong_elfs_are_refused_with_the_reason),
		cmocka_unit_test(overlapping_sections_are_refused),
		cmocka_unit_test(intel_hex_is_read),
		cmocka_unit_test(a_damaged_hex_file_is_refused),
		cmocka_unit_test(what_is_no_record_may_follow_the_end),
		cmocka_unit_test(s_records_are_read),
		cmocka_unit_test(raw_bytes_go_where_they_are_told),
		cmocka_unit_test(the_hash_is_sha256_of_addresses_and_bytes),
		cmocka_unit_test(vectors_are_judged),
		cmocka_unit_test(lines_and_names_of_the_example),
		cmocka_unit_test(inlined_functions_are_resolved),
		cmocka_unit_test(frames_unwind_with_and_without_debug_information),
		cmocka_unit_test(damaged_debug_information_is_survived),
		cmocka_unit_test(cplusplus_names_are_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
