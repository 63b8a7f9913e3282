/* See opinions.h. */
#include "cli/opinions.h"

/* Causes below this are counted, not told, unless -v is given. */
#define WORTH_TELLING 0.03

static void print_reasons(const struct cli *cli, const char *sign, const char reasons[][240],
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		say(cli, "      %s %s\n", sign, reasons[i]);
}

static void print_one(const struct cli *cli, const struct opinion *op, bool leads, bool tests)
{
	say(cli, "  %s%3.0f %%  %s%s: %s\n", leads ? tint(cli, TINT_BOLD) : "",
	    op->confidence * 100, cause_name(op->cause), leads ? tint(cli, TINT_OFF) : "", op->means);
	print_reasons(cli, "+", op->pro, op->pros);
	print_reasons(cli, "-", op->con, op->cons);
	if (tests && op->test)
		say(cli, "      ? %s\n", op->test);
	if (leads && op->next && !tests)
		say(cli, "      next: %s\n", op->next);
}

void opinions_print(const struct cli *cli, const struct opinion *op, size_t count, bool tests)
{
	size_t told = 0;

	for (size_t i = 0; i < count; i++) {
		if (i && op[i].confidence < WORTH_TELLING && cli->log.level <= LOG_NORMAL)
			continue;
		print_one(cli, &op[i], i == 0, tests);
		told++;
	}
	if (told < count)
		say(cli, "  and %zu less likely (-v tells them)\n", count - told);
}

static json_t *reasons_json(const char reasons[][240], size_t count)
{
	json_t *a = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(a, json_string(reasons[i]));
	return a;
}

json_t *opinions_json(const struct opinion *op, size_t count)
{
	json_t *a = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
			a, json_pack("{s:s, s:f, s:o, s:o, s:s, s:s, s:s}", "cause",
				     cause_name(op[i].cause), "confidence", op[i].confidence, "for",
				     reasons_json(op[i].pro, op[i].pros), "against",
				     reasons_json(op[i].con, op[i].cons), "means",
				     op[i].means ? op[i].means : "", "test",
				     op[i].test ? op[i].test : "", "next",
				     op[i].next ? op[i].next : ""));
	return a;
}
