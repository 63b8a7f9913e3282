/*
 * C++ names as people write them: `_ZN5Print5printEPKc` -> `Print::print`.
 * Parameters, template arguments and clones' suffixes are left out; a
 * constructor is called by its class. Names with operators or anything else
 * outside <source-name> and nesting stay as they are.
 * Source: Itanium C++ ABI, 5.1.
 */
#include <ctype.h>
#include <stdlib.h>

#include "image/image_internal.h"

struct reader {
	const char *at;
	char *out;
	size_t size, len;
};

static bool put(struct reader *r, const char *text, size_t len)
{
	if (r->len + len >= r->size)
		return false;
	memcpy(r->out + r->len, text, len);
	r->len += len;
	r->out[r->len] = '\0';
	return true;
}

/* <source-name> ::= <length> <identifier> */
static bool source_name(struct reader *r)
{
	static const char unnamed[] = "_GLOBAL__N_";
	size_t len = 0;

	if (!isdigit((unsigned char)*r->at))
		return false;
	while (isdigit((unsigned char)*r->at) && len < 1000)
		len = len * 10 + (size_t)(*r->at++ - '0');
	if (strnlen(r->at, len) < len)
		return false;
	const char *name = r->at;

	r->at += len;
	if (len >= sizeof unnamed - 1 && memcmp(name, unnamed, sizeof unnamed - 1) == 0)
		return true; /* the anonymous namespace has nothing to say */
	return (r->len == 0 || put(r, "::", 2)) && put(r, name, len);
}

/* Template arguments: I ... E, nested. False when they hold literals, whose
 * end cannot be told without reading all of the grammar. */
static bool skip_arguments(struct reader *r)
{
	unsigned depth = 0;

	do {
		char c = *r->at;

		if (c == '\0' || c == 'L' || c == 'X')
			return false;
		if (isdigit((unsigned char)c)) {
			char *end;
			size_t len = strtoul(r->at, &end, 10);

			if (strnlen(end, len) < len)
				return false;
			r->at = end + len;
			continue;
		}
		depth += c == 'I' || c == 'N' || c == 'F' || c == 'J';
		depth -= c == 'E';
		r->at++;
	} while (depth);
	return true;
}

/* C1 C2 C3: constructors, D0 D1 D2: destructors; the class is already there. */
static bool special_member(struct reader *r)
{
	if ((*r->at != 'C' && *r->at != 'D') || !isdigit((unsigned char)r->at[1]))
		return false;
	bool destructor = *r->at == 'D';

	r->at += 2;
	return !destructor || put(r, "::~", 3); /* "Stream::~", printed as a call */
}

static bool nested_name(struct reader *r)
{
	while (*r->at == 'K' || *r->at == 'V' || *r->at == 'r')
		r->at++;
	while (*r->at != 'E') {
		if (*r->at == 'I' ? !skip_arguments(r) : !source_name(r) && !special_member(r))
			return false;
	}
	return true;
}

bool plain_name(const char *mangled, char *out, size_t size)
{
	struct reader r = {.at = mangled + 2, .out = out, .size = size};

	if (size == 0 || strncmp(mangled, "_Z", 2) != 0)
		return false;
	out[0] = '\0';
	if (*r.at == 'L')
		r.at++; /* internal linkage */
	if (*r.at == 'N') {
		r.at++;
		return nested_name(&r) && r.len;
	}
	return source_name(&r) && r.len;
}
