/*
 * ELF32 for ARM: what is loaded where, and where the symbols and the debug
 * information are. Source: System V ABI (gABI) chapters 4 and 5; "ELF for the
 * Arm Architecture" (IHI 0044).
 *
 * These headers decide the verdict, so they are read here, through bounded
 * cursors; DWARF goes to libdw in a child (dwarf_child.c).
 *
 * A loaded section's address is its place in the segment that carries it:
 * p_paddr + (sh_offset - p_offset). A segment may begin before the sections
 * (it then carries the ELF headers), so its own start says nothing.
 * Not modelled: relocation (refused), dynamic linking.
 */
#include <stdlib.h>

#include "image/image_internal.h"

enum { ET_REL_ = 1, ET_EXEC_ = 2, ET_DYN_ = 3, EM_386_ = 3, EM_ARM_ = 40, EM_X86_64_ = 62 };
enum { PT_LOAD_ = 1, SHT_SYMTAB_ = 2, SHT_NOBITS_ = 8, SHF_ALLOC_ = 2, SHF_EXEC_ = 4 };
#define EHDR_SIZE 52u
#define PHDR_SIZE 32u
#define SHDR_SIZE 40u
#define SYM_SIZE 16u

struct section {
	uint32_t name, type, flags, address, offset, size, link;
};
struct segment {
	uint32_t offset, vaddr, paddr, file_size;
};
struct elf {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	struct section *sections;
	size_t section_count;
	struct segment *loads;
	size_t load_count;
	uint32_t header_end; /* one past ELF header and program headers */
	struct err *err;
};

static enum status refuse(struct elf *e, const char *next, const char *what)
{
	err_set(e->err, STATUS_BAD_FILE, "%s %s", e->name, what);
	err_next(e->err, "%s", next);
	return STATUS_BAD_FILE;
}

static enum status truncated(struct elf *e)
{
	return refuse(e, "build or copy it again; it was cut",
		      "is truncated: its headers point past the end of the file");
}

static bool in_file(const struct elf *e, uint32_t offset, uint32_t size)
{
	return offset <= e->len && size <= e->len - offset;
}

static enum status check_machine(struct elf *e)
{
	static const char wrong[] = "build the firmware with an ARM compiler (arm-none-eabi-gcc)";
	uint16_t machine, type;

	if (e->len < 20)
		return truncated(e);
	machine = e->bytes[5] == 2 ? get_be16(e->bytes + 18) : get_le16(e->bytes + 18);
	if (machine == EM_386_ || machine == EM_X86_64_)
		return refuse(e, wrong, "is a program for a PC (x86), not for an STM32");
	if (e->bytes[4] == 2)
		return refuse(e, wrong, "is a 64-bit ELF file; an STM32F1 is a 32-bit ARM");
	if (machine != EM_ARM_)
		return refuse(e, wrong, "is an ELF file for another processor than ARM");
	if (e->bytes[5] == 2)
		return refuse(e, "compile without -mbig-endian",
			      "is a big-endian ELF file; an STM32 is little-endian");
	if (e->bytes[4] != 1 || e->bytes[5] != 1)
		return refuse(e, "build it again", "has a damaged ELF header");
	type = get_le16(e->bytes + 16);
	if (type == ET_REL_)
		return refuse(e, "link it first; the linked program is usually called .elf",
			      "is a relocatable object file (.o): its addresses are not decided yet");
	if (type != ET_EXEC_ && type != ET_DYN_)
		return refuse(e, "give the linked program",
			      "is an ELF file, but not a linked program");
	return e->len < EHDR_SIZE ? truncated(e) : STATUS_OK;
}

static enum status read_loads(struct elf *e)
{
	uint32_t offset = get_le32(e->bytes + 28);
	uint32_t entry = get_le16(e->bytes + 42), count = get_le16(e->bytes + 44);

	e->header_end = EHDR_SIZE;
	if (count == 0)
		return STATUS_OK;
	if (entry < PHDR_SIZE || !in_file(e, offset, entry * count))
		return truncated(e);
	e->header_end = offset + entry * count;
	e->loads = calloc(count, sizeof *e->loads);
	if (!e->loads)
		return err_set(e->err, STATUS_NO_MEMORY, "out of memory reading %s", e->name);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *p = e->bytes + offset + i * entry;
		struct segment s = {get_le32(p + 4), get_le32(p + 8), get_le32(p + 12),
				    get_le32(p + 16)};

		if (get_le32(p) != PT_LOAD_ || s.file_size == 0)
			continue;
		if (!in_file(e, s.offset, s.file_size))
			return truncated(e);
		e->loads[e->load_count++] = s;
	}
	return STATUS_OK;
}

static struct section section_at(const uint8_t *p)
{
	return (struct section){
		.name = get_le32(p), .type = get_le32(p + 4), .flags = get_le32(p + 8),
		.address = get_le32(p + 12), .offset = get_le32(p + 16), .size = get_le32(p + 20),
		.link = get_le32(p + 24),
	};
}

static enum status read_sections(struct elf *e)
{
	uint32_t offset = get_le32(e->bytes + 32);
	uint32_t entry = get_le16(e->bytes + 46), count = get_le16(e->bytes + 48);

	if (offset == 0 || count == 0)
		return STATUS_OK;
	if (entry < SHDR_SIZE || !in_file(e, offset, entry * count))
		return truncated(e);
	e->sections = calloc(count, sizeof *e->sections);
	if (!e->sections)
		return err_set(e->err, STATUS_NO_MEMORY, "out of memory reading %s", e->name);
	for (uint32_t i = 0; i < count; i++) {
		struct section s = section_at(e->bytes + offset + i * entry);

		if (s.type != SHT_NOBITS_ && s.flags & SHF_ALLOC_ && !in_file(e, s.offset, s.size))
			return truncated(e);
		e->sections[e->section_count++] = s;
	}
	return STATUS_OK;
}

static bool in_ram(uint32_t address)
{
	return address >= RAM_BASE && address < 0x40000000u;
}

static uint32_t load_address(const struct elf *e, const struct section *s)
{
	for (size_t i = 0; i < e->load_count; i++) {
		const struct segment *p = &e->loads[i];

		if (s->offset >= p->offset && s->size <= p->file_size &&
		    s->offset - p->offset <= p->file_size - s->size)
			return p->paddr + (s->offset - p->offset);
	}
	return s->address;
}

static bool is_loaded(const struct section *s)
{
	return s->flags & SHF_ALLOC_ && s->type != SHT_NOBITS_ && s->size;
}

/* Sections whose load address is RAM are not part of what is flashed, unless
 * the whole program is a RAM program. */
static bool only_in_ram(const struct elf *e)
{
	for (size_t i = 0; i < e->section_count; i++)
		if (is_loaded(&e->sections[i]) && !in_ram(load_address(e, &e->sections[i])))
			return false;
	return true;
}

static void leave_out(struct image *img, uint32_t address, uint32_t len)
{
	if (!img->left_out)
		img->left_out_at = address;
	img->left_out += len;
}

static enum status take_sections(struct elf *e, struct image *img, struct chunks *out)
{
	bool ram_program = only_in_ram(e);

	img->sections = calloc(e->section_count, sizeof *img->sections);
	if (!img->sections)
		return err_set(e->err, STATUS_NO_MEMORY, "out of memory reading %s", e->name);
	for (size_t i = 0; i < e->section_count; i++) {
		const struct section *s = &e->sections[i];
		uint32_t lma = load_address(e, s);
		enum status status;

		if (!is_loaded(s))
			continue;
		if (in_ram(lma) && !ram_program) {
			leave_out(img, lma, s->size);
			continue;
		}
		img->sections[img->section_count++] = (struct image_section){
			.run_address = s->address, .load_address = lma, .len = s->size,
			.executable = s->flags & SHF_EXEC_};
		status = chunks_add(out, lma, e->bytes + s->offset, s->size, e->err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* Without section headers: segments, less the ELF headers one may carry. */
static enum status take_segments(struct elf *e, struct chunks *out)
{
	for (size_t i = 0; i < e->load_count; i++) {
		struct segment s = e->loads[i];
		uint32_t skip = 0;
		enum status status;

		if (s.offset < e->header_end)
			skip = e->header_end - s.offset;
		if (s.paddr < FLASH_BASE && s.paddr >= BOOT_ALIAS_END &&
		    s.file_size > FLASH_BASE - s.paddr)
			skip = FLASH_BASE - s.paddr;
		if (skip >= s.file_size || in_ram(s.paddr))
			continue;
		status = chunks_add(out, s.paddr + skip, e->bytes + s.offset + skip,
				    s.file_size - skip, e->err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status take_symbol_table(struct elf *e, struct image *img, const struct section *table,
				     const struct section *strings)
{
	size_t count = table->size / SYM_SIZE;
	struct raw_symbol *raw = calloc(count + 1, sizeof *raw);
	char *names = malloc((size_t)strings->size + 1);
	enum status s;

	if (!raw || !names) {
		free(raw);
		free(names);
		return err_set(e->err, STATUS_NO_MEMORY, "out of memory reading %s", e->name);
	}
	memcpy(names, e->bytes + strings->offset, strings->size);
	names[strings->size] = '\0';
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = e->bytes + table->offset + i * SYM_SIZE;

		raw[i] = (struct raw_symbol){.name = get_le32(p), .value = get_le32(p + 4),
			.size = get_le32(p + 8), .type = p[12] & 15, .bind = p[12] >> 4};
		if (get_le16(p + 14) == 0) /* undefined */
			raw[i].name = UINT32_MAX;
	}
	s = symbols_take(img, raw, count, names, strings->size, e->err);
	free(raw);
	return s;
}

static enum status take_symbols(struct elf *e, struct image *img)
{
	for (size_t i = 0; i < e->section_count; i++) {
		const struct section *s = &e->sections[i];

		if (s->type != SHT_SYMTAB_ || s->link >= e->section_count)
			continue;
		if (!in_file(e, s->offset, s->size) ||
		    !in_file(e, e->sections[s->link].offset, e->sections[s->link].size))
			return STATUS_OK; /* names only: a damaged table costs the names */
		return take_symbol_table(e, img, s, &e->sections[s->link]);
	}
	return STATUS_OK;
}

static bool section_named(const struct elf *e, const struct section *s, const char *name)
{
	uint32_t index = get_le16(e->bytes + 50);
	size_t len = strlen(name) + 1;
	const struct section *names;

	if (index >= e->section_count)
		return false;
	names = &e->sections[index];
	return in_file(e, names->offset, names->size) && s->name < names->size &&
	       len <= names->size - s->name &&
	       memcmp(e->bytes + names->offset + s->name, name, len) == 0;
}

/* Keep the file when there is debug information to ask for later. */
static enum status keep_debug(struct elf *e, struct image *img)
{
	bool frames = false;

	for (size_t i = 0; i < e->section_count; i++) {
		const struct section *s = &e->sections[i];

		if (s->size == 0)
			continue;
		if (section_named(e, s, ".debug_line") || section_named(e, s, ".zdebug_line"))
			img->has_lines = true;
		if (section_named(e, s, ".debug_frame") || section_named(e, s, ".zdebug_frame"))
			frames = true;
	}
	if (!img->has_lines && !frames)
		return STATUS_OK;
	img->file = malloc(e->len);
	if (!img->file)
		return err_set(e->err, STATUS_NO_MEMORY, "out of memory reading %s", e->name);
	memcpy(img->file, e->bytes, e->len);
	img->file_len = e->len;
	return STATUS_OK;
}

enum status elf_parse(const uint8_t *bytes, size_t len, struct image *img, struct chunks *out,
		      struct err *err)
{
	struct elf e = {.name = img->name, .bytes = bytes, .len = len, .err = err};
	enum status s = check_machine(&e);

	if (s == STATUS_OK)
		s = read_loads(&e);
	if (s == STATUS_OK)
		s = read_sections(&e);
	if (s == STATUS_OK)
		s = e.section_count ? take_sections(&e, img, out) : take_segments(&e, out);
	if (s == STATUS_OK)
		s = take_symbols(&e, img);
	if (s == STATUS_OK)
		s = keep_debug(&e, img);
	free(e.loads);
	free(e.sections);
	return s;
}
