/* What check found, as JSON. Fields may be added, never renamed. */
#include <string.h>

#include "cli/report.h"

static json_t *text_or_null(const char *s)
{
	return s && s[0] ? json_string(s) : json_null();
}

static json_t *place_json(const struct lockout_place *p)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "address", (json_int_t)p->address, "function",
			 text_or_null(p->function), "file", text_or_null(file_shown(p)), "line",
			 p->line ? json_integer(p->line) : json_null());
}

static json_t *store_json(const struct lockout_finding *f)
{
	json_t *o;

	if (!f->store.address && !f->store_target)
		return json_null();
	o = place_json(&f->store);
	json_object_set_new(o, "target", json_integer(f->store_target));
	json_object_set_new(o, "value", json_integer(f->store_value));
	return o;
}

static json_t *stack_json(const struct lockout_finding *f)
{
	json_t *a = json_array();

	for (size_t i = 0; i < f->stack_len; i++)
		json_array_append_new(a, place_json(&f->stack[i]));
	return a;
}

static json_t *pins_json(uint16_t pins)
{
	static const char *const names[] = {"PA13", "PA14", "PA15", "PB3", "PB4"};
	json_t *a = json_array();

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (pins & 1u << i)
			json_array_append_new(a, json_string(names[i]));
	return a;
}

static json_t *finding_json(const struct lockout_finding *f)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}",
			 "cause", cause_name(f->cause), "level", level_name(f->level), "certainty",
			 certainty_name(f->certainty), "after_us",
			 f->after_us == UINT64_MAX ? json_null()
						   : json_integer((json_int_t)f->after_us),
			 "task", text_or_null(f->task), "blame",
			 f->blame.address || f->blame.file[0] ? place_json(&f->blame) : json_null(),
			 "store", store_json(f), "stack", stack_json(f), "pins_needed",
			 pins_json(f->pins_needed), "condition", text_or_null(f->condition),
			 "summary", f->summary, "fix", text_or_null(f->fix), "proof",
			 text_or_null(f->proof), "table", text_or_null(f->table));
}

static json_t *coverage_json(const struct lockout_coverage *c)
{
	return json_pack("{s:I, s:I, s:i, s:i, s:s}", "virtual_us", (json_int_t)c->virtual_us,
			 "instructions", (json_int_t)c->instructions, "functions_run",
			 (int)c->functions_run, "functions", (int)c->functions, "ended", c->ended);
}

json_t *report_json(const char *type, const char *file, const struct lockout_report *r)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < r->finding_count; i++)
		json_array_append_new(findings, finding_json(&r->findings[i]));
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "type", type, "file", file,
			 "chip", r->chip ? json_string(r->chip->name) : json_null(), "chip_why",
			 text_or_null(r->chip_why), "verdict", verdict_name(r->verdict), "reason",
			 text_or_null(r->reason), "findings", findings, "coverage",
			 coverage_json(&r->coverage));
}
