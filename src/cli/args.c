/* The command line, taken apart: options may stand anywhere before "--". */
#include "cli/args.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"

static const struct option_def *by_name(const struct option_def *table, const char *name,
					size_t len)
{
	for (; table && table->name; table++)
		if (strlen(table->name) == len && strncmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

static const struct option_def *by_letter(const struct option_def *table, char letter)
{
	for (; table && table->name; table++)
		if (table->letter && table->letter == letter)
			return table;
	return NULL;
}

static void keep(struct args *args, const struct option_def *def, const char *value)
{
	args->given[args->given_count++] = (struct args_given){def, value};
}

static bool takes_value(const struct option_def *def)
{
	return def->value && def->value[0] != '[';
}

static enum status unknown_option(const struct parse *p, const char *token, struct err *err)
{
	const char *near = suggest_option(p->own, p->global, token);

	err_set(err, STATUS_USAGE, "there is no option %s", token);
	if (near)
		err_next(err, "did you mean --%s?", near);
	else
		err_next(err, "see `reflash%s%s --help`", p->command ? " " : "",
			 p->command ? p->command : "");
	return STATUS_USAGE;
}

static enum status want_value(const char *token, const struct option_def *def, struct err *err)
{
	return err_set(err, STATUS_USAGE, "%s needs a value: %s", token, def->value);
}

static enum status parse_long(struct parse *p, struct args *args, const char *token,
			      struct err *err)
{
	const char *name = token + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_def *def = by_name(p->own, name, len);

	if (!def)
		def = by_name(p->global, name, len);
	if (!def)
		return unknown_option(p, token, err);
	if (equals && !def->value)
		return err_set(err, STATUS_USAGE, "--%s takes no value", def->name);
	if (equals) {
		keep(args, def, equals + 1);
	} else if (takes_value(def)) {
		if (p->at >= p->argc)
			return want_value(token, def, err);
		keep(args, def, p->argv[p->at++]);
	} else {
		keep(args, def, NULL);
	}
	return STATUS_OK;
}

/* "-vv", "-yq", "-pSERIAL", "-p SERIAL" */
static enum status parse_short(struct parse *p, struct args *args, const char *token,
			       struct err *err)
{
	for (const char *c = token + 1; *c; c++) {
		const struct option_def *def = by_letter(p->own, *c);

		if (!def)
			def = by_letter(p->global, *c);
		if (!def)
			return unknown_option(p, token, err);
		if (!takes_value(def)) {
			keep(args, def, NULL);
			continue;
		}
		if (c[1])
			keep(args, def, c + 1);
		else if (p->at < p->argc)
			keep(args, def, p->argv[p->at++]);
		else
			return want_value(token, def, err);
		break;
	}
	return STATUS_OK;
}

enum status args_parse(struct parse *p, struct args *args, struct err *err)
{
	while (p->at < p->argc) {
		const char *token = p->argv[p->at];
		enum status s = STATUS_OK;

		if (strcmp(token, "--") == 0) {
			p->at++;
			while (p->at < p->argc)
				args->rest[args->count++] = p->argv[p->at++];
			return STATUS_OK;
		}
		if (token[0] != '-' || token[1] == '\0') {
			if (p->stop_at_first)
				return STATUS_OK;
			args->rest[args->count++] = token;
			p->at++;
			continue;
		}
		p->at++;
		s = token[1] == '-' ? parse_long(p, args, token, err)
				    : parse_short(p, args, token, err);
		if (s)
			return s;
	}
	return STATUS_OK;
}

enum status args_init(struct args *args, int argc, char **argv, struct err *err)
{
	size_t room = 1;

	memset(args, 0, sizeof *args);
	for (int i = 0; i < argc; i++)
		room += strlen(argv[i]) + 1; /* "-vvv" gives one option a letter */
	args->rest = calloc((size_t)argc + 1, sizeof *args->rest);
	args->given = calloc(room, sizeof *args->given);
	if (!args->rest || !args->given)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

void args_fini(struct args *args)
{
	free(args->rest);
	free(args->given);
}

static const struct args_given *last_given(const struct args *args, const char *name)
{
	for (size_t i = args->given_count; i-- > 0;)
		if (strcmp(args->given[i].def->name, name) == 0)
			return &args->given[i];
	return NULL;
}

bool args_has(const struct args *args, const char *name)
{
	return last_given(args, name) != NULL;
}

const char *args_value(const struct args *args, const char *name)
{
	const struct args_given *g = last_given(args, name);

	return g ? g->value : NULL;
}

unsigned args_times(const struct args *args, const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < args->given_count; i++)
		n += strcmp(args->given[i].def->name, name) == 0;
	return n;
}

bool parse_number(const char *text, uint64_t *out)
{
	char *end;
	uint64_t v;
	unsigned shift = 0;

	if (!text || !isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	v = strtoull(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
	if (errno || end == text)
		return false;
	if (*end == 'k' || *end == 'K')
		shift = 10;
	else if (*end == 'M')
		shift = 20;
	if (shift)
		end++;
	if (*end || (shift && v > UINT64_MAX >> shift))
		return false;
	*out = v << shift;
	return true;
}

bool parse_duration(const char *text, uint64_t *us)
{
	static const struct {
		const char *unit;
		double us;
	} units[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"", 1e6}, {"m", 60e6}, {"min", 60e6},
		     {"h", 3600e6}};
	char *end;
	double v;

	if (!text || !isdigit((unsigned char)text[0]))
		return false;
	v = strtod(text, &end);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].unit) == 0 && v >= 0 && v * units[i].us < 1e18) {
			*us = (uint64_t)(v * units[i].us);
			return true;
		}
	}
	return false;
}

bool parse_speed(const char *text, unsigned *khz)
{
	char *end;
	double v;

	if (!text || !isdigit((unsigned char)text[0]))
		return false;
	v = strtod(text, &end);
	if (strcasecmp(end, "m") == 0 || strcasecmp(end, "mhz") == 0)
		v *= 1000;
	else if (*end && strcasecmp(end, "k") != 0 && strcasecmp(end, "khz") != 0)
		return false;
	if (!(v >= 1 && v <= 100000))
		return false;
	*khz = (unsigned)v;
	return true;
}

enum status parse_address(struct cli *cli, const char *text, uint32_t *out)
{
	uint64_t v;

	*out = UINT32_MAX;
	if (!text)
		return STATUS_OK;
	/* the last one stands for "none given", and nothing fits there */
	if (!parse_number(text, &v) || v >= UINT32_MAX)
		return err_set(&cli->err, STATUS_USAGE, "%s is no address; 0x08004000 is", text);
	*out = (uint32_t)v;
	return STATUS_OK;
}
