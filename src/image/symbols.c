/*
 * Names: functions, objects and labels by address. Mapping symbols ($a $t $d,
 * IHI 0044 section 5.5.5) and file and section names are left out. Of several
 * names for one address the best is kept for display: a sized function before
 * a label, a strong name before a weak one (a default handler has dozens).
 */
#include <stdlib.h>

#include "image/image_internal.h"

struct candidate {
	struct image_symbol symbol;
	unsigned rank; /* lower is better */
};

enum { BIND_WEAK = 2 };

static bool is_wanted(const struct raw_symbol *r, const char *name)
{
	if (r->type > SYMBOL_FUNC || name[0] == '\0')
		return false;
	return !(name[0] == '$' && name[1] && strchr("atdx", name[1]) &&
		 (name[2] == '\0' || name[2] == '.'));
}

static int by_address_and_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->symbol.is_function != y->symbol.is_function)
		return x->symbol.is_function ? -1 : 1;
	if (x->symbol.address != y->symbol.address)
		return x->symbol.address < y->symbol.address ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->symbol.name, y->symbol.name);
}

static struct candidate candidate_from(const struct image *img, const struct raw_symbol *r,
				       const char *name)
{
	bool function = r->type == SYMBOL_FUNC;

	return (struct candidate){
		.symbol = {.name = name, .size = r->size, .is_function = function,
			   .address = function ? r->value & ~1u : r->value},
		.rank = (r->size ? 0u : 4u) + (r->type == SYMBOL_NOTYPE ? 2u : 0u) +
			(r->bind == BIND_WEAK ? 1u : 0u),
	};
}

/* The plain form of a C++ name, kept in img->plain while there is room (tails
 * shared between names could ask for more than the mangled names took). */
static const char *readable(struct image *img, const char *name, size_t *used, size_t room)
{
	char *out = img->plain + *used;

	if (!plain_name(name, out, room - *used))
		return name;
	*used += strlen(out) + 1;
	return out;
}

/* A function's first name of an address is its best; the others stay findable
 * by name among `others`. */
static void distribute(struct image *img, const struct candidate *c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct image_symbol *last = img->functions + img->function_count;
		bool again = img->function_count && last[-1].address == c[i].symbol.address;

		if (c[i].symbol.is_function && !again)
			img->functions[img->function_count++] = c[i].symbol;
		else
			img->others[img->other_count++] = c[i].symbol;
	}
}

static int others_by_address(const void *a, const void *b)
{
	const struct image_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return strcmp(x->name, y->name);
}

enum status symbols_take(struct image *img, const struct raw_symbol *raw, size_t count,
			 char *strings, size_t strings_len, struct err *err)
{
	struct candidate *c = calloc(count + 1, sizeof *c);
	size_t n = 0, plain_used = 0;

	img->strings = strings;
	img->plain = malloc(strings_len + 1);
	img->functions = calloc(count + 1, sizeof *img->functions);
	img->others = calloc(count + 1, sizeof *img->others);
	if (!c || !img->plain || !img->functions || !img->others) {
		free(c);
		return err_set(err, STATUS_NO_MEMORY, "out of memory for %zu symbols", count);
	}
	for (size_t i = 0; i < count; i++)
		if (raw[i].name < strings_len && is_wanted(&raw[i], strings + raw[i].name))
			c[n++] = candidate_from(img, &raw[i],
						readable(img, strings + raw[i].name, &plain_used,
							 strings_len + 1));
	qsort(c, n, sizeof *c, by_address_and_rank);
	distribute(img, c, n);
	qsort(img->others, img->other_count, sizeof *img->others, others_by_address);
	free(c);
	return STATUS_OK;
}

bool image_has_symbols(const struct image *img)
{
	return img->function_count != 0;
}

const struct image_symbol *image_functions(const struct image *img, size_t *count)
{
	*count = img->function_count;
	return img->functions;
}

/* The last symbol at or before the address; NULL when there is none. */
static const struct image_symbol *at_or_before(const struct image_symbol *list, size_t count,
					       uint32_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &list[low - 1] : NULL;
}

/* An unsized function (hand-written assembly) reaches to the next name, but
 * never out of its 16 MiB region: code in flash does not continue in RAM. */
static bool holds(const struct image_symbol *s, uint32_t address)
{
	return s->size ? address - s->address < s->size
		       : (s->address ^ address) >> 24 == 0 && address - s->address < 0x4000;
}

const struct image_symbol *image_symbol_at(const struct image *img, uint32_t address)
{
	const struct image_symbol *f, *o;

	address = image_own_address(img, address);
	f = at_or_before(img->functions, img->function_count, address);
	if (f && f->size && holds(f, address))
		return f;
	o = at_or_before(img->others, img->other_count, address);
	if (o && o->size && holds(o, address))
		return o;
	if (f && holds(f, address))
		return f;
	return o && holds(o, address) ? o : NULL;
}

const struct image_symbol *image_symbol_named(const struct image *img, const char *name)
{
	for (size_t i = 0; i < img->function_count; i++)
		if (strcmp(img->functions[i].name, name) == 0)
			return &img->functions[i];
	for (size_t i = 0; i < img->other_count; i++)
		if (strcmp(img->others[i].name, name) == 0)
			return &img->others[i];
	return NULL;
}
