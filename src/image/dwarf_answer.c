/*
 * What the child answers, by libdw: the line of an address, who was inlined
 * there, call frame rules, struct members. Runs in the child only, so it
 * trusts libdw with the file and never frees.
 *
 * Compilation units are found by their own address ranges (not every compiler
 * writes .debug_aranges).
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>

#include "image/image_internal.h"

struct unit_range {
	uint64_t low, high;
	Dwarf_Die unit;
};

struct dwarf_data {
	Elf *elf;
	Dwarf *dwarf;
	Dwarf_CFI *cfi;
	struct unit_range *ranges;
	size_t range_count, range_room;
};

static void add_range(struct dwarf_data *d, uint64_t low, uint64_t high, const Dwarf_Die *unit)
{
	if (low >= high)
		return;
	if (d->range_count == d->range_room) {
		size_t room = d->range_room ? 2 * d->range_room : 64;
		void *p = realloc(d->ranges, room * sizeof *d->ranges);

		if (!p)
			return;
		d->ranges = p;
		d->range_room = room;
	}
	d->ranges[d->range_count++] = (struct unit_range){low, high, *unit};
}

static void add_unit(struct dwarf_data *d, Dwarf_Die *unit)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(unit, at, &base, &low, &high)) > 0)
		add_range(d, low, high, unit);
}

static int by_low(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

struct dwarf_data *dwarf_data_open(const uint8_t *file, size_t len)
{
	struct dwarf_data *d = calloc(1, sizeof *d);
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;

	if (!d)
		return NULL;
	elf_version(EV_CURRENT);
	/* libelf wants a writable image; this memory is the child's own copy */
	d->elf = elf_memory((char *)(uintptr_t)file, len);
	d->dwarf = d->elf ? dwarf_begin_elf(d->elf, DWARF_C_READ, NULL) : NULL;
	if (!d->dwarf)
		return d;
	d->cfi = dwarf_getcfi(d->dwarf);
	while (dwarf_get_units(d->dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0)
		if (dwarf_tag(&unit) == DW_TAG_compile_unit)
			add_unit(d, &unit);
	if (d->range_count)
		qsort(d->ranges, d->range_count, sizeof *d->ranges, by_low);
	return d;
}

static Dwarf_Die *unit_at(struct dwarf_data *d, uint32_t address)
{
	for (size_t i = 0; i < d->range_count && d->ranges[i].low <= address; i++)
		if (address < d->ranges[i].high)
			return &d->ranges[i].unit;
	return NULL;
}

static const char *directory_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	const char *text = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));

	return text ? text : "";
}

static const char *file_without_directory(Dwarf_Die *unit, const char *file)
{
	const char *directory = directory_of(unit);
	size_t len = strlen(directory);

	if (!file)
		return "";
	if (len && strncmp(file, directory, len) == 0 && file[len] == '/')
		return file + len + 1;
	return file;
}

static void reply_line(struct reply *out, Dwarf_Die *unit, const char *file, int line, int column)
{
	reply_u32(out, (uint32_t)line);
	reply_u32(out, (uint32_t)column);
	reply_text(out, file_without_directory(unit, file));
	reply_text(out, directory_of(unit));
}

/* The row in force at an address. Rows of line 0 are the compiler's own code;
 * the row before them says where it belongs. */
static Dwarf_Line *row_at(Dwarf_Die *unit, uint32_t address)
{
	Dwarf_Lines *lines;
	size_t count, low = 0, high;
	Dwarf_Addr at;
	bool end;
	int number = 0;

	if (dwarf_getsrclines(unit, &lines, &count) != 0)
		return NULL;
	for (high = count; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (dwarf_lineaddr(dwarf_onesrcline(lines, middle), &at) == 0 && at <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low--) {
		Dwarf_Line *row = dwarf_onesrcline(lines, low);

		if (dwarf_lineendsequence(row, &end) != 0 || end)
			return NULL;
		if (dwarf_lineno(row, &number) == 0 && number)
			return row;
	}
	return NULL;
}

static bool answer_line(struct dwarf_data *d, uint32_t address, struct reply *out)
{
	Dwarf_Die *unit = unit_at(d, address);
	Dwarf_Line *row = unit ? row_at(unit, address) : NULL;
	int line = 0, column = 0;

	if (!row || dwarf_lineno(row, &line) != 0)
		return false;
	dwarf_linecol(row, &column);
	reply_line(out, unit, dwarf_linesrc(row, NULL, NULL), line, column);
	return true;
}

/* ---- inlining --------------------------------------------------------------------- */

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));

	if (!name)
		name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
	return name ? name : "";
}

static void reply_name(struct reply *out, Dwarf_Die *die)
{
	const char *name = die_name(die);
	char plain[256];

	reply_text(out, plain_name(name, plain, sizeof plain) ? plain : name);
}

static int number_of(Dwarf_Die *die, unsigned attribute_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, attribute_name, &attribute), &value) != 0)
		return 0;
	return (int)value;
}

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Files *files;
	size_t count, index = (size_t)number_of(inlined, DW_AT_call_file);

	if (dwarf_getsrcfiles(unit, &files, &count) != 0 || index >= count)
		return NULL;
	return dwarf_filesrc(files, index, NULL, NULL);
}

/* Scopes that may hold code, and those that only hold declarations of it. */
enum nesting { NESTING_NONE, NESTING_BLOCK, NESTING_FRAME, NESTING_NAMESPACE };

static enum nesting nesting_of(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram: case DW_TAG_inlined_subroutine:
		return NESTING_FRAME;
	case DW_TAG_lexical_block: case DW_TAG_try_block: case DW_TAG_catch_block:
		return NESTING_BLOCK;
	case DW_TAG_namespace: case DW_TAG_class_type: case DW_TAG_structure_type:
		return NESTING_NAMESPACE;
	default:
		return NESTING_NONE;
	}
}

#define NESTING_MOST 64u

/* The function scopes around an address, outermost first. (dwarf_getscopes
 * gives up on functions inlined from another unit, as link-time optimisation
 * makes them.) */
static size_t descend(Dwarf_Die *scope, uint32_t address, Dwarf_Die *frames, size_t count,
		      unsigned level)
{
	Dwarf_Die child;

	if (level == NESTING_MOST || dwarf_child(scope, &child) != 0)
		return count;
	do {
		enum nesting nesting = nesting_of(&child);
		size_t before = count;

		if (nesting == NESTING_NONE ||
		    (nesting != NESTING_NAMESPACE && dwarf_haspc(&child, address) <= 0))
			continue;
		if (nesting == NESTING_FRAME && count < DWARF_FRAMES_MAX)
			frames[count++] = child;
		count = descend(&child, address, frames, count, level + 1);
		if (count > before)
			return count;
	} while (dwarf_siblingof(&child, &child) == 0);
	return count;
}

/* Innermost first. */
static size_t frames_at(Dwarf_Die *unit, uint32_t address, Dwarf_Die *frames)
{
	size_t count = descend(unit, address, frames, 0, 0);

	for (size_t i = 0; i < count / 2; i++) {
		Dwarf_Die other = frames[count - 1 - i];

		frames[count - 1 - i] = frames[i];
		frames[i] = other;
	}
	return count;
}

/* count u8, then name and line of each */
static bool answer_inlines(struct dwarf_data *d, uint32_t address, struct reply *out)
{
	Dwarf_Die *unit = unit_at(d, address), frames[DWARF_FRAMES_MAX];
	size_t count = unit ? frames_at(unit, address, frames) : 0;

	if (count == 0)
		return false;
	reply_u8(out, (uint8_t)count);
	for (size_t i = 0; i < count; i++) {
		reply_name(out, &frames[i]);
		if (i == 0) {
			if (!answer_line(d, address, out))
				reply_line(out, unit, NULL, 0, 0);
		} else {
			reply_line(out, unit, call_file(unit, &frames[i - 1]),
				   number_of(&frames[i - 1], DW_AT_call_line),
				   number_of(&frames[i - 1], DW_AT_call_column));
		}
	}
	return true;
}

/* ---- parameters --------------------------------------------------------------------- */

/* Values a location expression may compute without registers or memory. */
static bool push_constant(const Dwarf_Op *op, uint32_t *stack, unsigned *depth)
{
	if (*depth == 4)
		return false;
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		stack[(*depth)++] = op->atom - DW_OP_lit0;
	else if (op->atom == DW_OP_addr || (op->atom >= DW_OP_const1u && op->atom <= DW_OP_consts))
		stack[(*depth)++] = (uint32_t)op->number;
	else
		return false;
	return true;
}

static bool apply_operator(const Dwarf_Op *op, uint32_t *stack, unsigned *depth)
{
	uint32_t *a = &stack[*depth - 2], b = *depth >= 2 ? stack[*depth - 1] : 0;

	if (*depth >= 1 && op->atom == DW_OP_plus_uconst) {
		stack[*depth - 1] += (uint32_t)op->number;
		return true;
	}
	if (*depth >= 1 && (op->atom == DW_OP_not || op->atom == DW_OP_neg)) {
		stack[*depth - 1] = op->atom == DW_OP_not ? ~b : 0u - b;
		return true;
	}
	if (*depth < 2)
		return false;
	switch (op->atom) {
	case DW_OP_shl: *a = b < 32 ? *a << b : 0; break;
	case DW_OP_shr: *a = b < 32 ? *a >> b : 0; break;
	case DW_OP_or: *a |= b; break;
	case DW_OP_and: *a &= b; break;
	case DW_OP_plus: *a += b; break;
	case DW_OP_minus: *a -= b; break;
	default: return false;
	}
	(*depth)--;
	return true;
}

static bool constant_location(const Dwarf_Op *ops, size_t count, uint32_t *value)
{
	uint32_t stack[4];
	unsigned depth = 0;

	if (count < 2 || ops[count - 1].atom != DW_OP_stack_value)
		return false;
	for (size_t i = 0; i + 1 < count; i++)
		if (!push_constant(&ops[i], stack, &depth) &&
		    !apply_operator(&ops[i], stack, &depth))
			return false;
	if (depth != 1)
		return false;
	*value = stack[0];
	return true;
}

/* One entry of a location list. A constant counts wherever in the function it
 * holds (the parameter is one value); a register only where it holds. */
static bool reply_location(const Dwarf_Op *ops, size_t count, bool here, struct reply *out)
{
	uint32_t value;

	if (here && count == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg15) {
		reply_u8(out, 1);
		reply_u32(out, ops[0].atom - DW_OP_reg0);
		return true;
	}
	if (!constant_location(ops, count, &value))
		return false;
	reply_u8(out, 0);
	reply_u32(out, value);
	return true;
}

#define PARAMETERS_MAX 24

static void reply_parameter(Dwarf_Die *parameter, uint32_t address, struct reply *out, uint8_t *n)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr base, start, end;
	Dwarf_Sword constant;
	Dwarf_Op *ops;
	size_t count;
	ptrdiff_t at = 0;

	if (dwarf_formsdata(dwarf_attr(parameter, DW_AT_const_value, &attribute), &constant) == 0) {
		reply_u8(out, 0);
		reply_u32(out, (uint32_t)constant);
		(*n)++;
		return;
	}
	if (!dwarf_attr(parameter, DW_AT_location, &attribute))
		return;
	while (*n < PARAMETERS_MAX && (at = dwarf_getlocations(&attribute, at, &base, &start, &end,
							       &ops, &count)) > 0)
		if (count && reply_location(ops, count, address >= start && address < end, out))
			(*n)++;
}

/* text: number of the frame. count u8, then 0 u8 and value u32, or 1 u8 and register u32 */
static bool answer_parameters(struct dwarf_data *d, uint32_t address, const char *text,
			      struct reply *out)
{
	Dwarf_Die *unit = unit_at(d, address), frames[DWARF_FRAMES_MAX], child;
	size_t count = unit ? frames_at(unit, address, frames) : 0, n_at = out->len;
	unsigned long frame = strtoul(text, NULL, 10);
	uint8_t n = 0;

	if (frame >= count || dwarf_child(&frames[frame], &child) != 0)
		return false;
	reply_u8(out, 0);
	do {
		if (dwarf_tag(&child) == DW_TAG_formal_parameter && n < PARAMETERS_MAX)
			reply_parameter(&child, address, out, &n);
	} while (dwarf_siblingof(&child, &child) == 0);
	out->bytes[n_at] = n;
	return true;
}

/* ---- call frames --------------------------------------------------------------------- */

/* Rules in the shapes that compilers write for this machine; an expression
 * that is more than that gives no answer. */
static bool reply_register(struct reply *out, Dwarf_Frame *frame, int reg)
{
	Dwarf_Op space[3], *ops;
	size_t count;
	uint8_t kind;
	int32_t value = 0;

	if (dwarf_frame_register(frame, reg, space, &ops, &count) != 0)
		return false;
	if (count == 0)
		kind = ops == NULL ? RULE_SAME : RULE_UNDEFINED;
	else if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31 && count == 1) {
		kind = RULE_REGISTER;
		value = ops[0].atom - DW_OP_reg0;
	} else if (ops[0].atom == DW_OP_call_frame_cfa) {
		bool by_value = ops[count - 1].atom == DW_OP_stack_value;

		kind = by_value ? RULE_CFA_PLUS : RULE_AT_CFA;
		if (count - by_value == 2 && ops[1].atom == DW_OP_plus_uconst)
			value = (int32_t)ops[1].number;
		else if (count - by_value != 1)
			return false;
	} else {
		return false;
	}
	reply_u8(out, kind);
	reply_u32(out, (uint32_t)value);
	return true;
}

static bool answer_frame(struct dwarf_data *d, uint32_t address, struct reply *out)
{
	Dwarf_Frame *frame = NULL;
	Dwarf_Op *ops;
	size_t count;
	bool ok;

	if (!d->cfi || dwarf_cfi_addrframe(d->cfi, address, &frame) != 0)
		return false;
	ok = dwarf_frame_cfa(frame, &ops, &count) == 0 && count == 1;
	if (ok && ops[0].atom == DW_OP_bregx) {
		reply_u8(out, (uint8_t)ops[0].number);
		reply_u32(out, (uint32_t)ops[0].number2);
	} else if (ok && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31) {
		reply_u8(out, (uint8_t)(ops[0].atom - DW_OP_breg0));
		reply_u32(out, (uint32_t)ops[0].number);
	} else {
		ok = false;
	}
	for (int reg = 0; ok && reg < 15; reg++)
		ok = reply_register(out, frame, reg);
	free(frame);
	return ok;
}

/* ---- line table rows ----------------------------------------------------------------- */

static bool answer_rows(struct dwarf_data *d, uint32_t from, struct reply *out)
{
	Dwarf_Die *unit = unit_at(d, from);
	Dwarf_Lines *lines;
	size_t count, n_at = out->len;
	uint32_t n = 0;

	if (!unit || dwarf_getsrclines(unit, &lines, &count) != 0)
		return false;
	reply_u32(out, 0);
	for (size_t i = 0; i < count && out->len + 1100 < sizeof out->bytes; i++) {
		Dwarf_Line *row = dwarf_onesrcline(lines, i);
		Dwarf_Addr at;
		bool end = false, statement = false;
		int line = 0;

		if (dwarf_lineaddr(row, &at) != 0 || at < from ||
		    dwarf_lineendsequence(row, &end) != 0 || end ||
		    dwarf_lineno(row, &line) != 0 || line == 0)
			continue;
		dwarf_linebeginstatement(row, &statement);
		reply_u32(out, (uint32_t)at);
		reply_u32(out, (uint32_t)line);
		reply_u8(out, statement);
		reply_text(out, file_without_directory(unit, dwarf_linesrc(row, NULL, NULL)));
		n++;
	}
	put_le32(out->bytes + n_at, n);
	return true;
}

/* ---- struct members -------------------------------------------------------------------- */

static bool member_in(Dwarf_Die *structure, const char *member, uint32_t *offset)
{
	Dwarf_Die child;
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_child(structure, &child) != 0)
		return false;
	do {
		const char *name = dwarf_diename(&child);

		if (dwarf_tag(&child) != DW_TAG_member || !name || strcmp(name, member) != 0)
			continue;
		if (dwarf_formudata(dwarf_attr(&child, DW_AT_data_member_location, &attribute),
				    &value) != 0)
			return false;
		*offset = (uint32_t)value;
		return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

static bool member_in_unit(Dwarf_Die *unit, const char *structure, size_t len, const char *member,
			   uint32_t *offset)
{
	Dwarf_Die child;

	if (dwarf_child(unit, &child) != 0)
		return false;
	do {
		const char *name;

		if (dwarf_tag(&child) != DW_TAG_structure_type)
			continue;
		name = dwarf_diename(&child);
		if (name && strlen(name) == len && strncmp(name, structure, len) == 0 &&
		    member_in(&child, member, offset))
			return true;
	} while (dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* text: "structure.member" */
static bool answer_member(struct dwarf_data *d, const char *text, struct reply *out)
{
	const char *dot = strchr(text, '.');
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;
	uint32_t offset;

	if (!dot || !d->dwarf)
		return false;
	while (dwarf_get_units(d->dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0) {
		if (!member_in_unit(&unit, text, (size_t)(dot - text), dot + 1, &offset))
			continue;
		reply_u32(out, offset);
		return true;
	}
	return false;
}

bool dwarf_answer(struct dwarf_data *d, enum dwarf_question q, uint32_t address, const char *text,
		  struct reply *out)
{
	switch (q) {
	case ASK_LINE:
		return answer_line(d, address, out);
	case ASK_INLINES:
		return answer_inlines(d, address, out);
	case ASK_FRAME:
		return answer_frame(d, address, out);
	case ASK_MEMBER:
		return answer_member(d, text, out);
	case ASK_ROWS:
		return answer_rows(d, address, out);
	case ASK_PARAMETERS:
		return answer_parameters(d, address, text, out);
	}
	return false;
}
